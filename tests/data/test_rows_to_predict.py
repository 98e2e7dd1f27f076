"""Rows to predict: read by the names of columns or by their places, and checked as the table is."""

from typing import Any

import pandas as pd
import pytest

from stages.lib.common import UserError
from stages.lib.config import Data
from stages.lib.data import read_features
from tests.data.passengers import COLUMNS, passengers
from tests.project import real_params

TYPES = {"sex": "category", "age": "number", "member": "boolean"}


def check(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_categorical=False, check_dtype=False)


@pytest.mark.parametrize(
    "text",
    [
        "sex,age,member\nmale,,yes\nfemale,3,no",
        "\ufeffmember,note,sex,age,survived\nyes,x,male,,unknown\nno,y,female,3,\n",
    ],
)
def test_features_are_found_by_the_headers_names(text: str) -> None:
    found = read_features(text.encode(), TYPES, passengers(), "rows", may_lack={"age", "sex"})
    expected = pd.DataFrame({"sex": pd.Categorical(["male", "female"]), "age": [float("nan"), 3], "member": [1.0, 0.0]})
    check(found, expected)


def test_features_are_found_by_their_places_with_the_target_and_without() -> None:
    columns = {key: COLUMNS[key] for key in ("id", "survived", "sex", "age")}
    for text in ("7,male,30\n", "7,,male,30\n"):
        found = read_features(text.encode(), {"sex": "", "age": ""}, passengers(header=False, columns=columns), "rows")
        assert found.iloc[0].tolist() == ["male", 30.0]
    data = Data.model_validate(real_params()["data"])
    features = [name for name in data.columns if name != data.target]
    row = "6,148,72,35,0,33.6,0.627,50"
    for content in (row.encode(), f"{row},1".encode()):
        assert read_features(content, features, data, "rows").to_numpy().tolist() == [list(map(float, row.split(",")))]


def test_rows_are_in_the_tables_encoding_and_names_may_be_numbers() -> None:
    spec = passengers(encoding="utf-16", separator=";", decimal=",")
    found = read_features("sex;age;member\nmäle;1,5;t".encode("utf-16"), TYPES, spec, "rows")
    assert found.iloc[0].tolist() == ["mäle", 1.5, 1.0]
    assert read_features(b"0,1\n5,6\n", ["0", "1"], passengers(), "rows").to_numpy().tolist() == [[5, 6]]


@pytest.mark.parametrize(
    ("text", "changes", "place", "words"),
    [
        ("sex,age\nmale,1", {}, (0, ""), "has no 'member', which the net predicts from; it has sex, age"),
        ("sex,age,member\nmale,1", {}, (2, ""), "has 2 columns instead of 3; is it cut off?"),
        ("sex,age,member\nmale,,yes", {}, (2, "age"), "the model was fitted without missing cells there"),
        ("sex,age,member\nmale,1,", {}, (2, "member"), "the model was fitted without missing cells there"),
        ("sex,age,member\nmale,old,yes", {}, (2, "age"), "column age: 'old' is not a number"),
        ("sex,age,member\nmale,101,yes", {}, (2, "age"), "101 is outside 0 to 100 (years)"),
        ("1,2,3,4,5,6,7,8,9", {"header": False}, (1, ""), "has 9 columns instead of 7, or 8 with survived"),
        (",".join(COLUMNS), {"header": False}, (1, ""), "is a header"),
    ],
)
def test_a_mistake_has_a_place_and_no_advice_on_settings(
    text: str, changes: dict[str, Any], place: tuple[int, str], words: str
) -> None:
    with pytest.raises(UserError) as caught:
        read_features(text.encode(), TYPES, passengers(**changes), "rows")
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column, problem.see) == ("rows", *place, "")
    assert words in str(problem)
