"""A number that differs by net, where torch's optimizers expect a float, and what their code does with it."""

import math
from contextlib import AbstractContextManager, nullcontext
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from lockstep._compat import make_subclass, no_torch_function
from lockstep.kernel.recording import Recorder

_COMPARISONS = {
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
}
_OF_THE_SAME = {"to", "squeeze", "detach"}
# By these, Python gets a number itself; `item` gives one that is watched.
_READS = {"__float__", "__int__", "__index__", "__bool__"}


class MixedError(Exception):
    """An optimizer decides something by a number that differs between nets."""


class PerNet(torch.Tensor):
    """A number that differs by net: `each`, of shape (n_nets, 1).

    It stands for a float of Python, in float64, or for a tensor with one number, in that tensor's own type. To torch it
    is a tensor without dimensions, so a function accepts it as a number. A float that meets a tensor, of one number or
    of parameters, is rounded to the type of the tensor, as torch rounds floats. So a net's steps have the same bits as
    with an optimizer of its own.
    """

    each: Tensor
    __torch_function__ = no_torch_function  # type: ignore[assignment]

    @staticmethod
    def of(each: Tensor) -> "PerNet":
        """Return the number of each net, from shape (n_nets, 1)."""
        token = make_subclass(PerNet, torch.full_like(each[0, 0], math.nan))
        token.each = each
        return token


class EachItsOwn(TorchFunctionMode):
    """Computes with the number of each net. A subclass can't, because torch takes `alpha` and `value` for numbers."""

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = function.__name__
        # Fast, because this runs for every operation of every step: optimizers pass numbers singly, never in lists.
        if not (
            PerNet in map(type, args) or PerNet in map(type, kwargs.values())
        ) or name in {"__get__", "__set__"}:
            return function(*args, **kwargs)
        tensors = [
            each
            for each in (*args, *kwargs.values())
            if isinstance(each, Tensor) and type(each) is not PerNet
        ]
        stacked = next((t for t in tensors if t.dim() > 0), None)
        if stacked is not None:
            return self._beside_parameters(function, name, args, kwargs, stacked.dtype)
        if name in _OF_THE_SAME:
            return args[0]
        if tensors and args[0] is tensors[0] and _is_in_place(name):
            raise MixedError(f"{name} would give one number another value for each net")
        # The type in which torch computes with numbers: floats, in float64 here, take that of a tensor.
        given = [each for each in (*args, *kwargs.values()) if isinstance(each, Tensor)]
        dtypes = [each.dtype for each in given if each.dtype.is_floating_point]
        dtype = min(dtypes, key=attrgetter("itemsize"))
        args = [_each(value, dtype) for value in args]
        kwargs = {key: _each(value, dtype) for key, value in kwargs.items()}
        result = function(*args, **kwargs)
        if name in _COMPARISONS:
            if bool(result.all()) != bool(result.any()):
                raise MixedError("a comparison comes out differently for some nets")
            return bool(result.all())
        if isinstance(result, Tensor):
            return PerNet.of(result)
        return result

    def rounded(self, number: PerNet, dtype: torch.dtype) -> Tensor:
        """Return the number of each net, rounded to the type of the parameters."""
        return number.each.to(dtype)

    def _beside_parameters(
        self, function: Any, name: str, args: Any, kwargs: Any, dtype: torch.dtype
    ) -> Any:
        def rounded(number: Any) -> Any:
            if type(number) is PerNet:
                return self.rounded(number, dtype)
            return number

        # torch takes the scales of these as numbers, never as tensors; the forms below round in the same way.
        args = tuple(map(rounded, args))
        kwargs = {key: rounded(value) for key, value in kwargs.items()}
        plain = name.rstrip("_")
        inplace = _is_in_place(name)
        if plain in {"add", "sub"} and isinstance(alpha := kwargs.get("alpha"), Tensor):
            scale = -alpha if plain == "sub" else alpha
            if inplace:
                return args[0].addcmul_(args[1], scale)
            return torch.addcmul(args[0], args[1], scale)
        if plain in {"addcmul", "addcdiv"} and isinstance(
            value := kwargs.get("value"), Tensor
        ):
            return function(args[0], args[1] * value, args[2])
        return function(*args, **kwargs)


class Watched(EachItsOwn):
    """Collects the numbers that meet parameters, the functions that an optimizer calls, and how its comparisons end."""

    def __init__(self, recorder: Recorder | None = None) -> None:
        super().__init__()
        self.numbers: list[Tensor] = []
        self.calls: list[str] = []
        self._recorder = recorder

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.calls.append(function.__name__)
        if function.__name__ in _READS and type(args[0]) is PerNet:
            raise MixedError(
                "an optimizer's code reads a number that differs from step to step"
            )
        beside_parameters = any(map(is_row, (*args, *(kwargs or {}).values())))
        # Numbers alone are computed here, not by the kernel.
        with nullcontext() if beside_parameters else self._unrecorded():
            if function.__name__ == "item" and type(args[0]) is PerNet:
                return PerNet.of(args[0].each.to(torch.float64, copy=True))
            result = super().__torch_function__(function, types, args, kwargs)
        if isinstance(result, bool):
            self.calls.append(str(result))
        return result

    def _unrecorded(self) -> AbstractContextManager[None]:
        if self._recorder is None:
            return nullcontext()
        return self._recorder.paused()

    def rounded(self, number: PerNet, dtype: torch.dtype) -> Tensor:
        """Return a tensor that stands for the number of each net and step."""
        with self._unrecorded():
            # A copy, because the optimizer may write into the number later.
            self.numbers.append(number.each.to(torch.float64, copy=True))
            tensor = torch.ones((), dtype=dtype)
        if self._recorder is not None:
            self._recorder.take(tensor)
        return tensor


def is_row(value: Any) -> bool:
    """Whether a value is a tensor like the parameter, not a number."""
    return isinstance(value, Tensor) and value.dim() > 0 and type(value) is not PerNet


def _is_in_place(name: str) -> bool:
    """Whether a function of this name writes into its first argument, such as `mul_` and `__imul__`."""
    if name.endswith("__"):
        return name.startswith("__i")
    return name.endswith("_")


def _each(number: Any, dtype: torch.dtype) -> Any:
    if type(number) is PerNet:
        return number.each.to(dtype)
    return number
