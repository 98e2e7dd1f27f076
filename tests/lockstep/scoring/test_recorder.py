"""What a net makes of its hold-out, epoch by epoch. Oracle: skorch alone, with its own EpochScoring."""

from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import cross_validate
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping, EpochScoring, LRScheduler
from torch import nn

from lockstep import HoldOutRecorder, LockstepWarning
from tests.lockstep.cases.base import LABELS
from tests.lockstep.searches import ROWS, SEED, both_ways

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


def fitted(stack: bool, callbacks: Any, **changes: Any) -> tuple[list[NeuralNetClassifier], list[float]]:
    net = NeuralNetClassifier(MaxNorm, criterion=nn.CrossEntropyLoss, callbacks=callbacks, **SETTINGS | changes)
    if callbacks != "disable":
        net.set_params(callbacks__train_loss=None, callbacks__valid_loss=None)
    with parallel_config(backend="lockstep", random_state=SEED, stack=stack):
        found = cross_validate(net, ROWS, LABELS, cv=3, scoring="accuracy", return_estimator=True)
    return found["estimator"], found["test_score"].tolist()


def recorder_of(net: NeuralNetClassifier) -> HoldOutRecorder:
    (found,) = (each for _, each in net.callbacks_ if isinstance(each, HoldOutRecorder))
    return found


@pytest.mark.parametrize(
    "others",
    [[], [("schedule", LRScheduler("StepLR", step_size=2))], [("stop", EarlyStopping("valid_loss", patience=1))]],
    ids=["alone", "beside a schedule", "beside one that ends the training"],
)
@pytest.mark.parametrize("several", [False, True], ids=["one output", "several outputs"])
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


def test_the_accuracy_of_every_epoch_is_the_one_that_skorch_records() -> None:
    scoring = EpochScoring("accuracy", name="valid_acc", lower_is_better=False)
    (net, *_), _ = fitted(False, [("scoring", scoring), ("recorder", HoldOutRecorder())])
    recorder = recorder_of(net)
    found = [float((made.argmax(1) == recorder.y_).float().mean()) for made in recorder.outputs_]
    assert found == pytest.approx(net.history[:, "valid_acc"])


def test_scores_are_those_of_nets_that_nobody_watches() -> None:
    watched, seen = fitted(True, [("recorder", HoldOutRecorder())])
    left_alone, scores = fitted(True, "disable")
    assert seen == scores
    for one, other in zip(watched, left_alone, strict=True):
        for name, weight in one.module_.state_dict().items():
            assert torch.equal(weight, other.module_.state_dict()[name])


def test_without_a_hold_out_nothing_is_kept() -> None:
    (net, *_), _ = fitted(True, [("recorder", HoldOutRecorder())], train_split=None)
    assert (recorder_of(net).outputs_, recorder_of(net).y_) == ([], None)


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
