"""The draws of a search, how two settings compare in a word, which fits are stuck, and the words for that."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer

from gridstage.results import Results, files
from gridstage.results.record import Counted
from gridstage.scores.score_table import read_corrected
from gridstage.scores.scorer import _answer_of, make_scorer
from gridstage.told.findings import is_inside
from gridstage.told.scores import stuck_in_words, too_few
from packages.gridstage.tests.results.records import search_summary
from packages.gridstage.tests.results.texts import Texts
from resampled.candidates.stuck import Answered
from resampled.means.corrected import Draws
from resampled.means.equivalence import equivalence
from resampled.resampling import Resampling

RNG = np.random.default_rng(6)
FOLDS = Resampling.of_folds(3)


def test_the_corrected_score_comes_back_with_its_draws() -> None:
    """What halving has left is no other way to draw, so a search that was halved shares its draws with the others."""
    draws, texts = Draws(np.array([0.125, np.nan]), np.array([-1e-7, 0.5])), Texts()
    texts.put(files.DRAWS, pd.DataFrame(vars(draws)), "a")
    summary = search_summary(
        best_score_corrected=0.7,
        best_score_corrected_low=0.67,
        best_score_corrected_high=0.73,
        corrected_noise=0.001,
        corrected_over="rows and repeats",
    )
    found = read_corrected(Results(texts), "a", summary)
    assert found is not None
    assert (found.score, found.low, found.high, found.over, found.noise) == (
        0.7,
        0.67,
        0.73,
        "rows and repeats",
        0.001,
    )
    np.testing.assert_array_equal(found.draws.selecting, draws.selecting)
    np.testing.assert_array_equal(found.draws.left_out, draws.left_out)
    assert read_corrected(Results(texts), "b", search_summary()) is None


def test_as_good_is_a_90_percent_interval_inside_the_rope() -> None:
    """Oracle: scipy's interval of Student's t."""
    for _ in range(50):
        differences = RNG.normal(RNG.uniform(-0.01, 0.01), 0.01, size=30)
        error = differences.std(ddof=1) * math.sqrt(1 / 30 + 0.5)
        low, high = stats.t(29, differences.mean(), error).interval(0.9)
        worse, _, better = equivalence(differences, FOLDS, 0.01)
        assert is_inside(float(worse), float(better)) == (-0.01 < low and high < 0.01)


class Answering(BaseEstimator):
    """An estimator that predicts what it is given."""

    def __init__(self, predicted: Any = None) -> None:
        self.predicted = predicted

    def predict(self, X: Any) -> Any:
        return self.predicted


def test_what_a_net_answers_tells_whether_it_is_stuck() -> None:
    X, proba = np.zeros((4, 1)), np.tile([[0.2, 0.8]], (4, 1))
    numbers = np.array([[1.0], [3.0], [1.0], [1.0]])
    assert _answer_of(Answering(numbers), X, {}) == Answered(1.0, 0.75, 0.75**0.5)
    # What is known is not asked again.
    assert _answer_of(Answering(None), X, {"predict_proba": proba}) == Answered(
        1.0, 1.0, 0.0
    )
    for n_stuck, told in (
        (1, "1 of 30 fits is stuck; without it 0.7016"),
        (3, "3 of 30 fits are stuck; without them 0.7016"),
    ):
        found = search_summary(best_n_stuck=n_stuck, best_score_not_stuck=0.7016)
        assert stuck_in_words(found, 4) == told
    all_of_them = search_summary(best_n_stuck=30)
    assert stuck_in_words(all_of_them, 4) == "all 30 fits are stuck"


@pytest.mark.parametrize(
    ("scoring", "model"),
    [
        ("neg_log_loss", LogisticRegression()),
        ("neg_mean_poisson_deviance", DummyRegressor()),
        ("neg_mean_squared_log_error", DummyRegressor()),
        ("r2", LinearRegression()),
    ],
)
def test_a_score_has_the_digits_that_all_processors_agree_in(
    scoring: str, model: BaseEstimator
) -> None:
    X, y = np.arange(6.0)[:, None], np.array([0, 0, 1, 0, 1, 1])
    score = get_scorer(scoring)(model.fit(X, y), X, y)
    assert (
        make_scorer(scoring).scorers[scoring](model, X, y)
        == float(f"{score:.12g}")
        != score
    )


class InFloat32(ClassifierMixin, BaseEstimator):
    """Answers with float32, as nets do, some of which are 0 and 1."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> "InFloat32":
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        second = np.float32(X[:, 0] / len(X))
        return np.stack([1 - second, second], axis=1)


def test_logarithms_of_a_nets_answers_are_in_float64() -> None:
    X, y = np.arange(1001.0)[:, None], np.arange(1001) % 2
    model = InFloat32().fit(X, y)
    found = make_scorer("neg_log_loss").scorers["neg_log_loss"](
        model, X, y.astype(np.float32)
    )
    least = np.finfo(np.float32).eps
    clipped = np.clip(model.predict_proba(X), least, 1 - least).astype(float)
    assert found == pytest.approx(np.log(clipped[np.arange(1001), y]).mean(), rel=1e-11)
    assert found == pytest.approx(get_scorer("neg_log_loss")(model, X, y), rel=1e-6)


def test_few_rows_of_a_class_and_few_groups_are_told() -> None:
    def note(classes: dict[str, int], n_groups: int | None = None) -> str:
        counted = Counted(n_rows=100, classes=classes, n_groups=n_groups)
        return too_few(counted) or ""

    assert note({"a": 80, "b": 12}, 4).startswith(
        "Intervals may be too narrow, because the rarest class has 12 rows (fewer than 20) and there are 4 groups (fewe"
    )
    assert "because there are 4 groups" in note({}, 4)
    assert not note({"a": 80, "b": 20})
