"""CSV files, and the problems that they have."""

from pathlib import Path
from typing import Any

import pytest

from stages.lib.common import Problem, UserError
from stages.lib.config import Data
from stages.lib.data import load_dataset

ROWS = "".join(f"{i % 7 + i / 10},{i * 3 % 11},{i % 2}\n" for i in range(30))
TABLE = "a,b,y\n" + ROWS


def spec(**changes: Any) -> Data:
    """Return the `data` section of a table with the columns a and b and the target y."""
    return Data.model_validate({"path": "data.csv", "header": True, "target": "y", "columns": {"y": {}}} | changes)


def write_csv(folder: Path, *lines: str) -> Path:
    """Write a CSV file without a line end after the last line."""
    path = folder / "data.csv"
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    return path


def problems(folder: Path, content: str | bytes, data: Data, classify: bool = True, **roles: str) -> list[Problem]:
    """Return what is wrong with a file of that content."""
    path = folder / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as caught:
        load_dataset(data.model_copy(update={"path": str(path)}), classify, seed=7, **roles)
    assert {problem.file for problem in caught.value.problems} <= {str(path), "params.yaml"}
    return caught.value.problems
