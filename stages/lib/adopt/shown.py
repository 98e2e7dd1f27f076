"""Prints what a table was taken for."""

from stages.lib.adopt.plan import Plan
from stages.lib.adopt.taken import Taken
from stages.lib.common.tables import print_rows

_STYLES = {"target": "bold", "not used": "dim"}

_STYLES = {"target": "bold", "not used": "dim"}


def print_columns(columns: list[Taken]) -> None:
    """Print one row per column: what it is taken for, what is in it, and why."""
    rows = [
        (column.name, column.kind, f"{column.missing:,}" if column.missing else "", column.seen, column.why)
        for column in columns
    ]
    headings = ("column", "taken as", "missing", "seen", "why")
    print_rows(headings, rows, numbers=["missing"], styles=[_STYLES.get(column.kind) for column in columns])


def print_plan(plan: Plan) -> None:
    """Print the settings that were chosen, and why."""
    print_rows(("setting", "value", "why"), plan.why)
