"""What a model file must not import: that it was imported at all shows in `sys.modules`."""

import torch
from torch import nn


class Trap(nn.Identity):
    """A module like others."""


def spring_(tensor: torch.Tensor) -> None:
    """Do nothing, as an initialiser might."""
