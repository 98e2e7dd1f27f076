"""What a JSON file under metrics/ holds, as an object with types."""

from operator import not_
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel


class Record(BaseModel):
    """The object of a file, or a part of one; what is not known is None, and is not written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def content(self) -> dict[str, Any]:
        """Return what is written."""
        return self.model_dump(exclude_none=True)


class Counted(Record):
    """How many rows there are, how many of each class, by its label, and how many groups, if there are any."""

    n_rows: int
    classes: dict[str, int]
    n_groups: int | None = None

    @property
    def sizes(self) -> tuple[int, list[int], int | None]:
        """The counts, as `CV.resampling` takes them."""
        return self.n_rows, [*self.classes.values()], self.n_groups


class Numbers(RootModel[dict[str, float]]):
    """Numbers by their names."""

    def content(self) -> dict[str, float]:
        """Return what is written."""
        return self.root


class TableCounts(Record):
    """What the stage `fetch` has counted in the whole table, and a hash of the settings by which it has read it.

    Missing cells are counted by column, and zeros that mean so apart from them.
    """

    model_config = ConfigDict(extra="ignore")  # as an earlier commit has it

    rows: int
    classes: dict[str, int] = Field(default={}, exclude_if=not_)
    missing: dict[str, int] = Field(default={}, exclude_if=not_)
    zeros_for_missing: dict[str, int] = {}
    rows_without_target: int = Field(default=0, exclude_if=not_)
    read_as: str = ""
