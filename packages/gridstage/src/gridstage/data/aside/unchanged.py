"""Sees whether a file is still the one that was read, because DVC takes its hash when a stage ends."""

import hashlib
from pathlib import Path

from gridstage.common import Problem, UserError


class Unchanged:
    """A file as it is before it is read.

    DVC takes the hash of a table when the stage ends, so results of an edited one would pass for those of the new one.

    Parameters
    ----------
    path : str or Path
        The file.

    Examples
    --------
    >>> write_text("table.csv", "a,b")
    >>> file = Unchanged("table.csv")
    >>> write_text("table.csv", "a,c")
    >>> file.check()
    Traceback (most recent call last):
    gridstage.common.aside.errors.UserError: table.csv has changed since it was read, so no results were written. ...
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._hash = self._now()

    def check(self) -> None:
        """Raise `UserError` if the file has other bytes now, or is gone."""
        if self._now() != self._hash:
            finding = "has changed since it was read, so no results were written"
            raise UserError(
                Problem(
                    finding, "Run again once nothing writes to it.", str(self._path)
                )
            )

    def _now(self) -> str:
        if not self._path.is_file():  # who reads it says so
            return ""
        with self._path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
