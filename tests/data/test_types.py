"""Columns of every type, groups and order, and rows to predict."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.common import UserError
from stages.lib.data import load_dataset, read_csv, read_features
from stages.lib.data.texts import day_or_month
from stages.lib.fetch import describe
from tests.data.csv_files import problems, write_csv
from tests.data.passengers import COLUMNS, EXPECTED, HEADER, ROWS, passengers, with_column

TYPES = {"sex": "category", "age": "number", "member": "boolean"}


def check(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_categorical=False, check_dtype=False)


def test_a_table_of_all_types_is_read(tmp_path: Path) -> None:
    path = write_csv(tmp_path, HEADER, *ROWS)
    data = load_dataset(passengers(path=str(path)), classify=True, seed=7)
    check(data.X, EXPECTED)
    assert list(data.X["sex"].cat.categories) == ["female", "male"]
    assert data.y.tolist() == [1, 0, 0, 1, 0]
    assert data.features == ("age", "sex", "member", "fare")
    assert data.columns.types == {"age": "number", "sex": "category", "member": "boolean", "fare": "number"}
    assert data.classes == ("no", "yes")
    assert (data.columns.lacking, data.columns.zeros, data.groups) == (("age", "sex"), ("fare",), None)


def test_missing_cells_are_counted(tmp_path: Path) -> None:
    spec = passengers()
    table = read_csv(write_csv(tmp_path, HEADER, *ROWS), spec, classify=True)
    assert describe(table, spec, classify=True) == {
        "rows": 5,
        "positives": 2,
        "zeros_for_missing": {"fare": 1},
        "missing": {"age": 1, "sex": 1},
    }


def test_rows_stand_in_the_order_of_a_date(tmp_path: Path) -> None:
    path = write_csv(tmp_path, HEADER, *ROWS)
    data = load_dataset(passengers(path=str(path)), classify=True, seed=7, order="sailed")
    check(data.X, EXPECTED.iloc[[1, 3, 0, 2, 4]].reset_index(drop=True))  # rows of one day stay in the file's order
    assert data.y.tolist() == [0, 1, 1, 0, 0]


def test_rows_stand_in_the_order_of_a_number_which_stays_a_feature(tmp_path: Path) -> None:
    path = write_csv(tmp_path, HEADER, *ROWS)
    data = load_dataset(passengers(path=str(path)), classify=True, seed=7, order="fare")
    assert data.X["fare"].tolist() == sorted(EXPECTED["fare"])
    unused = load_dataset(with_column("fare", {"use": False}, path=str(path)), classify=True, seed=7, order="fare")
    assert "fare" not in unused.features
    assert unused.y.tolist() == data.y.tolist()


@pytest.mark.filterwarnings("ignore:column day")
@pytest.mark.parametrize(
    "days",
    [
        ["2020-02-01", "2019-12-31", "2020-02-01 12:00"],
        ["2020-02-01T00:00:00+00:00", "2020-02-01T01:30:00+02:00", "2020-02-01T00:00:01Z"],
        ["02/01/2020", "12/31/2019", "02/02/2020"],  # the month first
        ["01/02/2020", "31/12/2019", "02/02/2020"],  # the day first, as 31 can't be a month
        ["01.03.2020", "02.02.2020", "02.03.2020"],  # the day first before a dot
        ["Feb 1, 2020", "Dec 31, 2019", "Feb 2, 2020"],
        ["20200201", "20191231", "20200202"],
        ["2020", "1019", "2021"],
    ],
)
def test_dates_of_many_forms_are_ordered(tmp_path: Path, days: list[str]) -> None:
    lines = [f'"{day}",{i},{i}' for i, day in enumerate(days)]
    path = write_csv(tmp_path, "day,x,survived", *lines)
    columns: dict[str, Any] = {"day": {"type": "date"}, "survived": {}}
    data = load_dataset(passengers(path=str(path), columns=columns), classify=False, seed=7, order="day")
    assert data.y.tolist() == [1, 0, 2]
    assert data.features == ("x",)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (
            ["05/05/2020", "03/04/2020"],
            "03/04/2020 is read as 2020-03-04; if it is 2020-04-03, write the dates in this",
        ),
        (["3.4.2020 10:00", "5.5.2020 9:00"], "3.4.2020 10:00 is read as 2020-04-03; if it is 2020-03-04, write"),
        (["03/04/2020", "31/04/2020", "13/04/2020"], ""),  # nothing fits, which is told elsewhere
        (["03/04/2020", "13/04/2020"], ""),
        (["04/13/2020", "03/04/2020"], ""),
        (["05/05/2020", "06/06/2020"], ""),
        (["2020-03-04", "2020-05-06"], ""),
        (["3 Apr 2020", "5 May 2020"], ""),
        (["Bo", "Al"], ""),
        ([], ""),
    ],
)
def test_day_and_month_that_could_change_places(days: list[str], told: str) -> None:
    assert day_or_month(days).startswith(told)
    assert bool(day_or_month(days)) == bool(told)


def test_how_ambiguous_dates_are_read_is_told_where_they_order_rows(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "day,x,survived", "04/03/2020,1,0", "03/04/2020,2,1", ",3,0")
    columns: dict[str, Any] = {"day": {"type": "date", "missing": "allowed"}, "survived": {}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_dataset(passengers(path=str(path), columns=columns), classify=True, seed=7)
    path = write_csv(tmp_path, "day,x,survived", "04/03/2020,1,0", "03/04/2020,2,1")
    with pytest.warns(UserWarning, match="column day: 03/04/2020 is read as 2020-03-04; if it is 2020-04-03, write"):
        data = load_dataset(passengers(path=str(path), columns=columns), classify=True, seed=7, order="day")
    assert data.y.tolist() == [1, 0]


def test_groups_are_numbered_and_no_feature(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "who,x,survived", "Bo,1,0", "Al,2,1", " Bo,3,1", "Cy,4,0")
    spec = passengers(path=str(path), columns={"survived": {}})
    data = load_dataset(spec, classify=True, seed=7, groups="who")
    assert data.groups is not None
    assert data.groups.tolist() == [1, 0, 1, 2]
    assert data.features == ("x",)
    half = load_dataset(spec.model_copy(update={"sample": 0.5}), classify=True, seed=7, groups="who")
    assert half.groups is not None
    assert [data.groups[int(x) - 1] for x in half.X["x"]] == half.groups.tolist()


def test_lacking_columns_and_categories_are_those_of_the_whole_table(tmp_path: Path) -> None:
    rows = [f"{i if i != 7 else ''},{'rare' if i == 9 else 'ab'[i % 2]},{i % 2}" for i in range(40)]
    path = write_csv(tmp_path, "x,kind,survived", *rows)
    columns = {"x": {"missing": "allowed"}, "kind": {"type": "category"}, "survived": {}}
    for seed in range(3):
        data = load_dataset(passengers(path=str(path), columns=columns, sample=0.1), classify=True, seed=seed)
        assert len(data.y) == 4
        assert list(data.X.index) == [0, 1, 2, 3]
        assert data.columns.lacking == ("x",)
        assert list(data.X["kind"].cat.categories) == ["a", "b", "rare"]


def test_an_unnamed_column_is_called_as_pandas_calls_it(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pd.DataFrame({"x": [1.5, 2.5], "survived": [0, 1]}, index=["r1", "r2"]).to_csv(path)
    name = str(pd.read_csv(path).columns[0])
    data = load_dataset(passengers(path=str(path), columns={name: {"use": False}, "survived": {}}), True, seed=7)
    assert data.features == ("x",)
    assert problems(path, passengers(columns={"survived": {}})) == [
        "line 2, column Unnamed: 0: 'r1' is not a number (1 more such cell); if the column is not a number, "
        "add `'Unnamed: 0': {type: category}` to data.columns in params.yaml"
    ]


@pytest.mark.parametrize("code", ["999", "999.0", " 999", "9.99e2"])
def test_a_number_that_means_missing(tmp_path: Path, code: str) -> None:
    path = write_csv(tmp_path, "x,survived", "1,0", f"{code},1", "3,1")
    for other in ([], ["?"]):
        spec = passengers(
            path=str(path), columns={"x": {"missing": "allowed"}, "survived": {}}, na_values=[999, *other]
        )
        assert np.isnan(load_dataset(spec, classify=True, seed=7).X["x"])[:3].tolist() == [False, True, False]
        path.write_text(path.read_text() + "\n?,1")  # a text in the column, which pandas does not read as numbers


def test_rows_to_predict_are_read_in_any_order_without_the_target() -> None:
    text = "member,note,sex,age\nyes,x,male,\nno,y,female,3\n"
    found = read_features(text.encode(), TYPES, passengers(), "rows", may_lack={"age", "sex"})
    expected = pd.DataFrame({"sex": pd.Categorical(["male", "female"]), "age": [float("nan"), 3], "member": [1.0, 0.0]})
    check(found, expected)


def test_rows_to_predict_are_in_the_tables_encoding() -> None:
    spec = passengers(encoding="utf-16", separator=";", decimal=",")
    found = read_features("sex;age;member\nmäle;1,5;t".encode("utf-16"), TYPES, spec, "rows")
    assert found.iloc[0].tolist() == ["mäle", 1.5, 1.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sex,age\nmale,1", "rows: the header has no 'member', which the net predicts from; it has sex, age"),
        (
            "sex,age,member\nmale,,yes",
            "rows: line 2, column age: the cell is missing; fill it in, or leave out the row, because the model was "
            "fitted without missing cells there, and has nothing to impute them with",
        ),
        (
            "sex,age,member\nmale,1,?",
            "rows: line 2, column member: the cell is missing; fill it in, or leave out the row, because data.columns "
            "in params.yaml says that none is missing there",
        ),
        (
            'sex,age,member\nmale,"1,5",yes',
            "rows: line 2, column age: '1,5' is not a number; write '.' before decimals",
        ),
        ("sex,age,member\nmale,old,yes", "rows: line 2, column age: 'old' is not a number"),
        ("sex,age,member\nmale,101,yes", "rows: line 2, column age: 101 is outside 0 to 100 (years)"),
        (
            "sex,age,member\nmale,1,maybe",
            "rows: line 2, column member: 'maybe' is not a boolean: yes or no, true or false, t or f, 1 or 0",
        ),
    ],
)
def test_a_mistake_in_rows_to_predict_is_named(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_features(text.encode(), TYPES, passengers(), "rows")
    assert str(caught.value) == message


def test_rows_without_a_header_have_all_columns_but_the_target() -> None:
    columns = {key: COLUMNS[key] for key in ("id", "survived", "sex", "age")}
    spec = passengers(header=False, columns=columns)
    types = {"sex": "category", "age": "number"}
    for text in ("7,male,30\n", "7,,male,30\n"):
        assert read_features(text.encode(), types, spec, "rows").iloc[0].tolist() == ["male", 30.0]
