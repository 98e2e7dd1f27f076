"""What a net must not take from another one: rows, numbers that follow from its split, memory, a trial's verdict."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from skorch import NeuralNet, NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import InputShapeSetter
from skorch.dataset import Dataset, ValidSplit
from skorch.helper import predefined_split
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset, WeightedRandomSampler, random_split

from tests.lockstep.cases.base import IMAGES, LABELS, TOKEN_LABELS, TOKENS, Case, X, case, classifier
from tests.lockstep.cases.odd.traps import LoneRow
from tests.lockstep.cases.plain.modules import MLP, WIDTH


class Weighted(nn.CrossEntropyLoss):
    """Has a trial of its own."""


class Focal(nn.Module):
    def __init__(self, alpha: Any = (1.0, 1.0)) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        logs = predicted.log_softmax(1).gather(1, target.view(-1, 1)).view(-1)
        return -((1 - logs.exp()) ** 2 * logs * torch.as_tensor(self.alpha)[target]).mean()


class WeightsFromRows(NeuralNetClassifier):
    """Weights its criterion by the y that `fit` receives, in some form."""

    def __init__(self, *args: Any, form: Callable[[np.ndarray], Any] = np.asarray, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form = form

    def fit(self, X: Any, y: Any, **fit_params: Any) -> NeuralNet:
        self.set_params(criterion__alpha=self.form(len(y) / 2 / np.bincount(y)))
        return super().fit(X, y, **fit_params)


class LogLoss(nn.Module):
    """Is infinite for a row that is sure of the wrong class."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        losses = -predicted.softmax(1).gather(1, target.view(-1, 1)).log().view(-1)
        return losses.mean() if self.reduction == "mean" else losses


class Masked(nn.MSELoss):
    """Leaves out targets that are missing."""

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        there = (~target.isnan()).to(predicted.dtype)
        losses = (predicted - target.nan_to_num()) ** 2 * there
        return losses if self.reduction == "none" else losses.sum() / there.sum()


def drawn_split(dataset: Any, y: Any = None, **fit_params: Any) -> list[Subset]:
    return random_split(dataset, [len(dataset) - 12, 12])


class DrawnByNumpy(MLP):
    def __init__(self, **sizes: Any) -> None:
        super().__init__(**sizes)
        with torch.no_grad():
            for weight in self.parameters():
                weight.copy_(torch.as_tensor(0.3 * np.random.standard_normal(weight.shape)))


class Balancing(NeuralNetClassifier):
    """Draws rows of small classes more often."""

    def __init__(self, *args: Any, power: float = 0.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.power = power

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        if not training:
            return super().get_iterator(dataset, training=training)
        y = np.array([int(dataset[i][1]) for i in range(len(dataset))])
        drawn = WeightedRandomSampler(((1 / np.bincount(y)) ** self.power)[y].tolist(), len(y))
        return DataLoader(dataset, batch_size=self.batch_size, sampler=drawn)


class BatchOfRows(NeuralNetClassifier):
    def __init__(self, *args: Any, share: float = 0.1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.share = share

    def fit(self, X: Any, y: Any, **fit_params: Any) -> NeuralNet:
        self.set_params(batch_size=int(len(X) * self.share))
        return super().fit(X, y, **fit_params)


class SharesMemory(nn.Module):
    """An autoencoder whose layers have the same numbers, of float32."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.down = nn.Linear(WIDTH, 3, dtype=torch.float32)
        self.up = nn.Linear(3, WIDTH, dtype=torch.float32)
        if way == "data":
            self.up.weight.data = self.down.weight.data.t()
        else:
            self.up.weight = nn.Parameter(self.down.weight.t())

    def forward(self, x: Tensor) -> Tensor:
        return self.up(self.down(x).tanh())


TABLE = torch.zeros(11, 4)
NUMBERS = np.random.RandomState(1).randn(11, 4)


class TrainsATable(nn.Module):
    """Trains a table that lies outside of it, and fills it anew."""

    def __init__(self) -> None:
        super().__init__()
        TABLE.copy_(torch.as_tensor(NUMBERS))
        self.embedding = nn.Embedding.from_pretrained(TABLE, freeze=False)
        self.out = nn.Linear(4, 2, dtype=TABLE.dtype)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.embedding(x).mean(1))


class ShortVectors(nn.Module):
    """Shortens each vector of its table that it looks up."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(300, 3, max_norm=0.3), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.embedding(x).mean(1))


class FilledIn(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(torch.where(x.isnan(), x.nanmean(0, keepdim=True), x))


class Binary(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(4 * x) if self.training else (x > 0).to(x.dtype)


class Tiring(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += self.training
        return x.relu() if self.calls < 9 else x.tanh()


def shared() -> dict[str, Case]:
    equal_first = [torch.tensor([1.0, 1.0]), torch.tensor([1.0, 5.0])]
    few = np.repeat([0, 1, 2], [54, 3, 39])
    three: dict[str, Any] = {"module__n_outputs": 3, "criterion": Weighted, "train_split": None}
    rare, ignored = three | {"criterion__weight": torch.tensor([1.0, 9.0, 1.0])}, three | {"criterion__ignore_index": 1}
    maps = np.random.RandomState(2).randint(0, 3, (60, 8, 8))
    maps[5:20, :2] = 255  # in the hold-out and the rows of all splits but the first
    targets = 2 * X[:, :2]
    targets[:32:3, 0] = np.nan  # the first split trains without
    loud = predefined_split(Dataset(np.r_[1e6 * X[:1], X[1:22]], np.r_[1 - LABELS[:1], LABELS[1:22]]))
    many_tokens = np.random.RandomState(3).randint(0, 300, (90, 3))
    net, pixelwise = partial(case, wrapper=NeuralNet), partial(nn.Conv2d, 1, 3, 3, padding=1)
    floats = X.astype(np.float32)
    twice = {"module__n_neurons": [4, 7], "iterator_train__shuffle": [False, True]}
    setter = [InputShapeSetter(param_name="n_inputs")]
    behind = make_pipeline(PCA(), classifier(callbacks=setter, module__n_inputs=4, iterator_train__shuffle=True))
    return {
        "class weights, equal first": case(grid={"criterion__weight": equal_first}, criterion=Weighted),
        "class weights by split": case(
            grid={"form": [list, np.asarray, torch.as_tensor]}, wrapper=WeightsFromRows, criterion=Focal, cv=KFold(3)
        ),
        "a rare class with weight": case(grid={}, **rare, y=few),
        "a rare class left out": case(grid={}, **ignored, y=few),
        "pixels left out": net(pixelwise, {}, IMAGES, maps, criterion=Weighted, criterion__ignore_index=255),
        "missing targets": net(grid={}, y=targets, criterion=Masked, lr=0.02),
        "an infinite loss in the hold-out": case(criterion=LogLoss, train_split=loud),
        "a hold-out drawn by torch": case(grid=twice, train_split=drawn_split),
        "a hold-out drawn by numpy": case(DrawnByNumpy, {"module__n_neurons": [4, 7]}, train_split=ValidSplit(0.2)),
        "an iterator of its own": case(grid={"power": [0.0, 3.0]}, wrapper=Balancing, alone="has its own get_iterator"),
        "a batch size that fit sets": case(grid={"share": [0.1, 0.3]}, wrapper=BatchOfRows),
        "widths set behind PCA, shuffled": Case(behind, {"pca__n_components": [4, 2]}),
        "layers that share memory": case(
            SharesMemory,
            {"module__way": ["Parameter", "data"]},
            wrapper=NeuralNetRegressor,
            criterion=nn.MSELoss,
            X=floats,
            y=floats,
            alone="share memory",
        ),
        "nets that share what they train": case(TrainsATable, X=TOKENS, y=TOKEN_LABELS, alone="share memory"),
        "vectors shortened in place": net(
            ShortVectors,
            {"optimizer": [torch.optim.SGD, torch.optim.Adam]},
            many_tokens,
            many_tokens[:, 0] % 2,
            train_split=None,
            alone="max_norm changes",
        ),
        "numbers put in for missing ones": net(
            FilledIn, X=np.where(np.isin(range(96), (5, 33, 71))[:, None], np.nan, X), batch_size=13
        ),
        "a lone row to predict": net(LoneRow, train_split=None, batch_size=31),
        "an activation by the mode": net(grid={"module__activation": [nn.ReLU, Binary]}),
        "an activation that counts": net(grid={"module__activation": [nn.ReLU, Tiring]}, alone="an attribute of"),
    }
