"""Oracle: skorch. What its own callbacks, which every net has, hear of epochs, and a recorder of the hold-out."""

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
from torch import nn

from lockstep import HoldOutRecorder
from lockstep.stacks.callbacks import Audience
from packages.lockstep.tests.cases.base import LABELS, classifier
from packages.lockstep.tests.searches import ROWS, both_ways, probability


def validated(
    net: NeuralNet, y: Any = LABELS, **settings: Any
) -> tuple[dict[str, Any], int]:
    """Return a cross-validation, and to how many epochs of nets callbacks have listened meanwhile."""
    with mock.patch.object(
        Audience, "epoch", autospec=True, side_effect=Audience.epoch
    ) as epochs:
        every = cross_validate(net, ROWS, y, cv=3, error_score="raise", **settings)
    return every, epochs.call_count


def plain(**settings: Any) -> NeuralNet:
    """Return a net with the callbacks that skorch gives it."""
    return classifier(**{"callbacks": None, "iterator_train__shuffle": True} | settings)


class Own(NeuralNetClassifier):
    """A class that may look at its history."""


LISTENED: dict[str, tuple[NeuralNet, dict[str, Any], bool]] = {
    "scikit-learn's scores": (
        plain(),
        {"scoring": ["accuracy", "neg_log_loss"]},
        False,
    ),
    "without a hold-out": (plain(train_split=None), {}, False),
    "nets are returned": (plain(), {"return_estimator": True}, True),
    "a scorer of one's own": (plain(), {"scoring": probability}, True),
    "a class of one's own": (plain(wrapper=Own), {}, True),
    "the table is printed": (plain(verbose=1), {}, True),
    "another score of epochs": (plain(callbacks=[EpochScoring("roc_auc")]), {}, True),
    "a function makes probabilities": (
        plain(predict_nonlinearity=nn.Softmax(-1)),
        {},
        True,
    ),
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
    for one, other in zip(
        ours.get("estimator", []), theirs.get("estimator", []), strict=True
    ):
        assert [sorted(row) for row in one.history] == [
            sorted(row) for row in other.history
        ]


def test_what_an_accuracy_of_epochs_raises_is_raised() -> None:
    # skorch's accuracy of a hold-out takes no half, whose loss and probability are numbers all the same.
    about = {
        "criterion": nn.BCEWithLogitsLoss,
        "module__n_outputs": 1,
        "train_split": ValidSplit(4),
    }
    net = plain(wrapper=NeuralNetBinaryClassifier, **about)
    halves = np.where(np.arange(len(LABELS)) == 1, 0.5, LABELS).astype(np.float32)
    for stack in (True, False):
        refused = pytest.raises(ValueError, match="continuous")
        with refused, parallel_config(backend="lockstep", random_state=3, stack=stack):
            validated(net, halves, scoring=make_scorer(lambda y, predicted: 0.0))


def test_another_training_of_a_recorder_begins_anew() -> None:
    net = classifier(callbacks=[HoldOutRecorder()]).fit(ROWS, LABELS).fit(ROWS, LABELS)
    (recorder,) = (
        each for _, each in net.callbacks_ if isinstance(each, HoldOutRecorder)
    )
    assert len(recorder.outputs_) == 3
    net.partial_fit(ROWS, LABELS)
    assert len(recorder.outputs_) == 6
    assert np.isfinite(torch.stack(recorder.outputs_).numpy()).all()
