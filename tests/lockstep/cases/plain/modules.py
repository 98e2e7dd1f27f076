"""Modules as people write them, and three that train differently where nobody looks."""

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
        layers = [nn.Linear(n_inputs, n_neurons), *([norm(n_neurons)] if norm else []), activation()]
        self.layers = nn.Sequential(*layers, *([dropout(p)] if p else []), nn.Linear(n_neurons, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Probability(MLP):
    def __init__(self, **settings: Any) -> None:
        super().__init__(n_outputs=1, **settings)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(super().forward(x))


class LogProbability(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).log_softmax(-1)


class Counting(MLP):
    """Trains differently by what a Python attribute counts."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return super().forward(x) * 0.97**self.calls


class RowsSeeEachOther(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - x.mean(0))


class Noisy(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + 0.1 * torch.randn_like(x) if self.training else x)


class Dropping(MLP):
    def __init__(self, rate: float = 0.0, noise: float = 0.0, **sizes: Any) -> None:
        super().__init__(**sizes)
        self.dropout, self.noise = nn.Dropout(rate), noise

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(x)
        return super().forward(x + self.noise * torch.randn_like(x) if self.training and self.noise else x)


class ColumnNoise(MLP):
    """Scales columns at random, by the same factors for all rows."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x * torch.rand_like(x[0]))


class Gumbel(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.gumbel_softmax(super().forward(x), tau=1.0)


class DataDependent(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if x.sum() > 0 else -x)


class Convolutional(nn.Module):
    def __init__(self, channels: int = 3, norm: bool = False, p: float = 0.0, pool: Any = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, channels, 3)
        self.norm = nn.BatchNorm2d(channels) if norm else nn.Identity()
        self.drop = nn.Dropout2d(p) if p else nn.Identity()
        self.pool = pool or nn.MaxPool2d(2)
        self.out = nn.Linear(channels * 9, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.pool(self.drop(torch.relu(self.norm(self.conv(x))))).flatten(1))


class StridedView(nn.Module):
    """Takes windows of an image by a strided view, which has no batching rule of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv1d(1, 2, 3, padding=1), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x.mean(2))
        return self.out(x.view(len(x), -1))


class Embedded(nn.Module):
    def __init__(self, dim: int = 4) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(11, dim), nn.Linear(5 * dim, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.embedding(x).flatten(1))


class Recurrent(nn.Module):
    def __init__(self, layer: Any = nn.GRU, width: int = 4, **settings: Any) -> None:
        super().__init__()
        self.rnn, self.out = layer(3, 4, batch_first=True, **settings), nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.rnn(x)[0][:, -1])


class Transformer(nn.Module):
    def __init__(self, p: float = 0.0) -> None:
        super().__init__()
        self.up, self.out = nn.Linear(3, 4), nn.Linear(4, 2)
        self.encoder = nn.TransformerEncoderLayer(4, 2, 8, dropout=p, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.encoder(self.up(x)).mean(1))


class Attention(nn.Module):
    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.attention, self.out = nn.MultiheadAttention(3, 1, batch_first=True, **settings), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.attention(x, x, x, need_weights=False)[0].mean(1))


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


class SpectralNormed(MLP):
    def __init__(self) -> None:
        super().__init__()
        self.layers[0] = nn.utils.parametrizations.spectral_norm(self.layers[0])


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.out = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2)
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
