"""The parts of a net by name, copies of them, and its optimizer, also without torch's compiler, slow to import."""

import copy
from collections.abc import Callable
from functools import cache, wraps
from operator import attrgetter
from types import MethodType
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor
from torch.optim import Optimizer

from lockstep._compat import TENSORS

# A setting of an optimizer that is not torch's own: its attributes beside the groups.
ATTRIBUTES = "its attributes"

# What torch's schedules set as attributes of an optimizer.
_OF_SCHEDULES = {"step", "_opt_called", "_step_count"}

Tensors = dict[str, Tensor]


def optimizer_of(net: NeuralNet) -> tuple[type[torch.optim.Optimizer], dict[str, Any]]:
    """Return a net's optimizer, which has one group of parameters, and its settings as they are now."""
    optimizer = net.optimizer_
    (group,) = net.optimizer_.param_groups
    settings = {key: value for key, value in group.items() if key != "params"}
    if not is_torchs(type(optimizer)):
        settings[ATTRIBUTES] = {
            k: v for k, v in vars(optimizer).items() if k not in _of_any_optimizer()
        }
    return type(optimizer), settings


def is_torchs(optimizer: type[torch.optim.Optimizer]) -> bool:
    """Whether an optimizer is torch's own."""
    return optimizer.__module__.startswith("torch.")


@cache
def _of_any_optimizer() -> set[str]:
    return vars(torch.optim.SGD([torch.zeros(1)])).keys() | _OF_SCHEDULES


def named_tensors(net: NeuralNet) -> Tensors:
    """Return a net's parameters and buffers by name, those of its module and of its criterion.

    These are `named_parameters` and `named_buffers`, each tensor once, in half the time.
    """
    named: Tensors = {}
    for part, module in (("module", net.module_), ("criterion", net.criterion_)):
        layers = [*module.named_modules(prefix=part)]
        for of_layer in map(attrgetter, TENSORS):
            seen = {id(None)}
            for path, layer in layers:
                for name, tensor in of_layer(layer).items():
                    if id(tensor) not in seen:  # tensors' own hashes take long
                        seen.add(id(tensor))
                        named[f"{path}.{name}"] = tensor
    return named


def trained_params(net: NeuralNet, named: Tensors | None = None) -> Tensors:
    """Return the parameters that a net's optimizer updates, by name; `named` are those of `named_tensors`, if known."""
    params = (
        param for group in net.optimizer_.param_groups for param in group["params"]
    )
    stepped = {id(param) for param in params if param.requires_grad}
    if named is None:
        named = named_tensors(net)
    return {name: tensor for name, tensor in named.items() if id(tensor) in stepped}


def cloned(tensors: Tensors) -> Tensors:
    """Return copies of tensors by name."""
    return {name: tensor.clone() for name, tensor in tensors.items()}


def exchange(named: Tensors, tensors: Tensors) -> None:
    """Let a net's parameters and buffers, by name, use the memory of other tensors."""
    with torch.no_grad():
        for name, own in named.items():
            own.data = tensors[name]


def copied_parts(net: NeuralNet) -> dict[str, Any]:
    """Return copies of a net's module, criterion and optimizer, which updates the copied weights."""
    names = "module_", "criterion_", "optimizer_"
    copies = copy.deepcopy({name: vars(net)[name] for name in names})
    # torch's copy of an optimizer lacks the optimizer's own attributes.
    vars(copies["optimizer_"]).update(optimizer_of(net)[1].get(ATTRIBUTES, {}))
    return copies


def shallow_copy(net: NeuralNet, **attributes: Any) -> NeuralNet:
    """Return a net that shares all attributes except lists, dicts, sets and those in `attributes`.

    With `copy.copy`, skorch would save and load all tensors; and skorch does not let others set `module_`.
    """
    twin = object.__new__(type(net))
    for name, value in vars(net).items():
        if type(value) in (list, dict, set):
            value = copy.copy(value)
        twin.__dict__[name] = value
    twin.__dict__.update(attributes)
    return twin


# torch wraps each of these methods in one that imports the compiler, to exclude the method from compilation.
_WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")

_LEAN: dict[Any, type[Optimizer]] = {}


def lean_optimizer(optimizer: type[Optimizer]) -> type[Optimizer]:
    """Return a class like one of torch's optimizers, but without the compiler.

    torch's own imports its compiler at the first step, which takes about half a second in each process.

    Parameters
    ----------
    optimizer : type
        A class of `torch.optim`, or any other.

    Returns
    -------
    type
        A class that is derived from `optimizer` and steps as it does; the same one for each call. Copies and pickles
        of its objects are of torch's own class. Other classes, and one with a method that is not torch's, are returned
        unchanged.

    Examples
    --------
    >>> import torch
    >>> from lockstep import lean_optimizer
    >>> SGD = lean_optimizer(torch.optim.SGD)
    >>> issubclass(SGD, torch.optim.SGD)
    True
    >>> weight = torch.nn.Parameter(torch.tensor(1.0))
    >>> optimizer = SGD([weight], lr=0.25)
    >>> (weight**2).backward()
    >>> optimizer.step()
    >>> weight.item()
    0.5
    """
    if not optimizer.__module__.startswith("torch.optim."):
        return optimizer
    methods = [getattr(optimizer, name) for name in (*_WRAPPED, "step")]
    key = optimizer, *methods
    if key not in _LEAN:
        plain = [_unwrapped(method) for method in methods]
        # A script may have given the class another method.
        if all(map(_is_torchs, plain)):
            _LEAN[key] = _without_compiler(optimizer, *plain)
        else:
            _LEAN[key] = optimizer
    return _LEAN[key]


def _is_torchs(function: Any) -> bool:
    return str(function.__globals__["__name__"]).startswith("torch.")


def _unwrapped(method: Any) -> Any:
    while _is_torchs(method) and hasattr(method, "__wrapped__"):
        method = method.__wrapped__
    return method


def _without_compiler(
    optimizer: type[Optimizer], *plain: Callable[..., Any]
) -> type[Optimizer]:
    *others, own_step = plain

    @wraps(own_step)
    def step(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        with torch.set_grad_enabled(self.defaults.get("differentiable", False)):
            return own_step(self, *args, **kwargs)

    def reduced(self: Optimizer, protocol: Any) -> Any:
        # Copies and pickles are of torch's own class.
        return (
            object.__new__,
            (optimizer,),
            self.__getstate__(),
        )

    names = {"__module__": optimizer.__module__, "__qualname__": optimizer.__qualname__}
    methods = dict(zip(_WRAPPED, others, strict=True))
    own = {"step": step, "__reduce_ex__": reduced}
    return type(optimizer.__name__, (optimizer,), methods | own | names)


def build_lean(net: NeuralNet) -> NeuralNet:
    """Do what skorch's `initialize_optimizer` does, without the compiler; the optimizer has its original class."""
    args, kwargs = net.get_params_for_optimizer(
        "optimizer", net.get_all_learnable_params()
    )
    own = net.optimizer
    lean = lean_optimizer(net.optimizer)
    net.optimizer_ = lean(*args, **kwargs)
    if lean is not own:
        net.optimizer_.__class__ = own
        # Lets its class call hooks, as building it would have done.
        Optimizer.__setstate__(net.optimizer_, {})
    return net


def step_lean(optimizer: Optimizer) -> None:
    """Let an optimizer, which is not used for long, step without the compiler."""
    lean = lean_optimizer(type(optimizer))
    if lean is not type(optimizer):
        for name in ("step", "zero_grad"):
            vars(optimizer)[name] = MethodType(getattr(lean, name), optimizer)
