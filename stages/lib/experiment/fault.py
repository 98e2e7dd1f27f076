"""What a net is given and returns in a trial, and what to do about an error of one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from skorch import NeuralNet
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from stages.lib.common import own_place
from stages.lib.search import advice_on_one_row

FIX_THE_CODE = "Fix the code there."
# What torch's messages mean for a net, whatever its settings.
_CERTAIN = {
    "Using a target size": "Let the module's forward return one column, the shape of the target, (n, 1).",
    "modified by an inplace operation": "An operation such as `x += 1` or `relu_` changes numbers that the gradient "
    "needs: write `x = x + 1` in the module's forward.",
    r"__init__\(\) missing .*: '(\w+)'": "Set model.module__{0}: besides its candidates, a search trains the net that "
    "it starts from. Or give it a default in the code.",
}
# What they mean where no value of a setting is known to be at fault.
_MEANINGS = {
    "must be Tensor, not tuple": "The module's forward returns several things; let it return the output alone.",
    "target with class probabilities": "The criterion needs a column for each class: let forward return n_outputs "
    "columns, and leave out a squeeze at its end.",
    "between 0 and 1": "BCELoss takes probabilities: let the module end in a sigmoid, or set model.criterion to "
    "BCEWithLogitsLoss, which takes the plain output.",
    r"Target -?\d+ is out of bounds": "The criterion needs an output for each class: let the module's last layer have "
    "n_outputs, which it is given if it takes them.",
    "shapes cannot be multiplied|normalized_shape|expected input": "A row has {width} numbers here: let the module "
    "take n_inputs, which it is given, for the width of its first layer, and check the widths of the others.",
    "does not require grad|empty parameter list": "No weight of the module can be trained: make its layers attributes "
    "of it, and let forward use them without no_grad, detach or argmax.",
}

_NOTHING = object()


@dataclass
class Seen:
    """What a net's module was last given and returned, what its criterion was, and what this returned first."""

    rows: Any = None
    returned: Any = _NOTHING
    output: Any = None
    target: Any = None
    first_loss: float | None = None


@contextmanager
def observed(net: NeuralNet) -> Iterator[Seen]:
    """Yield what the modules and criteria of nets such as this one are given while the block runs."""
    seen = Seen()

    def before(module: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
        if type(module) is net.module and inputs:
            seen.rows = inputs[0]
        elif isinstance(module, net.criterion) and len(inputs) == 2:
            seen.output, seen.target = inputs

    def after(module: torch.nn.Module, inputs: tuple[Any, ...], returned: Any) -> None:
        if type(module) is net.module:
            seen.returned = returned
        elif isinstance(module, net.criterion) and isinstance(returned, torch.Tensor) and seen.first_loss is None:
            seen.first_loss = float(returned.detach().mean())

    handles = register_module_forward_pre_hook(before), register_module_forward_hook(after)
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def advice(error: BaseException, seen: Seen) -> str:
    """Return what to do about an error that the fit of an estimator has raised, as a sentence."""
    if seen.returned is not _NOTHING and not isinstance(seen.returned, torch.Tensor | tuple):
        kind = "nothing" if seen.returned is None else f"a {type(seen.returned).__name__}"
        return f"The module's forward returns {kind}; let it return a tensor with one row for each row of its input."
    width = seen.rows.shape[-1] if isinstance(seen.rows, torch.Tensor) and seen.rows.ndim else "n_inputs"
    return (
        certain_meaning(error)
        or advice_on_one_row(error)
        or _meaning(_MEANINGS, error, width=width)
        or (FIX_THE_CODE if own_place(error) else "")
        or "Change the setting in params.yaml that this is about, or the module, the criterion or the data."
    )


def certain_meaning(error: BaseException) -> str:
    """Return what the message of an error means, whatever the settings are; "" if that is not known."""
    return _meaning(_CERTAIN, error)


def _meaning(meanings: dict[str, str], error: BaseException, **words: object) -> str:
    """Return what the message of an error means; "" if the table does not have it."""
    matches = ((re.search(words, str(error)), meaning) for words, meaning in meanings.items())
    return next((meaning.format(*match.groups(), **words) for match, meaning in matches if match), "")
