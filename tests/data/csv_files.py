"""CSV files with mistakes in them."""

from pathlib import Path

import pytest

from stages.lib.common import UserError
from stages.lib.config import Data
from stages.lib.data import read_csv


def write_csv(folder: Path, *lines: str) -> Path:
    """Write a CSV file without a line end after the last line."""
    path = folder / "data.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def problems(path: Path, data: Data, classify: bool = True) -> list[str]:
    """Return what is wrong with a file, a sentence for each mistake."""
    with pytest.raises(UserError) as caught:
        read_csv(path, data, classify)
    return [line.removeprefix(f"{path}: ") for line in str(caught.value).splitlines()]
