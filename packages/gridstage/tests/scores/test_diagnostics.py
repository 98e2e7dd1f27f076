"""What is charted of the kept net's predictions, against scikit-learn and plain counts."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from gridstage.results import files
from gridstage.results.writing import as_csv
from gridstage.scores.diagnostics import (
    MOST,
    Pooled,
    diagnostics,
    pool,
    predictions,
    wilson_interval,
)


def two_classes(n: int = 3000) -> Pooled:
    rng = np.random.default_rng(0)
    proba = rng.beta(2, 2, n)
    observed = (rng.random(n) < proba).astype(float)
    return Pooled(
        observed, np.stack([1 - proba, proba], axis=1), ("no", "yes"), n_repeats=3.0
    )


def panel(table: pd.DataFrame, name: str, series: str = "yes") -> pd.DataFrame:
    return table[(table["panel"] == name) & (table["series"] == series)]


def test_curves_of_two_classes_are_those_of_the_second_one_and_keep_their_shape() -> (
    None
):
    pooled = two_classes()
    observed, proba = pooled.observed, pooled.predicted[:, 1]
    table = diagnostics(pooled)
    assert list(table) == list(files.DIAGNOSTICS.needed)
    assert set(table["series"]) == {"no", "yes"}
    assert set(table.loc[table["series"] == "no", "panel"]) == {"confusion"}

    roc = panel(table, "ROC")
    assert 150 < len(roc) <= MOST
    assert roc[["x", "y"]].to_numpy()[[0, -1]].tolist() == [[0, 0], [1, 1]]
    area = roc_auc_score(observed, proba)
    assert np.trapezoid(roc["y"], roc["x"]) == pytest.approx(area, abs=1e-3)
    assert set(roc["label"]) == {f"area {area:.3f}"}

    curve = panel(table, "precision and recall")
    assert len(curve) <= MOST
    assert set(panel(table, "calibration")["label"]) == {""}
    assert curve["x"].is_monotonic_increasing
    for recall, precision in curve[["x", "y"]].to_numpy()[1::20]:
        # The threshold at which so many of the class are found.
        threshold = np.sort(proba[observed == 1])[::-1][
            round(recall * observed.sum()) - 1
        ]
        assert precision == pytest.approx(observed[proba >= threshold].mean(), abs=0.01)


def test_a_calibration_bin_is_an_average_with_wilsons_interval_over_distinct_rows() -> (
    None
):
    pooled = two_classes()
    table = panel(diagnostics(pooled), "calibration")
    assert table["count"].tolist() == [300] * 10
    lowest = np.argsort(pooled.predicted[:, 1])[:300]
    assert table["x"].iloc[0] == pytest.approx(pooled.predicted[lowest, 1].mean())
    assert table["y"].iloc[0] == pytest.approx(pooled.observed[lowest].mean())
    assert (table["low"] < table["y"]).all()
    assert (table["y"] < table["high"]).all()
    low, high = wilson_interval(np.array([0.3, 0.0]), np.array([100.0, 20.0]))
    for i, (k, n) in enumerate([(30, 100), (0, 20)]):
        interval = binomtest(k, n).proportion_ci(method="wilson")
        assert (low[i], high[i]) == pytest.approx((interval.low, interval.high))
    own = wilson_interval(table["y"].to_numpy(), np.full(10, 100.0))
    assert table["low"].to_numpy() == pytest.approx(own[0])


def test_several_classes_have_a_curve_each_and_a_whole_confusion_matrix() -> None:
    rng = np.random.default_rng(1)
    observed = rng.integers(0, 3, 400).astype(float)
    proba = rng.dirichlet([1, 1, 1], 400) + np.eye(3)[observed.astype(int)]
    pooled = Pooled(
        observed, proba / proba.sum(axis=1, keepdims=True), ("a", "b", "c"), 1.0
    )
    table = diagnostics(pooled)
    assert set(panel(table, "ROC", "a")["label"]) == {
        f"area {roc_auc_score(observed == 0, pooled.predicted[:, 0]):.3f}"
    }
    counts = table[table["panel"] == "confusion"].set_index(["series", "label"])[
        "count"
    ]
    assert len(counts) == 9
    assert counts["a", "b"] == ((observed == 0) & (proba.argmax(axis=1) == 1)).sum()
    onehot = np.eye(3)[observed.astype(int)]
    assert pooled.brier_score() == pytest.approx(
        ((onehot - pooled.predicted) ** 2).sum(axis=1).mean()
    )


def test_numbers_have_residuals_at_equally_spaced_ranks() -> None:
    rng = np.random.default_rng(2)
    predicted = rng.exponential(size=1000)
    pooled = Pooled(predicted + rng.normal(size=1000), predicted, (), 1.0)
    table = diagnostics(pooled)
    assert table["panel"].value_counts().to_dict() == {
        "residuals": MOST,
        "observed and predicted": MOST,
    }
    both = table.groupby("panel")["x"].apply(list)
    assert both["residuals"] == both["observed and predicted"]
    assert both["residuals"][0] == predicted.min()
    assert both["residuals"][-1] == predicted.max()
    assert np.median(both["residuals"]) == pytest.approx(np.median(predicted), abs=0.01)
    first = table[table["panel"] == "observed and predicted"].iloc[0]
    assert first["y"] - first["x"] == pytest.approx(table.iloc[0]["y"])
    assert pooled.brier_score() is None


def test_predictions_are_pooled_by_the_rows_they_are_of() -> None:
    y = np.array([0.0, 1.0, 1.0, 0.0])
    splits = [
        (np.array([0, 1]), np.array([2, 3])),
        (np.array([2, 3]), np.array([1, 0])),
        (np.array([0]), np.array([3])),
    ]
    given = [
        np.array([[0.2, 0.8], [0.6, 0.4]], dtype=np.float32),
        np.array([[0.1, 0.9], [0.7, 0.3]]),
        None,
    ]
    pooled = pool(y, splits, given, ("no", "yes"))
    assert pooled is not None
    assert pooled.observed.tolist() == [1, 0, 1, 0]
    assert pooled.predicted[:, 1].tolist() == pytest.approx([0.8, 0.4, 0.9, 0.3])
    assert pooled.brier_score() == pytest.approx(
        brier_score_loss(pooled.observed, pooled.predicted[:, 1])
    )
    assert pooled.n_repeats == 1

    # Where one split has no probabilities, none are pooled.
    given[2] = np.array([1])
    pooled = pool(y, splits, given, ("no", "yes"))
    assert pooled is not None
    assert pooled.predicted.tolist() == [1, 0, 1, 0, 1]
    table = diagnostics(pooled)
    assert set(table["panel"]) == {"confusion"}
    assert table["count"].tolist() == [2, 1, 0, 2]


def test_a_net_that_diverged_everywhere_leaves_an_empty_table() -> None:
    assert (
        pool(np.zeros(2), [(np.array([0]), np.array([1]))], [None], ("no", "yes"))
        is None
    )
    assert as_csv(diagnostics(None)) == "panel,series,x,y,low,high,count,label\n"


def test_predictions_are_probabilities_where_a_model_gives_some() -> None:
    X = np.linspace(-1, 1, 20)[:, None]
    y = (X.ravel() > 0).astype(float)
    classifier = LogisticRegression().fit(X, y)
    assert np.array_equal(predictions(classifier, X), classifier.predict_proba(X))
    classifier.predict_proba = lambda rows: np.full((len(rows), 2), 2.0)
    assert np.array_equal(predictions(classifier, X), classifier.predict(X))
    regressor = LinearRegression().fit(X, X)
    assert predictions(regressor, X).shape == (20,)
