"""What the nets of the evaluation reach, and the second score of each contender, against skorch and scikit-learn."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import brier_score_loss, mean_absolute_error

from gridstage.common import UserError
from gridstage.config import Params
from gridstage.data import Columns, Dataset
from gridstage.engine import fit_seed, seed_everything
from gridstage.evaluate.nets import score_nets, see_nets
from gridstage.results.reading import typed
from gridstage.results.writing import as_csv
from gridstage.scores.reached import Reached, second_scorer
from gridstage.scores.splits import Folds, make_splits
from packages.gridstage.tests.evaluate.conftest import (
    fresh_of,
    model_in_skorch,
    params_of,
)
from packages.gridstage.tests.refusals import refused

pytestmark = pytest.mark.usefixtures("in_the_repository")


def with_cv(params: Params, **changes: Any) -> Params:
    return params.model_copy(update={"cv": params.cv.model_copy(update=changes)})


def test_a_score_and_its_predictions_are_those_of_the_net_fitted_by_hand(
    data: Dataset,
) -> None:
    params = with_cv(params_of(engine="one-by-one"), also_score=["roc_auc"])
    splits = make_splits(
        data, params.cv.model_copy(update={"n_repeats": 1, "shuffle": True}), 5
    )
    settings, fresh = params.model.model_dump(), fresh_of(data, params, splits)
    found = score_nets({"net": settings}, {}, fresh)["net"]
    seen = see_nets({"net": settings}, fresh)["net"]

    X, y = data.X.to_numpy(np.float32), data.y.astype(np.float32).reshape(-1, 1)
    for number, (train, test) in enumerate(splits):
        seed_everything(fit_seed(params.seed, number))
        net = model_in_skorch(params).fit(X[train], y[train])
        assert (
            found.scores["score"][number]
            == (net.predict(X[test]).ravel() == data.y[test]).mean()
        )
        predicted = seen.predictions[number]
        assert predicted is not None
        assert np.array_equal(predicted, net.predict_proba(X[test]).squeeze(-1))
        loss = brier_score_loss(data.y[test], net.predict_proba(X[test])[:, 1, 0])
        assert found.scores["neg_brier_score"][number] == pytest.approx(-loss, rel=1e-6)
    assert list(found.scores) == ["score", "roc_auc", "neg_brier_score"]


NUMBERED = {"criterion": "CrossEntropyLoss"}


def table_of(n_classes: int) -> Dataset:
    """Return 90 rows of so many classes in the order of the classes, or of numbers in hundreds for none."""
    X, y = make_classification(
        90, 4, n_classes=n_classes or 2, n_clusters_per_class=1, random_state=3
    )
    order = np.argsort(y, kind="stable")
    X, y = X[order].astype(np.float32), y[order].astype(float)
    y = y if n_classes else np.float32(500 + 100 * X[:, 0] - 60 * X[:, 1]).astype(float)
    return Dataset(
        pd.DataFrame(X, columns=list("abcd")),
        y,
        Columns(dict.fromkeys("abcd", "number")),
        tuple(map(str, range(n_classes))),
    )


def params_for(n_classes: int) -> Params:
    params = params_of(engine="one-by-one")
    of_numbers = {} if n_classes else {"splitter": "kfold", "scoring": "r2"}
    return params.model_copy(
        update={"cv": params.cv.model_copy(update={"n_repeats": 1} | of_numbers)}
    )


def loss_of(data: Dataset, test: np.ndarray, predicted: np.ndarray) -> float:
    if not data.classes:
        return float(mean_absolute_error(data.y[test], predicted))
    proba = predicted.astype(float) / predicted.astype(float).sum(axis=1, keepdims=True)
    return float(brier_score_loss(data.y[test], proba, labels=range(len(data.classes))))


@pytest.mark.parametrize(
    ("n_classes", "changes"),
    [
        (2, {"wrapper": "NeuralNetBinaryClassifier", "criterion": "BCEWithLogitsLoss"}),
        (3, NUMBERED),
        (
            0,
            {
                "wrapper": "NeuralNetRegressor",
                "criterion": "MSELoss",
                "prepare__target": "standard",
            },
        ),
    ],
)
def test_of_a_net_on_each_split(n_classes: int, changes: dict[str, Any]) -> None:
    data, params = table_of(n_classes), params_for(n_classes)
    settings = (
        params.model.model_dump() | {"max_epochs": 5, "train_split": None} | changes
    )
    all_rows = np.arange(90)
    # The last rows are of one class alone.
    splits = [
        (np.setdiff1d(all_rows, test), test)
        for test in (all_rows[::3], all_rows[1::3], all_rows[70:])
    ]
    fresh = fresh_of(data, params, splits)
    found, seen = (
        score_nets({"net": settings}, {}, fresh)["net"],
        see_nets({"net": settings}, fresh)["net"],
    )
    losses = []
    for (_, test), predicted in zip(splits, seen.predictions, strict=True):
        assert predicted is not None
        losses.append(loss_of(data, test, predicted))
    name = second_scorer(params.cv.scoring)
    assert list(found.scores) == ["score", name]
    assert found.scores[str(name)] == pytest.approx(-np.array(losses), rel=1e-12)
    assert len(set(losses)) == 3


def test_a_table_is_sealed_with_it() -> None:
    fresh, refusal = Folds(params_for(2), table_of(2)), UserError("changed")
    second = np.array([-0.1, -1 / 3, np.nan])
    best = Reached({"score": np.ones(3), "neg_brier_score": second}, 0.1)
    text = as_csv(fresh.sealed({"best": best}, "dropout"))
    found = fresh.unsealed(typed(text), "dropout", refusal)["best"].scores
    assert np.array_equal(found["neg_brier_score"], second, equal_nan=True)
    for old, new in (("-0.3333333", "-0.3333334"), ("best", "worst")):
        with refused("changed"):
            fresh.unsealed(typed(text.replace(old, new)), "dropout", refusal)
    with refused("changed"):
        fresh.unsealed(
            typed(f"{text.splitlines()[0]}\n"), "dropout", refusal
        )  # without a row
