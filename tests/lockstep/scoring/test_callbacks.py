"""Oracle: skorch. What its own callbacks, which every net has, and a recorder of the hold-out hear of epochs."""

from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.metrics import make_scorer
from sklearn.model_selection import cross_validate
from skorch import NeuralNet, NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import EarlyStopping, EpochScoring
from skorch.dataset import ValidSplit
from torch import nn

from lockstep import HoldOutRecorder, LockstepWarning
from lockstep.stacks.callbacks import Audience
from tests.lockstep.cases.base import LABELS, classifier
from tests.lockstep.searches import ROWS, both_ways, probability


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
    "without a hold-out": (plain(train_split=None), {}, False),
    "nets are returned": (plain(), {"return_estimator": True}, True),
    "a scorer of one's own": (plain(), {"scoring": probability}, True),
    "a class of one's own": (plain(wrapper=Own), {}, True),
    "the table is printed": (plain(verbose=1), {}, True),
    "another score of epochs": (plain(callbacks=[EpochScoring("roc_auc")]), {}, True),
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


# The places of validation rows are skorch's: the last batch is a short one.
SETTINGS: dict[str, Any] = {"max_epochs": 4, "batch_size": 16, "lr": 0.05, "verbose": 0}


class MaxNorm(nn.Module):
    """A net whose forward writes into its weights, in evaluation as well, and which has two outputs."""

    def __init__(self, width: int = 6, several: bool = False) -> None:
        super().__init__()
        self.several = several
        self.first, self.last = nn.Linear(ROWS.shape[1], width), nn.Linear(width, int(LABELS.max()) + 1)

    def forward(self, x: torch.Tensor) -> Any:
        with torch.no_grad():
            self.first.weight.mul_(0.5 / self.first.weight.norm(dim=0, keepdim=True).clamp(min=0.5))
        hidden = torch.relu(self.first(x))
        return (self.last(hidden), hidden) if self.several else self.last(hidden)


class FirstNet(NeuralNetClassifier):
    """A net whose loss and predictions are those of the first output."""

    def get_loss(self, y_pred: Any, y_true: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        return super().get_loss(y_pred[0] if isinstance(y_pred, tuple) else y_pred, y_true, *args, **kwargs)


def recorder_of(net: NeuralNetClassifier) -> HoldOutRecorder:
    (found,) = (each for _, each in net.callbacks_ if isinstance(each, HoldOutRecorder))
    return found


@pytest.mark.parametrize(
    ("others", "several"),
    [([], True), ([], False), ([("stop", EarlyStopping("valid_loss", patience=1))], True)],
)
def test_a_stack_keeps_what_skorch_hands_to_callbacks(
    others: list[Any], several: bool, recwarn: pytest.WarningsRecorder
) -> None:
    changes: dict[str, Any] = {"module__several": several}
    if others and isinstance(others[0][1], EarlyStopping):
        changes |= {"callbacks__valid_loss": EpochScoring("neg_log_loss", name="valid_loss", lower_is_better=True)}
    callbacks = [("recorder", HoldOutRecorder()), *others]
    net = FirstNet(MaxNorm, criterion=nn.CrossEntropyLoss, callbacks=callbacks, **SETTINGS, **changes)
    options: dict[str, Any] = {"cv": 3, "scoring": "accuracy", "return_estimator": True}
    nets = both_ways(lambda: cross_validate(net, ROWS, LABELS, **options)["estimator"])
    assert not [each for each in recwarn if issubclass(each.category, LockstepWarning)]
    for one, other in zip(*nets, strict=True):
        mine, skorchs = recorder_of(one), recorder_of(other)
        assert len(mine.outputs_) == len(skorchs.outputs_) == len(one.history)
        assert torch.equal(torch.as_tensor(mine.y_), torch.as_tensor(skorchs.y_))
        for made, expected in zip(mine.outputs_, skorchs.outputs_, strict=True):
            assert isinstance(made, tuple) == several
            parts = zip(made, expected, strict=True) if several else [(made, expected)]
            for part, same in parts:
                assert part.shape == same.shape
                torch.testing.assert_close(part, same, rtol=1e-3, atol=1e-5)


def test_another_training_begins_anew() -> None:
    net = NeuralNetClassifier(
        MaxNorm, criterion=nn.CrossEntropyLoss, callbacks=[("recorder", HoldOutRecorder())], **SETTINGS
    )
    net.fit(ROWS, LABELS)
    net.fit(ROWS, LABELS)
    assert len(recorder_of(net).outputs_) == 4
    net.partial_fit(ROWS, LABELS)
    assert len(recorder_of(net).outputs_) == 8
    assert np.isfinite(torch.stack(recorder_of(net).outputs_).numpy()).all()
