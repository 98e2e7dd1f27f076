"""Calls the callbacks of nets that are trained together, for each epoch and batch, as skorch does."""

import contextlib
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.metrics import accuracy_score
from skorch import NeuralNet
from skorch.callbacks import EpochScoring, LRScheduler, PrintLog
from torch import Tensor

from lockstep._compat import tree_leaves
from lockstep.members.callbacks import calls_own_code, hears, held_to_it
from lockstep.members.member import Member
from lockstep.members.own_code import is_declared
from lockstep.members.parts import named_tensors
from lockstep.members.recorder import HoldOutRecorder
from lockstep.members.refusals import RefusalError
from lockstep.members.rows import Order
from lockstep.stacks.trained import batch_records
from lockstep.turns import caught

# Callbacks that only collect batches; they get all batches of an epoch at once.
_COLLECTING = (EpochScoring, HoldOutRecorder)


class Audience:
    """The callbacks of a net, called as skorch calls them.

    They can look at the net: its weights are views of the stack's, and its history grows. Their output is kept until
    the net is handed back.
    """

    def __init__(self, member: Member) -> None:
        self.member = member
        self.net = member.net
        own = [callback for _, callback in self.net.callbacks_]
        self.scorings = [callback for callback in own if type(callback) in _COLLECTING]
        self.scores_training = any(
            getattr(callback, "on_train", False) for callback in self.scorings
        )
        self.by_batch = any(map(_hears_batches, own))
        # The user's own callbacks and functions may read anything, and keep references to it.
        self.calls_own_code = calls_own_code(self.net)
        # Cheaper methods, used if nobody may copy the net; for example, no line is prepared that is not printed.
        eased = [] if self.calls_own_code else own
        quiet = [
            each for each in eased if type(each) is PrintLog and each.sink is print
        ]
        accuracies = [
            each
            for each in eased
            if type(each) is EpochScoring and each.scoring == "accuracy"
        ]
        self.eased: list[tuple[Any, str, Any]] = [
            (each, "table", partial(_line, each, self.net)) for each in quiet
        ]
        self.eased += [
            (each, "_scoring", partial(_accuracy, each)) for each in accuracies
        ]
        for callback, method, cheaper in self.eased:
            callback.__dict__[method] = cheaper
        self.named = named_tensors(self.net)

    def _tell(self, event: str, **about: Any) -> bool:
        """Notify the callbacks, and check declared ones in the first epoch; returns whether one ends the training."""
        with caught(self.member.output):
            try:
                getattr(self.net, event)(self.net, **about)
                for _, callback in self.net.callbacks_:
                    in_first_epoch = len(self.net.history) == 1
                    watched = (
                        in_first_epoch
                        and hears(callback, event)
                        and is_declared(callback)
                    )
                    at_end = event in ("on_epoch_end", "on_train_end")
                    with (
                        held_to_it(callback, self.net, at_end)
                        if watched
                        else contextlib.nullcontext()
                    ):
                        getattr(callback, event)(self.net, **about)
            except KeyboardInterrupt:
                if about.get("training"):
                    raise RefusalError(
                        "a callback ends the training within an epoch",
                        "end it in on_epoch_end",
                    ) from None
                return True
        return False

    def epoch(self, event: str) -> bool:
        """Notify that an epoch begins or ends; returns whether a callback ends the training."""
        train, valid = self.member.datasets
        return self._tell(event, dataset_train=train, dataset_valid=valid)

    def epoch_ends(self, order: Order) -> bool:
        """Notify that an epoch ends, with torch's generator in the state that it has in skorch."""
        if order.fixed is not None:
            return self.epoch("on_epoch_end")
        torch.set_rng_state(order.state)
        try:
            return self.epoch("on_epoch_end")
        finally:
            if self.member.follows:
                order.state = torch.get_rng_state()

    def training_ends(self) -> None:
        """Notify that the training ends."""
        for callback, method, _ in self.eased:
            callback.__dict__.pop(method, None)
        X, y = self.member.fitted_on
        self._tell("on_train_end", X=X, y=y)

    def batch_begins(self, batch: Any, training: bool) -> None:
        """Notify that a batch begins; a hold-out has been evaluated by then."""
        self._tell("on_batch_begin", batch=list(batch), training=training)

    def batch_ends(
        self, batch: Any, loss: Tensor, predicted: Any, training: bool
    ) -> None:
        """Record a batch, and notify that it ends."""
        if self.calls_own_code:
            self.net._set_training(training)
        (record,) = batch_records(
            training, [loss.item()], [len(tree_leaves(batch[0])[0])]
        )
        self.net.history[-1]["batches"][-1].update(record)
        self._tell(
            "on_batch_end",
            batch=list(batch),
            training=training,
            loss=loss,
            y_pred=predicted,
        )

    def predicts(self, batch: Any, predicted: Any, training: bool) -> None:
        """Pass rows and predictions to the callbacks that score or keep them."""
        for callback in self.scorings:
            callback.on_batch_end(
                self.net, batch=batch, training=training, y_pred=predicted
            )

    def batches_ended(
        self, losses: list[float], sizes: list[int], training: bool
    ) -> None:
        """Record an epoch's batches, unless they were recorded one by one, and their number."""
        if not self.by_batch:
            self.net.history[-1]["batches"].extend(
                batch_records(training, losses, sizes)
            )
        self.net.history.record(
            f"{'train' if training else 'valid'}_batch_count", len(sizes)
        )


def _line(callback: PrintLog, net: NeuralNet, row: Any) -> str:
    if net.verbose:
        return type(callback).table(callback, row)
    return "\n\n"


def _accuracy(callback: EpochScoring, net: NeuralNet, X: Any, y: Any) -> float:
    """Return scikit-learn's accuracy of classes that are whole numbers; its checks cost as much as two epochs."""
    y = np.asarray(y)
    if (
        y.dtype.kind not in "iufb"
        or y.size != len(y)
        or not bool((y == np.floor(y)).all())
    ):
        return type(callback)._scoring(callback, net, X, y)
    # Once, because skorch passes on the outputs that the net has computed.
    predicted = np.asarray(net.predict(X))
    if predicted.dtype.kind not in "iu" or predicted.size != len(y):
        return float(accuracy_score(y, predicted))
    return float(np.mean(y.ravel() == predicted.ravel()))


def _hears_batches(callback: Any) -> bool:
    if type(callback) in _COLLECTING or (
        type(callback) is LRScheduler and callback.step_every == "epoch"
    ):
        return False
    return hears(callback, "on_batch_begin", "on_batch_end")
