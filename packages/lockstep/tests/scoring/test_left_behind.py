"""What a search leaves behind: torch's generator where skorch leaves it, rows as they were, a shorter history."""

from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import nn

from lockstep import reads_only
from packages.lockstep.tests.cases.base import LABELS, classifier
from packages.lockstep.tests.cases.modules import MLP, Dropping
from packages.lockstep.tests.searches import ROWS, both_ways, check, probability, scores


def noisy(net: Any, rows: Any, y: Any) -> float:
    return probability(net, rows + torch.randn(rows.shape).numpy())


def robust(net: Any, rows: Any, y: Any) -> float:
    """Draw after an answer; skorch's loader has drawn a seed for it."""
    return probability(net, rows) - noisy(net, rows, y)


@pytest.mark.parametrize(
    ("scorer", "key"),
    [
        (robust, "test_score"),
        ({"accuracy": "accuracy", "noisy": noisy}, "test_noisy"),
        (robust, "train_score"),
    ],
    ids=["after an answer", "after another score", "for the training rows"],
)
def test_torch_draws_for_a_scorer_what_it_draws_where_skorch_has_answered(
    scorer: Any, key: str
) -> None:
    options = {
        "cv": 3,
        "scoring": scorer,
        "error_score": "raise",
        "return_train_score": True,
    }
    ours, theirs = both_ways(
        lambda: cross_validate(classifier(), ROWS, LABELS, **options)
    )
    np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-4)


@reads_only
class Predicts(Callback):
    """Predicts rows of its own, whose type no trial in float64 can change."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        net.history.record("accuracy", float((net.predict(ROWS) == LABELS).mean()))


@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
@pytest.mark.parametrize("shuffled", [False, True])
def test_torch_draws_for_a_scorer_what_it_draws_where_callbacks_have_predicted(
    shuffled: bool,
) -> None:
    check(
        classifier(callbacks=[Predicts()], iterator_train__shuffle=shuffled), robust, {}
    )


def test_the_rows_are_left_as_they_were() -> None:
    before = ROWS.copy()
    scores(
        classifier(lambda: nn.Sequential(nn.ReLU(inplace=True), MLP())),
        {"lr": [0.1]},
        probability,
    )
    np.testing.assert_array_equal(ROWS, before)


def test_a_history_without_losses_has_no_batches() -> None:
    def fitted(record: bool) -> tuple[list[Any], list[Any]]:
        with parallel_config(backend="lockstep", random_state=3, record_losses=record):
            nets = cross_validate(
                classifier(max_epochs=3), ROWS, LABELS, cv=2, return_estimator=True
            )["estimator"]
        return [net.history.to_list() for net in nets], [
            net.predict_proba(ROWS).tobytes() for net in nets
        ]

    (whole, expected), (short, found) = fitted(record=True), fitted(record=False)
    assert found == expected
    for epoch in (epoch for history in whole for epoch in history):
        assert (
            len(epoch["batches"])
            == epoch["train_batch_count"] + epoch["valid_batch_count"]
        )
        epoch["batches"] = []
    assert short == whole


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_noise_does_not_depend_on_whether_other_nets_drop_something(
    noise: float,
) -> None:
    net = classifier(Dropping, module__noise=noise)
    alone, beside = (
        scores(net, {"module__rate": rates}, probability)
        for rates in ([0.0], [0.0, 0.4])
    )
    assert alone == beside[:3]
    assert alone != beside[3:]


class Embeds(TransformerMixin, BaseEstimator):
    """Leaves a setting out of its pickle, as it may be large."""

    def __init__(self, backbone: Any = None) -> None:
        self.backbone = backbone

    def fit(self, X: Any, y: Any = None) -> "Embeds":
        return self

    def transform(self, X: Any) -> Any:
        return self.backbone(X)

    def __getstate__(self) -> dict[str, Any]:
        return {
            key: value
            for key, value in super().__getstate__().items()
            if key != "backbone"
        }


def test_a_setting_that_a_transformer_leaves_out_of_its_pickle_counts() -> None:
    grid = {"embeds__backbone": [np.tanh, np.cbrt, np.negative]}
    check(make_pipeline(Embeds(), classifier()), probability, grid, rtol=1e-5)
