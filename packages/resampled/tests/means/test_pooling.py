"""Oracle: scikit-learn's scorers, with weights of rows in place of parts of them."""

import numpy as np
import pytest
import sklearn
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer
from sklearn.utils.fixes import parse_version

from resampled.means.pooling import mean_ranks, pooling

RNG = np.random.default_rng(3)
N = 120


class Known(BaseEstimator):
    """Predicts what it was given, for rows in the same order: numbers, or the probabilities of classes."""

    def __init__(self, given: np.ndarray) -> None:
        self.given = given

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: np.ndarray) -> np.ndarray:
        return (
            self.given
            if isinstance(self, RegressorMixin)
            else self.given.argmax(axis=1)
        )


class KnownNumbers(RegressorMixin, Known):
    pass


class KnownClasses(ClassifierMixin, Known):
    @property
    def classes_(self) -> np.ndarray:
        return np.arange(self.given.shape[1])

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return self.given


def compare(
    scoring: str, estimator: BaseEstimator, y: np.ndarray, n_classes: int = 2
) -> None:
    pooled = pooling(scoring, n_classes)
    assert pooled is not None
    rows = pooled.rows(y, getattr(estimator, pooled.response)(np.zeros((N, 1))))
    assert rows.dtype == np.float32
    for weights in (np.ones(N), RNG.integers(0, 4, N).astype(float)):
        expected = get_scorer(scoring)(
            estimator, np.zeros((N, 1)), y, sample_weight=weights
        )
        assert pooled.score(weights @ rows) == pytest.approx(
            expected, abs=2e-6, rel=2e-6
        )
    assert np.isnan(pooled.score(np.zeros(rows.shape[1])))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "scoring",
    ["accuracy", "balanced_accuracy", "neg_log_loss", "neg_brier_score", "f1"],
)
def test_classes(scoring: str, n_classes: int) -> None:
    if scoring == "f1" and n_classes > 2:
        assert pooling(scoring, n_classes) is None
        return
    if (
        scoring == "neg_brier_score"
        and n_classes > 2
        and parse_version(sklearn.__version__) < parse_version("1.7")
    ):
        pytest.skip("this scikit-learn has the score of two classes only")
    y = RNG.integers(n_classes, size=N).astype(float)
    compare(
        scoring,
        KnownClasses(RNG.dirichlet(np.ones(n_classes), N).astype(np.float32)),
        y,
        n_classes,
    )


@pytest.mark.parametrize(
    "scoring",
    [
        "neg_mean_squared_error",
        "neg_root_mean_squared_error",
        "neg_mean_absolute_error",
        "r2",
    ],
)
def test_numbers(scoring: str) -> None:
    y = 5000 + RNG.normal(size=N)
    compare(scoring, KnownNumbers((y + RNG.normal(size=N)).reshape(-1, 1)), y)


def test_roc_auc_is_exact_on_all_rows_and_close_on_most() -> None:
    y = RNG.integers(2, size=10_000)
    chance = np.round(1 / (1 + np.exp(-(y + RNG.normal(size=10_000)))), 2)  # with ties
    estimator = KnownClasses(np.column_stack([1 - chance, chance]))
    pooled, scorer = pooling("roc_auc"), get_scorer("roc_auc")
    assert pooled is not None
    rows = pooled.rows(y, estimator.predict_proba(y)).astype(float)
    assert pooled.score(rows.sum(axis=0)) == pytest.approx(
        scorer(estimator, y, y), abs=1e-6
    )
    weights = (RNG.random(10_000) < 2 / 3).astype(float)
    assert pooled.score(weights @ rows) == pytest.approx(
        scorer(estimator, y, y, sample_weight=weights), abs=2e-4
    )


@pytest.mark.parametrize("numbers", [[], [3.0], [2, 1, 2, 2, 0, 1], [1.0, np.nan, 0.0]])
def test_ranks_are_those_of_scipy(numbers: list[float]) -> None:
    # As since scipy 1.10; before, NaN was the largest number.
    unknown = np.full(len(numbers), np.nan)
    expected = unknown if np.isnan(numbers).any() else rankdata(numbers)
    np.testing.assert_array_equal(mean_ranks(np.array(numbers)), expected)
