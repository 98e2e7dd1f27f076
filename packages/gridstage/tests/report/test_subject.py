"""What the report says of the table and its score."""

from copy import deepcopy
from typing import Any

import pytest

from gridstage.config import Params
from gridstage.report.subject import class_counts, describe, title
from gridstage.results.record import TableCounts
from packages.gridstage.tests.project import real_params, set_at

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
