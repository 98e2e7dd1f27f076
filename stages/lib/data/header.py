"""The first lines of a CSV: the names of its columns, and whether it is written as params.yaml says."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice

import numpy as np

from stages.lib.common import UserError, counted, did_you_mean
from stages.lib.config import Data
from stages.lib.data.alike import unlike
from stages.lib.data.csv_text import SEPARATORS, CsvText
from stages.lib.data.faults import first_words, plain
from stages.lib.data.texts import numbers

# The most sentences about names that a header lacks, and the most names in one.
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
            csv.refuse(*(f"the header has {name!r} {count} times; rename all but one" for name, count in twins.items()))
        if not others:
            raise UserError(f"{csv.name} has no rows after its header. Is it the right file?")
        line, row = others[0]
        if not row:
            csv.refuse(f"line {line} is empty. Remove empty lines.")
        if len(row) == len(names) - 1 and not last:
            names.pop()  # some exports end the header, and no other line, with a separator
    elif optional and len(row) != len(names):
        note = f", or {len(names)} with {optional}"
        names.remove(optional)
    if len(row) != len(names):
        csv.check_widths(len(names), note)
    return names


def check_names(csv: CsvText, names: Sequence[str], wanted: Collection[str], why: str) -> None:
    """Raise `UserError` with a sentence for each of the first names in `wanted` that the header does not have."""
    missing = [name for name in wanted if name not in names]
    others = [name for name in names if name not in wanted]
    what = "the header" if csv.header else "data.columns"
    problems = []
    for name in missing[:_MOST_ALIKE]:
        hint = unlike(name, others) or did_you_mean(name, others) or f"; it has {_in_words(names)}"
        problems.append(f"{what} has no {name!r}, {why}{hint}")
    if more := missing[_MOST_ALIKE:]:
        problems.append(f"the header lacks {len(more):,} more of these: {_in_words(more)}")
    if problems:
        csv.refuse(*problems)


def check_first_line(csv: CsvText, spec: Data, wanted: Collection[str]) -> None:
    """Raise `UserError` if the first line shows that the CSV is written otherwise than params.yaml says.

    It may have another separator than `data.separator`, be a header where there should be none, or a row where a header
    with some of the `wanted` names should be.
    """
    _, first = next(csv.records())
    _check_separator(first, csv, spec, wanted)
    no_numbers = bool(np.isnan(numbers(first, spec.decimal)).all())
    names = _names(first)
    if not csv.header:
        if _like_a_header(first, spec, no_numbers):
            what = "no number" if no_numbers else "the name of a column"
            way_out = "" if csv.is_new else ", or set data.header to true"
            csv.refuse(
                f"line 1 contains {what}, like a header, but data.header in params.yaml is false. "
                f"Remove the line{way_out}."
            )
    elif not no_numbers and not set(names) & set(wanted):
        way_out = ", or set data.header to false and list every column in data.columns"
        if csv.is_new:
            way_out = f": {_in_words(list(wanted))}"
        csv.refuse(
            f"line 1 is {_in_words(names, 4)}, like a row, but data.header in params.yaml is true. "
            f"Put a line with the columns' names before it{way_out}."
        )


def _names(cells: Sequence[str]) -> list[str]:
    return [cell.strip() or f"Unnamed: {place}" for place, cell in enumerate(cells)]


def _check_separator(first: list[str], csv: CsvText, spec: Data, wanted: Collection[str]) -> None:
    """Refuse a first line that another separator would cut into what params.yaml expects."""

    def is_expected(cells: Sequence[str]) -> bool:
        """Whether these are the columns that it should have: some of their names or, without a header, all."""
        if csv.header:
            return any(cell.strip(' \r\n"') in wanted for cell in cells)
        return len(spec.columns) - len(cells) in {0, 1}

    is_one = len(first) == 1
    if is_expected(first) and not is_one:
        return
    line = csv.text[: csv.text.find(b"\n") + 1 or None].decode()
    others = [sign for sign in SEPARATORS if sign != csv.separator and sign in line]
    if not others or not (is_one or any(is_expected(line.split(sign)) for sign in others)):
        return
    sign = max(others, key=lambda sign: (is_expected(line.split(sign)), line.count(sign)))
    width = "one column was found" if is_one else f"{len(first)} columns were found"
    count, quoted = line.count(sign), '"\\t"' if sign == "\t" else f"'{sign}'"
    way_out = f"set `separator: {quoted}` in data of params.yaml"
    if csv.is_new:
        way_out = f"save it with {SEPARATORS[csv.separator]}s, as the training table is"
    csv.refuse(f"{width}, and line 1 holds {counted(count, SEPARATORS[sign])}; {way_out}")


def _like_a_header(cells: Sequence[str], spec: Data, no_numbers: bool) -> bool:
    """Whether cells are names: of their own columns, or without a number or missing cell where numbers should be."""
    cells = [cell.strip() for cell in cells]
    named = [cell for cell, name in zip(cells, spec.columns, strict=False) if cell == name]
    has_target = spec.target in named and spec.target not in spec.labels and len(cells) == len(spec.columns)
    if len(named) == len(cells) > 1 or (has_target and np.isnan(numbers([spec.target], spec.decimal)).all()):
        return True
    has_numbers = any(column.type == "number" and not column.classes for column in spec.columns.values() if column.use)
    return has_numbers and no_numbers and not set(cells) & set(spec.na_values)


def _in_words(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    return first_words(list(map(plain, names)), most)
