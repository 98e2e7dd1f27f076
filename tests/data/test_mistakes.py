"""Mistakes that people make with tables: each gets a sentence that names what was found, where, and what to do."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from stages.lib.common import UserError
from stages.lib.config import Data
from stages.lib.data import load_dataset, read_features

ROWS = "".join(f"{i % 7 + i / 10},{i * 3 % 11},{i % 2}\n" for i in range(30))
TABLE = "a,b,y\n" + ROWS


def spec(**changes: Any) -> Data:
    return Data.model_validate({"path": "data.csv", "header": True, "target": "y", "columns": {"y": {}}} | changes)


def told(folder: Path, content: str | bytes, **changes: Any) -> str:
    """Return the sentence about a file that has one problem."""
    path = folder / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as caught:
        load_dataset(spec(**changes).model_copy(update={"path": str(path)}), classify=True, seed=7)
    (sentence,) = caught.value.args
    return str(sentence).removeprefix(str(path)).removeprefix(": ")


def rows(cell: str, label: str = "01") -> str:
    """Return a table of which one column has this in each cell, with `#` for the number of the row."""
    return "a,b,y\n" + "".join(f"{cell.replace('#', str(i))},{i},{label[i % len(label)]}\n" for i in range(30))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (ROWS, "line 1 is 0.0, 0, 0, like a row, but data.header in params.yaml is true. Put a line with the columns'"),
        ("Report\n" + TABLE, "line 2 has 3 columns instead of 1"),
        ("\n" + TABLE, "line 1 is empty. Remove it."),
        (TABLE.replace("\n", "\n\n"), "line 2 is empty. Remove empty lines."),
        (TABLE.replace("a,b,y", '"a,b,y"'), "line 2 has 3 columns instead of 1"),
        (TABLE.replace("1\n", "1,\n").replace("0\n", "0,\n"), "line 2 has 4 columns instead of 3 (29 more such lines)"),
        ("<!DOCTYPE html>\n<p>a, b</p>\n", " is an HTML page, not a CSV. Open it to see what the server says, and"),
        ("\n <html lang=en>\n", " is an HTML page, not a CSV."),
        (json.dumps([{"a": 1, "y": 0}] * 5), " is a JSON file, not a CSV. Export it as CSV first."),
        ('{"a": 1}\n{"a": 2}\n', " is a JSON file, not a CSV. Export it as CSV first."),
        (gzip.compress(TABLE.encode()), " is a gzip archive, not a CSV. Unpack it first."),
        ("version https://git-lfs.github.com/spec/v1\n", " is a pointer of Git LFS, not a CSV. Run `git lfs pull`."),
        (TABLE.encode("utf-32"), " is not text: line 1 is not utf-8. Is it the right file?"),
        ("a,k,y\n1,grün,0\n".encode() + "2,grün,1\n".encode("latin-1"), "line 3 is not utf-8, but other lines are."),
        (
            "a,性別,y\n1,男性男性,0\n".encode("utf-16-le"),
            " is not utf-8; it looks like utf-16-le. Set data.encoding in",
        ),
    ],
)
def test_a_file_of_another_form(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    assert told(tmp_path, content).startswith(sentence)


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (
            "#%",
            "if it is a number, write it in digits alone, as in 1234.5; if the column is not a number, add `a: {type:",
        ),
        ("$#", "if it is a number, write it in digits alone"),
        ("# kg", "if it is a number, write it in digits alone"),
        ("1 00#", "if it is a number, write it in digits alone"),
        ("0x#", "if it is a number, write it in digits alone"),
        ('"1,234,000"', "if it is a number, write it in digits alone"),
        ('"#,5"', "if ',' is its decimal sign, write a point instead, because ',' separates the cells too"),
        ("", "the column has no value at all, so add `a: {use: false}` to data.columns in params.yaml"),
    ],
)
def test_cells_that_are_almost_numbers(tmp_path: Path, cell: str, sentence: str) -> None:
    assert sentence in told(tmp_path, rows(cell))


def test_digits_and_decimals_are_shown_with_the_tables_sign(tmp_path: Path) -> None:
    content = rows("#%").replace(",", ";")
    assert "digits alone, as in 1234,5;" in told(tmp_path, content, separator=";", decimal=",")
    content = rows("#|5").replace(",", ";").replace("|", ",")
    assert "decimal sign, set data.decimal in params.yaml to ','" in told(tmp_path, content, separator=";")


def test_a_word_among_numbers_may_be_a_missing_cell(tmp_path: Path) -> None:
    assert (
        "line 5, column b: '#REF!' is not a number; if the column is not a number, add `b: {type: category}` to "
        "data.columns in params.yaml; if it means a missing cell, add '#REF!' to data.na_values, and add `b: {missing: "
    ) in told(tmp_path, TABLE.replace(",9,", ",#REF!,", 1))


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("2019,2020,y\n" + ROWS, {"a": {}, "b": {}, "y": {}}),
        ("k,j,y\n" + "x,z,0\nx,w,1\n" * 9, {"k": {"type": "category"}, "j": {"type": "category"}, "y": {}}),
    ],
)
def test_a_header_that_is_not_announced(tmp_path: Path, content: str, columns: dict[str, Any]) -> None:
    sentence = told(tmp_path, content, header=False, columns=columns)
    assert "like a header, but data.header in params.yaml is false. Remove the line, or set data.header" in sentence


def test_groups_that_are_numbers_compare_as_such(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,g,y\n1,1,0\n2,1.0,1\n3,2,0\n4,02,1\n", encoding="utf-8")
    data = load_dataset(spec(path=str(path)), classify=True, seed=7, groups="g")
    assert data.groups is not None
    assert data.groups.tolist() == [0, 0, 1, 1]


def test_codes_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a,k,y\n" + "".join(f"{i},0{i % 3},{i % 2}\n" for i in range(9)), encoding="utf-8")
    data = load_dataset(spec(path=str(path), columns={"k": {"type": "category"}, "y": {}}), classify=True, seed=7)
    assert list(data.X["k"].cat.categories) == ["00", "01", "02"]


def test_a_month_beyond_twelve_is_no_day(tmp_path: Path) -> None:
    content = TABLE.replace("a,", "a,d,", 1).replace("\n", "\n2020-01-05,", 30).replace("-01-", "-13-", 1)
    columns = {"d": {"type": "date"}, "y": {}}
    content = "d,a,b,y\n" + content.partition("\n")[2].rstrip() + "\n"
    sentence = told(tmp_path, content, columns=columns)
    assert sentence == "line 2, column d: '2020-13-05' is not a date; fix it, or write dates as in 2020-12-31"


@pytest.mark.parametrize(
    ("sample", "content", "reason"),
    [
        (0.0001, TABLE, "With n_samples=30, test_size=None and train_size=0.0001"),
        (0.99, TABLE, "The test_size = 1 should be greater or equal to the number of classes = 2"),
        (0.5, TABLE.replace(",1\n", ",0\n") + "1,2,1\n", "The least populated class"),
    ],
)
def test_a_sample_of_too_few_rows(tmp_path: Path, sample: float, content: str, reason: str) -> None:
    sentence = told(tmp_path, content, sample=sample)
    assert sentence.startswith(f"params.yaml: data.sample is {sample}, which can't be drawn: {reason}")
    assert sentence.endswith(". Set it to 1.0 for all rows.")


@pytest.mark.parametrize("text", ["1,2\n", "1,2\n3,4\n"])
def test_rows_to_predict_without_their_header(text: str) -> None:
    with pytest.raises(UserError) as caught:
        read_features(text.encode(), {"a": "number", "b": "number"}, spec(), "standard input")
    assert str(caught.value) == (
        "standard input: line 1 is 1, 2, like a row, but data.header in params.yaml is true. "
        "Put a line with the columns' names before it: a, b."
    )


def test_names_that_are_numbers_are_a_header() -> None:
    found = read_features(b"0,1\n5,6\n", {"0": "number", "1": "number"}, spec(), "rows")
    assert found.to_numpy().tolist() == [[5, 6]]
