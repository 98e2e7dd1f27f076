"""Objects with nets in them, packed for another process."""

import io
import pickle
from dataclasses import dataclass
from typing import Any

import torch
from cloudpickle import CloudPickler
from skorch import NeuralNet

from lockstep._compat import _DYNAMIC_CLASS_TRACKER_BY_CLASS, _DYNAMIC_CLASS_TRACKER_BY_ID

# Bytes of an array from which on it is a buffer of its own, which a backend can send apart from the rest.
_LARGE = 2**16


class _Packer(CloudPickler):
    """Pickles nets with all their attributes; skorch's plain pickle fails for classes of a script or notebook.

    On the way back these classes go by name, because cloudpickle would set their methods and attributes again.
    """

    returns = False
    weights: set[int]  # where they are in memory

    def reducer_override(self, obj: Any) -> Any:
        """Return how a net is rebuilt, or how a class is looked up."""
        if self.returns and isinstance(obj, type) and obj in _DYNAMIC_CLASS_TRACKER_BY_CLASS:
            return _sent, (_DYNAMIC_CLASS_TRACKER_BY_CLASS[obj],)
        if isinstance(obj, NeuralNet):
            return object.__new__, (type(obj),), vars(obj), None, None, _fill
        if isinstance(obj, torch.nn.Parameter):
            self.weights.add(obj.data_ptr())  # torch pickles a tensor with the same numbers next
        elif not self.returns and type(obj) is torch.Tensor and _is_plain(obj) and obj.data_ptr() not in self.weights:
            return torch.from_numpy, (obj.numpy(),)  # a buffer of its own, which torch's pickle would copy
        return super().reducer_override(obj)


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor is a large array of numbers, as rows are, and nothing more."""
    kinds = torch.float32, torch.float64, torch.int64
    is_alone = not tensor.requires_grad and tensor.device.type == "cpu" and tensor.is_contiguous()
    return tensor.nbytes >= _LARGE and tensor.dtype in kinds and is_alone


def _fill(net: NeuralNet, attributes: dict[str, Any]) -> None:
    vars(net).update(attributes)


def _sent(name: str) -> type:
    cls: type = _DYNAMIC_CLASS_TRACKER_BY_ID[name]
    return cls


@dataclass
class Packed:
    """An object with initialised nets in it, on its way to another process.

    Its large arrays are buffers of the outer pickle, so that a backend can send those that many objects share once.
    """

    content: Any
    returns: bool = False

    def __reduce_ex__(self, protocol: Any) -> Any:
        stream, buffers = io.BytesIO(), list[pickle.PickleBuffer]()

        def stays(buffer: pickle.PickleBuffer) -> bool:
            is_small = self.returns or buffer.raw().nbytes < _LARGE
            if not is_small:
                buffers.append(buffer)
            return is_small

        packer = _Packer(stream, protocol=5, buffer_callback=stays)
        packer.returns, packer.weights = self.returns, set()
        packer.dump(self.content)
        return _unpacked, (stream.getvalue(), buffers)


def _unpacked(data: bytes, buffers: list[Any]) -> Packed:
    return Packed(pickle.loads(data, buffers=buffers))
