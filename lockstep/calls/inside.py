"""Finds out whether a call may fit a net: whether one is among its arguments, or its function's code names one."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from sklearn.base import BaseEstimator
from skorch import NeuralNet

# Libraries whose functions and objects are not entered; scikit-learn's estimators are.
_LIBRARIES = {
    *("builtins", "collections", "functools", "joblib", "lockstep", "numpy", "pandas", "polars", "pyarrow", "scipy"),
    *("sklearn", "skorch", "torch"),
}

# So many elements of a list or dict, and so many things in all, are looked at in a call; rows are longer than that.
_ELEMENTS, _THINGS = 1_000, 20_000

_PLAIN = (type(None), bool, int, float, complex, str, bytes, BuiltinFunctionType)


class Inside:
    """Looks for nets in what calls are given; what several calls share is looked at once."""

    def __init__(self) -> None:
        self._without: dict[int, Any] = {}  # things without a net, by `id`, kept so that no other gets it

    def has_net(self, *things: Any) -> bool:
        """Whether a net, or a class of nets, is in one of these things.

        The walk enters lists, dicts, estimators, and functions and objects of the user's own. It ends at a net. Arrays
        and tables are not entered.
        """
        left, begun = list(things), dict[int, Any]()
        while left and len(begun) < _THINGS:
            thing = left.pop()
            cls = type(thing)
            if issubclass(thing if issubclass(cls, type) else cls, NeuralNet):
                return True
            if not issubclass(cls, _PLAIN) and id(thing) not in self._without and id(thing) not in begun:
                begun[id(thing)] = thing
                with suppress(Exception):  # such as a module that is imported when it is looked at, and is missing
                    left += list(_parts(thing))
        self._without |= begun
        return False


def _parts(thing: Any) -> Iterator[Any]:
    """Yield what is held by a thing, if it can be entered."""
    if isinstance(thing, list | tuple | set | frozenset):
        yield from list(thing)[:_ELEMENTS]
    elif isinstance(thing, dict):
        yield from list(thing.values())[:_ELEMENTS]
    elif isinstance(thing, partial):
        yield from (thing.func, thing.args, thing.keywords)
    elif isinstance(thing, MethodType):
        yield from (thing.__self__, thing.__func__)
    elif isinstance(thing, FunctionType):
        if _is_own(thing.__module__):
            yield from _of_function(thing)
    elif isinstance(thing, type):
        if _is_own(thing.__module__):
            yield from thing.__bases__
            functions = (getattr(each, "__func__", getattr(each, "fget", each)) for each in vars(thing).values())
            yield from (each for each in functions if isinstance(each, FunctionType))
    else:
        own, cls = _attributes(thing), type(thing)
        # scikit-learn's wrapper of a function that is delayed has the attribute `function`.
        if "function" in own or issubclass(cls, BaseEstimator) or _is_own(cls.__module__):
            yield cls
            yield from list(own.values())[:_ELEMENTS]


def _attributes(thing: Any) -> dict[str, Any]:
    """Return an object's own attributes, without a `__getattr__` of its own."""
    try:
        found: dict[str, Any] = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return {}
    return found


def _of_function(function: FunctionType) -> Iterator[Any]:
    """Yield what a function of the user's holds, and the globals that its code names."""
    yield from (function.__defaults__, function.__kwdefaults__, getattr(function, "__wrapped__", None))
    yield from (cell.cell_contents for cell in function.__closure__ or () if cell != CellType())
    names = set(_names(function.__code__))
    for name in names & function.__globals__.keys():
        held = function.__globals__[name]
        if isinstance(held, ModuleType):
            yield from (vars(held).get(each) for each in names)
        else:
            yield held


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)


def _is_own(module: Any) -> bool:
    return isinstance(module, str) and module.partition(".")[0] not in _LIBRARIES
