"""The first lines of a CSV: the names of its columns, and whether it is written as params.yaml says."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice

import numpy as np

from stages.lib.common import UserError, counted, did_you_mean
from stages.lib.config import Data
from stages.lib.data.csv_text import SEPARATORS, CsvText
from stages.lib.data.faults import first_words, plain
from stages.lib.data.texts import numbers

# The most names that a header lacks, or has, in a message.
_MOST_ALIKE, _MOST_NAMES = 3, 20


def column_names(csv: CsvText, columns: Sequence[str], optional: str = "") -> list[str]:
    """Return the names of the columns: those in the header or, without one, `columns`, if need be without `optional`.

    A column without a name is called `Unnamed: 0` by its place, as pandas calls it. Raises `UserError` if there is no
    row, a name occurs twice, or the first row, of which pandas would cut off the end, has another number of cells.
    """
    (line, row), *others = islice(csv.records(), 2)
    names, note = list(columns), ""
    if csv.header:
        names, last = _names(row), row[-1].strip()
        if twins := {name: count for name, count in Counter(names).items() if count > 1}:
            finding = [f"the header has {name!r} {count} times" for name, count in twins.items()]
            raise UserError(*(csv.problem(each, "rename all but one") for each in finding[:_MOST_ALIKE]))
        if not others:
            csv.refuse("has no row after its header", "Is it the right file?", line)
        line, row = others[0]
        if len(row) == len(names) - 1 and not last:
            names.pop()  # some exports end the header, and no other line, with a separator
    elif optional and len(row) != len(names):
        note = f", or {len(names)} with {optional}"
        names.remove(optional)
    if len(row) != len(names):
        csv.check_widths(len(names), note)
    return names


def check_names(csv: CsvText, names: Sequence[str], wanted: Collection[str], why: str) -> None:
    """Raise `UserError` with a problem for each of the first names in `wanted` that the header does not have."""
    missing = [name for name in wanted if name not in names]
    others = [name for name in names if name not in wanted]
    what = "the header" if csv.header else "data.columns"
    problems = []
    for name in missing[:_MOST_ALIKE]:
        hint = did_you_mean(name, others) or f"; it has {_in_words(names)}"
        problems.append(csv.problem(f"{what} has no {name!r}, {why}{hint}"))
    if more := missing[_MOST_ALIKE:]:
        problems.append(csv.problem(f"{what} lacks {len(more):,} more of these: {_in_words(more)}"))
    if problems:
        raise UserError(*problems)


def check_first_line(csv: CsvText, spec: Data, wanted: Collection[str]) -> None:
    """Raise `UserError` if the first line shows another separator, a header where there should be none, or none.

    A header has some of the `wanted` names, or no number.
    """
    _, first = next(csv.records())
    line = csv.text[: csv.text.find(b"\n") + 1 or None].decode()
    for sign, what in SEPARATORS.items():
        count = line.count(sign)
        fits = not csv.header and count + 1 == len(spec.columns) != len(first)
        if sign != csv.separator and count and (len(first) == 1 or fits):
            finding = (
                f"{counted(len(first), 'column was', 'columns were')} found, and line 1 holds {counted(count, what)}"
            )
            quoted = '"\\t"' if sign == "\t" else repr(sign)
            remedy = f"set `separator: {quoted}` in data of params.yaml"
            if csv.is_new:
                remedy = f"save it with {SEPARATORS[csv.separator]}s, as the training table is"
            csv.refuse(finding, remedy, see="data.separator")
    if csv.header and not np.isnan(numbers(first, spec.decimal)).all() and not set(_names(first)) & set(wanted):
        remedy = f"Put a line with the columns' names before it: {_in_words(list(wanted), 4)}."
        csv.refuse("is like a row, but data.header in params.yaml is true", remedy, 1, see="data.header")
    if not csv.header and _like_a_header([cell.strip() for cell in first], spec):
        remedy = "Remove the line." if csv.is_new else "Remove the line, or set data.header to true."
        csv.refuse("is like a header, but data.header in params.yaml is false", remedy, 1, see="data.header")


def _names(cells: Sequence[str]) -> list[str]:
    return [cell.strip() or f"Unnamed: {place}" for place, cell in enumerate(cells)]


def _like_a_header(cells: Sequence[str], spec: Data) -> bool:
    """Whether cells are names: of their own columns, or without a number or missing cell where numbers should be."""
    if len(cells) > 1 and cells == list(spec.columns)[: len(cells)]:
        return True
    has_numbers = any(column.type == "number" and not column.classes for column in spec.columns.values() if column.use)
    no_numbers = bool(np.isnan(numbers(cells, spec.decimal)).all())
    return has_numbers and no_numbers and not set(cells) & set(spec.na_values)


def _in_words(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    return first_words(list(map(plain, names)), most)
