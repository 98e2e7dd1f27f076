"""How a CSV is written is found by looking: separator, decimal sign, encoding, header, and what is no CSV at all."""

from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_iris, load_wine

from stages.lib.adopt import read_table
from stages.lib.common import UserError
from tests.adopt.csvs import passengers


def write(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


TABLES = {
    "iris": load_iris(as_frame=True).frame,
    "wine": load_wine(as_frame=True).frame,
    "passengers": passengers(),
    "mushrooms": pd.DataFrame({"class": list("pep") * 9, "cap": list("xbs") * 9, "odor": list("fan") * 9}),
}


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(("separator", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")])
@pytest.mark.parametrize("name", list(TABLES))
def test_what_pandas_writes_is_recognised(
    tmp_path: Path, name: str, separator: str, decimal: str, header: bool
) -> None:
    frame = TABLES[name]
    text = frame.to_csv(index=False, sep=separator, decimal=decimal, header=header)
    table = read_table(write(tmp_path, text))
    csv, names = table.rows, list(table.frame)
    has_fractions = decimal == "," and name in {"iris", "wine"}
    assert (csv.separator, csv.header) == (separator, header)
    assert csv.decimal == ("," if has_fractions else ".")
    assert names == (list(frame) if header else [f"column_{i}" for i in range(1, len(frame.columns) + 1)])
    if decimal == "." or has_fractions:
        expected = pd.read_csv(tmp_path / "table.csv", sep=separator, decimal=decimal, header=0 if header else None)
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
    path = write(tmp_path, "température,ville\n1,Zürich\n2,Genève\n3,Zürich\n", encoding)
    table = read_table(path)
    assert (table.rows.encoding, table.rows.header) == (expected, True)
    assert list(table.frame) == ["température", "ville"]
    assert list(table.frame["ville"]) == ["Zürich", "Genève", "Zürich"]


def test_a_target_shows_that_numbers_are_names(tmp_path: Path) -> None:
    path = write(tmp_path, "2019,2020,2021\n1,2,3\n4,5,6\n7,8,9\n")
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
        ("a,b\nc,d,e\nf\ng,h,i,j\n", "is not a table of two or more columns: its lines don't agree"),
        (b"a,b\n1,\x02\n", "is not text."),
        ("\na,b\n1,2\n", "table.csv: line 1 is empty. Remove it."),
        (
            "a,b\n1," + "x" * 200_000 + "\n",
            "line 2 has a cell of more than 131,072 characters; is a quotation mark missing",
        ),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        read_table(write(tmp_path, content))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("content", "na_values"),
    [
        ("a,b\n1,x\n,y\n3,x\n", ("",)),
        ("a,b\n1,x\n?,y\n3,NA\n", ("?", "NA")),
        ("a,b\n1, x\n ? ,y\n3,x\n", ("?",)),
        ("a,b\n1,x\n-,y\n3,x\n", ()),
    ],
)
def test_missing_cells(tmp_path: Path, content: str, na_values: tuple[str, ...]) -> None:
    path = write(tmp_path, content)
    assert read_table(path).rows.na_values == na_values
