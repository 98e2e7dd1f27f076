"""The tensors of a net: its parameters and buffers by name, and copies of the parts that hold them."""

import copy
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor

from lockstep.members.optimizer import ATTRIBUTES, optimizer_of

Tensors = dict[str, Tensor]


def named_tensors(net: NeuralNet) -> Tensors:
    """Return a net's parameters and buffers by name, those of its module and of its criterion."""
    return {
        f"{part}.{name}": tensor
        for part, module in (("module", net.module_), ("criterion", net.criterion_))
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]
    }


def trained_params(net: NeuralNet) -> Tensors:
    """Return the parameters that a net's optimizer updates, by name."""
    params = (param for group in net.optimizer_.param_groups for param in group["params"])
    stepped = {id(param) for param in params if param.requires_grad}
    return {name: tensor for name, tensor in named_tensors(net).items() if id(tensor) in stepped}


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
    copies = dict(zip(names, copy.deepcopy([vars(net)[name] for name in names]), strict=True))
    # torch's copy of an optimizer lacks the optimizer's own attributes.
    vars(copies["optimizer_"]).update(optimizer_of(net)[1].get(ATTRIBUTES, {}))
    return copies


def shallow_copy(net: NeuralNet, **attributes: Any) -> NeuralNet:
    """Return a net that shares all attributes except lists, dicts, sets and those in `attributes`.

    With `copy.copy`, skorch would save and load all tensors; and skorch does not let others set `module_`.
    """
    twin = object.__new__(type(net))
    twin.__dict__.update({k: copy.copy(v) if type(v) in (list, dict, set) else v for k, v in vars(net).items()})
    twin.__dict__.update(attributes)
    return twin
