"""Tables and rows to predict in Parquet files: the same arrays as from a CSV, and mistakes in sentences."""

import sys
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridstage.common import UserError
from gridstage.config import Data
from gridstage.config.table import misfits
from gridstage.data import Dataset, load_dataset, read_features
from packages.gridstage.tests.data.parquet_files import (
    COLUMNS,
    content_of,
    rides,
    write_parquet,
)
from packages.gridstage.tests.refusals import refused

FRAME = rides()


def spec(path: Path | str, **changes: Any) -> Data:
    """Return the `data` section for the table of rides."""
    content = {
        "path": str(path),
        "header": True,
        "target": "late",
        "columns": COLUMNS,
        "na_values": [""],
    }
    return Data.model_validate(content | changes)


def loaded(
    path: Path,
    columns: dict[str, Any],
    classify: bool = False,
    target: str = "y",
    **roles: str,
) -> Dataset:
    return load_dataset(
        spec(path, columns=columns, target=target, na_values=[]),
        classify,
        seed=7,
        **roles,
    )


def refusal(folder: Path, table: Any, columns: dict[str, Any], **options: Any) -> str:
    """Return why a table with these columns, or content, is not read."""
    path = folder / "data.parquet"
    path.write_bytes(table if isinstance(table, bytes) else content_of(table))
    with pytest.raises(UserError) as caught:
        loaded(path, columns, **options)
    return str(caught.value).replace(str(path), "FILE")


@pytest.mark.parametrize("row_group_size", [None, 17])
@pytest.mark.parametrize(
    "roles",
    [{}, {"order": "sailed", "groups": "zip"}, {"order": "day", "groups": "zone"}],
)
def test_a_table_gives_the_arrays_that_its_csv_gives(
    tmp_path: Path, roles: dict[str, str], row_group_size: int | None
) -> None:
    path = write_parquet(
        tmp_path, pa.Table.from_pandas(FRAME), row_group_size=row_group_size
    )
    FRAME.to_csv(tmp_path / "data.csv", index=False)
    data, same = (
        load_dataset(spec(each), True, 7, **roles)
        for each in (path, tmp_path / "data.csv")
    )
    assert (data.columns, data.classes, data.features) == (
        same.columns,
        same.classes,
        same.features,
    )
    assert (
        data.columns.as_array(data.X).tobytes()
        == same.columns.as_array(same.X).tobytes()
    )
    assert data.y.tobytes() == same.y.tobytes()
    np.testing.assert_array_equal(data.groups, same.groups)
    pd.testing.assert_frame_equal(data.X, same.X)


def test_numbers_are_those_of_the_file_to_the_last_bit(tmp_path: Path) -> None:
    bits = np.random.default_rng(0).integers(0, 2**63, 500).view(np.float64)
    exact = np.concatenate([bits[np.abs(bits) < 3e38], [5e-324, -0.0, 0.1, 1 / 3]])
    n = len(exact)
    small, halves = exact.astype(np.float32), np.arange(n, dtype=np.float16) / 8
    cents = [Decimal(10**16 + 7 * i) / 1000 for i in range(n)]
    large = np.arange(n) * 3 + 2**53
    table = {
        "exact": exact,
        "small": small,
        "halves": halves,
        "cents": cents,
        "large": large,
        "y": exact,
    }
    data = loaded(write_parquet(tmp_path, table), {"y": {}})
    expected = (
        exact,
        small.astype(np.float64),
        halves.astype(np.float64),
        [float(str(each)) for each in cents],
    )
    for name, values in zip(
        table, (*expected, [float(int(each)) for each in large]), strict=False
    ):
        assert data.X[name].to_numpy().tobytes() == np.array(values).tobytes()
    assert data.y.tobytes() == exact.tobytes()


def test_a_null_is_missing_and_a_text_is_what_it_says(tmp_path: Path) -> None:
    """Of texts such as NA, `data.na_values` says whether they are missing, and so it does of numbers."""
    table = {
        "k": ["NA", None, "007", "NA"],
        "x": [1.5, None, float("nan"), 999],
        "y": [1, 2, 3, 4],
    }
    columns = {
        "k": {"type": "category", "missing": "allowed"},
        "x": {"missing": "allowed"},
        "y": {},
    }
    path = write_parquet(tmp_path, table)
    assert loaded(path, columns).columns.categories == {"k": ("007", "NA")}
    assert loaded(path, columns).X["x"].isna().tolist() == [False, True, True, False]
    without = load_dataset(
        spec(path, columns=columns, target="y", na_values=["NA", "999"]), False, seed=7
    )
    assert without.columns.categories == {"k": ("007",)}
    assert without.X["x"].isna().tolist() == [False, True, True, True]


def test_times_of_any_zone_are_days_since_1970(tmp_path: Path) -> None:
    times = [datetime(2024, 3, 31, hour) for hour in (0, 5, 2, 1)]
    here = pa.array(times, pa.timestamp("us", "UTC")).cast(
        pa.timestamp("us", "America/New_York")
    )
    path = write_parquet(
        tmp_path, {"x": [1, 2, 3, 4], "t": here, "y": [10, 15, 12, 11]}
    )
    data = loaded(path, {"t": {"type": "date"}, "y": {}}, order="t")
    assert data.y.tolist() == [10, 11, 12, 15]


def test_the_unnamed_index_of_pandas_is_left_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1, 2, 3, 4], "y": [1, 2, 1, 2]})
    path = write_parquet(tmp_path, pa.Table.from_pandas(frame[frame["x"] != 2]))
    assert "__index_level_0__" in pq.read_schema(path).names
    assert loaded(path, {"y": {}}).features == ("x",)
    write_parquet(
        tmp_path, pa.Table.from_pandas(pd.DataFrame({0: [1, 2], 1: [3, 4]}))
    )  # names become texts
    assert loaded(path, {"1": {}}, target="1").features == ("0",)


def test_a_column_that_is_not_used_may_contain_anything(tmp_path: Path) -> None:
    table = {
        "tags": [["a"], [], None],
        "blob": [b"1", b"2", b"3"],
        "x": [1, 2, 3],
        "y": [1, 2, 3],
    }
    columns = {"tags": {"use": False}, "blob": {"use": False}, "y": {}}
    assert loaded(write_parquet(tmp_path, table), columns).features == ("x",)


XY = {"x": [1.0, 2, 3], "y": [1, 2, 3]}
GOOD = content_of(XY)


@pytest.mark.parametrize(
    ("more", "types"),
    [
        ({"tags": [["a"], [], None]}, "tags (list<element: string>)"),
        ({"place": [{"lat": 1.5}] * 3}, "place (struct<lat: double>)"),
        (
            {"counts": pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64()))},
            "counts (map<string, int64 ",
        ),
        (
            {"photo": [b"1", b"2", b"3"], "tags": [["a"]] * 3},
            "photo (binary), tags (list<element: string>)",
        ),
        ({"took": [timedelta(1)] * 3}, "took (duration[us])"),
    ],
)
def test_columns_of_other_types_are_refused_by_name(
    tmp_path: Path, more: dict[str, Any], types: str
) -> None:
    sentence = refusal(tmp_path, XY | more, {"y": {}})
    begins = "FILE has columns that are not numbers, texts, booleans, dates or times with a date: "
    assert sentence.startswith(begins + types)
    assert (
        "Drop them from the file; or flatten nested ones into a column for each part"
        in sentence
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "FILE is empty. Is it the right file?"),
        (b"x,y\n1,2\n", "FILE is not a Parquet file. Is it the right file?"),
        (b"<!DOCTYPE html>\n", "FILE is not a Parquet file, but an HTML page"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "FILE is not a Parquet file, but a pointer of Git LFS",
        ),
        (
            GOOD[:-20],
            "FILE is a damaged Parquet file: Parquet magic bytes not found in footer.",
        ),
        (GOOD[:30] + b"\xff" * 40 + GOOD[70:], "FILE is a damaged Parquet file: "),
        (
            content_of({"x": pa.array([], pa.int64()), "y": pa.array([], pa.int64())}),
            "FILE: there is no row. Is it the right file?",
        ),
        (
            content_of(pa.table([[1], [2], [3]], ["x", "x ", "y"])),
            "FILE: the file has 'x' 2 times; rename all but one",
        ),
        (
            content_of({"z": [1], "w": [2]}),
            "FILE: the file has no 'y', which data.columns in params.yaml lists; it has",
        ),
        (
            content_of({"y": [1]}),
            "FILE: the file has only the target; a net needs a column to predict y from",
        ),
    ],
)
def test_a_file_that_is_not_the_table(
    tmp_path: Path, content: bytes, words: str
) -> None:
    assert refusal(tmp_path, content, {"y": {}}).startswith(words)


@pytest.mark.parametrize(
    ("more", "column", "words"),
    [
        (
            {"k": [1, None, None]},
            {},
            "FILE: row 2, column k: the cell is missing (1 more such cell); if that may be",
        ),
        (
            {"k": [1, 2, -5]},
            {"min": 0},
            "FILE: row 3, column k: -5 is outside 0 to 3.40282e+38",
        ),
        (
            {"k": ["1", "2", "two"]},
            {},
            "FILE: row 3, column k: 'two' is not a number; fix it",
        ),
        (
            {"k": [True, False, True]},
            {},
            "FILE: row 1, column k: 'True' is not a number",
        ),
        ({"k": [1.0, float("inf"), 2]}, {}, "FILE: row 2, column k: 'inf' is infinite"),
        (
            {"k": pa.array([1, 2, 2**40], pa.timestamp("s"))},
            {"type": "date"},
            "FILE: row 3, column k: ",
        ),
    ],
)
def test_a_cell_that_is_wrong_has_its_row(
    tmp_path: Path, more: dict[str, Any], column: dict[str, Any], words: str
) -> None:
    options = {"order": "k"} if "type" in column else {}
    assert refusal(tmp_path, XY | more, {"k": column, "y": {}}, **options).startswith(
        words
    )


def test_a_cell_is_named_beside_one_that_has_no_text(tmp_path: Path) -> None:
    table = XY | {"x": [1, 2, None], "late": pa.array([2**40] * 3, pa.timestamp("s"))}
    sentence = refusal(tmp_path, table, {"late": {"use": False}, "y": {}})
    assert sentence.startswith("FILE: row 3, column x: the cell is missing")


def test_a_parquet_file_has_a_header_in_params_yaml() -> None:
    (problem,) = misfits(spec("a/Rides.PARQUET", header=False))
    assert str(problem).startswith(
        "params.yaml: data.header is false, but a/Rides.PARQUET names its columns"
    )
    assert not list(misfits(spec("a/rides.csv", header=False)))


def test_without_the_package_a_sentence_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "gridstage.data.parquet_file", raising=False)
    monkeypatch.delattr("gridstage.data.parquet_file", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert refusal(tmp_path, GOOD, {"y": {}}) == (
        "FILE is a Parquet file, and pyarrow, which reads those, is not installed. Run `pip install "
        "pyarrow`, and add it to requirements.txt, with its version."
    )


TYPES = {"zip": "category", "speed": "number", "night": "boolean"}


def rows_of(content: bytes, name: str) -> pd.DataFrame:
    _, X = read_features(content, TYPES, spec("data.csv"), name, may_lack={"speed"})
    return X


def test_a_file_to_predict_is_its_rows() -> None:
    """Whatever the sizes of the row groups; of a file by another name, too, which the first bytes give away."""
    content = content_of(pa.Table.from_pandas(FRAME), row_group_size=13)
    X = rows_of(content, "rides.parquet")
    assert list(X) == list(TYPES)
    np.testing.assert_array_equal(X["speed"], FRAME["speed"])
    assert X["zip"].tolist() == FRAME["zip"].tolist()
    assert X["night"].tolist() == FRAME["night"].tolist()
    pd.testing.assert_frame_equal(rows_of(content, "rows"), X)


def test_a_mistake_in_a_row_to_predict_has_its_number() -> None:
    table = pa.Table.from_pandas(FRAME.assign(zip=FRAME["zip"].mask(FRAME.index == 41)))
    with refused("row 42, column zip: the cell is missing; fill it in"):
        rows_of(content_of(table, row_group_size=13), "rides.parquet")
    with refused("there is no row"):
        rows_of(content_of(table.slice(0, 0)), "rides.parquet")
