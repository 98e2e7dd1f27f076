"""A CSV as text, and how it is written: its records with their lines, and its columns as pandas reads them."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, NoReturn

import numpy as np
import pandas as pd
from pandas.errors import ParserError

from gridstage.common import Problem, UserError, counted
from gridstage.data.texts import numbers

# What may separate cells, in the singular.
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
# The most characters of a cell in a message.
LONGEST = 40


@dataclass(frozen=True)
class CsvText:
    """A CSV that messages call `name`, its text in UTF-8 as `utf8_text` returns it, and how the file is written.

    `texts` are columns of which the file says that they are no numbers; places are counted in a `unit`, and `names_in`
    has the names of columns. The other fields are as in `data` of params.yaml.
    """

    name: str
    text: bytes
    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    header: bool = True
    na_values: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    unit: ClassVar[str] = "line"
    names_in: ClassVar[str] = "the header"

    @property
    def form(self) -> tuple[str, ...]:
        """How the file is written, in words."""
        decimal = ("decimal commas",) if self.decimal == "," else ()
        header = "a header" if self.header else "no header"
        return (
            f"{SEPARATORS[self.separator]}s between cells",
            *decimal,
            self.encoding,
            header,
        )

    def names(self, columns: Sequence[str], optional: str = "") -> list[str]:
        """Return the names in the header or, without one, `columns`, if need be without `optional`.

        A column without a name is called `Unnamed: 0` by its place, as pandas calls it. Raises `UserError` if there is
        no row, a name occurs twice, a header is where there should be none, or the first row, of which pandas would cut
        off the end, has another number of cells.
        """
        (line, row), *others = islice(self.records(), 2)
        names, note = list(columns), ""
        if self.header:
            names, last = named(row), row[-1].strip()
            name, count = Counter(names).most_common(1)[0]
            if count > 1:
                self.refuse(
                    f"{self.names_in} has {name!r} {count} times", "rename all but one"
                )
            if not others:
                self.refuse(
                    "has no row after its header", "Is it the right file?", line
                )
            line, row = others[0]
            if len(row) == len(names) - 1 and not last:
                names.pop()  # some exports end the header, and no other line, with a separator
        elif self._is_header(row, others[0][1] if others else [], names):
            order = (
                f"write the columns in the order of data.columns: {', '.join(names)}"
            )
            remedy = f"Remove the line, {f'and {order}' if optional else 'or set it to true'}."
            self.refuse(
                "is a header, but data.header in params.yaml is false", remedy, 1
            )
        elif optional and len(row) != len(names):
            note = f", or {len(names)} with {optional}"
            names.remove(optional)
        if len(row) != len(names):
            self.check_widths(len(names), note)
        return names

    def _is_header(
        self, first: Sequence[str], second: Sequence[str], names: Sequence[str]
    ) -> bool:
        """Whether a row has texts alone, of which most are names of columns, or stand above numbers."""
        cells = {cell.strip() for cell in first}
        if cells & {"", *self.na_values} or self._n_numbers(cells):
            return False
        n_signs = max(len(cells & set(names)), self._n_numbers(second))
        return 2 * n_signs > len(first)

    def _n_numbers(self, cells: Iterable[str]) -> int:
        return int(np.isfinite(numbers([*cells], self.decimal)).sum())

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the cells of each record with the number of its first line, counted from 1 in the file."""
        lines = io.TextIOWrapper(io.BytesIO(self.text), encoding="utf-8", newline="")
        reader = csv.reader(lines, delimiter=self.separator, skipinitialspace=True)
        line = 1
        try:
            for cells in reader:
                yield line, cells
                line = 1 + reader.line_num
        except csv.Error:  # the limit is the module's own, for a quotation mark that swallows the rest of a file
            finding = f"has a cell of more than {csv.field_size_limit():,} characters"
            self.refuse(
                finding, "is a quotation mark missing, or is it the wrong file?", line
            )

    def rows(self, numbers: Collection[int]) -> dict[int, tuple[int, list[str]]]:
        """Return the line and the cells of each of these rows; row 0 is the first one after the header."""
        first, end = -1 if self.header else 0, max(numbers, default=-1) + 1
        records = enumerate(islice(self.records(), end - first), start=first)
        return {number: record for number, record in records if number in numbers}

    def table(
        self,
        names: Sequence[str],
        as_text: Collection[str] = (),
        used: Collection[str] = (),
    ) -> pd.DataFrame:
        """Read the cells into columns of float64, with NaN where a cell is missing, and `category` columns of texts.

        Texts are the columns in `as_text`, and each that contains anything but numbers and missing cells. `names` are
        the columns in file order, of which those that are `used` are looked at; without it, all are. Raises `UserError`
        if a line has more or fewer cells than there are columns, or a cell is too long.
        """
        try:
            table = self._read(names, as_text)
        except ParserError as error:
            self.check_widths(len(names))
            self.refuse(f"it is not a CSV: {error}")
        numeric = {name for name in names if table[name].dtype.kind in "iuf"}
        last = table[names[-1]]
        is_cut = last.isna() if names[-1] in numeric else last.isna() | (last == "")
        if is_cut.any():  # because pandas fills up a short line with empty cells
            self.check_widths(len(names))
        others = [name for name in names if name not in numeric | {*as_text}]
        if others:
            table[others] = self._read(names, others, usecols=others)
        # pandas would read texts that are all numbers, such as 01 and 1.0, into categories that are numbers.
        types = dict.fromkeys(names, "category") | dict.fromkeys(numeric, "float64")
        return table.astype(types)

    def _read(
        self, names: Sequence[str], as_text: Collection[str], **options: Any
    ) -> pd.DataFrame:
        return pd.read_csv(
            io.BytesIO(self.text),
            sep=self.separator,
            decimal=self.decimal,
            header=0 if self.header else None,
            names=list(names),
            dtype=dict.fromkeys(as_text, "str"),
            na_values=list(self.na_values),
            keep_default_na=False,
            index_col=False,
            skip_blank_lines=False,
            skipinitialspace=True,
            low_memory=False,
            **options,
        )

    def place(self, number: int) -> str:
        """Return where a row is, as in `line 2` or `row 1`."""
        return f"{self.unit} {self.rows([number])[number][0]}"

    def refuse(self, finding: str, remedy: str = "", line: int = 0) -> NoReturn:
        """Raise `UserError` with a problem of the file or of a line, after which a sentence goes on."""
        if not line:
            finding = f": {finding}"
        raise UserError(Problem(finding, remedy, self.name, line=line))

    def check_widths(self, width: int, note: str = "") -> None:
        """Raise `UserError` if a line has more or fewer cells than `width`; a note follows that number."""
        records = islice(self.records(), int(self.header), None)
        wrong = [(line, len(cells)) for line, cells in records if len(cells) != width]
        if not wrong:
            return
        (line, count), *others = wrong
        more = more_such(len(others), "line")
        finding = f"has {counted(count, 'column')} instead of {width}{note}{more}"
        remedy = "remove empty lines"
        if count:
            remedy = f"is it cut off? A cell that contains {self.separator!r} needs quotation marks"
        self.refuse(finding, remedy, line)


def named(header: Sequence[str]) -> list[str]:
    """Return the names in a header; a column without one is called `Unnamed: 0` by its place, as pandas calls it."""
    return [name.strip() or f"Unnamed: {place}" for place, name in enumerate(header)]


def short(cell: str) -> str:
    """Return a cell in quotation marks, cut if it is long."""
    if len(cell) <= LONGEST:
        return repr(cell)
    return f"{cell[:LONGEST]!r}… ({len(cell):,} characters)"


def more_such(count: int, what: str) -> str:
    """Say that there are more things like one that a sentence names, as in ` (2 more such cells)`; "" if none are."""
    return f" ({counted(count, f'more such {what}')})" if count > 0 else ""
