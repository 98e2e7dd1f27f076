"""skorch's callbacks around nets that are trained together: who may watch, what they are told, clipped gradients."""

import contextlib
import math
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.metrics import accuracy_score
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochScoring, GradientNormClipping, PrintLog
from torch import Tensor
from torch.utils._pytree import tree_leaves

from stages.lib.lockstep.members import Member
from stages.lib.lockstep.stacks.late_history import batch_records
from stages.lib.lockstep.watching import overrides

_PRESSED = threading.Event()


@contextlib.contextmanager
def heed_the_keyboard() -> Iterator[None]:
    """Tell Ctrl-C from the KeyboardInterrupt by which skorch's callbacks stop a training."""
    _PRESSED.clear()
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return

    def pressed(number: int, frame: Any) -> None:
        _PRESSED.set()
        handler(number, frame)

    signal.signal(signal.SIGINT, pressed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


class StopTrainingError(Exception):
    """A callback has ended the training of its net."""


class Audience:
    """The callbacks of a net, told what happens to it as skorch tells them.

    The net is theirs to look at: its weights are views of the stack's, its history grows. What they print is kept
    until the net is handed back.
    """

    def __init__(self, member: Member) -> None:
        self.member, self.net = member, member.net
        own = [callback for _, callback in self.net.callbacks_]
        # What EpochScoring does with batches is to collect them; it gets an epoch's at once.
        self.scorings = [callback for callback in own if type(callback) is EpochScoring]
        others = [callback for callback in own if type(callback) is not EpochScoring]
        self.by_batch = _hears_batches(self.net, NeuralNet) or any(_hears_batches(each, Callback) for each in others)
        self.scores_training = any(callback.on_train for callback in self.scorings)
        for callback in self.scorings:
            if callback.scoring == "accuracy":
                callback.__dict__["_scoring"] = partial(_accuracy, callback)
        self.quiet = [each for each in own if type(each) is PrintLog and each.sink is print and not self.net.verbose]
        for callback in self.quiet:
            callback.__dict__["on_epoch_end"] = _nothing

    def _tell(self, event: str, **about: Any) -> None:
        """Notify the net and its callbacks; raises `StopTrainingError` where one ends the training."""
        with contextlib.redirect_stdout(self.member.output):
            try:
                self.net.notify(event, **about)
            except KeyboardInterrupt:
                if _PRESSED.is_set():
                    raise
                raise StopTrainingError from None

    def epoch_begins(self) -> None:
        """Tell that an epoch begins."""
        train, valid = self.member.datasets
        self._tell("on_epoch_begin", dataset_train=train, dataset_valid=valid)

    def epoch_ends(self) -> None:
        """Tell that an epoch ends."""
        train, valid = self.member.datasets
        self._tell("on_epoch_end", dataset_train=train, dataset_valid=valid)

    def training_ends(self) -> None:
        """Tell that the training ends."""
        for callback in self.quiet:
            callback.first_iteration_ = False
        for callback in (*self.quiet, *self.scorings):
            callback.__dict__.pop("on_epoch_end", None)
            callback.__dict__.pop("_scoring", None)
        X, y = self.member.fitted_on
        self._tell("on_train_end", X=X, y=y)

    def batch_begins(self, batch: Any, training: bool) -> None:
        """Tell that a step on a batch follows."""
        self._tell("on_batch_begin", batch=batch, training=training)

    def batch_ends(self, batch: Any, loss: Tensor, predicted: Any, training: bool) -> None:
        """Record a batch, and tell of it."""
        self.net.history[-1]["batches"][-1].update(*batch_records(training, [loss.item()], [n_rows(batch)]))
        self._tell("on_batch_end", batch=batch, training=training, loss=loss, y_pred=predicted)

    def predicts(self, batch: Any, predicted: Any, training: bool) -> None:
        """Hand rows and predictions to the callbacks that score them at the end of the epoch."""
        for callback in self.scorings:
            callback.on_batch_end(self.net, batch=batch, training=training, y_pred=predicted)

    def batches_ended(self, losses: list[float], sizes: list[int], training: bool) -> None:
        """Record an epoch's batches, those that nobody wanted to hear of one by one, and their number."""
        if not self.by_batch:
            self.net.history[-1]["batches"].extend(batch_records(training, losses, sizes))
        self.net.history.record(f"{'train' if training else 'valid'}_batch_count", len(sizes))


def _nothing(net: NeuralNet, **about: Any) -> None:
    """Stand for what prepares a line that is not printed."""


def _accuracy(callback: EpochScoring, net: NeuralNet, X: Any, y: Any) -> float:
    """Return scikit-learn's accuracy of classes that are whole numbers; its checks cost as much as two epochs."""
    y = np.asarray(y)
    if y.dtype.kind not in "iufb" or y.size != len(y) or not bool((y == np.floor(y)).all()):
        return type(callback)._scoring(callback, net, X, y)
    predicted = np.asarray(net.predict(X))
    if predicted.dtype.kind not in "iu" or predicted.size != len(y):
        return float(accuracy_score(y, predicted))
    return float(np.mean(y.ravel() == predicted.ravel()))


def _hears_batches(thing: Any, base: type) -> bool:
    return any(overrides(thing, base, event) for event in ("on_batch_begin", "on_batch_end"))


def n_rows(batch: Any) -> int:
    """Return how many rows a batch has."""
    return len(tree_leaves(batch[0])[0])


def clipping(members: list[Member], order: list[int], lengths: list[int], like: Tensor) -> Callable | None:
    """Return a function that clips each net's gradient as its `GradientNormClipping` says, or None for none."""
    found = [_clipping_of(member) for member in members]
    if all(each is None for each in found):
        return None
    (kind,) = {each[1] for each in found if each is not None}
    limits = torch.tensor([math.inf if each is None else each[0] for each in found]).to(like)[order].unsqueeze(1)

    def clip(gradient: Tensor) -> None:
        # As torch.nn.utils.clip_grad_norm_: the norm of the parameters' norms.
        norms = torch.stack([part.norm(kind, dim=1) for part in gradient[:, : sum(lengths)].split(lengths, dim=1)], 1)
        gradient.mul_((limits / (norms.norm(kind, dim=1, keepdim=True) + 1e-6)).clamp(max=1.0))

    return clip


def _clipping_of(member: Member) -> tuple[float, float] | None:
    for _, callback in member.net.callbacks_:
        if isinstance(callback, GradientNormClipping) and callback.gradient_clip_value is not None:
            return float(callback.gradient_clip_value), float(callback.gradient_clip_norm_type)
    return None
