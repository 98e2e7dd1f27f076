"""The bounds of scorers. Oracle: the scorers of scikit-learn, of which each is best at 0, 1 or nowhere."""

import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, get_scorer_names

from resampled.scorers import bounds_of, effective_rows


@pytest.mark.parametrize("scoring", get_scorer_names())
def test_every_scorer_has_bounds_around_its_best(scoring: str) -> None:
    low, high = bounds_of(scoring)
    assert low < high
    assert high in {0, 1, math.inf}


@pytest.mark.parametrize(
    ("scoring", "bounds"),
    [
        ("accuracy", (0, 1)),
        ("matthews_corrcoef", (-1, 1)),
        ("neg_mean_squared_error", (-math.inf, 0)),
        ("r2", (-math.inf, 1)),
    ],
)
def test_bounds_are_those_of_the_formula(scoring: str, bounds: tuple[float, float]) -> None:
    assert bounds_of(scoring) == bounds


@pytest.mark.parametrize("scoring", ["accuracy", "top_k_accuracy", "neg_brier_score", "neg_log_loss"])
def test_scorers_that_count_rows_count_all(scoring: str) -> None:
    assert effective_rows(scoring, [90, 10]) is None


@pytest.mark.parametrize("scoring", ["balanced_accuracy", "roc_auc", "f1", "recall_macro", "matthews_corrcoef"])
def test_scorers_that_treat_classes_alike_have_no_more_rows_than_the_rarest(scoring: str) -> None:
    assert effective_rows(scoring, [90, 10]) == 20
    assert effective_rows(scoring, [50, 50, 50]) == 150
    assert effective_rows(scoring, []) is None


def test_one_row_of_the_effective_ones_is_what_a_row_of_the_rarest_class_makes_in_balanced_accuracy() -> None:
    truth = np.repeat([0, 1, 2], [60, 30, 10])
    wrong = np.where(np.arange(100) == 99, 0, truth)
    effective = effective_rows("balanced_accuracy", [60, 30, 10])
    assert effective is not None
    assert 1 - balanced_accuracy_score(truth, wrong) == pytest.approx(1 / effective)
