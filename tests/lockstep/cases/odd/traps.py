"""Nets whose first six steps on a few rows look plain, and which do something else later, or on other rows."""

from typing import Any

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from skorch import NeuralNetClassifier
from skorch.dataset import Dataset
from torch import Tensor, nn
from torch.utils.data import Sampler, WeightedRandomSampler

from tests.lockstep.cases.base import LABELS, NUMBERS, REGRESSION, Case, X, case, classifier
from tests.lockstep.cases.plain.modules import MLP, WIDTH, Dropping


class Penalised(nn.Module):
    """Cross-entropy with a penalty, and a prior of the second class."""

    def __init__(self, beta: float = 0.0, prior: float = 0.5) -> None:
        super().__init__()
        self.beta, self.prior, self.calls = beta, prior, 0

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        shift = torch.tensor([0.0, np.log(self.prior / (1 - self.prior))])
        return nn.functional.cross_entropy(predicted + shift, target) + self.beta * predicted.pow(2).mean()


class Counting(Penalised):
    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        self.calls += 1
        self.beta = 0.5 * (self.calls > 14)
        return super().forward(predicted, target)


class ManySeeEachOther(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - x.mean(0) if len(x) > 8 else x)


class SeeEachOtherLate(MLP):
    """Scales what varies much down, which is nothing at first."""

    def forward(self, x: Tensor) -> Tensor:
        made = super().forward(x)
        return made / made.std(0, unbiased=False).clamp(min=1.0)


class SeeEachOtherByABuffer(MLP):
    share: Tensor

    def __init__(self, share: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("share", torch.full((WIDTH,), share))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - self.share * x.mean(0))


class SeeEachOtherByAnOutlier(MLP):
    """Scales a batch down by what is large in it."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x / x.abs().max().clamp(min=50.0) * 50)


class Lazy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LazyLinear(4), nn.Tanh(), nn.LazyLinear(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class OfAnyWidth(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.pow(2).sum(1, keepdim=True))


class LoneRow(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if len(x) > 1 else 2 * x)


class Permuted(Sampler):
    """Draws from a generator of its own, or from numpy's."""

    def __init__(self, rng: np.random.RandomState | None = None) -> None:
        self.rng = rng

    def __len__(self) -> int:
        return 64

    def __iter__(self) -> Any:
        return iter((self.rng or np.random).permutation(64).tolist())


class SetsPrior(NeuralNetClassifier):
    def fit(self, X: Any, y: Any, **fit_params: Any) -> Any:
        self.set_params(criterion__prior=float(np.mean(y)))
        return super().fit(X, y, **fit_params)


class Halved(Dataset):
    def __getitem__(self, i: Any) -> Any:
        x, y = super().__getitem__(i)
        return x / 2, y


class Centred(NeuralNetClassifier):
    def __init__(self, *args: Any, centre: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.centre = centre

    def infer(self, x: Tensor, **kwargs: Any) -> Any:
        return super().infer(x - x.mean(0) if self.centre else x, **kwargs)


def traps() -> dict[str, Case]:
    def sampled(sampler: Any, alone: str = "a sampler of your own") -> Case:
        return case(train_split=None, iterator_train__sampler=sampler, alone=alone)

    drawn = WeightedRandomSampler([1.0] * 64, 64, generator=torch.Generator().manual_seed(3))
    return {
        "dropout of nothing, shuffled": case(Dropping, iterator_train__shuffle=True),
        "a criterion that counts": case(criterion=Counting, max_epochs=8, alone="an attribute of"),
        "many rows see each other": case(ManySeeEachOther),
        "rows see each other late": case(
            SeeEachOtherLate, {"lr": [0.01, 0.5]}, max_epochs=12, alone="influence one another"
        ),
        "rows see each other by a buffer": case(SeeEachOtherByABuffer, {"module__share": [0.0, 0.5]}),
        "rows see each other by an outlier": case(
            SeeEachOtherByAnOutlier, X=np.r_[X[:3], 500 * X[3:4], X[4:]], y=NUMBERS, **REGRESSION
        ),
        "lazy layers": case(Lazy, alone="a lazy layer"),
        "no batch": case(batch_size=128, iterator_train__drop_last=True, alone="has no batch"),
        "a last batch of one row": case(LoneRow, train_split=None, batch_size=21),
        "rows of other widths": Case(make_pipeline(PCA(), classifier(OfAnyWidth)), {"pca__n_components": [2, 4]}),
        "a sampler on numpy": sampled(Permuted()),
        "a sampler with its own numbers": sampled(Permuted(np.random.RandomState(0))),
        "a sampler with its own generator": sampled(drawn, "a generator of its own"),
        "a number that fit sets": case(wrapper=SetsPrior, criterion=Penalised, cv=KFold(3)),
        "a switch in infer": case(grid={"centre": [False, True]}, wrapper=Centred),
    }


PLAIN = case(X=X, y=LABELS)
# Its rows are not the plain net's, whose trial proves nothing for it.
HALVED = case(dataset=Halved, X=X, y=LABELS)
