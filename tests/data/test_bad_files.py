"""Files that can't be used: one sentence each, which says what was found, where, and what to do."""

from pathlib import Path
from typing import Any

import pytest

from stages import fetch
from stages.lib.common import UserError
from stages.lib.data import load_dataset
from tests.conftest import Command, MakeProject
from tests.data.csv_files import problems, write_csv
from tests.data.passengers import HEADER, ROWS, passengers, with_column

NUMBERS: dict[str, Any] = {"columns": {"survived": {}}}
LATIN = "x,kind,survived\n1,grün,0\n2,blau,1\n"


def told(path: Path, **changes: Any) -> str:
    (problem,) = problems(path, passengers(**changes))
    return problem


@pytest.mark.parametrize(
    ("name", "column", "sentence"),
    [
        (
            "sex",
            None,
            "line 2, column sex: 'female' is not a number (3 more such cells); if the column is not a number, "
            "add `sex: {type: category, missing: allowed}` to data.columns in params.yaml",
        ),
        (
            "sex",
            {"missing": "allowed"},
            "line 2, column sex: 'female' is not a number (3 more such cells); if the column is not a number, "
            "add `type: category` to data.columns.sex in params.yaml",
        ),
        ("member", None, "add `member: {type: boolean}` to data.columns"),
        ("sailed", None, "add `sailed: {type: date}` to data.columns"),
        (
            "name",
            {"type": "category"},
            "column name has as many categories as rows, 5; an id? Then add `use: false` to data.columns.name in",
        ),
        (
            "age",
            {},
            "line 3, column age: the cell is missing; if that may be, add `missing: allowed` to data.columns.age in",
        ),
        ("sex", {"type": "category"}, "line 6, column sex: the cell is missing; if that may be, add `missing:"),
        ("sex", {"type": "boolean", "missing": "allowed"}, "line 2, column sex: 'female' is not a boolean: yes or no"),
        ("sex", {"type": "date", "missing": "allowed"}, "line 2, column sex: 'female' is not a date (3 more"),
        (
            "survived",
            {},
            "line 2, column survived: 'yes' is not a number (4 more such cells); if these are classes, "
            "add `classes: [no, yes]` to data.columns.survived in params.yaml",
        ),
        (
            "survived",
            {"classes": ["no", "maybe"]},
            "line 2, column survived: 'yes' is not one of its classes (1 more such cell); they are no, maybe",
        ),
    ],
)
def test_a_column_that_is_something_else(
    tmp_path: Path, name: str, column: dict[str, Any] | None, sentence: str
) -> None:
    found = problems(write_csv(tmp_path, HEADER, *ROWS), with_column(name, column))
    assert sentence in found[0]
    assert len(found) == 1


@pytest.mark.parametrize("cell", ["", "NA", "?", "n/a", "NULL"])
def test_a_cell_that_may_be_missing(tmp_path: Path, cell: str) -> None:
    path = write_csv(tmp_path, "x,survived", "1,0", f"{cell},1", "2,1", f"{cell},1")
    advice = f"; if it is missing, add {cell!r} to data.na_values, and add `x: {{missing: allowed}}` to data.columns"
    assert told(path, na_values=[], **NUMBERS) == (
        f"line 3, column x: {cell!r} is not a number (1 more such cell){advice} in params.yaml"
    )


@pytest.mark.parametrize("cell", ["", "?", "NaN"])
@pytest.mark.parametrize("columns", [{"survived": {}}, {"survived": {"classes": [0, 1]}}])
def test_a_missing_target_names_the_line(tmp_path: Path, cell: str, columns: dict[str, Any]) -> None:
    path = write_csv(tmp_path, "x,survived", "1,0", "2,1", f"3,{cell}", f"4,{cell}")
    assert told(path, columns=columns) == (
        "line 4, column survived: the target is missing (1 more such cell); remove such rows"
    )


@pytest.mark.parametrize(
    ("role", "name", "sentence"),
    [
        ("groups", "cabins", "the header has no 'cabins', which cv.groups in params.yaml names; it has id, name, age"),
        ("groups", "nam", "the header has no 'nam', which cv.groups in params.yaml names; did you mean 'name'?"),
        ("order", "sail", "the header has no 'sail', which cv.order in params.yaml names; did you mean 'sailed'?"),
        ("groups", "sex", "line 6, column sex: the cell, which cv.groups needs, is missing"),
        ("order", "age", "line 3, column age: the cell, which cv.order needs, is missing"),
        ("order", "sex", "params.yaml: cv.order is sex, a category; rows are ordered by a number or a date."),
    ],
)
def test_a_group_or_an_order_that_is_missing(tmp_path: Path, role: str, name: str, sentence: str) -> None:
    spec = passengers(path=str(write_csv(tmp_path, HEADER, *ROWS)))
    with pytest.raises(UserError) as caught:
        load_dataset(spec, classify=True, seed=7, **{role: name})
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["x,survived", "1,0", "2,0"], "column survived contains only one class, 0; a classifier needs two or more"),
        (["x,survived,x", "1,0,1"], "the header has 'x' 2 times"),
        (["x,survived", "1,0", "1,0,2", "1"], "line 3 has 3 columns instead of 2 (1 more such line)"),
        (["x,survived", "1,0,"], "line 2 has 3 columns instead of 2; its last cell is empty, so remove the separator"),
        (["x,survived", "<<<<<<< HEAD", "1,0"], "line 2 is a conflict marker of git. Keep what is to stay of both"),
        (["x,survived", "a,1,0", "b,2,1"], "line 2 has 3 columns instead of 2 (1 more such line); line 1 has to name"),
        (["x,survived", "1,0", "", "1,1"], "line 3 has 0 columns instead of 2"),
        (["x,survived", "1,0", '"1,1', "2,0"], "line 3 opens a quotation mark that is never closed"),
        (["x,survived", "1,0", "1e400,1"], "line 3, column x: '1e400' is infinite or beyond 3.40282e+38, the largest"),
        (
            ["x,survived", "1,0", '"3,5",1'],
            "if ',' is its decimal sign, write a point instead, because ',' separates the cells too",
        ),
        (["x,survived", "1,0", '"two\nlines",1'], "line 3, column x: 'two\\nlines' is not a number"),
        (['"x\ny",survived', "1,0", "a,1"], "line 4, column 'x\\ny': 'a' is not a number"),
        (["x,survived"], "has no rows after its header. Is it the right file?"),
        (["x;y;survived", "1;2;0"], "one column was found, and line 1 holds 2 semicolons; set `separator: ';'`"),
        (["x\tsurvived", "1\t0"], 'one column was found, and line 1 holds 1 tab; set `separator: "\\t"` in data'),
        (
            ["x|survived", "1|0", "2|1"],
            "the header has no 'survived', which data.columns in params.yaml lists; did you mean 'x|survived'?",
        ),
        (["x;y, in m;survived", "1;2,5;0"], "2 columns were found, and line 1 holds 2 semicolons; set `separator"),
        ([], "is empty. Is it the right file?"),
    ],
)
def test_a_file_that_is_no_table(tmp_path: Path, lines: list[str], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        load_dataset(passengers(path=str(write_csv(tmp_path, *lines)), **NUMBERS), classify=True, seed=7)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("content", "encoding", "sentence"),
    [
        (LATIN.encode("latin-1"), "utf-8", "is not utf-8; it looks like latin-1. Set data.encoding in params.yaml to"),
        (LATIN.replace("blau", "“blau”").encode("cp1252"), "utf-8", "is not utf-8; it looks like cp1252."),
        (LATIN.encode("utf-16"), "utf-8", "is not utf-8; it looks like utf-16."),
        (LATIN.encode("utf-16-be"), "utf-8", "is not utf-8; it looks like utf-16-be."),
        (LATIN.encode("utf-16-le"), "latin-1", "is not latin-1; it looks like utf-16-le."),
        (LATIN.replace("x", "я").encode("utf-16-le"), "utf-8", "is not utf-8; it looks like utf-16-le."),
        (LATIN.replace("ü", "\x81").encode("latin-1"), "utf-8", "is not utf-8; it looks like latin-1."),
        (LATIN.encode(), "utf-16", "is not utf-16; it looks like utf-8."),
        (LATIN.encode(), "ascii", "is not ascii; it looks like utf-8."),
        (LATIN.encode(), "latin-1", "is not latin-1; it looks like utf-8."),
        (b"\x89\r\n\x1a\n\0\0\0\rIHDR", "utf-8", "is not text: line 1 is not utf-8. Is it the right file?"),
        (
            b"x,survived\n1,0\n1\0,1\n",
            "utf-8",
            "is not text: line 3 contains a zero byte. Is it the right file, or damaged?",
        ),
    ],
)
def test_bytes_of_another_encoding(tmp_path: Path, content: bytes, encoding: str, sentence: str) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    columns = {"kind": {"type": "category"}, "survived": {}}
    with pytest.raises(UserError) as caught:
        load_dataset(passengers(path=str(tmp_path / "data.csv"), encoding=encoding, columns=columns), True, seed=7)
    assert sentence in str(caught.value)
    if "looks like" in sentence:
        named = str(caught.value).split("params.yaml to ")[1].rstrip(".")
        spec = passengers(path=str(tmp_path / "data.csv"), encoding=named, columns=columns)
        with pytest.raises(UserError, match="as many categories as rows, 2"):
            load_dataset(spec, classify=True, seed=7)


@pytest.mark.parametrize("place", ["header", "number", "category", "unused"])
def test_a_cell_of_ten_megabytes(tmp_path: Path, place: str) -> None:
    big = "x" * 10_000_000
    cells = {"number": "1", "category": "a", "unused": "b"} | ({place: big} if place != "header" else {})
    path = write_csv(
        tmp_path,
        "number,category,unused,survived" + ("," + big if place == "header" else ""),
        *["1,a,b,0"] * 50,
        f"{cells['number']},{cells['category']},{cells['unused']},1",
    )
    columns = {"category": {"type": "category"}, "unused": {"use": False}, "survived": {}}
    line = 1 if place == "header" else 52
    assert told(path, columns=columns).startswith(f"line {line} has a cell of more than 131,072 characters; is a quot")


def test_free_text_is_no_category(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "x,kind,survived", "1,a,0", f"2,{'x' * 2000},1", "3,a,1")
    assert told(path, columns={"kind": {"type": "category"}, "survived": {}}) == (
        f"line 3, column kind: '{'x' * 40}'… (2,000 characters) is too long for a category, which has at most 1,000 "
        "characters; if the column is free text, add `use: false` to data.columns.kind in params.yaml"
    )


def test_no_column_is_left(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "x,day,survived", "1,2020-01-01,0", "2,2020-01-02,1")
    columns = {"x": {"use": False}, "day": {"type": "date"}, "survived": {}}
    assert told(path, columns=columns) == "no column is used; a net needs a column to predict survived from."


def test_the_stage_writes_nothing(
    make_project: MakeProject, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project({"data.path": "mine.csv", "data.url": None, "data.sha256": None, "data.header": True})
    write_csv(project.folder, "age,diabetes", "30,0", "40,1").rename(project.folder / "mine.csv")
    before = project.metrics()
    monkeypatch.chdir(project.folder)
    done = in_process(fetch)
    assert done.returncode == 1
    assert done.stderr.startswith("error: mine.csv: the header has no 'pregnancies', which data.columns in params.yaml")
    assert "Traceback" not in done.stderr
    assert project.metrics() == before
