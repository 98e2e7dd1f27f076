"""The CSV: where it is, how it is written, and what its columns contain: `data` in params.yaml."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from stages.lib.common import did_you_mean
from stages.lib.config.column import Column, Section


def _encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        common = "common ones are utf-8, utf-16, latin-1 and cp1252"
        raise ValueError(f"it is no text encoding that Python knows; {common}") from None
    return name


def _cell(value: Any) -> str:
    # YAML reads a bare -999 as a number with the same text, but loses the text of null, true or 1.50.
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("it should be a cell as written in the CSV, in quotes")
    return str(value).strip()


Cell = Annotated[str, BeforeValidator(_cell)]


class Data(Section):
    """The CSV: where it is, how it is written, what it contains, and how much of it a search uses."""

    path: str
    url: str | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    header: bool = False
    separator: Literal[",", ";", "\t"] = ","
    decimal: Literal[".", ","] = "."
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    na_values: list[Cell] = Field(default=[])
    target: str
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    sample: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _separator_and_decimal(self) -> "Data":
        if self.separator == self.decimal:
            raise ValueError(
                "separator and decimal are both ','; a CSV with decimal commas has separator: ';' or a tab"
            )
        return self

    @model_validator(mode="after")
    def _target_and_columns(self) -> "Data":
        if self.target not in self.columns:
            raise ValueError(
                f"the target {self.target!r} is not one of its columns{did_you_mean(self.target, self.columns)}"
            )
        target = self.columns[self.target]
        if not target.use:
            raise ValueError(f"the target {self.target!r} has `use: false`; remove that")
        if target.missing:
            raise ValueError(f"the target {self.target!r} can't be missing; remove `missing: allowed`")
        if target.type != "number":
            raise ValueError(
                f"the target {self.target!r} has `type: {target.type}`; a target is a number, or lists its labels, "
                "such as `classes: [no, yes]`"
            )
        for name, column in self.columns.items():
            if column.classes is not None and name != self.target:
                raise ValueError(f"classes belong to the target, {self.target!r}; remove them from column {name!r}")
        if not self.header and len(self.columns) < 2:
            raise ValueError("without a header, columns should list every column of the file, two or more")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the target's classes; empty if the classes are numbers or the target has none."""
        return tuple(self.columns[self.target].classes or ())

    def column(self, name: str) -> Column:
        """Return what a column contains; one that is not listed contains numbers."""
        return self.columns.get(name, Column())
