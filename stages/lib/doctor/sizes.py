"""Counts the numbers that a net has and makes, which time and memory depend on, as the net takes its first step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook

from stages.lib.engine import net_of
from stages.lib.experiment import Opened
from stages.lib.experiment.probe import first_step


@dataclass
class Sizes:
    """The numbers of a net: its weights, and for each row, its inputs and outputs, what its layers make and draw."""

    weights: int = 0
    inputs: int = 0
    outputs: int = 0
    made: int = 0
    drawn: int = 0


def sizes_of(experiment: Opened, settings: dict[str, Any]) -> Sizes:
    """Return the sizes of a net with such settings."""
    sizes = Sizes()
    with _watched(sizes):
        module = net_of(first_step(experiment, settings)).module_
    sizes.weights = sum(weight.numel() for weight in module.parameters())
    return sizes


@contextmanager
def _watched(sizes: Sizes) -> Iterator[None]:
    """In the block, count what layers make of a batch; the largest numbers stay, of a net or of its criterion."""
    counted: set[int] = set()

    def look(layer: torch.nn.Module, given: tuple[Any, ...], made: Any) -> None:
        tensors = [part for part in (*given[:1], made) if isinstance(part, torch.Tensor) and part.dim()]
        if len(tensors) < 2 or not len(tensors[0]) or isinstance(layer, torch.nn.modules.loss._Loss):
            return
        # A layer that has no layers inside makes numbers, the others hand them on; the whole net comes last.
        n_in, n_out = (tensor.numel() // len(tensors[0]) for tensor in tensors)
        if next(layer.children(), None) is None and id(layer) not in counted:
            counted.add(id(layer))
            sizes.made += n_out
            sizes.drawn += n_out if isinstance(layer, torch.nn.modules.dropout._DropoutNd) and layer.p else 0
        sizes.inputs, sizes.outputs = n_in, n_out

    handle = register_module_forward_hook(look)
    try:
        yield
    finally:
        handle.remove()
