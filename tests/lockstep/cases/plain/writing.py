"""Modules that write into their weights and buffers, or into what their layers give."""

from typing import Any

import torch
from torch import Tensor, nn

from tests.lockstep.cases.plain.modules import MLP, WIDTH


class Constrained(MLP):
    """Limits the norm of its weights before each pass, as the tutorial writes it."""

    def forward(self, x: Tensor) -> Tensor:
        layer: Any = self.layers[0]
        with torch.no_grad():
            norm = layer.weight.norm(2, dim=0, keepdim=True).clamp(min=0.2)
            layer.weight *= norm.clamp(max=0.4) / norm
        return super().forward(x)


class WritesData(MLP):
    """Changes weights behind autograd's back."""

    def __init__(self, whole: bool) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, x: Tensor) -> Tensor:
        layer: Any = self.layers[0]
        if self.whole:
            layer.weight.data = layer.weight.data.clamp(-0.2, 0.2)
        else:
            layer.weight.data.clamp_(-0.2, 0.2)
        return super().forward(x)


class Grouped(nn.Module):
    """Takes channels in groups, by a view that a stack has no room for; masks numbers by assignment."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(1, 4, 3), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        grouped = x.view(len(x) * 2, 2, 6, 6)
        grouped = grouped * grouped.mean((2, 3), keepdim=True)
        pooled = grouped.view(x.shape).mean((2, 3))
        pooled[pooled < -0.1] = -0.1
        return self.out(pooled)


class RunningMean(MLP):
    """Replaces a buffer in each training step."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach()[:1].mean(0)
        return super().forward(x - self.mean)
