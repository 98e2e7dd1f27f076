"""Prints what a table was taken for."""

from rich.console import Console
from rich.table import Table as Grid

from stages.lib.adopt.columns import Taken
from stages.lib.adopt.plan import Plan


def print_columns(columns: list[Taken]) -> None:
    """Print one row per column: what it is taken for, what is in it, and why."""
    grid = Grid(box=None, pad_edge=False)
    for heading in ("column", "taken as", "missing", "seen", "why"):
        grid.add_column(heading, justify="right" if heading == "missing" else "left", overflow="fold")
    for column in columns:
        style = {"target": "bold", "not used": "dim"}.get(column.kind)
        missing = f"{column.missing:,}" if column.missing else ""
        grid.add_row(column.name, column.kind, missing, column.seen, column.why, style=style)
    Console().print(grid)


def print_plan(plan: Plan) -> None:
    """Print the settings that were chosen, and why."""
    grid = Grid(box=None, pad_edge=False)
    for heading in ("setting", "value", "why"):
        grid.add_column(heading, overflow="fold")
    for row in plan.why:
        grid.add_row(*row)
    Console().print(grid)
