"""Describes a CSV or a Parquet file in params.yaml.

Looks at the file, prints what it takes each column for, what it sets by the size of the table, both with the reason,
and writes every block of params.yaml but `runtime`.
Without TARGET, it lists the columns. `--classes` or `--number` says what the target is, where adopt would take it for
the other. `--dry-run` only prints. It replaces a params.yaml that git does not have only with `--force`.
A file that is too large for git is tracked by DVC, and so is a smaller one with `--dvc`.

Example: gridstage adopt data/churn.csv churned
"""

from argparse import Namespace
from pathlib import Path

from gridstage import adopt
from gridstage.common import Arguments, UserError, run
from gridstage.config import PARAMS_FILE
from gridstage.repository.dvc_file import refuse_missing
from gridstage.repository.git import NoGitError, state_of

ARGUMENTS = Arguments("gridstage adopt", __doc__)
ARGUMENTS.add_argument(
    "file", metavar="FILE", help="a CSV or Parquet file in the project"
)
ARGUMENTS.add_argument(
    "target", metavar="TARGET", nargs="?", help="the column to predict"
)
adopt.add_flags(ARGUMENTS)
ARGUMENTS.add_argument("--dry-run", action="store_true", help="only print")
ARGUMENTS.add_argument(
    "--force",
    action="store_true",
    help=f"replace a {PARAMS_FILE} that git does not have",
)


def main(options: Namespace) -> None:
    path, target = _inside(options.file), options.target
    refuse_missing(path)
    if target is None:
        adopt.print_columns(path)
        print(f"Name the column to predict: gridstage adopt {path} TARGET")
        return

    adoption = adopt.adopt_table(path, target, options.classes, options.dvc)
    if options.dry_run:
        for name, block in adoption.blocks.items():
            print(adopt.block_text(name, block), end="")
        adopt.print_each(filter(None, [adoption.tracking.intent]))
        print(f"{PARAMS_FILE} was left unchanged.")
        return
    if not options.force:
        _check_git_has_it()
    adoption.write()
    print(f"{PARAMS_FILE}: replaced {', '.join(adoption.blocks)}. Run `dvc repro`.")


def _inside(name: str) -> str:
    """Return the path as params.yaml writes it, relative to the project; raises `UserError` if it is outside."""
    # The file itself may be a link into DVC's cache.
    place = Path(name).parent.resolve() / Path(name).name
    try:
        return place.relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        raise UserError(
            f"{name} is outside of the project. Copy it into data/ first."
        ) from None


def _check_git_has_it() -> None:
    """Raise `UserError` if git could not bring params.yaml back as it is."""
    try:
        if not state_of(PARAMS_FILE):
            return
        problem = f"git does not have {PARAMS_FILE} as it is. Commit it,"
    except NoGitError as error:
        problem = str(error)
    raise UserError(
        f"{problem} or add --force: then {PARAMS_FILE} is replaced, and git can't bring it back."
    )


if __name__ == "__main__":
    run(main, ARGUMENTS)
