"""The callbacks of a net: which may be there, and what they may do; the user's own are held to what was declared."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from skorch import NeuralNet, callbacks
from skorch.callbacks import Callback, EpochScoring
from torch import Tensor

from lockstep.members.numerics import drawn_others
from lockstep.members.own_code import is_declared, is_own
from lockstep.members.parts import named_tensors, optimizer_of
from lockstep.members.recorder import HoldOutRecorder
from lockstep.members.refusals import ListenerError

_CALLBACKS = {HoldOutRecorder} | {
    getattr(callbacks, name)
    for name in """BatchScoring EarlyStopping EpochScoring EpochTimer GradientNormClipping InputShapeSetter LRScheduler
    PassthroughScoring PrintLog ProgressBar""".split()
}
# skorch's callbacks that do more than look: what each does, and what to do that leaves the training as it is.
_CHANGING = {
    callbacks.Checkpoint: (
        "writes files",
        "leave it out of the search, unless it loads the best weights at the end",
    ),
    callbacks.TrainEndCheckpoint: ("writes files", "leave it out of the search"),
    callbacks.LoadInitState: ("loads weights and more", ""),
    callbacks.Freezer: (
        "freezes weights",
        "if from the first epoch on, say requires_grad_(False) in the module",
    ),
    callbacks.Initializer: (
        "sets weights",
        "if before the first epoch, set them in the module's __init__",
    ),
    # After those that are derived from it.
    callbacks.ParamMapper: ("changes weights, or which of them are trained", ""),
}

_MODE, _GENERATOR = "the module's mode", "torch's generator"
# A prediction ends the training mode, and draws a seed for the loader of its rows.
_BY_PREDICTING = (_MODE, _GENERATOR)


def check_callbacks(net: NeuralNet) -> None:
    """Raise `ListenerError` if a net has a callback that is neither on the list nor declared to change nothing."""
    for _, callback in net.callbacks_:
        cls = type(callback)
        name = type(callback).__name__
        for kind, (does, way_out) in _CHANGING.items():
            if isinstance(callback, kind):
                raise ListenerError(f"the callback {name} {does}", way_out)
        if cls in _CALLBACKS:
            if cls is callbacks.LRScheduler and not _is_known(callback.policy):
                policy = getattr(callback.policy, "__name__", callback.policy)
                raise ListenerError(
                    f"{policy} is a schedule of your own",
                    "torch's LambdaLR takes any function of the epoch",
                )
        elif not is_declared(callback):
            whose = "your own"
            if cls.__module__.startswith("skorch."):
                whose = "skorch that lockstep does not know"
            raise ListenerError(
                f"{name} is a callback of {whose}",
                f"if it changes nothing, say lockstep.reads_only({name})",
            )
        elif hears(callback, "on_grad_computed"):
            raise ListenerError(
                f"the callback {name} looks at gradients in on_grad_computed",
                "look at them in on_batch_end",
            )


def only_records(net: NeuralNet, held_out: Any) -> bool:
    """Whether a net's callbacks only write its history, as skorch's default callbacks of a quiet net do.

    `held_out` are the targets of the held-out rows, or None; if they are not classes, an accuracy raises.
    """
    whole = held_out is None
    if isinstance(held_out, Tensor):
        whole = bool((held_out == held_out.floor()).all())

    def records(callback: Any) -> bool:
        if type(callback) is callbacks.PrintLog:
            return not net.verbose and callback.sink is print
        if type(callback) is callbacks.EpochScoring:
            return callback.scoring == "accuracy" and whole
        return type(callback) in (
            callbacks.EpochTimer,
            callbacks.PassthroughScoring,
            HoldOutRecorder,
        )

    has_own_function = getattr(net, "predict_nonlinearity", "auto") != "auto"
    return (
        not may_predict(net)
        and not has_own_function
        and all(records(each) for _, each in net.callbacks_)
    )


def _is_known(policy: Any) -> bool:
    module = getattr(policy, "__module__", "")
    return (
        isinstance(policy, str)
        or module.startswith("torch.optim.")
        or policy is callbacks.WarmRestartLR
    )


def hears(callback: Callback, *events: str) -> bool:
    """Whether a callback's class does something at one of these events."""
    return any(
        getattr(type(callback), event) is not getattr(Callback, event)
        for event in events
    )


def calls_own_code(net: NeuralNet) -> bool:
    """Whether callbacks of a net, or functions in them, are not skorch's: these may read anything."""
    theirs = [callback for _, callback in net.callbacks_]
    if any(is_own(type(callback)) for callback in theirs):
        return True
    held = (each for callback in theirs for each in vars(callback).values())
    functions = (each for each in held if callable(each) and not isinstance(each, type))
    return any(map(is_own, functions))


def may_predict(net: NeuralNet) -> bool:
    """Whether callbacks may call `predict` at the end of an epoch, which draws a seed."""
    if calls_own_code(net):
        return True
    scorings = [each for _, each in net.callbacks_ if isinstance(each, EpochScoring)]
    if net.use_caching == "auto":
        return not all(each.use_caching for each in scorings)
    return bool(scorings) and not net.use_caching


@contextmanager
def held_to_it(callback: Callback, net: NeuralNet, at_end: bool) -> Iterator[None]:
    """Raise `ListenerError` if a callback changes in the block what it was declared not to change.

    `at_end` is whether an epoch or the training ends here: then the callback may let the net predict.
    """
    before = _seen(net)
    yield
    after = _seen(net)
    excused = _BY_PREDICTING if at_end and not net.module_.training else ()
    names = sorted((before.keys() | after.keys()).difference(excused))
    for name in names:
        if not _is_same(before.get(name), after.get(name)):
            raise ListenerError(
                f"{type(callback).__name__} was declared to change nothing, but changed {name}"
            )


def _seen(net: NeuralNet) -> dict[str, Any]:
    """Return copies of all that a callback may not change, by name."""
    modes = [
        layer.training
        for part in (net.module_, net.criterion_)
        for layer in part.modules()
    ]
    weights = {
        f"`{name.partition('.')[2]}`": tensor.detach().clone()
        for name, tensor in named_tensors(net).items()
    }
    settings = {f"`{key}`": value for key, value in optimizer_of(net)[1].items()}
    generators = {
        "numpy's or random's generator": drawn_others(),
        _GENERATOR: torch.get_rng_state(),
    }
    return settings | weights | generators | {_MODE: modes}


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.shape == other.shape and torch.equal(
            one.nan_to_num(), other.nan_to_num()
        )
    return bool(type(one) is type(other) and one == other)
