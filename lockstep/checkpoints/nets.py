"""Trained nets as bytes: what handing a net back needs, and the classes and functions of its settings by their places.

By their places among those of the candidate, classes of a notebook or of a function are found again, where pickle
finds classes of modules only.
"""

import io
import pickle
from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor, nn
from torch.nn import Parameter

from lockstep._compat import tree_map
from lockstep.fits.answers import RowsToAnswer
from lockstep.fits.tasks import Task
from lockstep.members.own_fit import Prepared
from lockstep.members.refusals import Refusal
from lockstep.stacks.trained import Trained

# Numbers that numpy has as well.
_DTYPES = (torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool, torch.int32)


@dataclass
class KeptNet:
    """A trained net without its rows."""

    trained: Trained  # without its member
    printed: str
    others: Any  # the states of the generators other than torch's, if its fit has drawn from them
    n_parts: int  # of the rows that it predicts: 1 for the test rows, 2 for the training rows before them
    by_kernel: bool
    kind: str  # shared by nets whose evaluation is traced once
    not_by_kernel: Refusal | None

    def restored(self, prepared: Prepared, test: Any) -> Trained:
        """Return the net as its stack has handed it over; `test` are the rows that are scored, as the net gets them."""
        parts, start = [], 0
        for rows in [prepared.X, test][-self.n_parts :] if self.n_parts else []:
            parts.append((rows, start + np.arange(len(rows))))
            start += len(rows)
        origin: Any = _Origin(io.StringIO(self.printed), self.others, RowsToAnswer(torch.empty(0), parts))
        self.trained.member = origin
        return self.trained


@dataclass
class _Origin:
    """What handing back needs of a member."""

    output: io.StringIO
    others: Any
    rows_to_answer: RowsToAnswer


def packed(trained: Trained, by_kernel: bool, kind: str, task: Task, code: list[Any]) -> bytes:
    """Return a task's net as bytes; raises what pickle raises. `code` are its candidate's classes and functions."""
    member, outputs, n_parts = trained.member, trained.outputs, 0
    if outputs is not None:
        places = [torch.as_tensor(each) for _, each in member.rows_to_answer.parts]
        outputs, n_parts = tree_map(lambda made: made[torch.cat(places)], outputs), len(places)
    records = _Records(trained.history(task.is_looked_at)) if trained.records else None
    fields = {**vars(trained), "member": None, "outputs": outputs, "records": records}
    how = n_parts, by_kernel, kind, task.not_by_kernel
    kept = KeptNet(Trained(**fields), member.output.getvalue(), member.others, *how)
    stream = io.BytesIO()
    _Packer(stream, code).dump(kept)
    return stream.getvalue()


def unpacked(data: bytes, code: list[Any]) -> KeptNet:
    """Return the net of some bytes, with the candidate's classes and functions of this process."""
    kept: KeptNet = _Unpacker(io.BytesIO(data), code).load()
    return kept


@dataclass
class _Records:
    """A net's records, in place of the function that computes them."""

    history: list[dict[str, Any]]

    def __call__(self) -> list[dict[str, Any]]:
        return self.history


class _Packer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, code: list[Any]) -> None:
        super().__init__(file, protocol=5)
        self._places = {id(each): place for place, each in enumerate(code)}

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, type | FunctionType):
            place = self._places.get(id(obj))
            return NotImplemented if place is None else (_code_at, (place,))
        if isinstance(obj, NeuralNet):
            return object.__new__, (type(obj),), vars(obj), None, None, _fill
        if type(obj) in (Tensor, Parameter) and _is_plain(obj):  # torch's own way takes ten times as long
            return _tensor, (type(obj) is Parameter, obj.requires_grad, obj.detach().numpy())
        cls: Any = type(obj)
        if isinstance(obj, nn.Module) and _has_plain_state(cls):
            own: Any = obj.__getstate__()
            state = {name: value for name, value in own.items() if value or "_hooks" not in name}
            return object.__new__, (cls,), state, None, None, _fill_module
        return NotImplemented


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, code: list[Any]) -> None:
        super().__init__(file)
        self._code = code

    def find_class(self, module: str, name: str) -> Any:
        return self._code.__getitem__ if (module, name) == (__name__, "_code_at") else super().find_class(module, name)


def _code_at(place: int) -> Any:
    """Stand for the class or function at a place; an `_Unpacker` knows them."""
    raise LookupError(place)


def _is_plain(tensor: Tensor) -> bool:
    is_dense = tensor.layout is torch.strided and tensor.device.type == "cpu" and tensor.dtype in _DTYPES
    return is_dense and not vars(tensor) and tensor.is_leaf


def _tensor(is_parameter: bool, requires_grad: bool, numbers: np.ndarray) -> Tensor:
    tensor = torch.from_numpy(np.array(numbers))
    return Parameter(tensor, requires_grad) if is_parameter else tensor.requires_grad_(requires_grad)


@cache
def _has_plain_state(cls: Any) -> bool:
    """Whether pickle would write what it writes of any module."""
    names = "reduce", "reduce_ex", "getstate", "setstate", "getnewargs_ex", "getnewargs"
    return all(getattr(cls, f"__{name}__", None) is getattr(nn.Module, f"__{name}__", None) for name in names)


def _fill_module(module: nn.Module, state: dict[str, Any]) -> None:
    """Give a module its attributes, and empty dicts for the hooks that it does not have."""
    vars(module).update({name: value for name, value in vars(nn.Module()).items() if "_hooks" in name} | state)


def _fill(net: NeuralNet, attributes: dict[str, Any]) -> None:
    vars(net).update(attributes)
