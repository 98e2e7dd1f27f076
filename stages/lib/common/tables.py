"""Prints tables on the terminal."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import zip_longest

from rich.console import Console
from rich.table import Table


def print_rows(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Collection[str] = (),
    styles: Iterable[str | None] = (),
) -> None:
    """Print a table, with `numbers` aligned to the right, and each row in a style of rich, such as `bold`, or plain."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in numbers else "left", overflow="fold")
    for cells, style in zip_longest(rows, styles):
        table.add_row(*cells, style=style)
    Console().print(table)


def print_columns(
    title: str, columns: Mapping[str, Sequence[str]], left: Collection[str] = ("", "setting", "params", "model")
) -> None:
    """Print a table by its columns; the headings of `left` are aligned to the left, and rows marked with * are bold."""
    print(title)
    rows = list(zip(*columns.values(), strict=True))
    styles = ["bold" if first == "*" else None for first, *_ in rows]
    print_rows([*columns], rows, {*columns} - {*left}, styles)
