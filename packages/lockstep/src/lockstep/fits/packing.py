"""Objects with nets in them as bytes: for another process, or for the folder of a search that may be stopped."""

import io
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np
import torch
from cloudpickle import CloudPickler
from skorch import NeuralNet
from torch import Tensor, nn

from lockstep._compat import (
    _DYNAMIC_CLASS_TRACKER_BY_CLASS,
    _DYNAMIC_CLASS_TRACKER_BY_ID,
)

# Bytes of an array from which on it is a buffer of its own, which a backend can send apart from the rest.
_LARGE = 2**16

# Tensors of these types are written as numpy's arrays: torch's own way takes ten times as long.
_OF_NUMPY = (
    torch.float32,
    torch.float64,
    torch.int64,
    torch.int32,
    torch.uint8,
    torch.bool,
)


@dataclass
class Packed:
    """An object with initialised nets in it, on its way to another process, or back, if it `returns`.

    On the way there, its large arrays are buffers of the outer pickle, so that a backend can send those that many
    objects share once, such as rows. Weights are not among them, because nothing shares these.
    """

    content: Any
    returns: bool = False

    def __reduce_ex__(self, protocol: Any) -> Any:
        buffers = list[pickle.PickleBuffer]()

        def stays(buffer: pickle.PickleBuffer) -> bool:
            with buffer.raw() as raw:
                is_shared = raw.nbytes >= _LARGE
                if is_shared:
                    address = np.frombuffer(raw, "u1").ctypes.data
                    is_shared = address not in packer.weights
            if is_shared:
                buffers.append(buffer)
            return not is_shared

        packer = _Packer(
            [], self.returns, buffer_callback=None if self.returns else stays
        )
        return _unpacked, (packer.packed(self.content), buffers)


def _unpacked(data: bytes, buffers: list[Any]) -> Packed:
    return Packed(pickle.loads(data, buffers=buffers))


def packed(content: Any, code: Sequence[Any]) -> bytes:
    """Return an object as bytes; raises what pickle raises.

    Classes and functions in `code` are written by their places there, for `unpacked`: so those of a notebook or of a
    function are found again, where pickle finds those of modules only.
    """
    return _Packer(code).packed(content)


def unpacked(data: bytes, code: Sequence[Any]) -> Any:
    """Return the object of some bytes, with the classes and functions of this process."""
    return _Unpacker(data, code).load()


class _Packer(CloudPickler):
    """Pickles nets with all their attributes; skorch's plain pickle fails for classes of a script or notebook.

    What `returns` to the process that has sent its classes has them by name, because cloudpickle would set their
    methods and attributes again.
    """

    def __init__(
        self, code: Sequence[Any], returns: bool = False, **options: Any
    ) -> None:
        self._stream = io.BytesIO()
        super().__init__(self._stream, protocol=5, **options)
        self._places = {id(each): place for place, each in enumerate(code)}
        self._returns = returns
        self.weights = set[int]()  # where they are in memory

    def packed(self, content: Any) -> bytes:
        """Return an object as bytes."""
        self.dump(content)
        return self._stream.getvalue()

    def reducer_override(self, obj: Any) -> Any:
        """Return how a part is rebuilt."""
        cls: Any = type(obj)
        if issubclass(cls, type | FunctionType) and id(obj) in self._places:
            return _code_at, (self._places[id(obj)],)
        if (
            self._returns
            and isinstance(obj, type)
            and obj in _DYNAMIC_CLASS_TRACKER_BY_CLASS
        ):
            return _sent, (_DYNAMIC_CLASS_TRACKER_BY_CLASS[obj],)
        if cls in (Tensor, nn.Parameter) and _is_plain(obj):
            if cls is nn.Parameter:
                self.weights.add(obj.data_ptr())
            return _tensor, (
                obj.detach().numpy(),
                cls is nn.Parameter,
                obj.requires_grad,
            )
        if isinstance(obj, NeuralNet) or (
            isinstance(obj, nn.Module) and _has_plain_state(cls)
        ):
            state = {
                name: value
                for name, value in vars(obj).items()
                if "_hooks" not in name or value
            }
            return object.__new__, (cls,), state, None, None, _fill
        return super().reducer_override(obj)


class _Unpacker(pickle.Unpickler):
    def __init__(self, data: bytes, code: Sequence[Any]) -> None:
        super().__init__(io.BytesIO(data))
        self._code = code

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, "_code_at"):
            return self._code.__getitem__
        return super().find_class(module, name)


def _code_at(place: int) -> Any:
    """Stand for the class or function at a place; an `_Unpacker` knows them."""
    raise LookupError(place)


def _sent(name: str) -> type:
    cls: type = _DYNAMIC_CLASS_TRACKER_BY_ID[name]
    return cls


def _tensor(numbers: np.ndarray, is_parameter: bool, grad: bool) -> Tensor:
    tensor = torch.from_numpy(numbers)
    if is_parameter:
        return nn.Parameter(tensor, grad)
    return tensor.requires_grad_(grad)


def _is_plain(tensor: Tensor) -> bool:
    is_dense = (
        tensor.layout is torch.strided and tensor.is_cpu and tensor.is_contiguous()
    )
    return (
        is_dense and tensor.dtype in _OF_NUMPY and tensor.is_leaf and not vars(tensor)
    )


@cache
def _has_plain_state(cls: Any) -> bool:
    """Whether pickle would write the attributes of a module."""
    names = "reduce", "reduce_ex", "getstate", "setstate", "getnewargs_ex", "getnewargs"
    return all(
        getattr(cls, f"__{name}__", None) is getattr(nn.Module, f"__{name}__", None)
        for name in names
    )


def _fill(thing: Any, attributes: dict[str, Any]) -> None:
    """Give a thing its attributes, and a module empty dicts for the hooks that it does not have."""
    if isinstance(thing, nn.Module):
        plain = vars(nn.Module()).items()
        vars(thing).update({name: value for name, value in plain if "_hooks" in name})
    vars(thing).update(attributes)
