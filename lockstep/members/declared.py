"""The user's own callbacks that are declared to change nothing, and the check that they don't."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback

from lockstep.members.numerics import drawn_others
from lockstep.members.optimizer import optimizer_of
from lockstep.members.refusals import ListenerError
from lockstep.members.tensors import named_tensors

_DECLARED: set[type[Callback]] = set()

_MODE, _GENERATOR = "the module's mode", "torch's generator"
# A prediction ends the training mode, and draws a seed for the loader of its rows.
_BY_PREDICTING = (_MODE, _GENERATOR)


def reads_only(callback: type[Callback]) -> type[Callback]:
    """Declare that callbacks of a class look at their net and change nothing, so that it can be trained in lockstep.

    They may read, print, record in the history, predict at the end of an epoch, and raise `KeyboardInterrupt` there to
    end the training. They may not change weights, settings, modes or rows, nor draw random numbers. The first epoch
    of each training checks this.

    Parameters
    ----------
    callback : type
        A subclass of skorch's `Callback`; subclasses of it are not declared with it.

    Returns
    -------
    type
        The same class, so that this can be a decorator.

    Raises
    ------
    TypeError
        If it is not such a class.
    """
    if not (isinstance(callback, type) and issubclass(callback, Callback)):
        hint = f", such as {type(callback).__name__}" if isinstance(callback, Callback) else ""
        raise TypeError(f"reads_only takes a class derived from skorch.callbacks.Callback{hint}, not {callback!r}")
    _DECLARED.add(callback)
    return callback


def is_declared(cls: type) -> bool:
    """Whether a class of callbacks is declared to change nothing."""
    return cls in _DECLARED


@contextmanager
def held_to_it(callback: Callback, net: NeuralNet, may_predict: bool) -> Iterator[None]:
    """Raise `ListenerError` if a callback changes in the block what it was declared not to change.

    `may_predict` is whether the callback may let the net predict here.
    """
    before = _seen(net)
    yield
    after = _seen(net)
    excused = _BY_PREDICTING if may_predict and not net.module_.training else ()
    names = sorted((before.keys() | after.keys()).difference(excused))
    if changed := [name for name in names if not _is_same(before.get(name), after.get(name))]:
        raise ListenerError(f"{type(callback).__name__} was declared to change nothing, but changed {changed[0]}")


def _seen(net: NeuralNet) -> dict[str, Any]:
    """Return copies of all that a callback may not change, by name."""
    modes = [layer.training for part in (net.module_, net.criterion_) for layer in part.modules()]
    weights = {f"`{name.partition('.')[2]}`": tensor.detach().clone() for name, tensor in named_tensors(net).items()}
    settings = {f"`{key}`": value for key, value in optimizer_of(net)[1].items()}
    generators = {"numpy's or random's generator": drawn_others(), _GENERATOR: torch.get_rng_state()}
    return settings | weights | generators | {_MODE: modes}


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.shape == other.shape and torch.equal(one.nan_to_num(), other.nan_to_num())
    return bool(type(one) is type(other) and one == other)
