"""Settings that stand where few look: in buffers, functions and tensors, in what is stepped, in what is counted."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import EpochScoring
from skorch.dataset import ValidSplit
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Sampler

from tests.lockstep.cases.base import LABELS, Case, X, case
from tests.lockstep.cases.plain.modules import MLP, WIDTH


class Part(NeuralNetClassifier):
    """Trains all layers, or the last one alone."""

    def __init__(self, *args: Any, part: str = "all", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.part = part

    def get_all_learnable_params(self) -> Iterator[tuple[str, Tensor]]:
        yield from ((k, v) for k, v in super().get_all_learnable_params() if self.part == "all" or k > "layers.1")


class Curriculum(Sampler):
    """Takes more rows from the fourth epoch on."""

    def __init__(self) -> None:
        self.epochs = 0

    def __iter__(self) -> Iterator[int]:
        self.epochs += 1
        return iter(range(len(self)))

    def __len__(self) -> int:
        return 20 if self.epochs <= 3 else 40


class OfBuffer(nn.Module):
    """Weights classes by a buffer that is not saved."""

    weight: Tensor

    def __init__(self, weight: list[float]) -> None:
        super().__init__()
        self.register_buffer("weight", torch.tensor(weight), persistent=False)
        self.reduction = "mean"

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        return functional.cross_entropy(predicted, target, weight=self.weight, reduction=self.reduction)


class Expected(nn.Dropout):
    """Drops nothing, and takes what would be left."""

    def forward(self, x: Tensor) -> Tensor:
        return x * (1 - self.p)


class Blurred(nn.CrossEntropyLoss):
    """Takes a share of what a net predicts."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.drop = Expected(rate)

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        return super().forward(self.drop(predicted), target)


class Balanced(nn.Module):
    """Weights classes by how often they occur in a batch, however many there are."""

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        counts = torch.bincount(target)
        losses = functional.cross_entropy(predicted, target, reduction="none")
        return (losses / counts[target]).sum() / counts.numel()


class Centred(MLP):
    """Moves rows by a share of their mean, in batches of more than a few rows."""

    share: Tensor

    def __init__(self, share: float, least: int = 0) -> None:
        super().__init__()
        self.register_buffer("share", torch.tensor(share))
        self.least = least

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + self.share * x.mean(0) if self.training and len(x) > self.least else x)


class Calls(MLP):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.function(x))


def times(factor: float) -> Callable[..., Any]:
    def scaled(x: Tensor) -> Any:
        return x * scaled.factor  # type: ignore[attr-defined]

    scaled.factor = factor  # type: ignore[attr-defined]
    return scaled


class Asks(nn.Module):
    """Asks its activation for a slope that some have."""

    def __init__(self, act: type[nn.Module]) -> None:
        super().__init__()
        self.first, self.act, self.last = nn.Linear(WIDTH, 5), act(), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.act(self.first(x)) * getattr(self.act, "negative_slope", 1.0))


class Thins(nn.Module):
    def __init__(self, p: float) -> None:
        super().__init__()
        self.first, self.drop, self.last = nn.Linear(WIDTH, 5), Expected(p), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.drop(torch.tanh(self.first(x))))


class Draws:
    """A scorer that draws numbers where it is given many rows, as one that resamples does."""

    def __call__(self, net: NeuralNet, X: Any, y: Any) -> float:
        return float(torch.randperm(len(y))[0]) if len(y) > 20 else 0.0


def settings() -> dict[str, Case]:
    drawing = [("drawn", EpochScoring(Draws(), name="drawn")), ("bound", EpochScoring(Draws().__call__, name="bound"))]
    by_class = np.argsort(LABELS, kind="stable")
    halves = [(np.arange(0, 96, 2), np.arange(1, 96, 2)), (np.arange(1, 96, 2), np.arange(0, 96, 2))]
    tensors = [torch.tensor(rate) for rate in (0.00012, 0.00014)]
    return {
        "what is stepped": case(
            grid={"part": ["all", "last"]}, wrapper=Part, alone="has its own get_all_learnable_params"
        ),
        "a sampler that counts": case(
            iterator_train__sampler=Curriculum(), max_epochs=6, alone="a sampler of your own"
        ),
        "a loader's own generator": case(iterator_train__generator=torch.Generator(), alone="a generator of its own"),
        "weights in a buffer that is not saved": case(
            grid={"criterion__weight": [[1.0, 1.0], [1.0, 9.0]]}, criterion=OfBuffer
        ),
        "a dropout rate in the criterion": case(grid={"criterion__rate": [0.1, 0.9]}, criterion=Blurred),
        "numbers of classes in a batch": case(
            criterion=Balanced, X=X[by_class], y=LABELS[by_class], cv=halves, alone="size may differ"
        ),
        "a number in a buffer": case(Centred, {"module__share": [0.0, 1.0]}, module__least=0),
        "rows that see each other in long batches": case(Centred, {"module__share": [-0.3]}, module__least=8),
        "an attribute of a function": case(Calls, {"module__function": [times(1.0), times(3.0)]}),
        "rates that are tensors": case(grid={"optimizer__lr": tensors}, optimizer=torch.optim.Adam),
        "numbers of NumPy": case(grid={"criterion__label_smoothing": np.linspace(0, 0.2, 3)}),
        "an activation asked by name": case(Asks, {"module__act": [nn.ReLU, nn.LeakyReLU]}),
        "a rate that evaluation looks at": case(Thins, {"module__p": [0.1, 0.9]}),
        "a scorer that is an object": case(callbacks=drawing, train_split=ValidSplit(2), iterator_train__shuffle=True),
    }
