"""What skorch tells of a net, for nets that are trained together: their callbacks, and what those may not do."""

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.metrics import accuracy_score
from skorch import NeuralNet
from skorch.callbacks import EpochScoring, LRScheduler, PrintLog
from torch import Tensor
from torch.utils._pytree import tree_leaves

from lockstep.members.fingerprint import bytes_of
from lockstep.members.member import OF_ROWS, Member, hooks_of, named_tensors
from lockstep.members.numerics import drawn_others
from lockstep.members.optimizer import optimizer_of, step_hooks
from lockstep.members.own_code import overrides
from lockstep.members.refusals import RefusalError
from lockstep.members.rows import Order
from lockstep.members.state import OF_ANY_MODULE, has_guests, hashed, net_state
from lockstep.stacks.layers import dropouts
from lockstep.stacks.trained import batch_records

# What is compared by what it is, as a module may set it anew in each pass.
_PLAIN = (bool, int, float, str, tuple)


class Audience:
    """The callbacks of a net, told what happens to it as skorch tells them.

    The net is theirs to look at: its weights are views of the stack's, its history grows. What they print is kept
    until the net is handed back.
    """

    def __init__(self, member: Member) -> None:
        self.member, self.net = member, member.net
        own = [callback for _, callback in self.net.callbacks_]
        self.scorings = [callback for callback in own if type(callback) is EpochScoring]
        self.scores_training = any(callback.on_train for callback in self.scorings)
        self.by_batch = any(_hears_batches(each) for each in (self.net, *own))
        # Those that skorch does not have may look at anything, and may change what the stack does not see.
        self.has_guests = has_guests(self.net)
        # Methods that cost less, where nobody may copy the net: nothing prepares a line that is not printed.
        eased = [] if self.has_guests else own
        quiet = [each for each in eased if type(each) is PrintLog and each.sink is print]
        accuracies = [each for each in eased if type(each) is EpochScoring and each.scoring == "accuracy"]
        self.eased: list[tuple[Any, str, Any]] = [(each, "table", partial(_line, each, self.net)) for each in quiet]
        self.eased += [(each, "_scoring", partial(_accuracy, each)) for each in accuracies]
        for callback, method, cheaper in self.eased:
            callback.__dict__[method] = cheaper
        self.named = named_tensors(self.net)
        self.layers = [vars(layer) for part in (self.net.module_, self.net.criterion_) for layer in part.modules()]
        self.listeners = [self.net, *own]

    def _tell(self, event: str, **about: Any) -> bool:
        """Notify the net and its callbacks; returns whether one ends the training."""
        watched = self.has_guests and any(
            overrides(each, "notify", event) or event in vars(each) for each in self.listeners
        )
        before, stops = self._watch() if watched else (), False
        with contextlib.redirect_stdout(self.member.output):
            try:
                self.net.notify(event, **about)
            except KeyboardInterrupt:
                stops = True
        if watched and event != "on_train_end":  # at the end nothing follows that could differ
            changed = (one != other for one, other in zip(before, self._watch(), strict=True))
            kept, others, drawn, weights, settings = changed
            if weights and event == "on_batch_begin" and not about["training"]:
                raise RefusalError("a callback changes weights for the hold-out")
            if drawn and event != "on_epoch_end":
                self.member.follows = False
            # Where rows are not mixed, torch's matter only if they come into the weights or the settings.
            matters = weights or settings or stops or not self.member.order.is_fixed
            if kept:
                raise RefusalError("a callback changes the net, or what the optimizer keeps")
            if others or (drawn and matters and not self.member.follows):
                raise RefusalError("a callback draws random numbers")
        if stops and about.get("training"):
            raise RefusalError("a callback ends the training within an epoch")
        return stops

    def _watch(self) -> Any:
        """Return what the optimizer and the module keep, where generators stand, the weights, and the settings.

        By their bytes, as `.data` leaves no trace in a tensor's version.
        """
        states = self.net.optimizer_.state.values()
        kept = [(k, id(v), bytes_of(v) if isinstance(v, Tensor) else v) for state in states for k, v in state.items()]
        own = [(layer, name) for layer in self.layers for name in layer.keys() - OF_ANY_MODULE]
        given = [(name, v if isinstance(v := layer[name], _PLAIN) else id(v)) for layer, name in own]
        drawn = drawn_others(), torch.get_rng_state().numpy().tobytes()
        weights = [(tensor.data_ptr(), bytes_of(tensor)) for tensor in self.named.values()]
        return (kept, given), *drawn, weights, repr(optimizer_of(self.net)[1])

    def epoch(self, event: str) -> bool:
        """Tell that an epoch begins or ends; returns whether the training does."""
        train, valid = self.member.datasets
        stops = self._tell(event, dataset_train=train, dataset_valid=valid)
        if not stops and self._look() != self._noted:
            raise RefusalError("a callback changes the net")
        return stops

    def epoch_ends(self, order: Order) -> bool:
        """Tell that an epoch ends, with torch's generator where skorch's stands: the next epoch's order follows."""
        if order.fixed is not None:
            return self.epoch("on_epoch_end")
        torch.set_rng_state(order.state)
        try:
            return self.epoch("on_epoch_end")
        finally:
            if self.member.follows:
                order.state = torch.get_rng_state()

    def take_up(self) -> None:
        """Note what nobody may change."""
        self._noted = self._look()

    def _look(self) -> Any:
        if not self.has_guests:
            return None
        tensors = [(t.data_ptr(), t.requires_grad, *hooks_of(t)) for t in named_tensors(self.net).values()]
        rows = [(k, id(v)) for dataset in self.member.datasets for k, v in _insides(dataset)]
        chosen = [np.asarray(getattr(dataset, "indices", ())).tobytes() for dataset in self.member.datasets]
        criterion, optimizer = self.net.criterion_, self.net.optimizer_
        rates = [layer.p for layer in dropouts(self.net)]
        weights = [bytes_of(tensor) for tensor in (*criterion.parameters(), *criterion.buffers())]
        stepped = [id(param) for group in optimizer.param_groups for param in group["params"]]
        listeners = [id(callback) for _, callback in self.net.callbacks_]
        methods = [(k, id(v)) for each in (self.net, optimizer) for k, v in vars(each).items() if callable(v)]
        numbers: Any = np.random.get_state()
        pair = numbers[3]  # whether one of two normal numbers is left, which `drawn_others` does not tell
        state = net_state(self.net)
        given = hashed(sorted((k, v) for k, v in vars(self.net).items() if k.startswith(OF_ROWS)))
        seen = pair, tensors, rows, chosen, state, rates, criterion, weights, optimizer, stepped, listeners, methods
        return *seen, given, step_hooks(optimizer)

    def training_ends(self) -> bool:
        """Tell that the training ends; returns whether that changes what the net is."""
        for callback, method, _ in self.eased:
            callback.__dict__.pop(method, None)
        X, y = self.member.fitted_on
        before = net_state(self.net) if self.has_guests else ()
        self._tell("on_train_end", X=X, y=y)
        return self.has_guests and net_state(self.net) != before

    def batch_begins(self, batch: Any, training: bool) -> None:
        """Tell that a step on a batch follows; hold-outs are evaluated by then."""
        given = list(batch)
        self._tell("on_batch_begin", batch=given, training=training)
        if any(one is not other for one, other in zip(batch, given, strict=False)):
            raise RefusalError("a callback exchanges the rows of a batch")

    def batch_ends(self, batch: Any, loss: Tensor, predicted: Any, training: bool) -> None:
        """Record a batch, and tell of it."""
        if self.has_guests:
            self.net._set_training(training)
        (record,) = batch_records(training, [loss.item()], [len(tree_leaves(batch[0])[0])])
        self.net.history[-1]["batches"][-1].update(record)
        self._tell("on_batch_end", batch=list(batch), training=training, loss=loss, y_pred=predicted)

    def predicts(self, batch: Any, predicted: Any, training: bool) -> None:
        """Hand rows and predictions to the callbacks that score them at the end of the epoch."""
        for callback in self.scorings:
            callback.on_batch_end(self.net, batch=batch, training=training, y_pred=predicted)

    def batches_ended(self, losses: list[float], sizes: list[int], training: bool) -> None:
        """Record an epoch's batches, those that nobody wanted to hear of one by one, and their number."""
        if not self.by_batch:
            self.net.history[-1]["batches"].extend(batch_records(training, losses, sizes))
        self.net.history.record(f"{'train' if training else 'valid'}_batch_count", len(sizes))


def _insides(dataset: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of a dataset, and of those that it chooses rows of."""
    while dataset is not None:
        yield from getattr(dataset, "__dict__", {}).items()
        dataset = getattr(dataset, "dataset", None)


def _line(callback: PrintLog, net: NeuralNet, row: Any) -> str:
    return type(callback).table(callback, row) if net.verbose else "\n\n"


def _accuracy(callback: EpochScoring, net: NeuralNet, X: Any, y: Any) -> float:
    """Return scikit-learn's accuracy of classes that are whole numbers; its checks cost as much as two epochs."""
    y = np.asarray(y)
    if y.dtype.kind not in "iufb" or y.size != len(y) or not bool((y == np.floor(y)).all()):
        return type(callback)._scoring(callback, net, X, y)
    predicted = np.asarray(net.predict(X))  # once: skorch hands over what the net made of the rows
    if predicted.dtype.kind not in "iu" or predicted.size != len(y):
        return float(accuracy_score(y, predicted))
    return float(np.mean(y.ravel() == predicted.ravel()))


def _hears_batches(listener: Any) -> bool:
    # What EpochScoring does with batches is to collect them; it gets an epoch's at once.
    if type(listener) is EpochScoring or (type(listener) is LRScheduler and listener.step_every == "epoch"):
        return False
    return overrides(listener, "notify", "on_batch_begin", "on_batch_end")
