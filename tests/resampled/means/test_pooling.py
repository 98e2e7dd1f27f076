"""Oracle: scikit-learn's scorers, with weights of rows in place of parts of them."""

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer
from sklearn.utils.fixes import parse_version

from resampled.means.pooling import pooling

RNG = np.random.default_rng(3)
N = 120
WEIGHTS = {"all": np.ones(N), "weighted": RNG.integers(0, 4, N).astype(float)}


class Known(BaseEstimator):
    """Predicts what it was given, for rows in the same order."""

    def __init__(self, given: np.ndarray) -> None:
        self.given = given

    def __sklearn_is_fitted__(self) -> bool:
        return True


class KnownClasses(ClassifierMixin, Known):
    @property
    def classes_(self) -> np.ndarray:
        return np.arange(self.given.shape[1])

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.given.argmax(axis=1)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return self.given


class KnownNumbers(RegressorMixin, Known):
    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.given


def compare(scoring: str, estimator: BaseEstimator, y: np.ndarray, weights: np.ndarray, n_classes: int = 2) -> None:
    pooled = pooling(scoring, n_classes)
    assert pooled is not None
    rows = pooled.rows(y, getattr(estimator, pooled.response)(np.zeros((N, 1))))
    assert rows.dtype == np.float32
    expected = get_scorer(scoring)(estimator, np.zeros((N, 1)), y, sample_weight=weights)
    assert pooled.score(weights @ rows) == pytest.approx(expected, abs=2e-6, rel=2e-6)
    assert np.isnan(pooled.score(np.zeros(rows.shape[1])))


@pytest.mark.parametrize("weights", list(WEIGHTS))
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("scoring", ["accuracy", "balanced_accuracy", "neg_log_loss", "neg_brier_score"])
def test_classes(scoring: str, n_classes: int, weights: str) -> None:
    if scoring == "neg_brier_score" and n_classes > 2 and parse_version(sklearn.__version__) < parse_version("1.7"):
        pytest.skip("this scikit-learn has the score of two classes only")
    y = RNG.integers(n_classes, size=N).astype(float)
    estimator = KnownClasses(RNG.dirichlet(np.ones(n_classes), N).astype(np.float32))
    compare(scoring, estimator, y, WEIGHTS[weights], n_classes)


@pytest.mark.parametrize("weights", list(WEIGHTS))
def test_f1(weights: str) -> None:
    compare("f1", KnownClasses(RNG.dirichlet([1, 1], N)), RNG.integers(2, size=N), WEIGHTS[weights])


@pytest.mark.parametrize("weights", list(WEIGHTS))
@pytest.mark.parametrize(
    "scoring", ["neg_mean_squared_error", "neg_root_mean_squared_error", "neg_mean_absolute_error", "r2"]
)
def test_numbers(scoring: str, weights: str) -> None:
    y = 5000 + RNG.normal(size=N)
    compare(scoring, KnownNumbers((y + RNG.normal(size=N)).reshape(-1, 1)), y, WEIGHTS[weights])


def test_roc_auc_is_exact_on_all_rows_and_close_on_most() -> None:
    y = RNG.integers(2, size=10_000)
    chance = np.round(1 / (1 + np.exp(-(y + RNG.normal(size=10_000)))), 2)  # with ties
    estimator = KnownClasses(np.column_stack([1 - chance, chance]))
    pooled, scorer = pooling("roc_auc"), get_scorer("roc_auc")
    assert pooled is not None
    rows = pooled.rows(y, estimator.predict_proba(y)).astype(float)
    assert pooled.score(rows.sum(axis=0)) == pytest.approx(scorer(estimator, y, y), abs=1e-6)
    for _ in range(20):
        weights = (RNG.random(10_000) < 2 / 3).astype(float)
        part = scorer(estimator, y, y, sample_weight=weights)
        assert pooled.score(weights @ rows) == pytest.approx(part, abs=2e-4)


def test_other_scorers_are_not_pooled() -> None:
    assert pooling("average_precision") is None
    assert pooling("roc_auc", n_classes=3) is None
    assert pooling("f1", n_classes=3) is None
