"""Modules with parts that are trained otherwise together, or cost more: types, gates, shapes, branches, loops."""

from functools import partial
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet, NeuralNetRegressor
from torch import Tensor, nn

from tests.lockstep.cases.base import LABELS, NUMBERS, REGRESSION, TOKEN_LABELS, TOKENS, Case, X, case
from tests.lockstep.cases.odd.surprises import ScalarParameter
from tests.lockstep.cases.plain.modules import MLP, WIDTH


class Filter(nn.Module):
    """Scales frequencies by complex numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.factors = nn.Parameter(0.5 * torch.randn(4, 6, dtype=torch.cdouble))

    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.irfft(torch.fft.rfft(x) * self.factors, n=x.shape[-1])


class Spectral(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.filter, self.out = nn.Linear(3, 4), Filter(), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.up(x).transpose(1, 2)
        return self.out(torch.tanh(x + self.filter(x)).mean(-1))


class Denormalised(nn.Module):
    """Gives outputs a scale and a shift, from numpy's statistics of the targets."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.shift = (nn.Parameter(torch.from_numpy(each)) for each in (NUMBERS.std(0), NUMBERS.mean(0)))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale + self.shift


class TwoTypes(nn.Sequential):
    """Is of float32 at first, and of float64 at its end."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(WIDTH, 1, dtype=torch.float32), nn.Tanh(), Denormalised())


class BetweenRows(nn.Module):
    """Has attention between rows, behind a gate that starts at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.out = nn.Linear(WIDTH, 8), nn.Linear(8, 2)
        self.attention = nn.MultiheadAttention(8, 1, batch_first=True)
        self.gate = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        h = self.up(x).relu()
        between = self.attention(h[None], h[None], h[None], need_weights=False)[0][0]
        return self.out(h + self.gate * between)


class Squeezed(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).squeeze()


class Table(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(20_000, 16), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.embedding(x).mean(1))


class Loop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.out = nn.GRUCell(1, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(len(x), 4)
        for each in x.unbind(1):
            h = self.cell(each, h)
        return self.out(h)


class Printing(MLP):
    def __init__(self) -> None:
        super().__init__()
        print("parameters:", sum(param.numel() for param in self.parameters()))


class Constants(MLP):
    """Takes numbers that forward makes, one of them changed in place, one in Python, and an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.tensor(0.5)

    def forward(self, x: Tensor) -> Tensor:
        shift = torch.tensor([0.1, -0.1])
        shift.add_(0.2)
        highest, _ = x.max(dim=1, keepdim=True)
        times = self.scale.item() * torch.tensor(3.0).item()
        return super().forward(x * self.scale * times) + shift + highest


class Careful(MLP):
    """Decides by its rows, but in the same way at each step."""

    def forward(self, x: Tensor) -> Tensor:
        assert torch.isfinite(x).all(), "no numbers"
        made = super().forward(x)
        if torch.isnan(made).any():
            raise ValueError("no numbers")
        return made if made.abs().max() < 1e6 else made.clamp(-1e6, 1e6)


class Spread(NeuralNetRegressor):
    """Learns a mean and a spread; torch checks both at each step."""

    def get_loss(self, y_pred: Tensor, y_true: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        mean, spread = y_pred[:, :1], nn.functional.softplus(y_pred[:, 1:]) + 0.1
        return -torch.distributions.Normal(mean, spread).log_prob(y_true).mean()


def parts() -> dict[str, Case]:
    waves, floats = np.random.RandomState(4).randn(72, 10, 3), X.astype(np.float32)
    series = np.random.RandomState(5).randn(60, 100, 1)
    regression = {key: value for key, value in REGRESSION.items() if not key.startswith("module")}
    # 64 rows to train, 13 of them held out: the last batch of those is one row.
    small: dict[str, list[Any]] = {"lr": [0.01, 0.003]}
    lone = partial(case, Squeezed, small, y=NUMBERS[:, 0], batch_size=12, **REGRESSION | {"wrapper": NeuralNet})
    return {
        "complex parameters": case(
            Spectral, small, **regression, X=waves, y=waves.mean((1, 2))[:, None], alone="types"
        ),
        "parameters of two types": case(TwoTypes, small, **regression, X=floats, y=NUMBERS, alone="types"),
        "rows see each other behind a gate": case(BetweenRows, {"lr": [1e-6, 0.3]}, wrapper=NeuralNet, max_epochs=12),
        "squeezed, a lone row held out": lone(),
        "squeezed, batch norm, a lone row held out": lone(module__norm=nn.BatchNorm1d),
        "squeezed, a lone row held out, default callbacks": lone(callbacks=None),
        "a scalar parameter, default callbacks": case(ScalarParameter, callbacks=None),
        "a scalar parameter, Adam": case(ScalarParameter, small, optimizer=torch.optim.Adam, lr=0.01),
        "a module that prints where it is built": case(Printing),
        "branches that all steps take": case(Careful),
        "a distribution": case(MLP, small, wrapper=Spread, y=NUMBERS),
        "constants in forward": case(Constants),
        "a table of many rows": case(Table, max_epochs=2, X=TOKENS * 1999, y=TOKEN_LABELS),
        "a loop over many steps": case(Loop, max_epochs=2, batch_size=32, X=series, y=LABELS[:60], alone="operations"),
    }
