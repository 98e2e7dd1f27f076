"""Reads Parquet files, whose columns have types, by pyarrow; this module needs the package."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from io import SEEK_END
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import Any, BinaryIO, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import ParquetFile

from stages.lib.common import Problem, UserError, first_of
from stages.lib.data.csv_text import named
from stages.lib.data.encoding import refuse_other_formats
from stages.lib.data.rows import Rows
from stages.lib.data.texts import numbers

_IS = pa.types
_NUMBERS = (_IS.is_integer, _IS.is_floating, _IS.is_decimal, _IS.is_null)
_TEXTS = (_IS.is_string, _IS.is_large_string, _IS.is_string_view, _IS.is_boolean, _IS.is_date, _IS.is_timestamp)
# The name that pandas gives to an index without one when it writes a table.
_INDEX = re.compile(r"__index_level_\d+__")
# What years after 9999 raise, and time zones that are not installed.
_NOT_IN_PYTHON = (ValueError, OverflowError, LookupError)
# The most columns that a message names.
_MOST = 10


@dataclass(frozen=True)
class ParquetRows(Rows):
    """Rows of a Parquet file as `cells`, of which the first is the row `first_row` of the file, counted from 1.

    A null is a missing cell, and so is a NaN. `has_index` is whether an index of pandas without a name is left out.
    """

    name: str
    cells: Any
    na_values: tuple[str, ...] = ()
    first_row: int = 1
    n_bytes: int = 0
    has_index: bool = False
    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    header: bool = True
    unit: ClassVar[str] = "row"
    names_in: ClassVar[str] = "the file"

    @property
    def form(self) -> tuple[str, ...]:
        """How the file is written, in words."""
        return "Parquet", *["the index of pandas left out"] * self.has_index

    @property
    def text_columns(self) -> list[str]:
        """The columns that are not numbers, as the file says; pandas writes categories that are numbers as such."""
        with _reading(self.name):
            about = (self.cells.schema.pandas_metadata or {}).get("columns", [])
        coded = {each.get("field_name") for each in about if each.get("pandas_type") == "categorical"}
        return [each.name for each in self.cells.schema if each.name in coded or not _is(each, _NUMBERS)]

    def names(self, columns: Sequence[str] = (), optional: str = "") -> list[str]:
        """Return the names of the columns in the file."""
        return list(self.cells.column_names)

    def table(self, names: Sequence[str], as_text: Collection[str] = (), used: Collection[str] = ()) -> pd.DataFrame:
        """Read the cells of the columns that are used as `Rows.table` says; numbers have every bit of the file's.

        The text of a cell that is not text is as Python and pandas write it: 1, 1.0, True, 2020-12-31.
        """
        wanted = [name for name in names if name in (used or names)]
        self._refuse_other_types(wanted)
        return pd.DataFrame({name: self._read(name, name in as_text) for name in wanted})

    def rows(self, numbers: Collection[int]) -> dict[int, tuple[int, list[str]]]:
        """Return the number in the file and the cells of each of these rows, counted from 0 here."""
        cells = {number: [column[number] for column in self.cells.columns] for number in numbers}
        return {number: (self.first_row + number, [_shown(cell) for cell in row]) for number, row in cells.items()}

    def _column(self, name: str) -> Any:
        column = self.cells.column(name)
        if _IS.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if _IS.is_float16(column.type):  # pyarrow takes those in a dictionary for whole numbers
            column = column.cast(pa.float32())
        return column

    def _read(self, name: str, as_text: bool) -> Any:
        column = self._column(name)
        return self._floats(column) if _is(column, _NUMBERS) and not as_text else self._texts(name, column)

    def _floats(self, column: Any) -> np.ndarray:
        if _is(column, [_IS.is_decimal]):  # a text becomes the nearest float64
            column = column.cast(pa.string())
        values: np.ndarray = column.cast(pa.float64(), safe=False).to_numpy()
        tokens = numbers(self.na_values, self.decimal)
        return np.where(np.isin(values, tokens[np.isfinite(tokens)]), np.nan, values)

    def _texts(self, name: str, column: Any) -> pd.Categorical:
        if _is(column, [_IS.is_null]):
            column = column.cast(pa.string())
        if _is(column, [_IS.is_floating]):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        coded = column.dictionary_encode().unify_dictionaries().combine_chunks()
        try:
            texts = list(map(str, coded.dictionary.to_pylist()))
        except _NOT_IN_PYTHON as error:
            self.refuse(f"column {name} can't be read: {error}", "Leave it out, or write it as text")
        return pd.Categorical.from_codes(
            coded.indices.fill_null(-1).to_numpy(), categories=pd.Index(texts, dtype="str")
        )

    def _refuse_other_types(self, names: list[str]) -> None:
        odd = [name for name in names if not _is(self._column(name), [*_NUMBERS, *_TEXTS])]
        if odd:
            those = first_of([f"{name} ({self.cells.schema.field(name).type})" for name in odd], _MOST)
            finding = f"has columns that are not numbers, texts, booleans, dates or times with a date: {those}"
            nested = "flatten nested ones into a column for each part"
            remedy = f"Drop them from the file; or {nested}, and write others, such as durations, as numbers"
            raise UserError(Problem(finding, remedy, self.name))


def _shown(cell: Any) -> str:
    """Return the text of a cell for a message, empty if it is missing or has none."""
    try:
        return str(cell) if cell.is_valid else ""
    except _NOT_IN_PYTHON:
        return ""


def _is(column: Any, kinds: Collection[Any]) -> bool:
    """Whether a column, or a field of a schema, is of one of these types."""
    return any(is_one(column.type) for is_one in kinds)


def parquet_rows(content: bytes, name: str, na_values: tuple[str, ...] = ()) -> ParquetRows:
    """Return all rows of a Parquet file; raises `UserError` if it is damaged, or no table with names and rows."""
    refuse_other_formats(content, name, parquet=True)
    with _reading(name):
        table = ParquetFile(pa.BufferReader(content)).read()
        names = _names(table)
    return _rows(table, names, name, na_values)


def parquet_pieces(
    file: BinaryIO, name: str, na_values: tuple[str, ...] = (), n_bytes: int = -1
) -> Iterator[ParquetRows]:
    """Yield the rows of a Parquet file in pieces of about `n_bytes` in memory, or of a row group.

    Raises as `parquet_rows`.
    """
    with nullcontext(file) if file.seekable() else TemporaryFile() as seekable:
        if seekable is not file:
            copyfileobj(file, seekable)
        size = seekable.seek(0, SEEK_END)
        seekable.seek(0)
        refuse_other_formats(seekable.read(1000), name, parquet=True)
        with _reading(name):
            opened = ParquetFile(seekable)
        n_rows = opened.metadata.num_rows
        at_once = n_rows if n_bytes < 0 else n_bytes // (8 * max(1, opened.metadata.num_columns))
        if not n_rows:
            _rows(opened.schema_arrow.empty_table(), opened.schema_arrow.names, name, na_values)  # refuses it
        batches = opened.iter_batches(max(1, at_once))
        first_row = 1
        while True:
            with _reading(name):
                if (batch := next(batches, None)) is None:
                    return
                table = pa.Table.from_batches([batch])
                names = _names(table)
            yield _rows(table, names, name, na_values, first_row, size * table.num_rows // max(1, n_rows))
            first_row += table.num_rows


def _names(table: Any) -> list[str]:
    """Return the names of the columns; raises an error of pyarrow or `ValueError` if the content is damaged."""
    table.validate(full=True)
    names: list[str] = table.column_names
    return names


def _rows(
    table: Any, names: list[str], name: str, na_values: tuple[str, ...], first_row: int = 1, n_bytes: int = 0
) -> ParquetRows:
    kept = [place for place, each in enumerate(names) if not _INDEX.fullmatch(each)]
    renamed = table.select(kept).rename_columns(named([names[place] for place in kept]))
    table = renamed.replace_schema_metadata(table.schema.metadata)
    rows = ParquetRows(name, table, na_values, first_row, n_bytes, len(kept) < len(names))
    if not table.num_columns or not table.num_rows:
        rows.refuse("there is no row" if table.num_columns else "there is no column", "Is it the right file?")
    twice, count = Counter(table.column_names).most_common(1)[0]
    if count > 1:
        rows.refuse(f"{count} columns are called {twice!r}", "rename all but one")
    return rows


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        finding = f"is a damaged Parquet file: {' '.join(str(error).split()).rstrip('.')}"
        raise UserError(Problem(finding, "Write it again, or get another copy.", name)) from None
