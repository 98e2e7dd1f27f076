"""What the command predict prints of how far off a prediction may be: intervals of numbers, and sets of labels."""

import io
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
import pytest

from stages import predict as stage
from stages.lib.handover import ANSWER_FILE, Card, save_model
from tests.conftest import Command
from tests.handover.fits import fit, numbers
from tests.project import Project


@pytest.fixture
def predict_here(project: Project, in_process: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """The command in a project that the test may change."""
    monkeypatch.chdir(project.folder)
    before, content = project.params(), ANSWER_FILE.read_bytes() if ANSWER_FILE.exists() else None
    yield partial(in_process, stage, "rows.csv")
    project.write_params(before)
    if content:
        ANSWER_FILE.write_bytes(content)


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
def test_numbers_have_their_interval(predict_here: Command, project: Project, target: str, low: str) -> None:
    save(project, 0, target, interval={"level": 0.9, "edges": [1000.0], "half_widths": [9.0, 2.0]})
    done = predict_here()
    assert done.stderr == f"note: predicted by linear_regression, {ANSWER_FILE}\n"
    table = read(done.stdout)
    assert list(table) == [target, low, "high", "note"]
    half = np.where(table[target] <= 1000, 9, 2)
    np.testing.assert_allclose(table[low], table[target] - half, rtol=1e-6)
    np.testing.assert_allclose(table["high"], table[target] + half, rtol=1e-6)
    assert f"--sets is for classes, but linear_regression predicts a number, {target}." in (
        predict_here("--sets", "0.9").stderr
    )


def test_a_number_without_an_interval_is_told(predict_here: Command, project: Project) -> None:
    save(project, 0)
    done = predict_here()
    assert list(read(done.stdout)) == ["y", "note"]
    assert f"note: {ANSWER_FILE} has no interval: fewer than 9 rows or groups were" in done.stderr


@pytest.mark.parametrize("n_classes", [2, 3])
def test_sets_of_labels_follow_the_probabilities(predict_here: Command, project: Project, n_classes: int) -> None:
    card = save(project, n_classes, sets={"0.50": 0.99, "0.90": 0.3, "0.99": 0.0})
    plain = read(predict_here().stdout)
    tables = {level: read(predict_here("--sets", level).stdout) for level in ("0.5", "0.9", "0.99")}
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
    refused = predict_here("--sets", "0.95")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: --sets is 0.95, but should be from 0.50 to 0.99, in hundredths")
