"""What the report says of the table and its score, and whether a learning curve still rises."""

import math
import re
from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.lib.config import Params
from stages.lib.report.course import (
    course,
    describe_course,
    stops_early,
)
from stages.lib.report.subject import class_counts, describe, title
from stages.lib.results.record import TableCounts
from tests.project import real_params, set_at

PIMA = TableCounts(
    rows=768, classes={"0": 500, "1": 268}, zeros_for_missing={"bmi": 11}
)


def changed(**changes: Any) -> Params:
    """Return the committed params with other values; `__` stands for a dot."""
    params = deepcopy(real_params())
    for place, value in changes.items():
        set_at(params, place.replace("__", "."), value)
    return Params.model_validate(params)


def houses(**changes: Any) -> Params:
    """Return params for a regression."""
    listed = {
        "rooms": {},
        "price": {"unit": "k€"},
    }
    data = {
        "path": "data/houses.csv",
        "header": True,
        "target": "price",
        "columns": listed,
    }
    return changed(
        **{
            "data": data,
            "model__wrapper": "NeuralNetRegressor",
            "cv__splitter": "kfold",
            "cv__scoring": "neg_mean_squared_error",
        }
        | changes
    )


def test_the_committed_table() -> None:
    params = changed()
    assert title(params) == "diabetes in pima-indians-diabetes.csv"
    assert describe(params, PIMA) == [
        "768 rows of data/pima-indians-diabetes.csv. The target is diabetes (1 = tested positive within five years), "
        "with the classes not positive (500 rows, 65 %) and positive (268 rows, 35 %).",
        "The score is accuracy: the share of rows whose class is predicted. It is the mean over 10 repeats of 3 folds. "
        "Folds keep the shares of the classes.",
    ]


def test_a_regression_has_its_units_and_no_word_of_classes() -> None:
    params = houses(cv__n_repeats=1, data__sample=0.25)
    table, score = describe(params, TableCounts(rows=21613, missing={"district": 7}))
    assert title(params) == "price in houses.csv"
    assert (
        table
        == "21,613 rows of data/houses.csv, of which 0.25 are used. The target is price, a number in k€."
    )
    assert score == (
        "The score is neg_mean_squared_error: minus the mean squared error, in k€²; the nearer to 0, the better. "
        "It is the mean over 3 folds. Folds have equal parts of the rows."
    )
    assert "class" not in table + score


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"cv__scoring": "f1_macro"},
            "The score is f1_macro, of which more is better.",
        ),
        (
            {"cv__scoring": "neg_log_loss"},
            "The score is neg_log_loss: minus the log loss; the nearer to 0, the better.",
        ),
        (
            {"cv__splitter": "group", "cv__groups": "age", "cv__n_repeats": 1},
            "It is the mean over 3 folds. The rows of each age are in one fold.",
        ),
        (
            {"cv__splitter": "time", "cv__n_repeats": 1},
            "It is the mean over 3 splits. Rows are in the order of the file,",
        ),
    ],
)
def test_scores_and_splits_are_told(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in describe(changed(**changes), PIMA)[1]


def test_classes_are_told_by_their_labels() -> None:
    two = changed(data__columns__diabetes={"classes": ["no", "yes"]})
    counts = TableCounts(rows=768, classes={"no": 500, "yes": 268})
    assert class_counts(two, counts) == {"no": 500, "yes": 268}
    labels = [f"kind {i}" for i in range(7)]
    many = changed(data__columns__diabetes={"classes": labels})
    assert (
        "The target is diabetes, with 7 classes."
        in describe(many, TableCounts(rows=70, classes=dict.fromkeys(labels, 10)))[0]
    )
    three = TableCounts(rows=8, classes={"a": 1, "b": 3, "c": 4})
    assert (
        "with the classes a (1 row, 12 %), b (3 rows, 38 %) and c (4 rows, 50 %)."
        in describe(two, three)[0]
    )


NAN = float("nan")


def saturating(n: int, scale: float) -> list[float]:
    """Return a curve that has covered 1 - 1/e of its way after `scale` epochs."""
    return [1 - math.exp(-epoch / scale) for epoch in range(1, n + 1)]


def peaked(n: int, top: int) -> list[float]:
    """Return a curve that rises up to an epoch, and then falls half as fast."""
    return [
        float(epoch) if epoch <= top else top - (epoch - top) / 2
        for epoch in range(1, n + 1)
    ]


@pytest.mark.parametrize(
    ("values", "end", "epoch"),
    [
        (saturating(100, 10), "level", 100),
        (saturating(100, 80), "rising", 80),
        (saturating(10, 50), "rising", 8),
        (saturating(5, 50), "rising", 4),
        (peaked(100, 30), "falling", 30),
        (peaked(100, 60), "falling", 60),
        (peaked(100, 80), "level", 100),  # not for long
        ([1.0] * 50, "level", 50),
        (saturating(4, 50), "unknown", 4),
        ([NAN] * 50, "unknown", 50),
        ([*saturating(49, 10), NAN], "unknown", 50),
    ],
)
def test_the_end_of_a_curve(values: list[float], end: str, epoch: int) -> None:
    found, since, _ = course(np.array(values))
    assert found == end
    assert since == pytest.approx(
        epoch, abs=0.05 * len(values)
    )  # smoothing moves a peak


@pytest.mark.parametrize(
    ("drift", "end"), [(0.0, "level"), (0.03, "rising"), (-0.03, "falling")]
)
@pytest.mark.parametrize("n", [20, 100])
def test_noise_is_no_change(n: int, drift: float, end: str) -> None:
    random = np.random.default_rng(0)
    found = [
        course(np.arange(n) * drift + random.normal(scale=0.02, size=n))[0]
        for _ in range(200)
    ]
    assert found.count(end) >= 190


def rows(scores: list[float], losses: list[float], spread: float = 0.1) -> pd.DataFrame:
    half = 1.349 / 2 * spread  # to the quartiles
    best = pd.DataFrame(
        {"setting": "best", "valid_score": scores, "valid_loss": losses}
    )
    best = best.assign(valid_score_low=-half, valid_score_high=half)
    other = best.head(1).assign(
        setting="starting_point", valid_score=0.1, valid_loss=9.0
    )
    return pd.concat([best, other])


def test_sentences() -> None:
    level, rising, falling = saturating(100, 10), saturating(100, 80), peaked(100, 30)

    def told(scores: list[float], losses: list[float]) -> str:
        return describe_course(rows(scores, losses), False, n_nets=9)

    down = [-value for value in level]
    assert (
        told(level, down)
        == "The best has levelled off by its last epoch, of 100 epochs."
    )
    assert told(rising, down).startswith(
        "The best still improves at its last epoch: of 100 epochs, those after"
    )
    assert re.fullmatch(
        r"The best has long been getting worse: its score on the hold-out fell by [\d.]+ after epoch 3\d of 100\. "
        r"Fewer epochs may help\.",
        told(falling, down),
    )
    by_heart = told(level, [-value for value in falling])
    assert re.search(
        r"The loss on the hold-out rose by [\d.]+ after epoch 3\d: the net", by_heart
    )
    assert told([NAN] * 9, [NAN] * 9).startswith("No rows are held out")
    assert told([0.5] * 2, [0.5] * 2) == "After 2 epochs, the curves say little."
    # The hold-out's score may be missing where its loss is not.
    assert told([NAN] * 100, [-value for value in falling]).startswith(
        "The loss on the hold-out rose"
    )


def test_a_fall_within_the_noise_of_the_hold_outs_is_none() -> None:
    """A fall of 35 counts if it exceeds 2·√2 standard errors of the median."""
    falling, losses = peaked(100, 30), [-value for value in saturating(100, 10)]
    assert "Fewer epochs may help." in describe_course(
        rows(falling, losses, spread=30), False, n_nets=16
    )
    for spread, n_nets in ((30, 4), (45, 9)):
        told = describe_course(rows(falling, losses, spread=spread), False, n_nets)
        assert told == "The best has levelled off by its last epoch, of 100 epochs."


def test_with_early_stopping_no_number_of_epochs_is_advised() -> None:
    params = real_params()
    assert not stops_early(Params.model_validate(params), "activation")
    params["model"]["callbacks"] = {"skorch.callbacks.EarlyStopping": {"patience": 5}}
    assert stops_early(Params.model_validate(params), "activation")
    falling = peaked(100, 30)
    told = describe_course(rows(falling, [-value for value in falling]), True, n_nets=9)
    assert (
        told
        == "EarlyStopping decides when the training of each net ends; the longest of the best took 100 epochs."
    )
