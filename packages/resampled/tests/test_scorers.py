"""The bounds of scorers. Oracle: the scorers of scikit-learn, of which each is best at 0, 1 or nowhere."""

import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, get_scorer_names

from resampled.scorers import bounds_of, effective_rows


def test_every_scorer_has_bounds_around_its_best() -> None:
    for scoring in get_scorer_names():
        low, high = bounds_of(scoring)
        assert low < high
        assert high in {0, 1, math.inf}
    assert bounds_of("accuracy") == (0, 1)
    assert bounds_of("matthews_corrcoef") == (-1, 1)
    assert bounds_of("neg_mean_squared_error") == (-math.inf, 0)
    assert bounds_of("r2") == (-math.inf, 1)


@pytest.mark.parametrize(
    "scoring", ["accuracy", "top_k_accuracy", "neg_brier_score", "neg_log_loss"]
)
def test_scorers_that_count_rows_count_all(scoring: str) -> None:
    assert effective_rows(scoring, [90, 10]) is None
    assert effective_rows(scoring, [90, 10], 12) == 12  # groups


@pytest.mark.parametrize(
    "scoring", ["balanced_accuracy", "roc_auc", "f1", "matthews_corrcoef"]
)
def test_scorers_that_treat_classes_alike_have_no_more_rows_than_the_rarest(
    scoring: str,
) -> None:
    """One of these rows is what a row of the rarest class makes in balanced accuracy."""
    assert math.isnan(effective_rows(scoring, []) or 0)
    assert math.isnan(effective_rows(scoring, [], 12) or 0)
    truth = np.repeat([0, 1, 2], [60, 30, 10])
    wrong = np.where(np.arange(100) == 99, 0, truth)
    effective = effective_rows(scoring, [60, 30, 10])
    assert effective is not None
    assert 1 - balanced_accuracy_score(truth, wrong) == pytest.approx(1 / effective)
    assert effective_rows(scoring, [60, 30, 10], 12) == 12
