"""Rows as a file has them, whatever its format: what the checks of cells and the messages need of them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import ClassVar, NoReturn

import pandas as pd

from stages.lib.common import Problem, UserError


class Rows(ABC):
    """Rows of a file that messages call `name`, or a piece of them.

    `header` is whether the file names its columns. It, `separator`, `decimal`, `encoding` and `na_values` are as in
    `data` of params.yaml; a Parquet file has those of a CSV with its rows. `unit` is what places are counted in, and
    `names_in` what has the names of columns.
    """

    name: str
    encoding: str
    separator: str
    decimal: str
    header: bool
    na_values: tuple[str, ...]
    unit: ClassVar[str]
    names_in: ClassVar[str]

    @property
    @abstractmethod
    def n_bytes(self) -> int:
        """How much of the file it is."""

    @property
    @abstractmethod
    def form(self) -> tuple[str, ...]:
        """How the file is written, in words."""

    @abstractmethod
    def names(self, columns: Sequence[str], optional: str = "") -> list[str]:
        """Return the names of the columns: those in the file or, if it has none, `columns`.

        These may then lack `optional`. Raises `UserError` if there is no row, or a name occurs twice.
        """

    @abstractmethod
    def table(self, names: Sequence[str], as_text: Collection[str] = (), used: Collection[str] = ()) -> pd.DataFrame:
        """Read the cells into columns of float64, with NaN where a cell is missing, and `category` columns of texts.

        Texts are the columns in `as_text`, and each that contains anything but numbers and missing cells. `names` are
        the columns in file order. Where `used` says which of them are looked at, others may be left out.
        """

    @abstractmethod
    def rows(self, numbers: Collection[int]) -> dict[int, tuple[int, list[str]]]:
        """Return the place and the cells of each of these rows; row 0 is the first one after the header."""

    def place(self, number: int) -> str:
        """Return where a row is, as in `line 2` or `row 1`."""
        return f"{self.unit} {self.rows([number])[number][0]}"

    def refuse(self, finding: str, remedy: str = "", line: int = 0) -> NoReturn:
        """Raise `UserError` with a problem of the file or of a line, after which a sentence goes on."""
        raise UserError(Problem(finding if line else f": {finding}", remedy, self.name, line=line))
