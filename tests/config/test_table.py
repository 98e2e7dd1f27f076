"""The section `data` of params.yaml: how the CSV is written, and what its columns are."""

from typing import Any

import pytest
from pydantic import ValidationError

from stages.lib.config import Column, Data
from tests.project import real_params

COLUMNS = {"age": {"min": 0}, "survived": {"classes": ["no", "yes"]}}


def passengers(**changes: Any) -> Data:
    content = {"path": "p.csv", "header": True, "target": "survived", "columns": COLUMNS}
    return Data.model_validate(content | changes)


def test_the_committed_values_are_those_without_the_keys() -> None:
    content = real_params()["data"]
    keys = ("separator", "decimal", "encoding", "na_values")
    assert Data.model_validate({key: content[key] for key in content if key not in keys}) == Data.model_validate(
        content
    )


def test_a_column_that_is_not_listed_is_a_number() -> None:
    data = passengers()
    assert data.column("fare") == Column()
    assert data.column("age").min == 0


def test_missing_cells_are_texts() -> None:
    assert passengers(na_values=["", " NA ", -999]).na_values == ["", "NA", "-999"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"separator": "|"}, "Input should be ',', ';' or"),
        ({"sha256": "AB" * 32}, "a sha256 has 64 signs, each 0 to 9 or a to f"),
        ({"path": "a\0b"}, "it should name a file"),
        ({"columns": COLUMNS | {5: {}}}, "Input should be a valid string"),
        ({"columns": COLUMNS | {"fare": None}}, "Input should be a valid dictionary"),
        ({"columns": COLUMNS | {"age": {"min": 5, "max": 1}}}, "min 5 is above max 1, so no number is allowed"),
        ({"columns": COLUMNS | {"age": {"min": float("nan")}}}, "a limit is a finite number; remove it if there is"),
        (
            {"columns": COLUMNS | {"survived": {"classes": ["caf\u00e9", "cafe\u0301"]}}},
            "'cafe\u0301' is listed twice",
        ),
        ({"columns": COLUMNS | {"survived": {"classes": [" no", "no"]}}}, "'no' is listed twice"),
        ({"separator": ",", "decimal": ","}, "separator and decimal are both ','; a CSV with decimal commas has"),
        ({"encoding": "utf8000"}, "it is not a text encoding that Python knows; common ones are utf-8"),
        ({"encoding": "rot13"}, "it is not a text encoding"),
        ({"na_values": [None]}, "it should be a cell as written in the CSV, in quotes"),
        ({"na_values": [True]}, "it should be a cell as written in the CSV, in quotes"),
        ({"na_values": "NA"}, "Input should be a valid list"),
        ({"columns": COLUMNS | {"age": {"type": "text"}}}, "Input should be 'number', 'category', 'boolean' or 'date'"),
        ({"columns": COLUMNS | {"age": {"missing": True}}}, "Input should be 'allowed'"),
        (
            {"columns": COLUMNS | {"age": {"type": "category", "min": 0}}},
            "only numbers have min, max or zero_is_missing; remove those, or `type: category`",
        ),
        (
            {"columns": COLUMNS | {"survived": {"type": "boolean", "classes": ["no", "yes"]}}},
            "classes say what the column contains; remove `type: boolean`",
        ),
        (
            {"columns": COLUMNS | {"survived": {"type": "boolean"}}},
            "survived is the target, and has `type: boolean`; a target is a number, or lists its labels, such as `cl",
        ),
        (
            {"columns": COLUMNS | {"survived": {"use": False}}},
            "survived is the target, and has `use: false`; remove that",
        ),
        (
            {"columns": COLUMNS | {"survived": {"missing": "allowed"}}},
            "survived is the target, which can't be missing; remove `missing`",
        ),
    ],
)
def test_a_mistake_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        passengers(**changes)
    assert sentence in str(caught.value)
