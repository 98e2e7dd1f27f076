"""What the code of an optimizer does in a step: the functions that it calls, and the numbers that meet parameters."""

import copy
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from lockstep.kernel.recording import Recorder
from lockstep.optimizers.per_net import EachItsOwn, MixedError, PerNet

# By these, Python gets a number itself; `item` gives one that is watched.
_READS = {"__float__", "__int__", "__index__", "__bool__"}


class Watched(EachItsOwn):
    """Collects the numbers that meet parameters, the functions that an optimizer calls, and how its comparisons end."""

    def __init__(self, recorder: Recorder | None = None) -> None:
        super().__init__()
        self.numbers: list[Tensor] = []
        self.calls: list[str] = []
        self._recorder = recorder

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls.append(function.__name__)
        if function.__name__ in _READS and type(args[0]) is PerNet:
            raise MixedError("an optimizer's code reads a number that differs from step to step")
        beside_parameters = any(map(is_row, (*args, *(kwargs or {}).values())))
        # Numbers alone are computed here, not by the kernel.
        with nullcontext() if self._recorder is None or beside_parameters else self._recorder.paused():
            if function.__name__ == "item" and type(args[0]) is PerNet:
                return PerNet.of(args[0].each.to(torch.float64, copy=True))
            result = super().__torch_function__(function, types, args, kwargs)
        self.calls += [str(result)] if isinstance(result, bool) else []
        return result

    def rounded(self, number: PerNet, dtype: torch.dtype) -> Tensor:
        """Return a tensor that stands for the number of each net and step."""
        with nullcontext() if self._recorder is None else self._recorder.paused():
            self.numbers.append(number.each.to(torch.float64, copy=True))  # the optimizer may write into it later
            tensor = torch.ones((), dtype=dtype)
        if self._recorder is not None:
            self._recorder.take(tensor)
        return tensor


def copied(value: Any) -> Any:
    """Return a copy of a part of an optimizer's state; cloning a tensor takes a tenth of `deepcopy`."""
    return value.clone() if isinstance(value, Tensor) else copy.deepcopy(value)


def is_row(value: Any) -> bool:
    """Whether a value is a tensor like the parameter, not a number."""
    return isinstance(value, Tensor) and value.dim() > 0 and type(value) is not PerNet
