"""Trained nets as bytes: what handing a net back needs, and the classes and functions of its settings by their places.

By their places among those of the candidate, classes of a notebook or of a function are found again, where pickle
finds classes of modules only.
"""

import io
import pickle
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, partial
from math import prod
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

# Numbers that numpy has as well, with their names.
_NAMES = {getattr(torch, name): name for name in ("float32", "float64", "int64", "uint8", "bool", "int32")}


@dataclass
class KeptNet:
    """A trained net without its rows."""

    trained: Trained  # without its member
    printed: str
    others: Any  # the states of the generators other than torch's, if its fit has drawn from them
    n_parts: int  # of the rows that it predicts: 1 for the test rows, 2 for the training rows before them
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
class KeptNets:
    """Trained nets of a stack."""

    nets: list[KeptNet]
    by_kernel: bool
    kind: str  # shared by nets whose evaluation is traced once


@dataclass
class _Origin:
    """What handing back needs of a member."""

    output: io.StringIO
    others: Any
    rows_to_answer: RowsToAnswer


def kept(trained: Trained, task: Task, states: dict[bytes, Tensor]) -> KeptNet:
    """Return what is kept of a task's net; nets with the same state of the generator share one of `states`."""
    member, outputs, n_parts = trained.member, trained.outputs, 0
    if outputs is not None:
        places = [torch.as_tensor(each) for _, each in member.rows_to_answer.parts]
        outputs, n_parts = tree_map(lambda made: made[torch.cat(places)], outputs), len(places)
    records = trained.records if task.is_looked_at else trained.records and list  # nobody will read these
    state = states.setdefault(trained.random_state.numpy().tobytes(), trained.random_state)
    fields = {**vars(trained), "member": None, "outputs": outputs, "records": records, "random_state": state}
    return KeptNet(Trained(**fields), member.output.getvalue(), member.others, n_parts, task.not_by_kernel)


def packed(nets: KeptNets, code: list[Any]) -> bytes:
    """Return nets as bytes; raises what pickle raises. `code` are the classes and functions of their candidates."""
    stream = io.BytesIO()
    packer = _Packer(stream, code)
    packer.dump(nets)
    numbers = {name: np.concatenate(parts) for name, parts in packer.numbers.items()}
    return pickle.dumps((stream.getvalue(), numbers), protocol=5)


def unpacked(data: bytes, code: list[Any]) -> KeptNets:
    """Return the nets of some bytes, with the candidates' classes and functions of this process."""
    stream, numbers = pickle.loads(data)
    nets: KeptNets = _Unpacker(io.BytesIO(stream), code, numbers).load()
    return nets


class _Packer(pickle.Pickler):
    """Writes all nets of a stack at once: what they share once, and the numbers in their tensors beside it."""

    def __init__(self, file: io.BytesIO, code: list[Any]) -> None:
        super().__init__(file, protocol=5)
        self._places = {id(each): place for place, each in enumerate(code)}
        self.numbers: dict[str, list[np.ndarray]] = defaultdict(list)
        self._ends: dict[str, int] = defaultdict(int)

    def reducer_override(self, obj: Any) -> Any:
        cls: Any = type(obj)
        if cls in (Tensor, Parameter) and _is_plain(obj):  # torch's own way takes ten times as long
            name, start = _NAMES[obj.dtype], self._ends[_NAMES[obj.dtype]]
            self.numbers[name].append(obj.detach().numpy().ravel())
            self._ends[name] = start + obj.numel()
            return _tensor_at, (name, start, tuple(obj.shape), cls is Parameter, obj.requires_grad)
        if issubclass(cls, type | FunctionType):
            place = self._places.get(id(obj))
            return NotImplemented if place is None else (_code_at, (place,))
        if isinstance(obj, NeuralNet):
            return object.__new__, (cls,), vars(obj), None, None, _fill
        if isinstance(obj, nn.Module) and _has_plain_state(cls):
            own: Any = obj.__getstate__()
            state = {name: value for name, value in own.items() if "_hooks" not in name or value}
            return object.__new__, (cls,), state, None, None, _fill_module
        return NotImplemented


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, code: list[Any], numbers: dict[str, np.ndarray]) -> None:
        super().__init__(file)
        self._stand_ins = {"_code_at": code.__getitem__, "_tensor_at": partial(_tensor, numbers)}

    def find_class(self, module: str, name: str) -> Any:
        own = self._stand_ins.get(name) if module == __name__ else None
        return own or super().find_class(module, name)


def _code_at(place: int) -> Any:
    """Stand for the class or function at a place; an `_Unpacker` knows them."""
    raise LookupError(place)


def _tensor_at(*about: Any) -> Any:
    """Stand for a tensor; an `_Unpacker` has the numbers."""
    raise LookupError(about)


def _tensor(
    numbers: dict[str, np.ndarray], name: str, start: int, shape: tuple[int, ...], is_parameter: bool, grad: bool
) -> Tensor:
    own = numbers[name][start : start + prod(shape)].copy()  # a view would keep the numbers of all nets
    tensor = torch.from_numpy(own).reshape(shape)
    return Parameter(tensor, grad) if is_parameter else tensor.requires_grad_(grad)


def _is_plain(tensor: Tensor) -> bool:
    is_dense = tensor.layout is torch.strided and tensor.is_cpu and tensor.is_contiguous()
    return is_dense and tensor.dtype in _NAMES and tensor.is_leaf and not vars(tensor)


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
