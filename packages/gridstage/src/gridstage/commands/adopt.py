"""Describes a CSV or a Parquet file in params.yaml.

Looks at the file, prints what it takes each column for, what it sets by the size of the table, both with the reason,
and writes every block of params.yaml but `runtime`.
Without TARGET, it lists the columns. `--classes` or `--number` says what the target is, where adopt would take it for
the other. `--dry-run` only prints. It replaces a params.yaml that git does not have only with `--force`.
A file that is too large for git is tracked by DVC, and so is a smaller one with `--dvc`.

Example: gridstage adopt data/churn.csv churned
"""

from argparse import Namespace
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridstage import adopt
from gridstage.common import Arguments, UserError, counted, run, write_text
from gridstage.config import PARAMS_FILE, params_of, read_content, yaml12
from gridstage.config.aside.blocks import replace_blocks
from gridstage.data import given_away, given_away_told, load_dataset
from gridstage.data.aside.copies import on_copies
from gridstage.data.aside.lost import on_lost
from gridstage.repository.dvc_file import refuse_missing
from gridstage.repository.git import NoGitError, state_of
from gridstage.search import doing

ARGUMENTS = Arguments("gridstage adopt", __doc__)
ARGUMENTS.add_argument(
    "file", metavar="FILE", help="a CSV or Parquet file in the repository"
)
ARGUMENTS.add_argument(
    "target", metavar="TARGET", nargs="?", help="the column to predict"
)
_KIND = ARGUMENTS.add_mutually_exclusive_group()
_KIND.add_argument(
    "--classes", action="store_true", default=None, help="the target is a class"
)
_KIND.add_argument(
    "--number", dest="classes", action="store_false", help="the target is a number"
)
ARGUMENTS.add_argument(
    "--dvc", action="store_true", help="let DVC track the file, whatever its size"
)
ARGUMENTS.add_argument("--dry-run", action="store_true", help="only print")
ARGUMENTS.add_argument(
    "--force",
    action="store_true",
    help=f"replace a {PARAMS_FILE} that git does not have",
)


@dataclass(frozen=True)
class _Adopted:
    """What follows from a target: blocks of params.yaml, the whole text with them, and warnings about the rows."""

    target: adopt.Target
    blocks: dict[str, dict[str, Any]]
    text: str
    warnings: list[str]


def main(options: Namespace) -> None:
    path, target = _inside(options.file), options.target
    refuse_missing(path)
    with doing(f"adopt: {path}"):
        table = adopt.read_table(path, target)
        columns = adopt.take_columns(table, target)
        if target is not None:
            adopted = _adopted(table, columns, target, options.classes)
    if target is None:
        _print_table(table, columns)
        print(f"Name the column to predict: gridstage adopt {path} TARGET")
        return

    found = adopted.target
    by_size = adopt.sized(found, columns)
    n_left_out = table.n_left_out
    columns.append(adopt.Taken(target, "target", found.shares, n_left_out, found.why))
    columns.sort(key=lambda column: list(table.frame).index(column.name))
    _print_table(table, columns)
    print()
    adopt.print_sized(by_size)
    tracking = adopt.Tracking(path, options.dvc)
    hints = [*table.hints, *(column.hint for column in columns if column.hint)]
    _print_each(f"warning: {each}" for each in adopted.warnings)
    _print_each(f"hint: {each}" for each in hints + tracking.hints)
    if options.dry_run:
        for name, block in adopted.blocks.items():
            print(adopt.block_text(name, block), end="")
        _print_each([tracking.intent] if tracking.intent else [])
        print(f"{PARAMS_FILE} was left unchanged.")
        return
    if not options.force:
        _check_git_has_it()
    tracked = tracking.start()
    write_text(PARAMS_FILE, adopted.text)
    _print_each(tracked)
    print(f"{PARAMS_FILE}: replaced {', '.join(adopted.blocks)}. Run `dvc repro`.")


def _adopted(
    table: adopt.Table,
    columns: list[adopt.Taken],
    target: str,
    classes: bool | None,
) -> _Adopted:
    """Choose the settings, and read the file as the stages will, so that what adopt accepts runs."""
    path, n_rows = table.rows.name, len(table.frame)
    if n_rows < 4:  # fewer leave no split with rows to train on and to test
        raise UserError(
            f"{path} has {counted(n_rows, 'row')} with a target, too few to split. Add rows."
        )
    found = adopt.take_target(table, target, classes)
    blocks = adopt.make_blocks(table, target, found, columns)
    read_content()  # refuses what is missing, or not YAML
    old = Path(PARAMS_FILE).read_text(encoding="utf-8")
    text = replace_blocks(old, blocks, adopt.block_text)
    # A problem is in what was there before.
    params = params_of(yaml12.load(text))
    data = load_dataset(params.data, found.classifies, params.seed)
    warnings = [on_copies(data, path)]
    if given := given_away(data):
        warnings.append(given_away_told(given, target, found.classifies))
    warnings.append(on_lost(params.data))
    return _Adopted(found, blocks, text, [each for each in warnings if each])


def _print_each(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _inside(name: str) -> str:
    """Return the path as params.yaml writes it, relative to the repository; raises `UserError` if it is outside."""
    # The file itself may be a link into DVC's cache.
    place = Path(name).parent.resolve() / Path(name).name
    try:
        return place.relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        raise UserError(
            f"{name} is outside of the repository. Copy it into data/ first."
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


def _print_table(table: adopt.Table, columns: list[adopt.Taken]) -> None:
    rows = table.rows
    parts = [f"{len(table.frame):,} rows, {len(table.frame.columns)} columns"]
    if table.n_left_out:
        parts.append(f"{counted(table.n_left_out, 'row')} without a target left out")
    parts += rows.form
    if rows.na_values:
        missing = ", ".join(map(repr, rows.na_values)).replace("''", "empty")
        parts.append(f"missing cells: {missing}")
    print(f"{rows.name}: {'; '.join(parts)}")
    adopt.print_taken(columns)


if __name__ == "__main__":
    run(main, ARGUMENTS)
