"""Rows to predict: read by the names of columns or by their places, and checked as the table is."""

from collections.abc import Collection
from typing import Any

import pandas as pd
import pytest

from gridstage.common import UserError
from gridstage.config import Data
from gridstage.data import read_features
from packages.gridstage.tests.data.csv_files import COLUMNS, passengers
from packages.gridstage.tests.data.test_types import check
from packages.gridstage.tests.project import real_params
from packages.gridstage.tests.refusals import refused


def read(
    content: bytes,
    features: Collection[str],
    spec: Data,
    may_lack: Collection[str] = (),
) -> pd.DataFrame:
    _, X = read_features(content, features, spec, "rows", may_lack)
    return X


ROW = "male,1,7,x,yes,1912-04-09,8"
NUMBERS: dict[str, Any] = {
    "a": {},
    "b": {},
    "c": {},
    "d": {"use": False},
    "survived": {},
}
TYPES = {"sex": "category", "age": "number", "member": "boolean"}


@pytest.mark.parametrize(
    "text",
    [
        "sex,age,member\nmale,,yes\nfemale,3,no",
        "\ufeffmember,note,sex,age,survived\nyes,x,male,,unknown\nno,y,female,3,\n",
    ],
)
def test_features_are_found_by_the_headers_names(text: str) -> None:
    found = read(text.encode(), TYPES, passengers(), may_lack={"age", "sex"})
    expected = pd.DataFrame(
        {
            "sex": pd.Categorical(["male", "female"]),
            "age": [float("nan"), 3],
            "member": [1.0, 0.0],
        }
    )
    check(found, expected)


def test_features_are_found_by_their_places_with_the_target_and_without() -> None:
    columns = {key: COLUMNS[key] for key in ("id", "survived", "sex", "age")}
    for text in ("7,male,30\n", "7,,male,30\n"):
        found = read(
            text.encode(),
            {"sex": "", "age": ""},
            passengers(header=False, columns=columns),
        )
        assert found.iloc[0].tolist() == ["male", 30.0]
    data = Data.model_validate(real_params()["data"])
    features = [name for name in data.columns if name != data.target]
    row = "6,148,72,35,0,33.6,0.627,50"
    for content in (row.encode(), f"{row},1".encode()):
        assert read(content, features, data).to_numpy().tolist() == [
            list(map(float, row.split(",")))
        ]


def test_rows_are_in_the_tables_encoding_and_names_may_be_numbers() -> None:
    spec = passengers(encoding="utf-16", separator=";", decimal=",")
    found = read("sex;age;member\nmäle;1,5;t".encode("utf-16"), TYPES, spec)
    assert found.iloc[0].tolist() == ["mäle", 1.5, 1.0]
    assert read(b"0,1\n5,6\n", ["0", "1"], passengers()).to_numpy().tolist() == [[5, 6]]


@pytest.mark.parametrize(
    ("text", "changes", "place", "words"),
    [
        (
            "sex,age\nmale,1",
            {},
            (0, ""),
            "has no 'member', which the model predicts from; it has sex, age",
        ),
        (
            "sex,age,member\nmale,1",
            {},
            (2, ""),
            "has 2 columns instead of 3; is it cut off?",
        ),
        (
            "sex,age,member\nmale,,yes",
            {},
            (2, "age"),
            "the model was fitted without missing cells there",
        ),
        (
            "sex,age,member\nmale,1,",
            {},
            (2, "member"),
            "the model was fitted without missing cells there",
        ),
        (
            "sex,age,member\nmale,old,yes",
            {},
            (2, "age"),
            "column age: 'old' is not a number",
        ),
        (
            "sex,age,member\nmale,101,yes",
            {},
            (2, "age"),
            "101 is outside 0 to 100 (years)",
        ),
        (
            "1,2,3,4,5,6,7,8,9",
            {"header": False},
            (1, ""),
            "has 9 columns instead of 7, or 8 with survived",
        ),
        (",".join(COLUMNS), {"header": False}, (1, ""), "is a header"),
        (
            "sex,age,id,name,member,sailed,fare\n" + ROW,
            {"header": False},
            (1, ""),
            "in the order of data.columns: id, name, age",
        ),
        (
            "Nr,Jahr,Tag,Ort\n1,2,3,x",
            {"header": False, "columns": NUMBERS},
            (1, ""),
            "order of data.columns: a, b, c, d, survived",
        ),
    ],
)
def test_a_mistake_has_a_place_and_no_advice_on_settings(
    text: str, changes: dict[str, Any], place: tuple[int, str], words: str
) -> None:
    with pytest.raises(UserError) as caught:
        read(text.encode(), TYPES, passengers(**changes))
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == ("rows", *place)
    assert words in str(problem)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_records_with_line_ends_in_cells_stay_whole(encoding: str, end: str) -> None:
    """And blank lines at the end are left out."""
    cells = [
        ("mäle", i, "yes") if i % 3 else ('"fe\nmale"', i, "no") for i in range(12)
    ]
    text = end.join(
        ["sex,age,member", *(",".join(map(str, row)) for row in cells), *[""] * 40]
    )
    X = read(text.encode(encoding), TYPES, passengers(encoding=encoding))
    check(X.astype({"sex": "str"}), whole_of(cells))


def whole_of(cells: list[tuple[str, int, str]]) -> pd.DataFrame:
    sex, age, member = zip(*cells, strict=True)
    texts = pd.Series([each.strip('"') for each in sex], dtype="str")
    return pd.DataFrame(
        {
            "sex": texts,
            "age": map(float, age),
            "member": [float(each == "yes") for each in member],
        }
    )


@pytest.mark.parametrize(
    ("wrong", "encoding", "words"),
    [
        (b"x,1", "utf-8", "has 2 columns instead of 3"),
        ("x,old,no".encode("utf-16-le"), "utf-16", "column age: 'old' is not a number"),
        (b"m\xe4le,3,yes", "utf-8", "is not utf-8"),
    ],
)
def test_a_mistake_behind_line_ends_in_cells_has_its_line_in_the_file(
    wrong: bytes, encoding: str, words: str
) -> None:
    lines = ["sex,age,member", *['"fe\nmale",3,no'] * 10, *["male,3,yes"] * 10, ""]
    content = "\n".join(lines).encode(encoding) + wrong
    with refused(words) as caught:
        read(content, TYPES, passengers(encoding=encoding))
    assert caught.value.problems[0].line == 32
