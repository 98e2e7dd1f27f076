"""Describes a CSV or a Parquet file in params.yaml: `python -m stages.adopt FILE TARGET`.

Looks at the file, prints what it takes each column for, what it sets by the size of the table, both with the reason,
and writes every block of params.yaml but `runtime`.
Without TARGET, it lists the columns. `--classes` or `--number` says what the target is, where adopt would take it for
the other. `--dry-run` only prints. It replaces a params.yaml that git does not have only with `--force`.
A file that is too large for git is tracked by DVC, and so is a smaller one with `--dvc`.
"""

from argparse import Namespace
from pathlib import Path

from stages.lib import adopt
from stages.lib.common import Arguments, UserError, counted, run, write_text
from stages.lib.config import PARAMS_FILE, params_of, read_content, yaml12
from stages.lib.config.blocks import replace_blocks
from stages.lib.data import given_away, given_away_told, load_dataset
from stages.lib.data.copies import on_copies
from stages.lib.repository.dvc_file import refuse_missing
from stages.lib.repository.git import NoGitError, state_of
from stages.lib.search import doing

# Reading, looking at columns, reading as the stages do, and looking for copies of rows and of the target.
_STEPS = 4

ARGUMENTS = Arguments("stages.adopt", __doc__)
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


def main(options: Namespace) -> None:
    path, target = _inside(options.file), options.target
    refuse_missing(path)
    with doing(f"adopt: {path}", "steps") as progress:
        table = adopt.read_table(path, target)
        progress.advance(1, _STEPS)
        columns = adopt.take_columns(table, target)
        progress.advance(1, _STEPS)
        if target is not None:
            if (
                n_rows := len(table.frame)
            ) < 4:  # fewer leave no split with rows to train on and to test
                raise UserError(
                    f"{path} has {counted(n_rows, 'row')} with a target, too few to split. Add rows."
                )
            found = adopt.take_target(table, target, options.classes)
            blocks = adopt.make_plan(table, target, found, columns)
            before = read_content()  # refuses what is missing, or not YAML
            text = replace_blocks(
                Path(PARAMS_FILE).read_bytes().decode(), blocks, adopt.block_text
            )
            params = params_of(
                yaml12.load(text)
            )  # where a problem is in what was there before
            # Read the file as the stages will, so that what adopt accepts runs.
            data = load_dataset(params.data, found.classifies, params.seed)
            progress.advance(1, _STEPS)
            copies = on_copies(data, path)
            given = given_away(data)
    if target is None:
        _print_table(table, columns)
        print(f"Name the column to predict: python -m stages.adopt {path} TARGET")
        return

    by_size = adopt.sized(found, columns)
    columns.append(
        adopt.Taken(target, "target", found.shares, table.n_left_out, found.why)
    )
    columns.sort(key=lambda column: list(table.frame).index(column.name))
    _print_table(table, columns)
    print()
    adopt.print_sized(by_size)
    tracking = adopt.Tracking(path, options.dvc, before)
    hints = [*(each.hint for each in columns), *tracking.hints]
    warnings = [copies, given and given_away_told(given, target, found.classifies)]
    notes = [f"warning: {each}" for each in warnings if each] + [
        f"hint: {hint}" for hint in hints if hint
    ]
    print(*notes, sep="\n", end="\n" * bool(notes))
    if options.dry_run:
        print(
            *(adopt.block_text(name, block) for name, block in blocks.items()),
            sep="",
            end="",
        )
        print(
            *filter(None, [tracking.plan, f"{PARAMS_FILE} was left unchanged."]),
            sep="\n",
        )
        return
    if not options.force:
        _check_git_has_it()
    tracked = tracking.start()
    write_text(PARAMS_FILE, text)
    print(*tracked, sep="\n", end="\n" * bool(tracked))
    print(f"{PARAMS_FILE}: replaced {', '.join(blocks)}. Run `dvc repro`.")


def _inside(name: str) -> str:
    """Return the path as params.yaml writes it, relative to the repository; raises `UserError` if it is outside."""
    place = (
        Path(name).parent.resolve() / Path(name).name
    )  # the file itself may be a link into DVC's cache
    try:
        return place.relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        raise UserError(
            f"{name} is outside of the repository. Copy it into data/ first."
        ) from None


def _check_git_has_it() -> None:
    """Raise `UserError` if git could not bring params.yaml back as it is."""
    try:
        problem = (
            state_of(PARAMS_FILE)
            and f"git does not have {PARAMS_FILE} as it is. Commit it,"
        )
    except NoGitError as error:
        problem = str(error)
    if problem:
        raise UserError(
            f"{problem} or add --force: then {PARAMS_FILE} is replaced, and git can't bring it back."
        )


def _print_table(table: adopt.Table, columns: list[adopt.Taken]) -> None:
    rows = table.rows
    missing = ", ".join(repr(cell) if cell else "empty" for cell in rows.na_values)
    parts = (
        f"{len(table.frame):,} rows, {len(table.frame.columns)} columns",
        f"{counted(table.n_left_out, 'row')} without a target left out"
        if table.n_left_out
        else "",
        *rows.form,
        f"missing cells: {missing}" if missing else "",
    )
    print(f"{rows.name}: {'; '.join(filter(None, parts))}")
    adopt.print_taken(columns)


if __name__ == "__main__":
    run(main, ARGUMENTS)
