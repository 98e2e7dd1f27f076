"""A net's optimizer and its settings."""

from functools import cache
from typing import Any

import torch
from skorch import NeuralNet

# A setting of an optimizer that is not torch's own: its attributes beside the groups.
ATTRIBUTES = "its attributes"

# What torch's schedules set as attributes of an optimizer.
_OF_SCHEDULES = {"step", "_opt_called", "_step_count"}


def optimizer_of(net: NeuralNet) -> tuple[type[torch.optim.Optimizer], dict[str, Any]]:
    """Return a net's optimizer, which has one group of parameters, and its settings as they are now."""
    optimizer, (group,) = net.optimizer_, net.optimizer_.param_groups
    settings = {key: value for key, value in group.items() if key != "params"}
    if not is_torchs(type(optimizer)):
        settings[ATTRIBUTES] = {k: v for k, v in vars(optimizer).items() if k not in _of_any_optimizer()}
    return type(optimizer), settings


def is_torchs(optimizer: type[torch.optim.Optimizer]) -> bool:
    """Whether an optimizer is torch's own."""
    return optimizer.__module__.startswith("torch.")


@cache
def _of_any_optimizer() -> set[str]:
    return vars(torch.optim.SGD([torch.zeros(1)])).keys() | _OF_SCHEDULES
