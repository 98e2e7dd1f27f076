"""skorch's own callbacks, which every net has: they are told of epochs where somebody may read what they record."""

from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.metrics import make_scorer
from sklearn.model_selection import cross_validate
from skorch import NeuralNet, NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import EpochScoring
from skorch.dataset import ValidSplit
from torch import Tensor, nn

from lockstep.stacks.callbacks import Audience
from tests.lockstep.cases.base import LABELS, classifier
from tests.lockstep.searches import ROWS, both_ways, check, probability


def validated(net: NeuralNet, y: Any = LABELS, **settings: Any) -> tuple[dict[str, Any], int]:
    """Return a cross-validation, and to how many epochs of nets callbacks have listened meanwhile."""
    with mock.patch.object(Audience, "epoch", autospec=True, side_effect=Audience.epoch) as epochs:
        every = cross_validate(net, ROWS, y, cv=3, error_score="raise", **settings)
    return every, epochs.call_count


def plain(**settings: Any) -> NeuralNet:
    """Return a net with the callbacks that skorch gives it."""
    return classifier(**{"callbacks": None, "iterator_train__shuffle": True} | settings)


class Own(NeuralNetClassifier):
    """A class that may look at its history."""


LISTENED: dict[str, tuple[NeuralNet, dict[str, Any], bool]] = {
    "scikit-learn's scores": (plain(), {"scoring": ["accuracy", "neg_log_loss"]}, False),
    "its own score": (plain(), {}, False),
    "without a hold-out": (plain(train_split=None), {}, False),
    "no accuracy": (plain(callbacks__valid_acc=None), {}, False),
    "nets are returned": (plain(), {"return_estimator": True}, True),
    "a scorer of one's own": (plain(), {"scoring": probability}, True),
    "a class of one's own": (plain(wrapper=Own), {}, True),
    "the table is printed": (plain(verbose=1), {}, True),
    "another score of epochs": (plain(callbacks=[EpochScoring("roc_auc")]), {}, True),
    "a score that predicts anew": (plain(callbacks__valid_acc__use_caching=False), {}, True),
    "a function makes probabilities": (plain(predict_nonlinearity=nn.Softmax(-1)), {}, True),
}


@pytest.mark.parametrize("name", LISTENED)
def test_callbacks_hear_of_epochs_where_somebody_may_read_what_they_record(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    net, settings, listens = LISTENED[name]
    (ours, n_heard), (theirs, _) = both_ways(lambda: validated(net, **settings))
    for key in (key for key in theirs if key.startswith("test_")):
        np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-5)
    assert (n_heard > 0) == listens
    for one, other in zip(ours.get("estimator", []), theirs.get("estimator", []), strict=True):
        assert [sorted(row) for row in one.history] == [sorted(row) for row in other.history]


def test_what_an_accuracy_of_epochs_raises_is_raised() -> None:
    # skorch's accuracy of a hold-out takes no half, whose loss and probability are numbers all the same.
    about = {"criterion": nn.BCEWithLogitsLoss, "module__n_outputs": 1, "train_split": ValidSplit(4)}
    net = plain(wrapper=NeuralNetBinaryClassifier, **about)
    halves = np.where(np.arange(len(LABELS)) == 1, 0.5, LABELS).astype(np.float32)
    for stack in (True, False):
        refused = pytest.raises(ValueError, match="continuous")
        with refused, parallel_config(backend="lockstep", random_state=3, stack=stack):
            validated(net, halves, scoring=make_scorer(lambda y, predicted: 0.0))


class Counts(nn.Module):
    """Counts its evaluations, and shifts what it says by their number."""

    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(ROWS.shape[1], 2)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            self.seen += 1
        return self.linear(x) * (1 + 0.1 * self.seen)


def test_a_module_that_changes_in_evaluation_is_what_skorch_makes_of_it() -> None:
    check(plain(module=Counts), "neg_log_loss", {}, rtol=1e-5)
