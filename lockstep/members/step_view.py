"""A net as its own `get_loss` and `infer` see it in a stack: without attributes that only skorch's loop updates."""

from typing import Any

from skorch import NeuralNet
from torch import nn

from lockstep.members.own_code import has_own
from lockstep.members.refusals import RefusalError
from lockstep.members.tensors import shallow_copy

# The methods of a net's class that a step calls.
OF_A_STEP = ("get_loss", "infer")

_HIDDEN = ("history_", "optimizer_", "callbacks_")


def step_view(net: NeuralNet, module: nn.Module, criterion: nn.Module) -> NeuralNet:
    """Return a copy of a net with another module and criterion, for steps.

    If the net's class has its own `get_loss` or `infer`, the copy has no history, optimizer and callbacks.
    """
    view = shallow_copy(net, module_=module, criterion_=criterion)
    if has_own(net, *OF_A_STEP):
        for name in _HIDDEN:
            vars(view).pop(name, None)
    return view


def explained(error: AttributeError, net: NeuralNet) -> Exception:
    """Return a refusal for an error about an attribute that a step does not see; return other errors unchanged."""
    if getattr(error, "name", None) not in _HIDDEN:
        return error
    name: Any = error.name
    return RefusalError(
        f"the get_loss or infer of {type(net).__name__} reads {name.rstrip('_')}, which a net does not have in a stack",
        "read only its arguments, the module, the criterion and the net's parameters",
    )
