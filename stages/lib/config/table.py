"""The CSV: where it is, how it is written, and what its columns contain: `data` in params.yaml."""

import codecs
import re
from math import isfinite
from typing import Annotated, Any, Literal
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from stages.lib.common import did_you_mean

# What Python also calls text encodings, and no file is in.
_NO_FILES = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}

Type = Literal["number", "category", "boolean", "date"]


class Section(BaseModel):
    """A section of params.yaml; rejects unknown keys and values of the wrong type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _label(value: Any) -> str:
    # YAML reads a bare 0 as a number with the same text, but loses the text of 1.50 or True.
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip():
        raise ValueError("it should be a label as written in the CSV, in quotes")
    return str(value).strip()


def _no_twins(labels: list[str]) -> list[str]:
    if twins := [label for i, label in enumerate(labels) if label in labels[:i]]:
        raise ValueError(f"{twins[0]!r} is listed twice; each class has one label, and blanks around it do not count")
    forms = [normalize("NFC", label) for label in labels]
    if twins := [label for i, label in enumerate(labels) if forms[i] in forms[:i]]:
        raise ValueError(f"{twins[0]!a} is listed twice, in two Unicode forms; each class has one label")
    return labels


def _finite(value: float) -> float:
    if not isfinite(value):
        raise ValueError("a limit is a finite number; remove it if there is none")
    return value


Label = Annotated[str, BeforeValidator(_label)]
Limit = Annotated[float, AfterValidator(_finite)]
Labels = Annotated[list[Label], Field(min_length=2), AfterValidator(_no_twins)]


class Column(Section):
    """What a column contains, and the values that are allowed in it.

    Numbers lie between `min` and `max`, both inclusive and in `unit`. The target may list its labels instead, in the
    order of the classes 0, 1, … A column with `use: false` may contain anything, and is no feature.
    """

    use: bool = True
    type: Type = "number"
    missing: Literal["allowed"] | None = None
    unit: str = ""
    min: Limit | None = None
    max: Limit | None = None
    zero_is_missing: bool = False
    classes: Labels | None = None

    @model_validator(mode="after")
    def _limits_are_for_numbers(self) -> "Column":
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(
                f"min {self.min:g} is above max {self.max:g}, so no number is allowed; exchange or fix them"
            )
        limited = self.min is not None or self.max is not None or self.zero_is_missing
        if self.classes is not None and limited:
            raise ValueError("classes are labels, which have no min, max or zero_is_missing; remove those")
        if self.type != "number" and limited:
            raise ValueError(f"only numbers have min, max or zero_is_missing; remove those, or `type: {self.type}`")
        if self.type != "number" and self.classes is not None:
            raise ValueError(f"classes say what the column contains; remove `type: {self.type}`")
        return self


def _encoding(name: str) -> str:
    try:
        is_encoding = codecs.lookup(name).name not in _NO_FILES and "".encode(name) is not None
    except (LookupError, UnicodeError):
        is_encoding = False
    if not is_encoding:
        common = "common ones are utf-8, utf-16, latin-1 and cp1252"
        raise ValueError(f"it is not a text encoding that Python knows; {common}")
    return name


def _cell(value: Any) -> str:
    # YAML reads a bare -999 as a number with the same text, but loses the text of null, true or 1.50.
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("it should be a cell as written in the CSV, in quotes")
    return str(value).strip()


def _hash(text: str) -> str:
    if re.fullmatch("[0-9a-f]{64}", text.lower()) is None:
        raise ValueError(
            f"it has {len(text)} signs; a sha256 has 64, each 0 to 9 or a to f, as `sha256sum FILE` prints it"
        )
    if text != text.lower():
        raise ValueError(f"its letters should be small ones: {text.lower()}")
    return text


def _separator(sign: Any) -> Any:
    if sign not in (",", ";", "\t"):
        raise ValueError(
            "it should be ',', ';' or \"\\t\", in double quotes; save the file with one of these between its cells"
        )
    return sign


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise ValueError("a column's name is a text; write it in quotes")
    return name


def _column(content: Any) -> Any:
    if not isinstance(content, dict | Column):
        raise ValueError("it should be a mapping, such as {min: 0}, or {} for a column of numbers")
    return content


def _file_path(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("it should name a file")
    return text


FilePath = Annotated[str, AfterValidator(_file_path)]
Name = Annotated[str, BeforeValidator(_name)]
Cell = Annotated[str, BeforeValidator(_cell)]


class Data(Section):
    """The CSV: where it is, how it is written, what it contains, and how much of it a search uses."""

    path: FilePath
    url: FilePath | None = None
    sha256: Annotated[str, AfterValidator(_hash)] | None = None
    header: bool = False
    separator: Annotated[Literal[",", ";", "\t"], BeforeValidator(_separator)] = ","
    decimal: Literal[".", ","] = "."
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    na_values: list[Cell] = Field(default=[])
    target: Name
    columns: Annotated[dict[Name, Annotated[Column, BeforeValidator(_column)]], Field(min_length=1)]
    sample: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _separator_and_decimal(self) -> "Data":
        if self.separator == self.decimal:
            raise ValueError(
                ".separator and decimal are both ','; a CSV with decimal commas has separator: ';' or a tab"
            )
        return self

    @model_validator(mode="after")
    def _target_and_columns(self) -> "Data":
        if self.target not in self.columns:
            hint = did_you_mean(self.target, self.columns) or f"; they are {', '.join(self.columns)}"
            raise ValueError(f".target is {self.target!r}, which is not one of the columns{hint}")
        target = self.columns[self.target]
        if not target.use:
            raise ValueError(f".columns.{self.target} is the target, and has `use: false`; remove that")
        if target.missing:
            raise ValueError(f".columns.{self.target} is the target, which can't be missing; remove `missing: allowed`")
        if target.zero_is_missing:
            raise ValueError(
                f".columns.{self.target} is the target, which can't be missing; remove `zero_is_missing`, and from the "
                "CSV the rows without a target"
            )
        if target.type != "number":
            raise ValueError(
                f".columns.{self.target} is the target, and has `type: {target.type}`; a target is a number, or lists "
                "its labels, such as `classes: [no, yes]`"
            )
        for name, column in self.columns.items():
            if column.classes is not None and name != self.target:
                raise ValueError(f".columns.{name} has classes, but the target is {self.target}; remove them")
        if not self.header and len(self.columns) < 2:
            raise ValueError(".columns should list every column of the file, two or more, because header is false")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the target's classes; empty if the classes are numbers or the target has none."""
        return tuple(self.columns[self.target].classes or ())

    def column(self, name: str) -> Column:
        """Return what a column contains; one that is not listed contains numbers."""
        return self.columns.get(name, Column())
