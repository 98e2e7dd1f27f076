"""Mistakes that people make with tables: each is a problem with its line and its column, and says what to do."""

from pathlib import Path
from typing import Any

import pytest

from packages.gridstage.tests.conftest import Command, MakeProject
from packages.gridstage.tests.data.csv_files import (
    HEADER,
    PASSENGERS,
    ROWS,
    TABLE,
    passengers,
    problems,
    spec,
    write_csv,
)
from stages import fetch

LATIN = "a,kind,y\n1,grün,0\n2,blau,1\n3,grün,1\n"
KIND = {"kind": {"type": "category"}, "y": {}}
LABELS = {"y": {"classes": ["no", "yes"]}}
LEFT_OUT = {"y": {"classes": ["no", "yes"], "missing": "left_out"}}


def table(cell: str, labels: tuple[str, ...] = ("0", "1")) -> str:
    """Return a table of which one column has this in each cell, with `#` for the number of the row."""
    return "a,b,y\n" + "".join(
        f"{cell.replace('#', str(i))},{i},{labels[i % len(labels)]}\n"
        for i in range(30)
    )


@pytest.mark.parametrize(
    ("content", "changes", "line", "words"),
    [
        # Files of another form.
        ("", {}, 0, "is empty"),
        ("\n" + TABLE, {}, 1, "is empty"),
        (b"x\0,y\n1,0\n", {}, 0, "is not utf-8. Is it the right file?"),
        ("<!DOCTYPE html>\n<p>a, b</p>\n", {}, 0, "is not a CSV, but an HTML page"),
        (b"PAR1", {}, 0, "but a Parquet file, whose name does not end with"),
        (
            LATIN.encode("latin-1"),
            {"columns": KIND},
            2,
            "is not utf-8. It may be latin-1",
        ),
        (LATIN.encode("utf-16"), {}, 1, "It may be utf-16"),
        (LATIN.encode(), {"encoding": "latin-1"}, 0, "is not latin-1. It may be utf-8"),
        # Headers.
        (
            TABLE.replace(",", ";"),
            {},
            0,
            "the header has no 'y', which data.columns in params.yaml lists; it has a;b;y",
        ),
        (
            "k,y\n" + "x,no\nz,yes\n" * 9,
            {"header": False, "columns": {"k": KIND["kind"]} | LABELS},
            1,
            "is a header",
        ),
        (TABLE.replace("y", "yy", 1), {}, 0, "did you mean 'yy'?"),
        (TABLE.replace("b", "a", 1), {}, 0, "the header has 'a' 2 times"),
        ("a,b,y\n", {}, 1, "no row after its header"),
        ("y\n1\n0\n", {}, 0, "the header has only the target"),
        # Lines.
        (
            TABLE + "1,2,0,1\n1,2\n",
            {},
            32,
            "has 4 columns instead of 3 (1 more such line); is it cut off?",
        ),
        (TABLE + "1,2\n", {}, 32, "has 2 columns instead of 3"),
        (TABLE + "\n1,2,0\n", {}, 32, "remove empty lines"),
        (
            ROWS,
            {"header": False, "columns": {"a": {}, "y": {}}},
            1,
            "has 3 columns instead of 2",
        ),
        (TABLE + '"1,2,0\n', {}, 32, "needs quotation marks"),
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
        (
            TABLE.replace(",9,", ",#REF!,", 1),
            {},
            (5, "b"),
            "'#REF!' is not a number; fix it, add it to data.na_values",
        ),
        (
            "a;y\n1,5;0\n2,5;1\n",
            {"separator": ";"},
            (2, "a"),
            "set data.decimal in params.yaml to it",
        ),
        (
            table("#").replace("\n3,", "\n?,"),
            {"na_values": ["?"]},
            (5, "a"),
            "is missing; if that may be, add",
        ),
        (table("1e39"), {}, (2, "a"), "1e39 is outside -3.40282e+38 to 3.40282e+38"),
        (table("1e400"), {}, (2, "a"), "is infinite"),
        (
            table("#"),
            {"columns": {"a": {"max": 28, "unit": "cm"}, "y": {}}},
            (31, "a"),
            "change max of data.columns.a",
        ),
        (table('"two\nlines"'), {}, (2, "a"), r"'two\nlines' is not a number"),
        # Other types.
        (
            table("w#"),
            {"columns": {"a": KIND["kind"], "y": {}}},
            (0, "a"),
            "has as many categories as rows, 30",
        ),
        (
            table("w" * 2000),
            {"columns": {"a": KIND["kind"], "y": {}}},
            (2, "a"),
            "is too long for a category",
        ),
        (
            table("maybe"),
            {"columns": {"a": {"type": "boolean"}, "y": {}}},
            (2, "a"),
            "is not a boolean: yes or no",
        ),
        # The target.
        (
            table("#", ("0", "1", "")),
            {},
            (4, "y"),
            "(9 more such cells); to leave out such rows, add `missing: left_out`",
        ),
        (
            table("#", ("",)),
            {"columns": LEFT_OUT},
            (0, ""),
            "no row has the target y; name another data.target",
        ),
        (
            table("#", ("", "no", "x")),
            {"columns": LEFT_OUT},
            (4, "y"),
            "'x' is not one of the classes",
        ),
        (
            table("#", ("no", "yes")),
            {},
            (2, "y"),
            "add `classes: [LABEL, LABEL]` to data.columns.y in params.yaml",
        ),
        (
            table("#", ("0.5", "1.5")),
            {},
            (2, "y"),
            "set model.wrapper to NeuralNetRegressor",
        ),
        (table("#", ("0",)), {}, (0, "y"), "contains only one class, 0"),
        (table("#", ("0", "3")), {}, (0, "y"), "has no row of class 1, 2"),
        (
            table("#", ("no", "x")),
            {"columns": LABELS},
            (3, "y"),
            "is not one of the classes, no, yes (14 more",
        ),
        (
            table("#", ("no",)),
            {"columns": LABELS},
            (0, "y"),
            "contains only one class, no",
        ),
    ],
)
def test_a_cell_that_does_not_fit(
    tmp_path: Path,
    content: str,
    changes: dict[str, Any],
    place: tuple[int, str],
    words: str,
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
        (
            "groups",
            "town",
            (0, ""),
            "the header has no 'town', which cv.groups in params.yaml names",
        ),
    ],
)
def test_a_group_or_an_order_that_is_missing(
    tmp_path: Path, role: str, name: str, place: tuple[int, str], words: str
) -> None:
    (problem,) = problems(
        tmp_path, "\n".join([HEADER, *PASSENGERS]), passengers(), True, **{role: name}
    )
    assert (problem.line, problem.column or problem.key) == place
    assert words in str(problem)


@pytest.mark.parametrize(
    ("sample", "content", "reason"),
    [
        (0.0001, TABLE, "train_size=0.0001"),
        (0.5, TABLE.replace(",1\n", ",0\n") + "1,2,1\n", "least populated"),
    ],
)
def test_a_sample_of_too_few_rows(
    tmp_path: Path, sample: float, content: str, reason: str
) -> None:
    (problem,) = problems(tmp_path, content, spec(sample=sample))
    assert (problem.file, problem.key) == ("params.yaml", "data.sample")
    assert reason in problem.finding


def test_labels_are_for_a_classifier(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, TABLE, spec(columns=LABELS), classify=False)
    assert problem.key == "data.columns.y.classes"


def test_every_problem_is_listed_and_of_many_alike_the_first(tmp_path: Path) -> None:
    found = problems(
        tmp_path, TABLE.replace("0.0,0", "u,v").replace("1.1,3,1", "1.1,3,7"), spec()
    )
    assert [(problem.line, problem.column) for problem in found] == [
        (2, "a"),
        (2, "b"),
        (0, "y"),
    ]
    header = ",".join(["y", *(f"c{i}" for i in range(50))])
    found = problems(
        tmp_path, "\n".join([header, "0" + ",x" * 50, "1" + ",1" * 50]), spec()
    )
    assert [problem.column for problem in found] == [*(f"c{i}" for i in range(20)), ""]
    assert found[20].finding == ": and 30 more"


def test_the_stage_writes_nothing(
    make_project: MakeProject, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(
        {
            "data.path": "mine.csv",
            "data.url": None,
            "data.sha256": None,
            "data.header": True,
        }
    )
    write_csv(project.folder, "age,diabetes", "30,0", "40,1").rename(
        project.folder / "mine.csv"
    )
    before = project.metrics()
    monkeypatch.chdir(project.folder)
    done = in_process(fetch)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "error: mine.csv: the header has no 'pregnancies', 'glucose',"
    )
    assert project.metrics() == before
