"""The CSV: where it is, how it is written, and what its columns contain: `data` in params.yaml."""

import codecs
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from stages.lib.common import did_you_mean
from stages.lib.config.column import Column, Section

# What Python also calls text encodings, and no file is in.
_NO_FILES = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}


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
