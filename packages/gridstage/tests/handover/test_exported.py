"""Models without a net as ONNX files. Oracle: the estimators of scikit-learn that they were made of."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.preprocessing import QuantileTransformer

from gridstage.config import Prepare
from gridstage.data import Columns, Dataset
from gridstage.export.graph import Graph, Value
from gridstage.export.quantiles import add_back, add_normal
from gridstage.export.trees import add_boosting
from gridstage.handover import Card, load_model, predict, save_model
from gridstage.handover.fitted import odd_rows
from gridstage.handover.runtime import session_of
from gridstage.model import rows
from gridstage.results.evaluation import IntervalSteps
from packages.gridstage.tests.handover.fits import BASELINES, fit, mixed, numbers
from packages.gridstage.tests.passengers import passengers


def check(
    path: Path, data: Dataset, new: Dataset, fitted: BaseEstimator, card: Card
) -> None:
    """Check that a file is a valid one, and predicts what its estimator does for other rows."""
    assert save_model(path, fitted, card, data.X) == ""
    onnx.checker.check_model(path, full_check=True)
    loaded, found = load_model(path)
    assert found.model_copy(update={"digest": ""}) == card
    given = rows(new, fitted)
    table = predict(loaded, found, new.X)
    if data.classes:
        proba = fitted.predict_proba(given)
        assert table["y"].tolist() == [
            data.classes[int(i)] for i in fitted.predict(given)
        ]
        names = [f"y={label}" for label in data.classes][
            1 if len(data.classes) == 2 else 0 :
        ]
        assert table[names].to_numpy() == pytest.approx(
            proba[:, -len(names) :], abs=1e-6
        )
    else:
        expected = fitted.predict(given).ravel()
        assert table["y"].to_numpy() == pytest.approx(
            expected, rel=1e-6, abs=1e-6 * np.abs(expected).max()
        )


# Also those of values that a graph has of its own.
NAMES = {
    True: ["label", "prediction", "cast_1"],
    False: ["prediction", "constant_0", "Größe/3"],
}


OF_CLASSES = [name for name, classify in BASELINES if classify]
PLAIN = [(name, 2 if classify else 0) for name, classify in BASELINES]


@pytest.mark.parametrize(
    ("name", "n_classes"), [*PLAIN, *((name, 4) for name in OF_CLASSES)]
)
def test_a_model_of_plain_numbers_with_any_names_predicts_as_scikit_learn(
    tmp_path: Path, name: str, n_classes: int
) -> None:
    names = NAMES[n_classes > 0]
    columns = Columns(dict.fromkeys(names, "number"))
    data, new = (
        replace(each, X=each.X.set_axis(names, axis=1), columns=columns)
        for each in (numbers(n_classes=n_classes), numbers(90))
    )
    check(tmp_path / "a", data, new, *fit(name, data))


PREPARATIONS = [
    Prepare(),
    Prepare(impute="median", indicator=True, scale="robust", encode="ordinal"),
    Prepare(impute="most_frequent", scale="minmax"),
    Prepare(impute="mean", scale="quantile", indicator=True),
    Prepare(impute="mean", scale="robust_clipped"),
]


# Boosting and a constant have a preparation of their own.
OF_EACH = [(*each, PREPARATIONS[0]) for each in BASELINES]
OF_EACH += [
    (*each, own)
    for each in BASELINES
    for own in PREPARATIONS[1:]
    if "fore" in each[0] or "regr" in each[0]
]


@pytest.mark.parametrize(("name", "classify", "prepare"), OF_EACH)
def test_the_graph_has_the_whole_preparation(
    tmp_path: Path, name: str, classify: bool, prepare: Prepare
) -> None:
    data = mixed(classify)
    fitted, card = fit(name, data, prepare)
    check(tmp_path / "a", data, passengers(70, seed=5), fitted, card)
    odd = odd_rows(card, data.X)
    if not classify:
        odd = odd.assign(port="Halifax")
    check(
        tmp_path / "a", data, replace(data, X=odd, y=np.zeros(len(odd))), fitted, card
    )


@pytest.mark.parametrize("scaled", ["standard", "quantile"])
def test_the_target_of_a_linear_model_is_scaled_back(
    tmp_path: Path, scaled: Any
) -> None:
    data = mixed(classify=False)
    fitted, card = fit("linear_regression", data, Prepare(impute="mean", target=scaled))
    check(tmp_path / "a", data, passengers(70, 5), fitted, card)


@pytest.mark.parametrize("name", ["random_forest", "hist_gradient_boosting"])
@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_trees_of_one_leaf(tmp_path: Path, name: str, n_classes: int) -> None:
    data = numbers(n_classes=n_classes)
    key = "min_samples_split" if name == "random_forest" else "min_samples_leaf"
    check(tmp_path / "a", data, numbers(90), *fit(name, data, changes={key: 500}))


def test_leaves_with_several_classes_share_their_rows(tmp_path: Path) -> None:
    data = numbers(n_classes=4)
    fitted, card = fit("random_forest", data, changes={"max_depth": 2})
    assert ((fitted.predict_proba(rows(data, fitted)) > 0).sum(axis=1) == 4).any()
    check(tmp_path / "a", data, numbers(90), fitted, card)


@pytest.mark.parametrize(
    "make", [HistGradientBoostingClassifier, HistGradientBoostingRegressor]
)
def test_sets_of_many_categories_and_missing_values_go_the_same_ways(make: Any) -> None:
    rng = np.random.default_rng(3)
    X = np.column_stack(
        [rng.normal(size=900), rng.integers(-1, 200, 900), rng.integers(0, 3, 900)]
    )
    y = ((X[:, 1] % 7 < 3) ^ (X[:, 2] == 1) ^ (X[:, 0] > 1)).astype(float)
    X[::5, 0] = np.nan
    fitted = make(categorical_features=[1, 2], max_iter=40).fit(X, y)
    X[:40, 1] = [201, 202, 254, 203] * 10  # never seen
    X[40:80, 2] = -1
    sums = add_boosting(Graph(["x"]).value("x"), fitted, 255)
    found = run(sums, X)
    expected = (
        fitted.decision_function(X)
        if make is HistGradientBoostingClassifier
        else fitted.predict(X)
    )
    assert found.ravel() == pytest.approx(expected, abs=1e-12)
    assert any(
        each.name == "membership_values" for each in sums.graph.nodes[0].attribute
    )


def run(value: Value, X: np.ndarray) -> np.ndarray:
    """Return what a value of a graph is for an array of rows, which is its input `x`."""
    outputs = {value.name: (TensorProto.DOUBLE, ["rows", "columns"])}
    model = value.graph.model({"x": TensorProto.DOUBLE}, outputs, "", X.shape[1])
    (found,) = session_of(model.SerializeToString()).run(None, {"x": X})
    return np.asarray(found)


@pytest.mark.parametrize("n_rows", [3, 50, 3000])
def test_quantiles_become_a_normal_shape_and_back(n_rows: int) -> None:
    rng = np.random.default_rng(n_rows)
    skewed, counts = (
        np.exp(rng.normal(size=n_rows) * 3),
        rng.poisson(0.7, n_rows).astype(float),
    )
    X = np.column_stack(
        [skewed, counts, np.full(n_rows, 7.0), rng.normal(size=n_rows) * 1e-6]
    )
    fitted = normal(X)
    low, width = X.min(axis=0), np.ptp(X, axis=0)
    between = low + np.linspace(-0.2, 1.2, 500)[:, None] * width
    far = np.full((1, 4), 1e30)
    given = np.concatenate([X, between, X + 1e-7, X - 1e-7, far, -far])
    found = run(add_normal(Graph(["x"]).value("x"), fitted), given)
    assert found == pytest.approx(fitted.transform(given), abs=1e-9)
    given = np.concatenate([np.linspace(-9, 9, 2001), [-1e30, 0, 1e30]])[:, None]
    for column in (X[:, [0]], X[:, [1]]):
        fitted = normal(column)
        back = run(add_back(Graph(["x"]).value("x"), fitted), given)
        expected = fitted.inverse_transform(given)
        assert back == pytest.approx(expected, rel=1e-9, abs=1e-9 * column.max())


def normal(X: np.ndarray) -> QuantileTransformer:
    n_quantiles = min(len(X), 1000)
    return QuantileTransformer(
        n_quantiles=n_quantiles, output_distribution="normal"
    ).fit(X)


def test_missing_cells_are_taken_where_the_model_takes_them(tmp_path: Path) -> None:
    data = numbers()
    lacking = data.X.copy()
    lacking.loc[3, "b"] = np.nan
    fitted, card = fit("hist_gradient_boosting", data)
    assert card.may_lack == {"a", "b", "c"}
    check(tmp_path / "a", data, replace(data, X=lacking), fitted, card)
    assert fit("random_forest", data)[1].may_lack == set()


def test_the_interval_and_the_threshold_are_in_the_graph(tmp_path: Path) -> None:
    data = numbers(n_classes=0)
    fitted, card = fit("linear_regression", data)
    interval = IntervalSteps(
        level=0.9, edges=[950.0, 1000.0], half_widths=[5.0, 7.0, 100.0]
    )
    save_model(
        tmp_path / "a", fitted, card.model_copy(update={"interval": interval}), data.X
    )
    table = predict(*load_model(tmp_path / "a"), data.X)
    half = np.select([table["y"] <= 950, table["y"] <= 1000], [5.0, 7.0], 100.0)
    assert len(set(half)) == 3
    assert table["low"].to_numpy() == pytest.approx(table["y"] - half)
    assert table["high"].to_numpy() == pytest.approx(table["y"] + half)

    data = numbers()
    fitted, card = fit("logistic_regression", data)
    proba = fitted.predict_proba(rows(data, fitted))[:, 1]
    save_model(
        tmp_path / "b", fitted, card.model_copy(update={"threshold": 0.2}), data.X
    )
    table = predict(*load_model(tmp_path / "b"), data.X)
    assert 0 < ((proba >= 0.2) & (proba < 0.5)).sum()
    assert table["y"].tolist() == [
        "class 1" if each >= 0.2 else "class 0" for each in proba
    ]


def test_an_empty_text_may_be_a_category(tmp_path: Path) -> None:
    labels = ("", "?", "b")
    X = pd.DataFrame(
        {"a": pd.Categorical(["", "?", "b", None] * 20, categories=labels)}
    )
    y = np.tile([0.0, 1.0, 1.0, 0.0], 20)
    y[:20] = 1 - y[:20]
    data = Dataset(
        X, y, Columns({"a": "category"}, {"a": labels}, lacking=("a",)), ("no", "yes")
    )
    for name in ("logistic_regression", "random_forest"):
        fitted, card = fit(name, data)
        assert card.inputs[0].missing == "??"
        check(tmp_path / "a", data, data, fitted, card)
