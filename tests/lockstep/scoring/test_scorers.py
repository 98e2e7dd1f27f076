"""What a scorer finds: gradients, what callbacks have kept of a training, and generators where skorch leaves them."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.model_selection import cross_validate
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback
from skorch.dataset import ValidSplit

from lockstep import reads_only
from tests.lockstep.cases.base import LABELS, RATES, classifier
from tests.lockstep.cases.rows import DrawnByNumpy
from tests.lockstep.searches import ROWS, both_ways, check, probability, scores


def validated(net: NeuralNet, scoring: Any, **options: Any) -> tuple[Any, Any]:
    """Return a cross-validation in lockstep, and by skorch alone."""
    options |= {"cv": 3, "scoring": scoring, "error_score": "raise"}
    return both_ways(lambda: cross_validate(net, ROWS, LABELS, **options))


def gradient(net: Any, rows: Any, y: Any) -> float:
    return sum(-1.0 if weight.grad is None else float(weight.grad.norm()) for weight in net.module_.parameters())


def test_a_net_that_is_returned_has_the_gradients_of_the_last_step() -> None:
    both = validated(classifier(), "accuracy", return_estimator=True)
    ours, theirs = ([gradient(net, None, None) for net in each["estimator"]] for each in both)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


@reads_only
class Keeps(Callback):
    """Keeps gradients without a copy, as torch makes new ones for each step, and the mode of the module."""

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.arrays_, self.epochs_, self.modes_ = (list[Any]() for _ in range(3))
        self.missing_ = 0

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.missing_ += sum(weight.grad is None for weight in net.module_.parameters())

    def on_batch_begin(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        self.modes_.append(("begin", training, net.module_.training))

    def on_batch_end(self, net: NeuralNet, training: bool = False, **kwargs: Any) -> None:
        self.modes_.append(("end", training, net.module_.training))
        if training:
            self.arrays_.append(net.module_.layers[-1].bias.grad.numpy())

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        self.modes_.append(("epoch", net.module_.training))
        self.epochs_.append(net.module_.layers[-1].bias.grad)


def kept(what: str, stack: bool) -> list[Any]:
    """Return what the callback of each net has kept."""
    records: list[Any] = []

    def scorer(net: Any, rows: Any, y: Any) -> float:
        records.append(getattr(dict(net.callbacks_)["Keeps"], what))
        return 0.0

    scores(classifier(callbacks=[Keeps()]), RATES, scorer, stack)
    return records


@pytest.mark.parametrize("what", ["arrays_", "epochs_"])
def test_a_callback_may_keep_gradients(what: str) -> None:
    ours, theirs = (np.array([[np.asarray(g) for g in net] for net in kept(what, stack)]) for stack in (True, False))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("what", ["modes_", "missing_"])
def test_a_callback_sees_the_mode_of_the_module_and_that_no_gradient_is_there(what: str) -> None:
    assert kept(what, stack=True) == kept(what, stack=False)


def noisy(net: Any, rows: Any, y: Any) -> float:
    return probability(net, rows + torch.randn(rows.shape).numpy())


def robust(net: Any, rows: Any, y: Any) -> float:
    """Draw after an answer; skorch's loader has drawn a seed for it."""
    return probability(net, rows) - noisy(net, rows, y)


@pytest.mark.parametrize(
    ("scorer", "key"),
    [(robust, "test_score"), ({"accuracy": "accuracy", "noisy": noisy}, "test_noisy"), (robust, "train_score")],
    ids=["after an answer", "after another score", "for the training rows"],
)
def test_torch_draws_for_a_scorer_what_it_draws_where_skorch_has_answered(scorer: Any, key: str) -> None:
    ours, theirs = validated(classifier(), scorer, return_train_score=True)
    np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-4)


@reads_only
class Predicts(Callback):
    """Predicts rows of its own, whose type no trial in float64 can change."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        net.history.record("accuracy", float((net.predict(ROWS) == LABELS).mean()))


@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
@pytest.mark.parametrize("shuffled", [False, True])
def test_torch_draws_for_a_scorer_what_it_draws_where_callbacks_have_predicted(shuffled: bool) -> None:
    check(classifier(callbacks=[Predicts()], iterator_train__shuffle=shuffled), robust, {})


class MixesItsRows(NeuralNetClassifier):
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NeuralNet:
        order = np.random.permutation(len(X))
        return super().fit(X[order], y[order], **fit_params)


DRAWING: dict[str, NeuralNet] = {
    "the hold-out of each class": classifier(train_split=ValidSplit(0.25, stratified=True)),
    "the module": classifier(DrawnByNumpy),
    "fit": classifier(wrapper=MixesItsRows),
}


@pytest.mark.parametrize("what", DRAWING)
def test_numpy_draws_for_a_scorer_what_it_draws_where_a_net_has_drawn(what: str) -> None:
    check(DRAWING[what], lambda net, rows, y: np.random.rand(), {})
