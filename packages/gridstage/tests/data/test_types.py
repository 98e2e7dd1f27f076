"""Columns of every type, groups and order, and rows to predict."""

from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd
import pytest

from gridstage.config import Data
from gridstage.data import Dataset, load_dataset, read_data
from gridstage.fetch import describe
from packages.gridstage.tests.data.csv_files import (
    EXPECTED,
    HEADER,
    PASSENGERS,
    passengers,
    problems,
    spec,
    with_column,
    write_csv,
)
from packages.gridstage.tests.project import real_params
from packages.gridstage.tests.read_sample import SAMPLE


def read(
    path: Path,
    classify: bool = True,
    seed: int = 7,
    groups: str | None = None,
    order: str | None = None,
    **changes: Any,
) -> Dataset:
    """Return what a file of passengers gives; `changes` are those of `data`."""
    return load_dataset(
        passengers(path=str(path), **changes), classify, seed, groups, order
    )


def check(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        found, expected, check_categorical=False, check_dtype=False
    )


def test_a_table_of_all_types_is_read(tmp_path: Path) -> None:
    path = write_csv(tmp_path, HEADER, *PASSENGERS)
    data = read(path)
    check(data.X, EXPECTED)
    assert list(data.X["sex"].cat.categories) == ["female", "male"]
    assert data.y.tolist() == [1, 0, 0, 1, 0]
    assert data.features == ("age", "sex", "member", "fare")
    assert data.columns.types == {
        "age": "number",
        "sex": "category",
        "member": "boolean",
        "fare": "number",
    }
    assert data.classes == ("no", "yes")
    assert (data.columns.lacking, data.columns.zeros, data.groups) == (
        ("age", "sex"),
        ("fare",),
        None,
    )


@pytest.mark.parametrize(
    "label", ['"n\no"', '" no "', "cafe\u0301", '"a ""b"", c"', "01", "1.0"]
)
def test_labels_are_read_as_they_stand(tmp_path: Path, label: str) -> None:
    path = write_csv(
        tmp_path, "x,y", *[f"{i},{(label, 'yes')[i % 2]}" for i in range(6)]
    )
    plain = label.strip().removeprefix('"').removesuffix('"').replace('""', '"').strip()
    data = load_dataset(
        spec(path=str(path), columns={"y": {"classes": [plain, "yes"]}}),
        classify=True,
        seed=7,
    )
    assert data.y[:2].tolist() == [0, 1]
    assert data.classes == (normalize("NFC", plain), "yes")


def test_the_real_data_is_described() -> None:
    data = Data.model_validate(real_params()["data"])
    table, n_left_out = read_data(SAMPLE / data.path, data, classify=True)
    assert table.shape == (768, 9)
    # These counts are in the data set's own documentation.
    assert describe(table, n_left_out, data, classify=True) == {
        "rows": 768,
        "classes": {"0": 500, "1": 268},
        "zeros_for_missing": {
            "glucose": 5,
            "blood_pressure": 35,
            "skin_fold": 227,
            "insulin": 374,
            "bmi": 11,
        },
    }


def test_a_sample_is_stratified_and_keeps_the_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(SAMPLE)
    data = Data.model_validate(real_params()["data"])
    whole, part = (
        load_dataset(data.model_copy(update={"sample": share}), True, seed=7)
        for share in (1.0, 0.3)
    )
    assert len(part.y) == 230
    assert part.y.mean() == pytest.approx(whole.y.mean(), abs=0.002)
    rows = [
        int(np.flatnonzero((whole.X == row).all(axis=1))[0])
        for row in part.X.to_numpy()
    ]
    assert rows == sorted(rows)


@pytest.mark.parametrize("classify", [True, False])
def test_rows_without_a_target_are_left_out_whatever_else_is_in_them(
    tmp_path: Path, classify: bool
) -> None:
    rows = [f"{i},{'ab'[i % 2]},{i % 3 % 2}" for i in range(9)]
    path = write_csv(tmp_path, "x,kind,y", "#REF!,rare,", *rows[:4], ",,?", *rows[4:])
    columns = {"kind": {"type": "category"}, "y": {"missing": "left_out"}}
    data = spec(path=str(path), columns=columns, na_values=["", "?"])
    found = load_dataset(data, classify, seed=7)
    assert found.X["x"].tolist() == list(range(9))
    assert found.y.tolist() == [0, 1, 0] * 3
    assert (found.columns.categories, found.columns.lacking) == (
        {"kind": ("a", "b")},
        (),
    )
    counts = {"rows": 9, "rows_without_target": 2, "zeros_for_missing": {}} | (
        {"classes": {"0": 6, "1": 3}} if classify else {}
    )
    assert describe(*read_data(path, data, classify), data, classify) == counts
    (problem,) = problems(
        tmp_path, path.read_bytes().replace(b"8,a,0", b"8,,0"), data, classify
    )
    assert (problem.line, problem.column) == (12, "kind")  # as the file counts them


def test_rows_stand_in_the_order_of_a_date(tmp_path: Path) -> None:
    path = write_csv(tmp_path, HEADER, *PASSENGERS)
    data = read(path, order="sailed")
    check(
        data.X, EXPECTED.iloc[[1, 3, 0, 2, 4]].reset_index(drop=True)
    )  # rows of one day stay in the file's order
    assert data.y.tolist() == [0, 1, 1, 0, 0]


def test_rows_stand_in_the_order_of_a_number_which_stays_a_feature(
    tmp_path: Path,
) -> None:
    path = write_csv(tmp_path, HEADER, *PASSENGERS)
    data = read(path, order="fare")
    assert data.X["fare"].tolist() == sorted(EXPECTED["fare"])
    unused = load_dataset(
        with_column("fare", {"use": False}, path=str(path)),
        classify=True,
        seed=7,
        order="fare",
    )
    assert "fare" not in unused.features
    assert unused.y.tolist() == data.y.tolist()


@pytest.mark.parametrize(
    "days",
    [
        ["2020-02-01", "2019-12-31", "2020-02-01 12:00"],
        [
            "2020-02-01T00:00:00+00:00",
            "2020-02-01T01:30:00+02:00",
            "2020-02-01T00:00:01Z",
        ],
        ["20200201", "20191231", "20200202"],
        ["2020", "1019", "2021"],
        ["1.2.2020", "31.12.2019", "02.02.2020"],
    ],
)
def test_dates_of_many_forms_are_ordered(tmp_path: Path, days: list[str]) -> None:
    lines = [f'"{day}",{i},{i}' for i, day in enumerate(days)]
    path = write_csv(tmp_path, "day,x,survived", *lines)
    columns: dict[str, Any] = {"day": {"type": "date"}, "survived": {}}
    data = read(path, classify=False, order="day", columns=columns)
    assert data.y.tolist() == [1, 0, 2]
    assert data.features == ("x",)


@pytest.mark.parametrize(
    ("who", "groups"),
    [
        (["Bo", "Al", " Bo", "Cy"], [1, 0, 1, 2]),
        (["1", "1.0", "2", "02"], [0, 0, 1, 1]),  # numbers compare as such
    ],
)
def test_groups_are_numbered_and_no_feature(
    tmp_path: Path, who: list[str], groups: list[int]
) -> None:
    rows = [f"{each},{i + 1},{i // 2 % 2}" for i, each in enumerate(who)]
    path = write_csv(tmp_path, "who,x,survived", *rows)
    data, half = (
        read(path, groups="who", columns={"survived": {}}, sample=share)
        for share in (1.0, 0.5)
    )
    assert data.groups is not None
    assert data.groups.tolist() == groups
    assert data.features == ("x",)
    assert half.groups is not None
    assert [data.groups[int(x) - 1] for x in half.X["x"]] == half.groups.tolist()


def test_lacking_columns_and_categories_are_those_of_the_whole_table(
    tmp_path: Path,
) -> None:
    rows = [
        f"{i if i != 7 else ''},{'rare' if i == 9 else 'ab'[i % 2]},{i % 2}"
        for i in range(40)
    ]
    path = write_csv(tmp_path, "x,kind,survived", *rows)
    columns = {
        "x": {"missing": "allowed"},
        "kind": {"type": "category"},
        "survived": {},
    }
    for seed in range(3):
        data = read(path, seed=seed, columns=columns, sample=0.1)
        assert len(data.y) == 4
        assert list(data.X.index) == [0, 1, 2, 3]
        assert data.columns.lacking == ("x",)
        assert list(data.X["kind"].cat.categories) == ["a", "b", "rare"]


def test_an_unnamed_column_is_called_as_pandas_calls_it(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pd.DataFrame({"x": [1.5, 2.5], "survived": [0, 1]}, index=["r1", "r2"]).to_csv(path)
    name = str(pd.read_csv(path).columns[0])
    data = read(path, columns={name: {"use": False}, "survived": {}})
    assert data.features == ("x",)
    (problem,) = problems(
        tmp_path, path.read_bytes(), passengers(columns={"survived": {}})
    )
    assert problem.column == "Unnamed: 0"
    assert (
        "add `type: category` to data.columns.Unnamed: 0 in params.yaml"
        in problem.remedy
    )


@pytest.mark.parametrize("code", ["999", "999.0", " 999", "9.99e2"])
def test_a_number_that_means_missing(tmp_path: Path, code: str) -> None:
    path = write_csv(tmp_path, "x,survived", "1,0", f"{code},1", "3,1")
    for other in ([], ["?"]):
        columns = {"x": {"missing": "allowed"}, "survived": {}}
        data = read(path, columns=columns, na_values=[999, *other])
        assert np.isnan(data.X["x"])[:3].tolist() == [False, True, False]
        path.write_text(
            path.read_text() + "\n?,1"
        )  # a text in the column, which pandas does not read as numbers
