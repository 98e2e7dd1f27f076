"""CSV files, a table of passengers with texts, missing cells, ids, groups and dates, and what is wrong with them."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gridstage.common import Problem, UserError
from gridstage.config import Data
from gridstage.data import load_dataset

ROWS = "".join(f"{i % 7 + i / 10},{i * 3 % 11},{i % 2}\n" for i in range(30))
TABLE = "a,b,y\n" + ROWS


def spec(**changes: Any) -> Data:
    """Return the `data` section of a table with the columns a and b and the target y."""
    return Data.model_validate(
        {"path": "data.csv", "header": True, "target": "y", "columns": {"y": {}}}
        | changes
    )


def write_csv(folder: Path, *lines: str) -> Path:
    """Write a CSV file without a line end after the last line."""
    path = folder / "data.csv"
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    return path


def problems(
    folder: Path, content: str | bytes, data: Data, classify: bool = True, **roles: str
) -> list[Problem]:
    """Return what is wrong with a file of that content."""
    path = folder / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as caught:
        load_dataset(
            data.model_copy(update={"path": str(path)}), classify, seed=7, **roles
        )
    assert {problem.file for problem in caught.value.problems} <= {
        str(path),
        "params.yaml",
    }
    return caught.value.problems


HEADER = "id,name,age,sex,member,sailed,fare,survived"
PASSENGERS = [
    '1,"Allen, Ann",29,female,yes,1912-04-10,71.3,yes',
    '2,"Brown, Bo",,male,no,1912-04-09,8.05,no',
    '3,"Cox, Cy",2,male,No,1912-04-11,0,no',
    '4,"Dean, Di",58, female,TRUE,1912-04-09,26.55,yes',
    '5,"Eli, Ed",40,?,f,1912-04-12,7.9,no',
]

COLUMNS: dict[str, Any] = {
    "id": {"use": False},
    "name": {"use": False},
    "age": {"unit": "years", "min": 0, "max": 100, "missing": "allowed"},
    "sex": {"type": "category", "missing": "allowed"},
    "member": {"type": "boolean"},
    "sailed": {"type": "date"},
    "fare": {"zero_is_missing": True},
    "survived": {"classes": ["no", "yes"]},
}

EXPECTED = pd.DataFrame(
    {
        "age": [29, float("nan"), 2, 58, 40],
        "sex": pd.Categorical(["female", "male", "male", "female", None]),
        "member": [1.0, 0, 0, 1, 0],
        "fare": [71.3, 8.05, 0, 26.55, 7.9],
    }
)


def passengers(**changes: Any) -> Data:
    """Return the `data` section for this table."""
    content = {
        "path": "data.csv",
        "header": True,
        "target": "survived",
        "columns": COLUMNS,
        "na_values": ["", "?"],
    }
    return Data.model_validate(content | changes)


def with_column(name: str, column: dict[str, Any] | None, **changes: Any) -> Data:
    """Return the `data` section with another entry for a column, or none."""
    columns = {
        key: entry
        for key, entry in (COLUMNS | {name: column}).items()
        if entry is not None
    }
    return passengers(columns=columns, **changes)
