"""Nets around one layer or one criterion, and an optimizer of one's own. Imports nothing of this project."""

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor, nn


class Around(nn.Module):
    """A layer between linear ones; nothing is before it if it takes whole numbers."""

    def __init__(
        self,
        make: Callable[[], nn.Module],
        shape: tuple[int, ...],
        n_inputs: int,
        takes_whole: bool,
    ) -> None:
        super().__init__()
        n = prod(shape)
        self.shape, self.n_inputs = shape, n_inputs
        self.first, self.layer = (
            nn.Identity() if takes_whole else nn.Linear(n, n),
            make(),
        )
        given = torch.zeros(2, n, dtype=torch.int64 if takes_whole else torch.float32)
        self.last = nn.Linear(self._inner(given).shape[1], 1)

    def _inner(self, x: Tensor) -> Tensor:
        inputs: Any = (self.first(x).view(len(x), *self.shape),) * self.n_inputs
        if (kind := type(self.layer).__name__).startswith("MaxUnpool"):
            inputs = getattr(nn.functional, f"max_pool{kind[-2:]}")(
                inputs[0], 2, return_indices=True
            )
        made = self.layer(*inputs)
        return (made[0] if isinstance(made, tuple) else made).reshape(len(x), -1)

    def forward(self, x: Tensor) -> Any:
        """Map rows to a number each."""
        return self.last(self._inner(x))


class Several(nn.Module):
    """Predicts `n` tensors of numbers from 0 to 1, or one."""

    def __init__(self, n: int, width: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(4, width) for _ in range(n))

    def forward(self, x: Tensor) -> Any:
        """Map rows to a tensor, or to several."""
        made = [part(x).sigmoid() for part in self.parts]
        return made[0] if len(made) == 1 else tuple(made)


class WithArguments(NeuralNet):
    """A net whose criterion takes more than a prediction and a target, or gives more than a loss."""

    def get_loss(self, y_pred: Any, y_true: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Return the loss."""
        several, name = (
            y_pred if isinstance(y_pred, tuple) else (y_pred,),
            type(self.criterion_).__name__,
        )
        given = (
            several
            if name.startswith("Triplet")
            else (several[0], y_true, *several[1:])
        )
        made = self.criterion_(
            *given
            if name.startswith("Gauss") or len(several) == 1
            else (*several, y_true)[:3]
        )
        return made.loss if hasattr(made, "loss") else made


class Anything:
    """Stands for a logger's run, and accepts whatever is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "get_params":
            raise AttributeError(name)
        return lambda *args, **kwargs: self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __setitem__(self, key: Any, value: Any) -> None:
        """Keep nothing."""


class Lion(torch.optim.Optimizer):
    """An optimizer of one's own (Chen et al. 2023)."""

    def __init__(self, params: Any, lr: float = 0.01, beta: float = 0.9) -> None:
        super().__init__(params, {"lr": lr, "beta": beta})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Step by the signs of mean gradients."""
        with torch.enable_grad():
            loss = closure()
        for group in self.param_groups:
            for param in group["params"]:
                mean = self.state[param].setdefault("mean", torch.zeros_like(param))
                mean.lerp_(param.grad, 1 - group["beta"])
                param.add_(mean.sign(), alpha=-group["lr"])
        return loss


def plain(kind: Any = NeuralNet, /, **about: Any) -> NeuralNet:
    """Return a net that trains for three epochs of two batches."""
    of_all = {
        "criterion": nn.MSELoss,
        "max_epochs": 3,
        "batch_size": 4,
        "train_split": None,
        "verbose": 0,
    }
    return kind(**of_all | about)
