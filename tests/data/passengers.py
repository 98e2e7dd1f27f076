"""Passengers of a ship: a table with texts, missing cells, ids, groups and dates."""

from typing import Any

import pandas as pd

from stages.lib.config import Data

HEADER = "id,name,age,sex,member,sailed,fare,survived"
ROWS = [
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
    content = {"path": "data.csv", "header": True, "target": "survived", "columns": COLUMNS, "na_values": ["", "?"]}
    return Data.model_validate(content | changes)


def with_column(name: str, column: dict[str, Any] | None, **changes: Any) -> Data:
    """Return the `data` section with another entry for a column, or none."""
    columns = {key: entry for key, entry in (COLUMNS | {name: column}).items() if entry is not None}
    return passengers(columns=columns, **changes)
