"""Nets that leave the finite numbers: skorch alone fits them, or they have no score; they harm no other."""

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier
from torch import nn

from packages.lockstep.tests.nets import Y, net, scores, search, told


class Finite(NeuralNetClassifier):
    """A net that says whether it has diverged, so that the engine need not fit it again."""

    diverged_ = False

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        with suppress(RuntimeError):  # BCELoss refuses NaN
            super().fit(X, y, **fit_params)
        numbers = [each.isfinite().all() for each in self.module_.parameters()]
        self.diverged_ = not all(numbers)
        return self


def finite_accuracy(estimator: Any, rows: np.ndarray, y: np.ndarray) -> float:
    return (
        np.nan if estimator.diverged_ else float((estimator.predict(rows) == y).mean())
    )


@pytest.mark.parametrize("criterion", [nn.BCELoss, nn.BCEWithLogitsLoss])
def test_a_diverging_candidate_has_no_score_and_harms_no_other(
    criterion: type[nn.Module],
) -> None:
    output = nn.Sigmoid if criterion is nn.BCELoss else nn.Identity
    estimator = net(
        wrapper=Finite,
        criterion=criterion,
        module__output=output,
        optimizer=torch.optim.SGD,
    )
    # BCELoss raises where it meets NaN, so that candidate goes on alone.
    both, _ = told(estimator, {"lr": [1e37, 0.001]}, Y, scoring=finite_accuracy)
    alone = search(estimator, {"lr": [0.001]}, scoring=finite_accuracy)
    assert np.isnan(both.cv_results_["mean_test_score"]).tolist() == [True, False]
    assert both.cv_results_["rank_test_score"].tolist() == [2, 1]
    assert list(scores(alone).values()) == [list(scores(both).values())[1]]


def test_without_the_attribute_a_diverging_candidate_is_skorchs_own() -> None:
    grid = {"lr": [1e37, 0.001]}
    estimator = net(optimizer=torch.optim.SGD)
    ours, theirs = (
        told(estimator, grid, Y)[0],
        told(estimator, grid, Y, backend={"stack": False})[0],
    )
    # A rounding decides whether a probability near 1 is 1, where BCELoss has no gradient.
    for key in ("mean_test_score", "rank_test_score"):
        np.testing.assert_allclose(
            ours.cv_results_[key], theirs.cv_results_[key], rtol=5e-3
        )
    with pytest.raises(
        RuntimeError, match="all elements of input should be between 0 and 1"
    ):
        told(estimator, grid, Y, error_score="raise")
