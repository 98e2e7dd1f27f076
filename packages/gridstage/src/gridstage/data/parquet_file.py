"""Reads Parquet files, by pyarrow, as the CSVs that Python would write of them; this module needs the package."""

import io
import math
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import write_csv
from pyarrow.parquet import ParquetFile

from gridstage.common import Problem, UserError, first_of
from gridstage.data.csv_text import CsvText, named
from gridstage.data.encoding import refuse_other_formats

_IS = pa.types
_NUMBERS = (_IS.is_integer, _IS.is_floating, _IS.is_decimal, _IS.is_null)
_TEXTS = (
    _IS.is_string,
    _IS.is_large_string,
    _IS.is_string_view,
    _IS.is_boolean,
    _IS.is_date,
    _IS.is_timestamp,
)
# The name that pandas gives to an index without one when it writes a table.
_INDEX = re.compile(r"__index_level_\d+__")
# The most columns that a message names.
_MOST = 10


@dataclass(frozen=True)
class ParquetRows(CsvText):
    """The rows of a Parquet file as a CSV.

    `others` has the types of columns that no CSV has. The unnamed index of pandas is left out.
    """

    others: dict[str, str] = field(default_factory=dict)
    unit: ClassVar[str] = "row"
    names_in: ClassVar[str] = "the file"

    @property
    def form(self) -> tuple[str, ...]:
        """How the file is written, in words."""
        return ("Parquet",)

    def table(
        self,
        names: Sequence[str],
        as_text: Collection[str] = (),
        used: Collection[str] = (),
    ) -> pd.DataFrame:
        """Read the cells as those of a CSV; raises `UserError` if a column that is used has another type."""
        looked_at = used or names
        others = {key: kind for key, kind in self.others.items() if key in looked_at}
        if odd := [f"{name} ({kind})" for name, kind in others.items()]:
            finding = "has columns that are not numbers, texts, booleans, dates or times with a date: "
            nested = "flatten nested ones into a column for each part"
            remedy = f"Drop them from the file; or {nested}, and write others, such as durations, as numbers"
            raise UserError(Problem(finding + first_of(odd, _MOST), remedy, self.name))
        return super().table(names, as_text, used)

    def rows(self, numbers: Collection[int]) -> dict[int, tuple[int, list[str]]]:
        """Return the number in the file and the cells of each of these rows, counted from 0 here."""
        rows = super().rows(numbers).items()
        return {i: (1 + i, cells) for i, (_, cells) in rows}


def parquet_rows(
    content: bytes, name: str, na_values: tuple[str, ...] = ()
) -> ParquetRows:
    """Return the rows of a Parquet file; raises `UserError` if it is damaged, or no table with names and rows."""
    refuse_other_formats(content, name, parquet=True)
    with _reading(name):
        opened = ParquetFile(io.BytesIO(content))
        table = opened.read()
        if table.num_rows and table.num_columns:
            return _as_csv(table, name, na_values)
    finding = f": there is no {'row' if table.num_columns else 'column'}"
    raise UserError(Problem(finding, "Is it the right file?", name))


def _as_csv(table: Any, name: str, na_values: tuple[str, ...]) -> ParquetRows:
    """Return rows as a CSV, with the text of each cell as Python writes it, and nothing for a null or a NaN."""
    table.validate(full=True)
    coded = _coded(table.schema)
    own = [each for each in table.column_names if not _INDEX.fullmatch(each)]
    names = named(own)
    columns, texts, others = [], [], {}
    for key, old in zip(names, own, strict=True):
        column = table.column(table.column_names.index(old))
        if _IS.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if old in coded or not _is(column, _NUMBERS):
            texts.append(key)
        if not _is(column, (*_NUMBERS, *_TEXTS)):
            others[key], column = str(column.type), pa.nulls(len(column))
        elif _IS.is_floating(column.type):
            numbers = column.cast(pa.float64()).to_pylist()
            column = pa.array(map(_written, numbers), pa.string())
        elif _IS.is_boolean(column.type):
            column = pc.if_else(column, "True", "False")
        columns.append(column)
    buffer = io.BytesIO()
    write_csv(pa.Table.from_arrays(columns, names), buffer)
    return ParquetRows(
        name,
        buffer.getvalue(),
        na_values=na_values,
        texts=tuple(texts),
        others=others,
    )


def _coded(schema: Any) -> set[str]:
    """Return the columns that pandas has written as categories; numbers among them are not written as texts."""
    coded = {each.name for each in schema if _IS.is_dictionary(each.type)}
    for each in (schema.pandas_metadata or {}).get("columns", []):
        if each.get("pandas_type") == "categorical":
            coded.add(each.get("field_name"))
    return coded


def _written(number: float | None) -> str | None:
    """Return a number as Python writes it; None if it is missing."""
    return None if number is None or math.isnan(number) else repr(number)


def _is(column: Any, kinds: Collection[Any]) -> bool:
    return any(is_one(column.type) for is_one in kinds)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        text = " ".join(str(error).split()).rstrip(".")
        finding = f"is a damaged Parquet file: {text}"
        raise UserError(
            Problem(finding, "Write it again, or get another copy.", name)
        ) from None
