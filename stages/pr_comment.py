"""Prints how HEAD differs from another branch, as Markdown for a pull request: `make pr-comment AGAINST=main`.

Exits with status 1 if a fresh run does not reproduce the committed results. With `--not-rerun`, nothing is run, and the
comment says so.

Usage: python -m stages.pr_comment [--not-rerun] REVISION
"""

import sys

from stages.lib.changes.revisions import commit_of, is_committed
from stages.lib.common import UserError, only_argument, run
from stages.lib.report.changes import Since
from stages.lib.report.comment import comment
from stages.lib.report.fresh_run import FreshRun, run_fresh

_NOT_RERUN = "--not-rerun"


def main() -> None:
    rerun = _NOT_RERUN not in sys.argv
    sys.argv[1:] = [argument for argument in sys.argv[1:] if argument != _NOT_RERUN]
    since = Since(only_argument("python -m stages.pr_comment main", "a branch or commit"), commit_of("HEAD"))
    _ = since.comparison  # a mistake ends the command before the run, which takes minutes
    if not is_committed():
        print("note: uncommitted changes are left out; the comment describes HEAD.", file=sys.stderr)
    fresh = run_fresh() if rerun else FreshRun.left_out()
    print(comment(since, fresh), end="")
    if fresh.failed:
        raise UserError("A fresh run of HEAD fails; see its output above.")
    if rerun and not fresh.reproduced:
        raise UserError("A fresh run does not reproduce the committed results; the comment says what to do.")


if __name__ == "__main__":
    run(main)
