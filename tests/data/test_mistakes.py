"""Mistakes that people make with tables: each is a problem with its line and its column, and says what to do."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from stages import fetch
from tests.conftest import Command, MakeProject
from tests.data.csv_files import ROWS, TABLE, problems, spec, write_csv
from tests.data.passengers import HEADER, passengers, with_column
from tests.data.passengers import ROWS as PASSENGERS

LATIN = "a,kind,y\n1,grün,0\n2,blau,1\n3,grün,1\n"
KIND = {"kind": {"type": "category"}, "y": {}}
LABELS = {"y": {"classes": ["no", "yes"]}}
THREE: dict[str, Any] = {"a": {}, "b": {}, "y": {}}


def table(cell: str, labels: tuple[str, ...] = ("0", "1")) -> str:
    """Return a table of which one column has this in each cell, with `#` for the number of the row."""
    return "a,b,y\n" + "".join(f"{cell.replace('#', str(i))},{i},{labels[i % len(labels)]}\n" for i in range(30))


@pytest.mark.parametrize(
    ("content", "changes", "line", "words"),
    [
        # Files of another form.
        ("", {}, 0, "is empty"),
        ("\n" + TABLE, {}, 1, "is empty"),
        (b"x\0,y\n1,0\n", {}, 1, "contains a zero byte"),
        ("<!DOCTYPE html>\n<p>a, b</p>\n", {}, 0, "is an HTML page, not a CSV. Open it"),
        (gzip.compress(TABLE.encode()), {}, 0, "is a gzip archive"),
        ("version https://git-lfs.github.com/spec/v1\n", {}, 0, "Run `git lfs pull`"),
        (LATIN.encode("latin-1"), {"columns": KIND}, 2, "is not utf-8. If it is latin-1, as it seems, set data.encod"),
        (LATIN.replace("blau", "“blau”").encode("cp1252"), {}, 2, "If it is cp1252"),
        (LATIN.encode("utf-16"), {}, 1, "If it is utf-16"),
        (LATIN.encode(), {"encoding": "utf-16"}, 0, "If it is utf-8"),
        (LATIN.encode(), {"encoding": "latin-1"}, 0, "is not latin-1. If it is utf-8"),
        (b"\x89\r\n\x1a\n\0\0\0\rIHDR", {}, 1, "Is it the right file?"),
        # Separators and headers.
        (TABLE.replace(",", ";"), {}, 0, "set `separator: ';'`"),
        (TABLE.replace(",", "\t"), {}, 0, 'set `separator: "\\t"`'),
        (ROWS.replace(",", ";").replace(".", ","), {"header": False, "columns": THREE}, 0, "set `separator: ';'`"),
        (TABLE, {"header": False, "columns": THREE}, 1, "like a header"),
        ("k,y\n" + "x,no\nz,yes\n" * 9, {"header": False, "columns": {"k": KIND["kind"]} | LABELS}, 1, "like a header"),
        (ROWS, {}, 1, "is like a row, but data.header in params.yaml is true. Put a line"),
        (TABLE.replace("y", "yy", 1), {}, 0, "did you mean 'yy'?"),
        (TABLE.replace("b", "a", 1), {}, 0, "the header has 'a' 2 times"),
        ("a,b,y\n", {}, 1, "no row after its header"),
        ("y\n1\n0\n", {}, 0, "the header has only the target"),
        (TABLE, {"columns": {"a": {"use": False}, "b": {"type": "date"}, "y": {}}}, 0, ""),
        # Lines.
        (TABLE + "1,2,0,1\n1,2\n", {}, 32, "has 4 columns instead of 3 (1 more such line); a cell that contains ','"),
        (TABLE + "1,2\n", {}, 32, "is the line cut off?"),
        (TABLE + "\n1,2,0\n", {}, 32, "remove empty lines"),
        (TABLE.replace("1\n", "1,\n").replace("0\n", "0,\n"), {}, 2, "remove the separator at the end of each row"),
        (TABLE + "<<<<<<< HEAD\n", {}, 32, "is a conflict marker of git"),
        (ROWS, {"header": False, "columns": {"a": {}, "y": {}}}, 1, "list 3 columns in data.columns"),
        (TABLE + '"1,2,0\n', {}, 32, "quotation mark"),
        (TABLE + "x" * 200_000 + ",1,0\n", {}, 32, "more than 131,072 characters"),
    ],
)
def test_a_file_that_is_not_the_table(
    tmp_path: Path, content: str | bytes, changes: dict[str, Any], line: int, words: str
) -> None:
    problem = problems(tmp_path, content, spec(**changes))[0]
    assert problem.line == line
    assert words in str(problem)


@pytest.mark.parametrize(
    ("content", "changes", "place", "words"),
    [
        # Numbers.
        (TABLE.replace(",9,", ",#REF!,", 1), {}, (5, "b"), "add '#REF!' to data.na_values, and add `"),
        (table('"#,5"'), {}, (2, "a"), "(29 more such cells); if ',' is its decimal sign, write a point instead"),
        ("a;y\n1,5;0\n2,5;1\n", {"separator": ";"}, (2, "a"), "set data.decimal in params.yaml to ','"),
        (table(""), {}, (2, "a"), "the column has no value at all, so add"),
        (table("#").replace("\n3,", "\n?,"), {}, (5, "a"), "if it is missing, add '?' to data.na_values"),
        (
            table("#").replace("\n3,", "\n?,"),
            {"na_values": ["?"]},
            (5, "a"),
            "the cell is missing; if that may be, add",
        ),
        (table("1e39"), {}, (2, "a"), "is above 3.40282e+38"),
        (table("1e400"), {}, (2, "a"), "is infinite"),
        (
            table("#"),
            {"columns": {"a": {"min": 0, "max": 28, "unit": "cm"}, "y": {}}},
            (31, "a"),
            "29 is outside 0 to ",
        ),
        (table("#"), {"columns": {"a": {"max": 28}, "y": {}}}, (31, "a"), "is above 28; fix it, or change max of data"),
        (table('"two\nlines"'), {}, (2, "a"), r"'two\nlines' is not a number"),
        # Other types.
        (table("yes"), {}, (2, "a"), ": {type: boolean}` to data.columns in params.yaml"),
        (table("2020-01-05"), {}, (2, "a"), ": {type: date}"),
        (table("red"), {"columns": {"a": {}, "y": {}}}, (2, "a"), "add `type: category` to data.columns.a in params"),
        (
            table("w#"),
            {"columns": {"a": {"type": "category"}, "y": {}}},
            (0, "a"),
            "has as many categories as rows, 30",
        ),
        (table("w" * 2000), {"columns": {"a": {"type": "category"}, "y": {}}}, (2, "a"), "is too long for a category"),
        (table("maybe"), {"columns": {"a": {"type": "boolean"}, "y": {}}}, (2, "a"), "is not a boolean: yes or no"),
        (table("2020-13-05"), {"columns": {"a": {"type": "date"}, "y": {}}}, (2, "a"), "write dates as in 2020-12-31"),
        # The target.
        (table("#", ("0", "1", "")), {}, (4, "y"), "the target is missing (9 more such cells); remove such rows"),
        (table("#", ("no", "yes")), {}, (2, "y"), 'add `classes: ["no", "yes"]` to data.columns.y in params.yaml'),
        (table("#", ("01", "02")), {}, (0, "y"), 'add `classes: ["01", "02"]`'),
        (
            table("#", ("0.5", "1.5")),
            {},
            (2, "y"),
            "is it a number to predict? Then set model.wrapper to NeuralNetRegr",
        ),
        (table("#", ("0",)), {}, (0, "y"), "contains only one class, 0"),
        (table("#", ("0", "3")), {}, (0, "y"), "has no row of class 1, 2"),
        (
            table("#", ("no", "yess")),
            {"columns": LABELS},
            (3, "y"),
            "is not one of its classes (14 more such cells); did",
        ),
        (
            table("#", ("no", "x")),
            {"columns": LABELS},
            (3, "y"),
            "they are no, yes: fix it, or add it to these classes",
        ),
        (table("#", ("no",)), {"columns": LABELS}, (0, "y"), "contains only one class, no"),
    ],
)
def test_a_cell_that_does_not_fit(
    tmp_path: Path, content: str, changes: dict[str, Any], place: tuple[int, str], words: str
) -> None:
    (problem,) = problems(tmp_path, content, spec(**changes))
    assert (problem.line, problem.column or problem.key) == place
    assert words in str(problem)


@pytest.mark.parametrize(
    ("role", "name", "place", "words"),
    [
        ("groups", "sex", (6, "sex"), "the cell, which cv.groups needs, is missing"),
        ("order", "age", (3, "age"), "the cell, which cv.order needs, is missing"),
        ("order", "sex", (0, "cv.order"), "rows are ordered by a number or a date"),
        ("groups", "town", (0, ""), "the header has no 'town', which cv.groups in params.yaml names"),
    ],
)
def test_a_group_or_an_order_that_is_missing(
    tmp_path: Path, role: str, name: str, place: tuple[int, str], words: str
) -> None:
    (problem,) = problems(tmp_path, "\n".join([HEADER, *PASSENGERS]), passengers(), True, **{role: name})
    assert (problem.line, problem.column or problem.key) == place
    assert words in str(problem)


@pytest.mark.parametrize(
    ("sample", "content", "reason"),
    [(0.0001, TABLE, "train_size=0.0001"), (0.5, TABLE.replace(",1\n", ",0\n") + "1,2,1\n", "least populated")],
)
def test_a_sample_of_too_few_rows(tmp_path: Path, sample: float, content: str, reason: str) -> None:
    (problem,) = problems(tmp_path, content, spec(sample=sample))
    assert (problem.file, problem.key) == ("params.yaml", "data.sample")
    assert reason in problem.finding


def test_labels_are_for_a_classifier(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, TABLE, spec(columns=LABELS), classify=False)
    assert problem.key == "data.columns.y.classes"


def test_every_problem_is_listed_and_of_many_alike_the_first(tmp_path: Path) -> None:
    found = problems(tmp_path, TABLE.replace("0.0,0", "u,v").replace("1.1,3,1", "1.1,3,7"), spec())
    assert [(problem.line, problem.column) for problem in found] == [(2, "a"), (2, "b"), (0, "y")]
    header = ",".join(["y", *(f"c{i}" for i in range(50))])
    found = problems(tmp_path, "\n".join([header, "0" + ",x" * 50, "1" + ",1" * 50]), spec())
    assert [problem.column for problem in found] == ["c0", "c1", "c2"]
    assert found[2].alike == " (as in 47 more columns: c3, c4, c5, … (47))"


def test_the_advice_on_a_column_works(tmp_path: Path) -> None:
    """A column in the table of passengers is declared step by step, as each problem says."""
    content = "\n".join([HEADER, *PASSENGERS])
    column: dict[str, str] = {}
    for key, value in (("type", "category"), ("missing", "allowed")):
        (problem,) = problems(tmp_path, content, with_column("sex", column or None))
        assert f"{key}: {value}" in problem.remedy
        column[key] = value


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
    assert project.metrics() == before
