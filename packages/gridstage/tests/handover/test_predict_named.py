"""The command that predicts rows of a table with a header: what it refuses, and says of errors."""

import io

import numpy as np
import pandas as pd
import pytest

from gridstage.handover import (
    ANSWER_FILE,
    Card,
    save_model,
)
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.data.parquet_files import content_of
from packages.gridstage.tests.handover.fits import fit, numbers
from packages.gridstage.tests.project import Project


@pytest.fixture
def predict_notes(predict_here: Command, project: Project) -> Command:
    """Predict rows of a table with a header, whose target is called `note`."""
    fitted, card = fit("logistic_regression", numbers())
    columns = {"a": {}, "b": {}, "c": {}, "note": {"classes": ["class 0", "class 1"]}}
    data = {
        "path": "data/notes.csv",
        "header": True,
        "target": "note",
        "columns": columns,
    }
    save_model(
        ANSWER_FILE, fitted, card.model_copy(update={"target": "note"}), numbers().X
    )
    project.write_params(project.params() | {"data": data})
    return predict_here


def test_no_two_columns_have_the_same_name(predict_notes: Command) -> None:
    X = numbers(30).X.assign(c=lambda X: X["c"] * 1000)
    table = read(predict_notes("-", stdin=X.to_csv(index=False).encode()).stdout)
    assert list(table) == ["note", "note=class 1", "note_"]
    assert set(table["note"]) == {"class 0", "class 1"}
    assert "c far outside" in set(table["note_"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "standard input is empty. Is it the right file?"),
        (
            b"a,b,c\n",
            "standard input: line 1 has no row after its header. Is it the right file?",
        ),
        (
            b"a,d,e\n1,2,3\n",
            "standard input: the header has no 'b', 'c', which the model predicts from; it has a, d, e",
        ),
        (
            b"a,b,c\n1,2,2020-01-31\n",
            "standard input: line 2, column c: '2020-01-31' is not a number",
        ),
        (
            b"a,b,c\n1,yes,3\n",
            "standard input: line 2, column b: 'yes' is not a number",
        ),
        (
            content_of({"a": [1.0], "b": [2.0], "c": ["x"]}),
            "standard input: row 1, column c: 'x' is not a number",
        ),
        (
            content_of({"a": [1.0]}),
            "standard input: the file has no 'b', 'c', which the model predicts from; it has a",
        ),
        (b"PAR1 and no more", "standard input is a damaged Parquet file"),
        (
            b"PK\x03\x04",
            "standard input is not a CSV, but a spreadsheet or a zip archive",
        ),
        (
            b"\x89PNG\r\n\x1a\n\x00",
            "standard input: line 1 is not utf-8. Is it the right file?",
        ),
    ],
)
def test_another_file_is_refused_with_one_sentence(
    predict_notes: Command, content: bytes, sentence: str
) -> None:
    said = predict_notes("-", stdin=content).refused()
    assert said.startswith(f"error: {sentence}")
    assert said.count("\n") == 1


def save(project: Project, n_classes: int, target: str = "y", **known: object) -> Card:
    """Save a linear model of some rows, of which so much is known, with its rows and params.yaml."""
    data, raw = numbers(n_classes=n_classes), project.params()
    column = {"classes": list(data.classes)} if n_classes else {}
    raw["data"] = {"path": "rows.csv", "header": True, "target": target}
    raw["data"]["columns"] = {"a": {}, "b": {}, "c": {}, target: column}
    if not n_classes:
        raw["model"] |= {"wrapper": "NeuralNetRegressor", "criterion": "MSELoss"}
        raw["cv"] |= {"scoring": "r2", "splitter": "kfold"}
    project.write_params(raw)
    data.X.to_csv("rows.csv", index=False)
    model, card = fit("logistic_regression" if n_classes else "linear_regression", data)
    card = card.knowing(known | {"target": target})
    save_model(ANSWER_FILE, model, card, data.X)
    return card


def read(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), keep_default_na=False)


@pytest.mark.parametrize(("target", "low"), [("y", "low"), ("low", "low_")])
def test_numbers_have_their_interval(
    predict_here: Command, project: Project, target: str, low: str
) -> None:
    save(
        project,
        0,
        target,
        interval={"level": 0.9, "edges": [1000.0], "half_widths": [9.0, 2.0]},
    )
    done = predict_here("rows.csv")
    assert done.stderr == f"note: predicted by linear_regression, {ANSWER_FILE}\n"
    table = read(done.stdout)
    assert list(table) == [target, low, "high", "note"]
    half = np.where(table[target] <= 1000, 9, 2)
    np.testing.assert_allclose(table[low], table[target] - half, rtol=1e-6)
    np.testing.assert_allclose(table["high"], table[target] + half, rtol=1e-6)
    assert (
        f"--sets is for classes, but linear_regression predicts a number, {target}."
        in (predict_here("rows.csv", "--sets", "0.9").stderr)
    )


def test_a_number_without_an_interval_is_told(
    predict_here: Command, project: Project
) -> None:
    save(project, 0)
    done = predict_here("rows.csv")
    assert list(read(done.stdout)) == ["y", "note"]
    assert (
        f"note: {ANSWER_FILE} has no interval: fewer than 9 rows or groups were"
        in done.stderr
    )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_sets_of_labels_follow_the_probabilities(
    predict_here: Command, project: Project, n_classes: int
) -> None:
    card = save(project, n_classes, sets={"0.50": 0.99, "0.90": 0.3, "0.99": 0.0})
    plain = read(predict_here("rows.csv").stdout)
    tables = {
        level: read(predict_here("rows.csv", "--sets", level).stdout)
        for level in ("0.5", "0.9", "0.99")
    }
    *before, note = plain
    for table in tables.values():
        assert list(table) == [*before, "set", note]
        assert table.drop(columns="set").equals(plain)
    probabilities = plain[before[1:]].to_numpy()
    if n_classes == 2:
        probabilities = np.column_stack([1 - probabilities, probabilities])
    expected = ["|".join(np.array(card.classes)[each >= 0.3]) for each in probabilities]
    assert tables["0.9"]["set"].tolist() == expected
    assert {1, 2} <= {text.count("|") + 1 for text in expected}
    # None is empty, though hardly a row has a class of 0.99.
    assert tables["0.5"]["set"].tolist() == tables["0.5"]["y"].tolist()
    assert set(tables["0.99"]["set"]) == {"|".join(card.classes)}
    refused = predict_here("rows.csv", "--sets", "0.95")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(
        "error: --sets is 0.95, but should be from 0.50 to 0.99, in hundredths"
    )
