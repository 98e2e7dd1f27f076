"""A net as its own `get_loss` and `infer` see it in a stack: without what only skorch's own loop keeps up."""

from typing import Any

from skorch import NeuralNet
from torch import nn

from lockstep.members.own_code import has_own
from lockstep.members.refusals import RefusalError
from lockstep.members.tensors import shallow_copy

# What a step calls of a net's class.
OF_A_STEP = ("get_loss", "infer")

_HIDDEN = ("history_", "optimizer_", "callbacks_")


def step_view(net: NeuralNet, module: nn.Module, criterion: nn.Module) -> NeuralNet:
    """Return a copy of a net with another module and criterion, for steps.

    Where the net's class has a `get_loss` or `infer` of its own, the copy has no history, optimizer and callbacks.
    """
    view = shallow_copy(net, module_=module, criterion_=criterion)
    if has_own(net, *OF_A_STEP):
        for name in _HIDDEN:
            vars(view).pop(name, None)
    return view


def explained(error: AttributeError, net: NeuralNet) -> Exception:
    """Return a refusal in place of an error about an attribute that a step does not see; other errors as they are."""
    if getattr(error, "name", None) not in _HIDDEN:
        return error
    name: Any = error.name
    return RefusalError(
        f"the get_loss or infer of {type(net).__name__} reads {name.rstrip('_')}, which a stack has for no single net",
        "read nothing but its arguments, the module, the criterion and the net's parameters",
    )
