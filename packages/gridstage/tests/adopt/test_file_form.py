"""How a table is written: of a CSV, that is found by looking, and a Parquet file says itself what is a number."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.datasets import load_iris, load_wine

from gridstage.adopt import Taken, read_table, take_columns, take_target
from gridstage.commands import adopt as stage
from gridstage.config import yaml12
from packages.gridstage.tests.adopt.conftest import passengers
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.data.parquet_files import (
    COLUMNS,
    content_of,
    rides,
    write_parquet,
)
from packages.gridstage.tests.project import text_of
from packages.gridstage.tests.refusals import refused, refused_with


def write_file(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "table.csv"
    path.write_bytes(
        content if isinstance(content, bytes) else content.encode(encoding)
    )
    return path


TABLES = {
    "iris": load_iris(as_frame=True).frame,
    "wine": load_wine(as_frame=True).frame,
    "passengers": passengers(),
    "mushrooms": pd.DataFrame(
        {"class": list("pep") * 9, "cap": list("xbs") * 9, "odor": list("fan") * 9}
    ),
}


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    ("separator", "decimal"),
    [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")],
)
@pytest.mark.parametrize("name", list(TABLES))
def test_what_pandas_writes_is_recognised(
    tmp_path: Path, name: str, separator: str, decimal: str, header: bool
) -> None:
    frame = TABLES[name]
    text = frame.to_csv(index=False, sep=separator, decimal=decimal, header=header)
    table = read_table(write_file(tmp_path, text))
    csv, names = table.rows, list(table.frame)
    has_fractions = decimal == "," and name in {"iris", "wine"}
    assert (csv.separator, csv.header) == (separator, header)
    assert csv.decimal == ("," if has_fractions else ".")
    assert names == (
        list(frame)
        if header
        else [f"column_{i}" for i in range(1, len(frame.columns) + 1)]
    )
    if decimal == "." or has_fractions:
        expected = pd.read_csv(
            tmp_path / "table.csv",
            sep=separator,
            decimal=decimal,
            header=0 if header else None,
        )
        expected.columns = table.frame.columns
        pd.testing.assert_frame_equal(table.frame, expected, check_dtype=False)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("latin-1", "latin-1"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, expected: str) -> None:
    path = write_file(
        tmp_path, "température,ville\n1,Zürich\n2,Genève\n3,Zürich\n", encoding
    )
    table = read_table(path)
    assert (table.rows.encoding, table.rows.header) == (expected, True)
    assert list(table.frame) == ["température", "ville"]
    assert list(table.frame["ville"]) == ["Zürich", "Genève", "Zürich"]


def test_a_target_shows_that_numbers_are_names(tmp_path: Path) -> None:
    path = write_file(tmp_path, "2019,2020,2021\n1,2,3\n4,5,6\n7,8,9\n")
    assert not read_table(path).rows.header
    assert list(read_table(path, "2021").frame) == ["2019", "2020", "2021"]
    assert not read_table(path, "column_3").rows.header


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "table.csv is empty."),
        (b"PK\x03\x04abc", "is not a CSV, but a spreadsheet or a zip archive"),
        (b"\x1f\x8b\x08", "is not a CSV, but a gzip archive"),
        (b"a,b\n1,\x00\n", "is not utf-8. Is it the right file?"),
        ("a,b,c\n", "has no row after its header"),
        ("a,b,a\n1,2,3\n4,5,6\n", "the header has 'a' 2 times; rename all but one"),
        (
            "a,b\nc,d,e\nf\ng,h,i,j\n",
            "is not a table of two or more columns: its lines don't agree",
        ),
        (b"a,b\n1,\x02\n", "is not text."),
        ("\na,b\n1,2\n", "table.csv: line 1 is empty. Remove it."),
        (
            "a,b\n1," + "x" * 200_000 + "\n",
            "line 2 has a cell of more than 131,072 characters; is a quotation mark missing",
        ),
    ],
)
def test_what_is_no_csv_is_refused(
    tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    with refused_with(sentence):
        read_table(write_file(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "na_values"),
    [
        ("a,b\n1,x\n,y\n3,x\n", ("",)),
        ("a,b\n1,x\n?,y\n3,NA\n", ("?", "NA")),
        ("a,b\n1, x\n ? ,y\n3,x\n", ("?",)),
        ("a,b\n1,x\n-,y\n3,x\n", ("-",)),
        ("a,b\n1,x\nNil,n.a.\n3,x\n", ("Nil",)),
        ("a,b\n1,x\n-,-\n3,x\n", ()),
        ("a,b\n1,x\nrotary,y\n3,x\n", ()),
    ],
)
def test_missing_cells(
    tmp_path: Path, content: str, na_values: tuple[str, ...]
) -> None:
    path = write_file(tmp_path, content)
    assert read_table(path).rows.na_values == na_values


def taken(folder: Path, table: object) -> dict[str, Taken]:
    return {
        column.name: column
        for column in take_columns(read_table(write_parquet(folder, table)))
    }


def test_it_writes_what_it_writes_for_the_csv(here: Path, in_process: Command) -> None:
    """But for columns of codes, which the file says are texts or categories."""
    frame = rides(200)
    write_parquet(Path("data"), pa.Table.from_pandas(frame))
    frame.drop(columns=["zip", "zone"]).to_csv("data/data.csv", index=False)
    before, blocks = Path("params.yaml").read_bytes(), {}
    for name in ("data.csv", "data.parquet"):
        Path("params.yaml").write_bytes(before)
        said = in_process(stage, f"data/{name}", "late").succeeded()
        blocks[name] = yaml12.load(text_of("params.yaml"))
    assert said.startswith(
        "data/data.parquet: 200 rows, 14 columns; Parquet; missing cells: empty\n"
    )
    codes = {name: {"type": "category"} for name in ("zip", "zone")}
    columns = blocks["data.parquet"]["data"]["columns"]
    assert columns == blocks["data.csv"]["data"]["columns"] | codes | {
        "colour": COLUMNS["colour"]
    }
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
    assert (
        columns["text"].missing,
        columns["blank"].missing,
        columns["nothing"].why,
    ) == (0, 10, "empty")


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
def test_a_target_is_labels_or_a_number(
    tmp_path: Path, cells: object, labels: list[str]
) -> None:
    path = write_parquet(tmp_path, {"x": range(20), "y": cells})
    assert take_target(read_table(path, "y"), "y").labels == labels


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            content_of({"y": [1], "z": [["a"]]}),
            "z (list<element: string>). Drop them from the file; or flatten",
        ),
        (content_of({"x": [1]}), "has no column 'y'. It has: x."),
        (b"PAR1", "is a damaged Parquet file: Parquet file size is 4 bytes"),
        (None, "can't be read: No such file or directory. Name a CSV or Parquet file."),
    ],
)
def test_what_is_no_table_is_refused(
    tmp_path: Path, table: bytes | None, words: str
) -> None:
    if table is not None:
        (tmp_path / "data.parquet").write_bytes(table)
    with refused_with(words):
        read_table(tmp_path / "data.parquet", "y")


def test_the_index_of_pandas_is_left_out_and_rows_are_counted(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(30), "y": ["a", "b"] * 14 + ["a", "c"]})
    table = read_table(
        write_parquet(tmp_path, pa.Table.from_pandas(frame.drop(index=3))), "y"
    )
    assert list(table.frame) == ["x", "y"]
    with refused(r"the class 'c' of 'y' has one row only, in row 29\."):
        take_target(table, "y")
