"""Runs a net's own `fit`, up to where its training begins."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from skorch import NeuralNet
from torch import Tensor
from torch.utils._pytree import tree_leaves

from lockstep.members.fingerprint import bytes_of
from lockstep.members.lean import build_lean
from lockstep.members.refusals import RefusalError


class EndOfFitError(BaseException):
    """Ends a method of the user's where the net's own work would begin, with what the net is given as arguments.

    No `except Exception` is to keep it.
    """


@dataclass
class Prepared:
    """What the nets are given on the training rows of one split: the same for all that are surrounded alike."""

    X: Any
    y: Any
    fitted: Any = None  # the estimator, with a stub in the place of the net
    random_state: tuple[Any, Tensor] | None = None  # of the other generators and torch's, after the surroundings' fit
    handed_on: tuple[Any, Any] | None = None  # what nets train on instead of the X and y that their `fit` hands on

    def transform(self, X: Any) -> Any:
        """Return what the net is given for other rows."""
        try:
            self.fitted.predict(X)
        except EndOfFitError as captured:
            (X,) = captured.args
        return X


def capture(net: NeuralNet, prepared: Prepared) -> tuple[Any, Any]:
    """Run a net's own `fit` up to where its training begins: it is initialised, and what `fit` hands on is returned."""

    def partial_fit(X: Any, y: Any = None, classes: Any = None, _routing_method: str = "", **fit_params: Any) -> None:
        if fit_params or classes is not None:
            raise RefusalError(f"fit hands on {', '.join(sorted(fit_params)) or 'classes'}")
        raise EndOfFitError(X, y)

    is_plain = type(net).initialize_optimizer is NeuralNet.initialize_optimizer
    builds: Any = {"initialize_optimizer": partial(build_lean, net)} if is_plain else {}
    try:
        with stand_ins(net, partial_fit=partial_fit, **builds):
            net.fit(prepared.X, prepared.y)
    except EndOfFitError as captured:
        X, y = prepared.handed_on or captured.args
        return X, y
    raise RefusalError("its fit does not train")


@contextmanager
def left_alone(prepared: Prepared) -> Iterator[None]:
    """Raise `RefusalError` where a net's own code writes into the rows that nets share, and put them back."""
    parts: list[Any] = [part for part in tree_leaves((prepared.X, prepared.y)) if isinstance(part, np.ndarray | Tensor)]
    before = [copy.deepcopy(part) for part in parts]
    written: list[Any] = []
    try:
        yield
    finally:
        written += [(part, was) for part, was in zip(parts, before, strict=True) if bytes_of(part) != bytes_of(was)]
        for part, was in written:
            part[...] = was
    if written:
        raise RefusalError("its fit writes into its rows")


def derived(cls: Any, name: str, method: Callable[..., Any]) -> Any:
    """Return a net's class with another method; copies and pickles of its objects are of the class itself.

    An attribute of the net would be one of its parameters to skorch, which copies have as well. The net's own code is
    told that it is of the class itself, as `super(self.__class__, self)` has to be.
    """

    def reduced(self: Any, protocol: Any) -> Any:
        plain = object.__new__(cls)
        plain.__dict__.update(vars(self))
        return object.__new__, (cls,), plain.__getstate__()

    named = {name: getattr(cls, name) for name in ("__module__", "__qualname__", "__doc__")}
    own = {name: method, "__reduce_ex__": reduced, "__class__": property(lambda self: cls, become)}
    return type(cls.__name__, (_Unheard, cls), own | named)


class _Unheard:
    """Keeps the class of a net from hearing that another one is derived from it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        pass


def become(net: Any, cls: Any) -> None:
    """Make a net one of a derived class, or of its own again, which may not be asked for its `__class__`."""
    vars(object)["__class__"].__set__(net, cls)


@contextmanager
def stand_ins(thing: Any, **methods: Callable[..., Any]) -> Iterator[None]:
    """Give an object other methods than its class's, unless they take themselves away."""
    thing.__dict__.update(methods)
    try:
        yield
    finally:
        for name in methods:
            thing.__dict__.pop(name, None)
