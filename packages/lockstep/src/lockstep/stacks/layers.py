"""Replaces functions that can't be recorded for the kernel as they are: random numbers and recurrent layers."""

from collections.abc import Callable
from inspect import signature
from types import FunctionType, SimpleNamespace
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lockstep._compat import _DropoutNd, decompositions
from lockstep.members.refusals import RefusalError
from lockstep.stacks.noise import DRAWING, Draw

F = nn.functional

# oneDNN has one more flag since torch 2.9.
_OTHER_FLAGS = [None] * (len(signature(torch.backends.mkldnn.flags).parameters) - 1)


class GivenNoise(TorchFunctionMode):
    """Lets dropout layers and functions that draw numbers use given noise, in the order of the calls.

    Without noise the mode draws numbers itself; `draws` then lists the draws, and `matters` says whether any of them is
    not for a dropout with rate 0. If the noise is empty, such dropout is skipped. With `in_stack`, the mode also
    replaces functions that ask for numbers, or that torch computes in one operation which the kernel lacks.

    `masks_rows` says whether, in evaluation, attention gets a mask for each row: then torch takes its fast path, which
    it does not under the mode.
    """

    def __init__(self, noise: Any = None, in_stack: bool = False) -> None:
        super().__init__()
        self.replaced = DRAWING | _SEEN_THROUGH | (_IN_STACK if in_stack else {})
        self.is_quiet = noise is not None and not noise
        self.noise = iter(noise) if noise is not None else None
        self.draws: list[Draw] = []
        self.matters = False
        self.masks_rows = False

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Replace some functions, leave all others alone."""
        replacement = self.replaced.get(function)
        if replacement:
            return replacement(self, *args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))

    def draw(
        self, like: Tensor, shape: tuple[int, ...], normal: bool = False, p: Any = None
    ) -> Tensor:
        """Return the next random numbers; `p` is the rate of dropout."""
        if self.noise is not None:
            given: Tensor | None = next(self.noise, None)
            if given is None:
                raise RuntimeError(
                    "the module draws more random numbers than in its first step, or some in evaluation"
                )
            return given
        self.draws.append(Draw(normal, tuple(shape)))
        self.matters |= p != 0
        dtype = like.dtype if like.is_floating_point() else None
        drawing = torch.randn if normal else torch.rand
        return drawing(shape, dtype=dtype, device=like.device)


def _seen_through(function: Any) -> Callable[..., Any]:
    """Return a Python function of torch so that the mode sees the functions that it calls."""
    asks = (name for name in vars(F) if name.startswith("has_torch_function"))
    never = dict.fromkeys(asks, lambda *tensors: False)
    inside = FunctionType(
        function.__code__, vars(F) | never, argdefs=function.__defaults__
    )

    def called(mode: GivenNoise, *args: Any, **kwargs: Any) -> Any:
        with mode:
            return inside(*args, **kwargs)

    return called


def _attention_of_heads(mode: GivenNoise, /, *args: Any, **kwargs: Any) -> Any:
    bound = signature(F.multi_head_attention_forward).bind(*args, **kwargs)
    bound.apply_defaults()
    given = SimpleNamespace(**bound.arguments)
    has_own_masks = given.attn_mask is not None and given.attn_mask.dim() > 2
    if not given.training and (given.key_padding_mask is not None or has_own_masks):
        mode.masks_rows = True
    return _seen_through(F.multi_head_attention_forward)(mode, *args, **kwargs)


def _one_hot(mode: GivenNoise, x: Tensor, num_classes: int = -1) -> Tensor:
    """Do what torch's does, without its check of the largest class, which Python would read; `scatter` checks it."""
    if num_classes < 0 or x.dtype != torch.int64:
        return F.one_hot(x, num_classes)
    zeros = torch.zeros(*x.shape, num_classes, dtype=torch.int64, device=x.device)
    return zeros.scatter(-1, x.unsqueeze(-1), 1)


def _embedding_bag(given: GivenNoise, /, *args: Any, **kwargs: Any) -> Tensor:
    """Do what torch's does, by a look-up and a sum; torch computes bags of several lengths, and what is rare."""
    bound = signature(F.embedding_bag).bind(*args, **kwargs)
    bound.apply_defaults()
    bag = SimpleNamespace(**bound.arguments)
    rare = bag.max_norm is not None or bag.scale_grad_by_freq or bag.sparse
    rare |= bag.padding_idx is not None and bag.mode == "max"
    if (
        bag.input.dim() != 2
        or rare
        or (bag.per_sample_weights is not None and bag.mode != "sum")
    ):
        return F.embedding_bag(*args, **kwargs)
    rows = F.embedding(bag.input, bag.weight)
    if bag.mode == "max":
        return rows.max(1)[0]
    factors = bag.per_sample_weights
    if factors is None:
        factors = torch.ones_like(bag.input, dtype=bag.weight.dtype)
    if bag.padding_idx is not None:
        factors = factors * (bag.input != bag.padding_idx % len(bag.weight))
    total = (rows * factors.unsqueeze(-1)).sum(1)
    if bag.mode == "mean":
        return total / factors.sum(1, keepdim=True).clamp(min=1)
    return total


def _of_bytes(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a loss that accepts classes as bytes; torch's own does, but not what it decomposes into."""

    def loss(
        mode: GivenNoise, x: Tensor, y: Tensor, *args: Any, **kwargs: Any
    ) -> Tensor:
        return function(x, y.long() if y.dtype == torch.uint8 else y, *args, **kwargs)

    return loss


def _put_items(mode: GivenNoise, x: Tensor, places: Any, value: Any) -> None:
    """Do what torch's does; with a mask, by an operation that the kernel has."""
    is_mask = isinstance(places, Tensor) and places.dtype == torch.bool
    if not is_mask or torch.as_tensor(value).dim() > 0:
        x[places] = value
        return
    ones = [1] * (x.dim() - places.dim())
    x.masked_fill_(places.view(*places.shape, *ones), value)


def _put_data(mode: GivenNoise, x: Tensor, value: Tensor) -> None:
    with torch.no_grad():
        x.copy_(value)


def _by_steps(decomposition: Callable[..., Any]) -> Callable[..., Any]:
    def layer(mode: GivenNoise, x: Tensor, hidden: Any, *args: Any) -> Any:
        if isinstance(hidden, Tensor) and not hidden.is_floating_point():
            raise RefusalError("a recurrent layer gets packed series")
        # oneDNN would run the layer of one net in one operation; its other flags stay as they are.
        with torch.backends.mkldnn.flags(False, *_OTHER_FLAGS):
            return decomposition(x, hidden, *args)

    return layer


_IN_STACK: dict[Callable[..., Any], Callable[..., Any]] = {
    F.one_hot: _one_hot,
    F.embedding_bag: _embedding_bag,
    Tensor.__setitem__: _put_items,
    **{each: _of_bytes(each) for each in (F.cross_entropy, F.nll_loss)},
    Tensor.data.__get__: lambda mode, x, *about: x.detach(),  # type: ignore[attr-defined]
    Tensor.data.__set__: _put_data,  # type: ignore[attr-defined]
    torch.gru: _by_steps(decompositions.gru_impl),
    torch.lstm: _by_steps(decompositions.lstm_impl),
    torch.rnn_tanh: _by_steps(decompositions.rnn_tanh_input),
    torch.rnn_relu: _by_steps(decompositions.rnn_relu_input),
}
_SEEN_THROUGH = {
    F.multi_head_attention_forward: _attention_of_heads,
    F.gumbel_softmax: _seen_through(F.gumbel_softmax),
}


def rates_of(net: NeuralNet) -> list[Any]:
    """Return the rates of a net's dropout layers."""
    return [layer.p for layer in dropouts(net)]


def dropouts(net: NeuralNet) -> list[Any]:
    """Return the dropout layers of a net's module and criterion, in the order of their parts."""
    parts = (*net.module_.modules(), *net.criterion_.modules())
    return [part for part in parts if isinstance(part, _DropoutNd)]
