"""Prints how HEAD differs from another branch, as Markdown for a pull request: `make pr-comment AGAINST=main`.

Exits with status 1 if a fresh run does not reproduce the committed results.
"""

import sys
from argparse import Namespace

from stages.lib.common import Arguments, UserError, run
from stages.lib.report.changes import Since, comment, run_fresh
from stages.lib.repository.revisions import commit_of, is_committed

ARGUMENTS = Arguments("stages.pr_comment", __doc__)
ARGUMENTS.add_argument(
    "revision",
    metavar="REVISION",
    nargs="?",
    help="what HEAD is compared with, such as main",
)
ARGUMENTS.add_argument(
    "--not-rerun", action="store_true", help="run nothing; the comment says so"
)


def main(arguments: Namespace) -> None:
    if not arguments.revision:
        ARGUMENTS.error(
            "Name what HEAD is compared with: `make pr-comment AGAINST=main` compares with main"
        )
    since = Since(arguments.revision, commit_of("HEAD"))
    _ = (
        since.comparison
    )  # a mistake ends the command before the run, which takes minutes
    if not is_committed():
        print(
            "note: uncommitted changes are left out; the comment describes HEAD.",
            file=sys.stderr,
        )
    fresh = None if arguments.not_rerun else run_fresh()
    print(comment(since, fresh), end="")
    if fresh and fresh.failed:
        raise UserError("A fresh run of HEAD fails; see its output above.")
    if fresh and fresh.stale:
        raise UserError(
            "Nothing was run, because HEAD is not up to date; the comment says what to do."
        )
    if fresh and fresh.differing:
        raise UserError(
            "A fresh run does not reproduce the committed results; the comment says what to do."
        )


if __name__ == "__main__":
    run(main, ARGUMENTS)
