"""Prints tables on the terminal, and writes cells of those in Markdown."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import zip_longest

from rich.console import Console
from rich.table import Table

# A table of more rows than these is cut to the first few of them.
MOST_ROWS, _FIRST_FEW = 50, 20


def print_rows(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Collection[str] = (),
    styles: Iterable[str | None] = (),
) -> None:
    """Print a table, with `numbers` aligned to the right, and each row in a style of rich, such as `bold`, or plain."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(
            heading, justify="right" if heading in numbers else "left", overflow="fold"
        )
    for cells, style in zip_longest(rows, styles):
        table.add_row(*cells, style=style)
    Console().print(table)


def print_columns(
    title: str,
    columns: Mapping[str, Sequence[str]],
    left: Collection[str] = ("", "setting", "params", "model"),
    *,
    file: str = "",
) -> None:
    """Print a table by its columns; the headings of `left` are aligned to the left, and rows marked with * are bold.

    Of more than `MOST_ROWS` rows, the first 20 and those marked with * are printed, and a line says that the `file` has
    all; without a file, all are printed. Such a table should begin with its best rows.
    """
    print(title)
    rows = list(zip(*columns.values(), strict=True))
    is_long = bool(file) and len(rows) > MOST_ROWS
    shown = (
        [row for i, row in enumerate(rows) if i < _FIRST_FEW or row[0] == "*"]
        if is_long
        else rows
    )
    styles = ["bold" if first == "*" else None for first, *_ in shown]
    print_rows([*columns], shown, {*columns} - {*left}, styles)
    if is_long:
        print(f"… and {len(rows) - len(shown):,} more; {file} has all {len(rows):,}")


def cell(text: str) -> str:
    """Write a text so that it stays inside one cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    """Write a text as Markdown code in a table cell."""
    inside = cell(text).replace("`", "'")
    return f"`{inside}`"
