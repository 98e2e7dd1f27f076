"""A number that differs by net, where torch's optimizers expect a float."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from lockstep._compat import make_subclass, no_torch_function

_COMPARISONS = {"eq", "ne", "lt", "le", "gt", "ge", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"}
_KEPT = {"to", "squeeze", "detach"}


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

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, name = kwargs or {}, function.__name__
        # Fast, because this runs for every operation of every step: optimizers pass numbers singly, never in lists.
        if not (PerNet in map(type, args) or PerNet in map(type, kwargs.values())) or name in {"__get__", "__set__"}:
            return function(*args, **kwargs)
        tensors = [each for each in (*args, *kwargs.values()) if isinstance(each, Tensor) and type(each) is not PerNet]
        stacked = next((t for t in tensors if t.dim() > 0), None)
        if stacked is not None:
            return self._beside_parameters(function, name, args, kwargs, stacked.dtype)
        if name in _KEPT:
            return args[0]
        if tensors and args[0] is tensors[0] and _is_in_place(name):
            raise MixedError(f"{name} would give one number another value for each net")
        dtype = _narrowest(value for value in (*args, *kwargs.values()) if isinstance(value, Tensor))
        result = function(*(_each(value, dtype) for value in args), **{k: _each(v, dtype) for k, v in kwargs.items()})
        if name in _COMPARISONS:
            if bool(result.all()) != bool(result.any()):
                raise MixedError("a comparison comes out differently for some nets")
            return bool(result.all())
        return PerNet.of(result) if isinstance(result, Tensor) else result

    def rounded(self, number: PerNet, dtype: torch.dtype) -> Tensor:
        """Return the number of each net, rounded to the type of the parameters."""
        return number.each.to(dtype)

    def _beside_parameters(self, function: Any, name: str, args: Any, kwargs: Any, dtype: torch.dtype) -> Any:
        def rounded(number: Any) -> Any:
            return self.rounded(number, dtype) if type(number) is PerNet else number

        # torch takes the scales of these as numbers, never as tensors; the forms below round in the same way.
        args, kwargs = tuple(map(rounded, args)), {key: rounded(value) for key, value in kwargs.items()}
        plain, inplace = name.rstrip("_"), _is_in_place(name)
        if plain in {"add", "sub"} and isinstance(alpha := kwargs.get("alpha"), Tensor):
            scale = -alpha if plain == "sub" else alpha
            return args[0].addcmul_(args[1], scale) if inplace else torch.addcmul(args[0], args[1], scale)
        if plain in {"addcmul", "addcdiv"} and isinstance(value := kwargs.get("value"), Tensor):
            return function(args[0], args[1] * value, args[2])
        return function(*args, **kwargs)


def _is_in_place(name: str) -> bool:
    """Whether a function of this name writes into its first argument, such as `mul_` and `__imul__`."""
    return name.startswith("__i") if name.endswith("__") else name.endswith("_")


def _narrowest(numbers: Iterable[Tensor]) -> torch.dtype:
    """Return the type in which torch computes with numbers: floats, in float64 here, take that of a tensor."""
    return min((each.dtype for each in numbers if each.is_floating_point()), key=lambda dtype: dtype.itemsize)


def _each(number: Any, dtype: torch.dtype) -> Any:
    return number.each.to(dtype) if type(number) is PerNet else number
