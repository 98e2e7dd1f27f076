"""Looks at a table, says what it takes each column for, and sets params.yaml by it."""

from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridstage.adopt.blocks import make_blocks
from gridstage.adopt.blocks_text import block_text
from gridstage.adopt.columns import Taken, print_taken, take_columns
from gridstage.adopt.size import print_sized, sized
from gridstage.adopt.table import Table, read_table
from gridstage.adopt.target import Target, take_target
from gridstage.adopt.tracking import Tracking
from gridstage.common import UserError, counted, write_text
from gridstage.config import PARAMS_FILE, params_of, read_content, yaml12
from gridstage.config.aside.blocks import replace_blocks
from gridstage.data import given_away, given_away_told, load_dataset
from gridstage.data.aside.copies import on_copies
from gridstage.data.aside.lost import on_lost
from gridstage.search import doing


def add_flags(arguments: ArgumentParser) -> None:
    """Add what says how a table is adopted: `classes`, which is None where nobody says it, and `dvc`."""
    kind = arguments.add_mutually_exclusive_group()
    kind.add_argument(
        "--classes", action="store_true", default=None, help="the target is a class"
    )
    kind.add_argument(
        "--number", dest="classes", action="store_false", help="the target is a number"
    )
    arguments.add_argument(
        "--dvc", action="store_true", help="let DVC track the file, whatever its size"
    )


@dataclass(frozen=True)
class Adoption:
    """What a table and its target make of params.yaml: the blocks that change, and the whole text with them."""

    blocks: dict[str, dict[str, Any]]
    text: str
    tracking: Tracking

    def write(self) -> None:
        """Let DVC take a table that it is to track, then write params.yaml."""
        tracked = self.tracking.start()
        write_text(PARAMS_FILE, self.text)
        print_each(tracked)


def print_columns(path: str) -> None:
    """Say what each column of a table is taken for, before one is the target."""
    with doing(f"adopt: {path}"):
        table = read_table(path, None)
        columns = take_columns(table, None)
    _print_table(table, columns)


def adopt_table(path: str, target: str, classes: bool | None, dvc: bool) -> Adoption:
    """Look at a table in this folder, and say what it takes each column for and what it sets; writes nothing.

    Raises `UserError` if the stages could not read the table by what it sets.
    """
    with doing(f"adopt: {path}"):
        table = read_table(path, target)
        columns = take_columns(table, target)
        found, blocks, text, warnings = _settings(table, columns, target, classes)
    by_size = sized(found, columns)
    columns.append(Taken(target, "target", found.shares, table.n_left_out, found.why))
    columns.sort(key=lambda column: list(table.frame).index(column.name))
    _print_table(table, columns)
    print()
    print_sized(by_size)
    tracking = Tracking(path, dvc)
    hints = [*table.hints, *(column.hint for column in columns if column.hint)]
    print_each(f"warning: {each}" for each in warnings)
    print_each(f"hint: {each}" for each in hints + tracking.hints)
    return Adoption(blocks, text, tracking)


def print_each(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        print(line)


def _settings(
    table: Table, columns: list[Taken], target: str, classes: bool | None
) -> tuple[Target, dict[str, dict[str, Any]], str, list[str]]:
    """Choose the settings, and read the file as the stages will, so that what adopt accepts runs."""
    path, n_rows = table.rows.name, len(table.frame)
    if n_rows < 4:  # fewer leave no split with rows to train on and to test
        raise UserError(
            f"{path} has {counted(n_rows, 'row')} with a target, too few to split. Add rows."
        )
    found = take_target(table, target, classes)
    blocks = make_blocks(table, target, found, columns)
    read_content()  # refuses what is missing, or not YAML
    old = Path(PARAMS_FILE).read_text(encoding="utf-8")
    text = replace_blocks(old, blocks, block_text)
    # A problem is in what was there before.
    params = params_of(yaml12.load(text))
    data = load_dataset(params.data, found.classifies, params.seed)
    warnings = [on_copies(data, path)]
    if given := given_away(data):
        warnings.append(given_away_told(given, target, found.classifies))
    warnings.append(on_lost(params.data))
    return found, blocks, text, [each for each in warnings if each]


def _print_table(table: Table, columns: list[Taken]) -> None:
    rows = table.rows
    parts = [f"{len(table.frame):,} rows, {len(table.frame.columns)} columns"]
    if table.n_left_out:
        parts.append(f"{counted(table.n_left_out, 'row')} without a target left out")
    parts += rows.form
    if rows.na_values:
        missing = ", ".join(map(repr, rows.na_values)).replace("''", "empty")
        parts.append(f"missing cells: {missing}")
    print(f"{rows.name}: {'; '.join(parts)}")
    print_taken(columns)
