"""Modules as people write them, some of which train differently where nobody looks."""

from typing import Any

import torch
from torch import Tensor, nn

WIDTH = 6


class MLP(nn.Module):
    def __init__(
        self,
        n_inputs: int = WIDTH,
        n_outputs: int = 2,
        n_neurons: int = 7,
        p: float = 0.0,
        activation: Any = nn.ReLU,
        norm: Any = None,
        dropout: Any = nn.Dropout,
    ) -> None:
        super().__init__()
        layers = [
            nn.Linear(n_inputs, n_neurons),
            *([norm(n_neurons)] if norm else []),
            activation(),
        ]
        self.layers = nn.Sequential(
            *layers, *([dropout(p)] if p else []), nn.Linear(n_neurons, n_outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Noisy(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + 0.1 * torch.randn_like(x) if self.training else x)


class Dropping(MLP):
    def __init__(self, rate: float = 0.0, noise: float = 0.0, **sizes: Any) -> None:
        super().__init__(**sizes)
        self.dropout, self.noise = nn.Dropout(rate), noise

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(x)
        return super().forward(
            x + self.noise * torch.randn_like(x) if self.training and self.noise else x
        )


class ColumnNoise(MLP):
    """Scales columns at random, by the same factors for all rows."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x * torch.rand_like(x[0]))


class Embedded(nn.Module):
    def __init__(self, dim: int = 4, **settings: Any) -> None:
        super().__init__()
        self.embedding, self.out = (
            nn.Embedding(11, dim, **settings),
            nn.Linear(5 * dim, 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.embedding(x).flatten(1))


class Recurrent(nn.Module):
    def __init__(self, layer: Any = nn.GRU, **settings: Any) -> None:
        super().__init__()
        self.rnn, self.out = layer(3, 4, batch_first=True, **settings), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.rnn(x)[0][:, -1])


class TwoInputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(2, 3), nn.Linear(WIDTH - 2, 3)
        self.out = nn.Linear(6, 2)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        return self.out(torch.cat([self.one(one), self.other(other)], 1).tanh())


class Frozen(MLP):
    def __init__(self) -> None:
        super().__init__()
        self.layers[0].weight.requires_grad_(False)


class FrozenNorm(MLP):
    """Keeps its batch norm in evaluation mode, as in fine-tuning."""

    def __init__(self) -> None:
        super().__init__(norm=nn.BatchNorm1d)

    def train(self, mode: bool = True) -> "FrozenNorm":
        super().train(mode)
        self.layers[1].eval()
        return self


class WeightNormed(MLP):
    def __init__(self) -> None:
        super().__init__()
        self.layers[0] = nn.utils.parametrizations.weight_norm(self.layers[0])


class Tied(nn.Module):
    def __init__(self, by_data: bool = False) -> None:
        super().__init__()
        self.a, self.b, self.out = (
            nn.Linear(WIDTH, WIDTH),
            nn.Linear(WIDTH, WIDTH),
            nn.Linear(WIDTH, 2),
        )
        if by_data:
            self.b.weight.data = self.a.weight.data.t()
        else:
            self.b.weight = self.a.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.tanh(self.b(torch.relu(self.a(x)))))


class Unused(MLP):
    def __init__(self) -> None:
        super().__init__()
        self.spare = nn.Linear(2, 2)


class Negative(MLP):
    """Gives a loss that takes logarithms negative numbers for some rows, the first of all among them."""

    def forward(self, x: Tensor) -> Tensor:
        made = super().forward(x).exp()
        return torch.where(x[:, :1] < 1.5, made, -made.detach())


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


class TwoTypes(MLP):
    """Is of float32 at first, and of float64 at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.layers[0].float()

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[1:](self.layers[0](x.float()).double())


class Digits(nn.Sequential):
    """Two convolutions, a norm and two pools, over rows as images."""

    def __init__(self) -> None:
        first, second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 6, 2, groups=2)
        last = nn.AdaptiveAvgPool2d((1, 2)), nn.Flatten(), nn.Linear(12, 2)
        super().__init__(
            first,
            nn.BatchNorm2d(4),
            nn.ReLU(),
            second,
            nn.MaxPool2d((1, 2)),
            nn.ReLU(),
            *last,
        )

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.reshape(-1, 1, 2, 3))


class CountsInABuffer(nn.Linear):
    """Counts its calls, also in evaluation."""

    n: Tensor

    def __init__(self) -> None:
        super().__init__(WIDTH, 2)
        self.register_buffer("n", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.n += 1
        return super().forward(x) * self.n
