"""What the code of a step reads from outside of its net is compared by value, wherever it stands."""

import collections
import contextvars
import copy
import functools
import logging
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar
from unittest import mock

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from lockstep.checkpoints.keys import described
from lockstep.members.reads import read_by
from lockstep.members.refusals import RefusalError
from lockstep.members.state import outside
from packages.lockstep.tests.cases.base import classifier
from packages.lockstep.tests.cases.modules import MLP

DICT, LIST, NUMBER = {"scale": [1.0]}, [1.0], 1.0
TENSOR, ARRAY = torch.ones(()), np.ones(1)
FUNCTIONS: dict[str, Any] = {"act": torch.relu}
SETTINGS = ModuleType("settings")
vars(SETTINGS).update(scale=1.0, inside=ModuleType("inside"))
SETTINGS.inside.numbers = [1.0]
SPACE = SimpleNamespace(scale=1.0)
PLACES = (each for each in [1.0])
layers = [0.0]  # an attribute of the net has this name


class Numbers:
    scale = 1.0

    def __call__(self) -> float:
        return deeper()


NUMBERS = Numbers()


def helper() -> float:
    return deeper()


@functools.cache
def deeper() -> float:
    return NUMBER


class Reads(MLP):
    """Reads all of these in its step, and nothing in its constructor."""

    own = 1.0
    shared: ClassVar[list[float]] = [1.0]

    def __init__(self) -> None:
        super().__init__()
        self.held = Numbers()

    @property
    def by_property(self) -> float:
        return DICT["scale"][0]

    @staticmethod
    def by_static() -> Any:
        return LIST[0] * ARRAY[0]

    def forward(self, x: Tensor, default: Any = SPACE) -> Tensor:
        scale = (
            self.own
            * self.shared[0]
            * self.by_property
            * self.by_static()
            * default.scale
            * NUMBERS.scale
        )
        inside = [SETTINGS.scale * each for each in SETTINGS.inside.numbers]
        return (
            FUNCTIONS["act"](self.layers(x))
            * scale
            * inside[0]
            * helper()
            * NUMBERS()
            * TENSOR
            * self.held.scale
        )


@contextmanager
def item(holder: Any, key: Any, value: Any) -> Iterator[None]:
    before = copy.deepcopy(holder[key])
    holder[key] = value
    yield
    holder[key] = before


attribute = mock.patch.object

CHANGES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "a dict": lambda: item(DICT, "scale", [2.0]),
    "a list in a dict": lambda: item(DICT["scale"], 0, 2.0),
    "a list": lambda: item(LIST, 0, 2.0),
    "a number two functions away": lambda: item(globals(), "NUMBER", 2.0),
    "a tensor": lambda: item(TENSOR, (), 2.0),
    "an array": lambda: item(ARRAY, 0, 2.0),
    "a function in a dict": lambda: item(FUNCTIONS, "act", torch.tanh),
    "a module's number": lambda: attribute(SETTINGS, "scale", 2.0),
    "a module in a module": lambda: item(SETTINGS.inside.numbers, 0, 2.0),
    "an object's attribute": lambda: attribute(SPACE, "scale", 2.0),
    "the attribute of an object's class": lambda: attribute(Numbers, "scale", 2.0),
    "the method of an object": lambda: attribute(Numbers, "__call__", lambda self: 2.0),
    "the net's own class": lambda: attribute(Reads, "own", 2.0),
    "a list of its class": lambda: item(Reads.shared, 0, 2.0),
    "a method": lambda: attribute(Reads, "by_static", staticmethod(lambda: 2.0)),
    "a function": lambda: item(globals(), "helper", lambda: 2.0),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_outside_is_seen(name: str) -> None:
    net = classifier(Reads).initialize()
    before, key = outside(net), described(net).hash
    assert outside(net) == before
    with CHANGES[name]():
        assert outside(net) != before
        of_code = name.startswith(("a method", "a function", "the method"))
        assert (
            of_code or described(net).hash != key
        )  # the key of a checkpoint has the files of code
    assert outside(net) == before
    assert described(net).hash == key


def test_a_hook_of_all_modules_is_seen() -> None:
    net = classifier().initialize()
    before = outside(net)
    handle = register_module_forward_hook(lambda layer, rows, made: made)
    assert outside(net) != before
    handle.remove()
    assert outside(net) == before


def test_other_variables_do_not_count() -> None:
    net = classifier(Reads).initialize()
    before = outside(net)
    with item(layers, 0, 1.0):
        assert outside(net) == before


Pair = collections.namedtuple("Pair", "a b")

THINGS: dict[str, Any] = {
    "a lock": threading.Lock(),
    "a compiled function": torch.jit.CompilationUnit(
        "def twice(x):\n  return 2 * x\n"
    ).twice,
    "an operation": torch.ops.aten.relu,
    "a weak dict": weakref.WeakKeyDictionary(),
    "a context variable": contextvars.ContextVar("anything"),
    "a function of many types": functools.singledispatch(lambda x: x),
    "short numbers": torch.ones(2, dtype=torch.bfloat16),
    "a sparse tensor": torch.eye(2).to_sparse(),
    "a logger": logging.getLogger(__name__),
    "a named tuple": Pair(1, 2),
    "a stream": sys.stdout,
}
THING: Any = None


class HasThing(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if THING is None else super().forward(x) * 2


@pytest.mark.parametrize("name", THINGS)
def test_what_pickle_can_not_write_is_compared(name: str) -> None:
    net = classifier(HasThing).initialize()
    before = outside(net)
    with item(globals(), "THING", THINGS[name]):
        assert outside(net) == outside(net) != before
        assert described(net).hash == described(net).hash


def test_nets_of_torchs_layers_read_nothing() -> None:
    assert (
        outside(
            classifier(
                nn.Linear, module__in_features=3, module__out_features=2
            ).initialize()
        )
        == ""
    )


class Draws(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * next(PLACES, 1.0)


def test_what_can_not_be_compared_is_refused() -> None:
    with pytest.raises(
        RefusalError, match=r"reads from outside, can't be compared .* 'generator'"
    ):
        outside(classifier(Draws).initialize())
    with pytest.raises(
        RefusalError, match="calls globals, which may read any variable"
    ):
        read_by(lambda: globals()["NUMBER"])  # type: ignore[arg-type]
