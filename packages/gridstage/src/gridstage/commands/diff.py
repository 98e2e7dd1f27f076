"""Says what changed between two commits, and whether it is more than chance; trains nothing.

A revision is a branch, a tag, a commit, or a DVC experiment. With one, it is compared with the working tree; with none,
HEAD is.

Example: gridstage diff main
"""

from argparse import Namespace

from gridstage.common import Arguments, run
from gridstage.diff.comparison import compare
from gridstage.diff.output import as_text
from gridstage.diff.side import Side
from gridstage.repository.snapshot import Snapshot

ARGUMENTS = Arguments("gridstage diff", __doc__)
ARGUMENTS.add_argument(
    "old",
    metavar="OLD",
    nargs="?",
    default="HEAD",
    help="the revision to compare with, or HEAD",
)
ARGUMENTS.add_argument(
    "new",
    metavar="NEW",
    nargs="?",
    help="what is compared with it, or the working tree",
)
ARGUMENTS.add_argument("--md", action="store_true", help="print Markdown, with charts")


def main(arguments: Namespace) -> None:
    changes = compare(
        *(Side(Snapshot.of(each)) for each in (arguments.old, arguments.new))
    )
    if arguments.md:
        from gridstage.report.changes import as_markdown  # imports Jinja

        print(as_markdown(changes), end="")
    else:
        print(as_text(changes))


if __name__ == "__main__":
    run(main, ARGUMENTS)
