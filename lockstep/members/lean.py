"""torch's optimizers without the import of its compiler, which takes half a second."""

from collections.abc import Callable
from functools import wraps
from types import MethodType
from typing import Any

import torch
from skorch import NeuralNet
from torch.optim import Optimizer

# torch wraps each of these methods in one that imports the compiler, to exclude the method from compilation.
_WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")

_LEAN: dict[Any, type[Optimizer]] = {}


def lean_optimizer(optimizer: type[Optimizer]) -> type[Optimizer]:
    """Return a class like one of torch's optimizers, but without the compiler; other classes are returned unchanged."""
    if not optimizer.__module__.startswith("torch.optim."):
        return optimizer
    methods = [getattr(optimizer, name) for name in (*_WRAPPED, "step")]
    key = optimizer, *methods
    if key not in _LEAN:
        plain = [_unwrapped(method) for method in methods]
        # A script may have given the class another method.
        _LEAN[key] = _without_compiler(optimizer, *plain) if all(map(_is_torchs, plain)) else optimizer
    return _LEAN[key]


def _is_torchs(function: Any) -> bool:
    return str(function.__globals__["__name__"]).startswith("torch.")


def _unwrapped(method: Any) -> Any:
    while _is_torchs(method) and hasattr(method, "__wrapped__"):
        method = method.__wrapped__
    return method


def _without_compiler(optimizer: type[Optimizer], *plain: Callable[..., Any]) -> type[Optimizer]:
    *others, own_step = plain

    @wraps(own_step)
    def step(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        with torch.set_grad_enabled(self.defaults.get("differentiable", False)):
            return own_step(self, *args, **kwargs)

    def reduced(self: Optimizer, protocol: Any) -> Any:
        return object.__new__, (optimizer,), self.__getstate__()  # copies and pickles are of torch's own class

    names = {"__module__": optimizer.__module__, "__qualname__": optimizer.__qualname__}
    methods = dict(zip(_WRAPPED, others, strict=True)) | {"step": step, "__reduce_ex__": reduced}
    return type(optimizer.__name__, (optimizer,), methods | names)


def build_lean(net: NeuralNet) -> NeuralNet:
    """Do what skorch's `initialize_optimizer` does, without the compiler; the optimizer has its original class."""
    args, kwargs = net.get_params_for_optimizer("optimizer", net.get_all_learnable_params())
    own, lean = net.optimizer, lean_optimizer(net.optimizer)
    net.optimizer_ = lean(*args, **kwargs)
    if lean is not own:
        net.optimizer_.__class__ = own
        Optimizer.__setstate__(net.optimizer_, {})  # lets its class call hooks, as building it would have done
    return net


def step_lean(optimizer: Optimizer) -> None:
    """Let an optimizer, which is not used for long, step without the compiler."""
    lean = lean_optimizer(type(optimizer))
    if lean is not type(optimizer):
        vars(optimizer).update({name: MethodType(getattr(lean, name), optimizer) for name in ("step", "zero_grad")})
