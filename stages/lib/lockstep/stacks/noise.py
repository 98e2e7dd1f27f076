"""Random numbers for a module in training, drawn outside of it: inside vmap they would depend on the stack."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

F = nn.functional

# SELU's constants, which alpha dropout keeps the mean and variance by (Klambauer et al. 2017, section 3).
_ALPHA = -1.7580993408473766


@dataclass(frozen=True)
class Draw:
    """What a module asks for: `normal` or uniform numbers on [0, 1), of `shape`, whose first dimension is the batch."""

    normal: bool
    shape: tuple[int, ...]

    def sample(self, n_rows: int, dtype: torch.dtype, generator: torch.Generator) -> Tensor:
        """Draw the numbers for so many rows."""
        draw = torch.randn if self.normal else torch.rand
        return draw(n_rows, *self.shape[1:], dtype=dtype, generator=generator)


class GivenNoise(TorchFunctionMode):
    """Makes dropout layers and the functions that draw numbers take noise that is given, in the order of the calls.

    Without noise the mode draws, and `draws` tells what was asked for.
    """

    def __init__(self, noise: Any = None) -> None:
        super().__init__()
        self.noise = iter(noise) if noise is not None else None
        self.draws: list[Draw] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Replace the functions that draw, leave all others alone."""
        replacement = _REPLACED.get(function)
        return replacement(self, *args, **(kwargs or {})) if replacement else function(*args, **(kwargs or {}))

    def draw(self, like: Tensor, shape: tuple[int, ...], normal: bool = False) -> Tensor:
        """Return the next numbers."""
        self.draws.append(Draw(normal, tuple(shape)))
        if self.noise is not None:
            return next(self.noise)
        return (torch.randn if normal else torch.rand)(shape, dtype=like.dtype, device=like.device)


def _dropout(by_channel: bool = False, alpha: bool = False) -> Callable[..., Tensor]:
    def dropout(mode: GivenNoise, x: Tensor, p: Any = 0.5, training: bool = not alpha, inplace: bool = False) -> Tensor:
        if not training:
            return x
        noise = mode.draw(x, (*x.shape[:2], *[1] * (x.dim() - 2)) if by_channel else x.shape)
        # 1 where a number of [0, 1) is at least p, else 0; five times as fast as a comparison and its cast.
        kept = (noise - p).floor() + 1
        if not alpha:
            return x * (kept / (1 - p))
        scale = ((1 - p) * (1 + p * _ALPHA**2)) ** -0.5
        return scale * (x * kept + _ALPHA * (1 - kept)) - scale * _ALPHA * p

    return dropout


def _bernoulli(mode: GivenNoise, x: Tensor, **options: Any) -> Tensor:
    return (mode.draw(x, x.shape) < x).to(x.dtype)


_REPLACED: dict[Callable[..., Any], Callable[..., Tensor]] = {
    F.dropout: _dropout(),
    F.dropout1d: _dropout(by_channel=True),
    F.dropout2d: _dropout(by_channel=True),
    F.dropout3d: _dropout(by_channel=True),
    F.alpha_dropout: _dropout(alpha=True),
    F.feature_alpha_dropout: _dropout(by_channel=True, alpha=True),
    torch.rand_like: lambda mode, x, **options: mode.draw(x, x.shape),
    torch.randn_like: lambda mode, x, **options: mode.draw(x, x.shape, normal=True),
    torch.bernoulli: _bernoulli,
    Tensor.bernoulli: _bernoulli,
}


def dropouts(module: nn.Module) -> list[Any]:
    """Return a module's dropout layers, in the order of its parts."""
    return [part for part in module.modules() if isinstance(part, nn.modules.dropout._DropoutNd)]
