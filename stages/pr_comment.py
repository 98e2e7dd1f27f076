"""Prints how HEAD differs from another branch, as Markdown for a pull request: `make pr-comment AGAINST=main`.

Exits with status 1 if a fresh run does not reproduce the committed results.

Usage: python -m stages.pr_comment REVISION
"""

import sys

from stages.lib.common import UserError, only_argument, run
from stages.lib.report.changes import changed_charts
from stages.lib.report.conclusions import answers, conclusions
from stages.lib.report.fresh_run import run_fresh
from stages.lib.report.revisions import changes, commit_of, is_committed, merge_base
from stages.lib.report.templating import fill


def main() -> None:
    against = only_argument("python -m stages.pr_comment main", "a branch or commit")
    base, head = merge_base(against), commit_of("HEAD")
    if not is_committed():
        print("note: uncommitted changes are left out; the comment describes HEAD.", file=sys.stderr)
    fresh = run_fresh()
    # If DVC can't read a commit, it reports everything in it as removed.
    metrics = changes("metrics", base, head, unchanged=True) if fresh.params else None
    comment = fill(
        "pr_comment.md.j2",
        against=against,
        fresh=fresh,
        answers=answers(metrics or []),
        conclusions=conclusions(metrics or []),
        params=changes("params", base, head) if fresh.params else None,
        metrics=metrics and [change for change in metrics if change.old != change.new and change.key != "answer"],
        charts=changed_charts(base, head),
    )
    print(comment, end="")
    if fresh.failed:
        raise UserError("A fresh run of HEAD fails; see its output above.")
    if not fresh.reproduced:
        raise UserError("A fresh run does not reproduce the committed results; the comment says what to do.")


if __name__ == "__main__":
    run(main)
