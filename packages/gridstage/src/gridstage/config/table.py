"""The table: where it is, how a CSV is written, and what its columns contain: `data` in params.yaml."""

from collections.abc import Callable, Iterable, Iterator
from operator import not_
from pathlib import PurePath
from typing import Annotated, Any, Literal
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from gridstage.common import Problem, did_you_mean, in_params
from gridstage.config.written import NumberForm, date_format

Type = Literal["number", "category", "boolean", "date"]


class Section(BaseModel):
    """A section of params.yaml; rejects unknown keys and values of the wrong type.

    The docstring below a key becomes the description of its `Field`. It stands in params.yaml, in what `adopt` writes,
    and in docs/params.md, too: `python -m packages.gridstage.tests.make_keys` renews these.
    """

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )


def rule(fits: Callable[[Any], Any], problem: str) -> Any:
    """Return a validator that takes what `fits`, unchanged, and raises `ValueError` with the problem for the rest."""

    def check(value: Any) -> Any:
        if not fits(value):
            raise ValueError(problem)
        return value

    return AfterValidator(check)


def _cell(value: Any) -> str:
    # YAML reads a bare 0 or -999 as a number with the same text, but loses the text of null, true or 1.50.
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("it should be a cell as written in the CSV, in quotes")
    return normalize("NFC", str(value).strip())


def _example(value: Any) -> str:
    # YAML reads a bare 1234.5 as a number.
    text = normalize("NFC", str(value).strip())
    if text and not NumberForm.of(text) and not date_format(text):
        raise ValueError(
            "it should be 1234.5 as the column has it, such as $1,234.5, 1234.5%, 1234.5 € or 1 234,5, or "
            "31 December 2020, such as 31/12/2020, 12/31/2020 or 31 Dec 2020"
        )
    return text


Cell = Annotated[str, BeforeValidator(_cell)]
Example = Annotated[str, BeforeValidator(_example)]
Limit = Annotated[float, Field(allow_inf_nan=False)]


class Column(Section):
    """What a column contains, and the values that are allowed in it."""

    use: bool = True
    """false leaves the column out; it may contain anything."""
    type: Type = "number"
    """number, category, boolean (yes/no, true/false, t/f, 1/0), or date, such as 2020-12-31 (ISO 8601) or 31.12.2020,
    which orders rows and is not a feature."""
    missing: Literal["allowed", "left_out"] | None = None
    """allowed if cells may be missing; for the target, left_out if rows without one are left out, whatever else is in
    them. Otherwise missing cells are refused."""
    unit: str = ""
    """The unit of its numbers."""
    written: Example = Field(default="", exclude_if=not_)
    """How 1234.5 is written, such as `$1,234.5`, `1234.5%`, `1234.5 €` or `1 234,5`, whatever `data.decimal` is; in a
    column of dates, how 31 December 2020 is, such as `31/12/2020`. `73%` is read as 73, and `(12.5)` as -12.5."""
    min: Limit | None = None
    """The least number that is allowed, in `unit`."""
    max: Limit | None = None
    """The largest number that is allowed."""
    zero_is_missing: bool = False
    """Whether a zero is a missing value, which `prepare.impute` replaces."""
    classes: Annotated[list[Cell], Field(min_length=2)] | None = None
    """For a target of labels: all labels, in the order of the classes 0, 1, …"""


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, UnicodeError):
        return False
    return True


_AN_ENCODING = "it is not a text encoding that Python knows; common ones are utf-8, utf-16, latin-1 and cp1252"

# How the name of a Parquet file ends, in lower case.
_PARQUET = (".parquet", ".pq")


def is_parquet(path: str) -> bool:
    """Whether a file is Parquet, by its name; others are CSVs."""
    return PurePath(path).suffix.lower() in _PARQUET


class Data(Section):
    """The table: where it is, how a CSV is written, what it contains, and how much of it a search uses."""

    path: str
    """A CSV or, if its name ends with .parquet or .pq, a Parquet file."""
    url: str | None = None
    """Where `python -m stages.fetch` and `gridstage rerun` get the file if it is missing or has another hash: an
    http(s) URL, a local path, or null. Not used for a file that DVC tracks."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    """SHA-256 of the file; null accepts any file at `path`."""
    header: bool = False
    """Whether the first line of a CSV names the columns; true for Parquet."""
    separator: Literal[",", ";", "\t"] = ","
    """The sign between the cells of a CSV: `,`, `;` or a tab."""
    decimal: Literal[".", ","] = "."
    """The sign before decimals: `.` or `,`."""
    encoding: Annotated[str, rule(_is_encoding, _AN_ENCODING)] = "utf-8"
    """Python's name of the encoding, such as utf-8, utf-16, latin-1 or cp1252."""
    na_values: list[Cell] = Field(default=[])
    """The cells that are missing, such as '', NA or '?', in columns with `missing: allowed`; a number also means its
    other forms."""
    target: str
    """The column to predict: labels, classes 0, 1, …, or numbers."""
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    """What each column contains, in the form `NAME: {KEY: VALUE, …}`. Without a header, list all columns in the order
    of the file; with one, the target and those that are not plain numbers."""
    sample: float = Field(default=1.0, gt=0, le=1)
    """The share of the rows to use, stratified by class; 1.0 uses all of them."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the target's classes; empty if the classes are numbers or the target has none."""
        return tuple(self.column(self.target).classes or ())

    def column(self, name: str) -> Column:
        """Return what a column contains; one that is not listed contains numbers."""
        return self.columns.get(name, Column())

    def features(self, names: Iterable[str], groups: str | None) -> list[str]:
        """Return which of these columns of the table nets predict from; `groups` is `cv.groups`."""
        others = {
            name: self.column(name)
            for name in names
            if name not in {self.target, groups}
        }
        return [
            name
            for name, column in others.items()
            if column.use and column.type != "date"
        ]

    def labels_of(self, n_classes: int) -> tuple[str, ...]:
        """Return the label of each class 0, 1, …: the one in params.yaml, or the number."""
        return self.labels or tuple(map(str, range(n_classes)))


def misfits(data: Data) -> Iterator[Problem]:
    """Yield what in `data` does not go together."""
    if data.separator == data.decimal:
        finding = f"is {data.separator!r}, as data.decimal is"
        yield in_params(
            "data.separator",
            finding,
            "a CSV with decimal commas has separator: ';' or a tab",
        )
    if is_parquet(data.path) and not data.header:
        finding = (
            f"is false, but {data.path} names its columns, as every Parquet file does"
        )
        yield in_params(
            "data.header",
            finding,
            "set it to true; a CSV to predict then needs a header, too",
        )
    for name, column in data.columns.items():
        for finding, remedy in _misfits_of(column, name == data.target):
            yield in_params(f"data.columns.{name}", finding, remedy)
    if data.target not in data.columns:
        hint = (
            did_you_mean(data.target, data.columns)
            or f"; they are {', '.join(data.columns)}"
        )
        yield in_params(
            "data.target", f"is {data.target!r}, which is not one of the columns{hint}"
        )


def _misfits_of(column: Column, is_target: bool) -> Iterator[tuple[str, str]]:
    """Yield what in a column does not go together, and what to do."""
    limits = column.min is not None or column.max is not None or column.zero_is_missing
    if (limits and column.classes is not None) or (
        column.type != "number" and (limits or column.classes is not None)
    ):
        yield (
            "has several of classes, a type, and limits of numbers (min, max, zero_is_missing)",
            "keep one of these",
        )
    forms = {"number": NumberForm.of, "date": date_format}
    reads = forms.get(column.type)
    if column.written and (column.classes or not (reads and reads(column.written))):
        yield (
            f"has `written: {column.written}`, which is for columns of another type",
            "a number is written such as $1,234.5, a date such as 31/12/2020; remove it elsewhere",
        )
    if column.classes is not None and not is_target:
        yield "has classes, but is not the target", "remove them"
    if column.missing == ("allowed" if is_target else "left_out"):
        yield (
            f"has `missing: {column.missing}`",
            "a row without its target is left_out, other cells are allowed to miss",
        )
    if is_target and (
        not column.use or column.zero_is_missing or column.type != "number"
    ):
        remedy = (
            "a target is a number, or lists its labels, such as `classes: [no, yes]`"
        )
        yield (
            "is the target, and has `use`, `zero_is_missing` or a type",
            f"remove these; {remedy}",
        )
