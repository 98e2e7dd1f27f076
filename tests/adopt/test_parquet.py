"""A Parquet file is adopted as its CSV is, except that the file says what is a number."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from stages import adopt as stage
from stages.lib.adopt import Taken, read_table, take_columns, take_target
from stages.lib.common import UserError
from stages.lib.config import yaml12
from tests.conftest import Command
from tests.data.parquet_files import COLUMNS, content_of, rides, write_parquet


def taken(folder: Path, table: object) -> dict[str, Taken]:
    return {column.name: column for column in take_columns(read_table(write_parquet(folder, table)))}


def test_it_writes_what_it_writes_for_the_csv(here: Path, in_process: Command) -> None:
    """But for columns of codes, which the file says are texts or categories."""
    frame = rides(200)
    write_parquet(Path("data"), pa.Table.from_pandas(frame))
    frame.drop(columns=["zip", "zone"]).to_csv("data/data.csv", index=False)
    before, blocks = Path("params.yaml").read_bytes(), {}
    for name in ("data.csv", "data.parquet"):
        Path("params.yaml").write_bytes(before)
        done = in_process(stage, f"data/{name}", "late")
        assert (done.returncode, done.stderr) == (0, "")
        blocks[name] = yaml12.load(Path("params.yaml").read_text(encoding="utf-8"))
    assert done.stdout.startswith("data/data.parquet: 200 rows, 14 columns; Parquet; missing cells: empty\n")
    codes = {name: {"type": "category"} for name in ("zip", "zone")}
    columns = blocks["data.parquet"]["data"]["columns"]
    assert columns == blocks["data.csv"]["data"]["columns"] | codes | {"colour": COLUMNS["colour"]}
    assert columns == COLUMNS
    for content in blocks.values():
        content["data"].update(path="", columns={}, na_values=[])
    assert blocks["data.parquet"] == blocks["data.csv"]


def test_types_are_not_guessed(tmp_path: Path) -> None:
    n_rows = 40
    table = {
        "number": [i % 5 for i in range(n_rows)],
        "digits": [str(i % 5) for i in range(n_rows)],
        "many_digits": [str(i) for i in range(n_rows)],
        "text": ["NA", "n/a"] * (n_rows // 2),
        "blank": ["", "x", "y", "x"] * (n_rows // 4),
        "nothing": [None] * n_rows,
        "code": pd.Categorical([3, 5] * (n_rows // 2)),
    }
    columns = taken(tmp_path, pa.Table.from_pandas(pd.DataFrame(table)))
    assert {name: column.kind for name, column in columns.items()} == {
        "number": "number",
        "digits": "category",
        "many_digits": "not used",
        "text": "category",
        "blank": "category",
        "nothing": "not used",
        "code": "category",
    }
    assert columns["many_digits"].why == "free text, or an id: every cell differs"
    assert (columns["text"].missing, columns["blank"].missing, columns["nothing"].why) == (0, 10, "empty")


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        ([1, 2] * 10, ["1", "2"]),
        ([0.0, 1.0] * 10, ["0.0", "1.0"]),
        ([True, False] * 10, ["False", "True"]),
        (["07", "08", "09", "07"] * 5, ["07", "08", "09"]),
        (np.random.default_rng(0).random(20), []),
    ],
)
def test_a_target_is_labels_or_a_number(tmp_path: Path, cells: object, labels: list[str]) -> None:
    path = write_parquet(tmp_path, {"x": range(20), "y": cells})
    assert take_target(read_table(path, "y"), "y").labels == labels


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (content_of({"y": [1], "z": [["a"]]}), "z (list<element: string>). Drop them from the file; or flatten"),
        (content_of({"x": [1]}), "has no column 'y'. It has: x."),
        (b"PAR1", "is a damaged Parquet file: Parquet file size is 4 bytes"),
        (None, "can't be read: No such file or directory. Name a CSV or Parquet file."),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, table: bytes | None, words: str) -> None:
    if table is not None:
        (tmp_path / "data.parquet").write_bytes(table)
    with pytest.raises(UserError) as caught:
        read_table(tmp_path / "data.parquet", "y")
    assert words in str(caught.value)


def test_the_index_of_pandas_is_left_out_and_rows_are_counted(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(30), "y": ["a", "b"] * 14 + ["a", "c"]})
    table = read_table(write_parquet(tmp_path, pa.Table.from_pandas(frame.drop(index=3))), "y")
    assert list(table.frame) == ["x", "y"]
    assert table.rows.form == ("Parquet", "the index of pandas left out")
    with pytest.raises(UserError, match=r"the class 'c' of 'y' has one row only, in row 29\."):
        take_target(table, "y")
