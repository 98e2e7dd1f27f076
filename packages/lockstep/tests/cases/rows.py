"""Cases: rows that see one another, and what a net must not take from another one's rows or split."""

from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from skorch import NeuralNet
from skorch.callbacks import InputShapeSetter
from skorch.dataset import Dataset, ValidSplit
from torch import Tensor, nn
from torch.utils.data import (
    SequentialSampler,
    Subset,
    WeightedRandomSampler,
    random_split,
)

from packages.lockstep.tests.cases.base import (
    LABELS,
    NUMBERS,
    REGRESSION,
    Case,
    X,
    case,
    classifier,
)
from packages.lockstep.tests.cases.modules import MLP, WIDTH, Dropping


def drawn_split(dataset: Any, y: Any = None, **fit_params: Any) -> list[Subset]:
    return random_split(dataset, [len(dataset) - 12, 12])


class DrawnByNumpy(MLP):
    def __init__(self, **sizes: Any) -> None:
        super().__init__(**sizes)
        with torch.no_grad():
            for weight in self.parameters():
                weight.copy_(
                    torch.as_tensor(0.3 * np.random.standard_normal(weight.shape))
                )


class SeeEachOtherLate(MLP):
    """Scales what varies much down, which is nothing at first."""

    def forward(self, x: Tensor) -> Tensor:
        made = super().forward(x)
        return made / made.std(0, unbiased=False).clamp(min=1.0)


class SeeEachOtherByAnOutlier(MLP):
    """Scales a batch down by what is large in it."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x / x.abs().max().clamp(min=50.0) * 50)


class OfAnyWidth(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.pow(2).sum(1, keepdim=True))


class Sized(MLP):
    """Keeps its width, which is not that of the rows, where no callback sets it."""

    def __init__(self, n_inputs: int = WIDTH + 3) -> None:
        super().__init__(n_inputs)
        self.n_inputs = n_inputs


class LoneRow(MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if len(x) > 1 else 2 * x)


class Own(SequentialSampler):
    """May draw from a generator of its own."""


class OwnDataset(Dataset):
    """May do anything with its rows."""


class Mixes(MLP):
    """Mixes each row with one of the other end of the batch (Zhou et al. 2021, section 3.1); `share` 1 is off."""

    def __init__(self, share: float = 1.0) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.share < 1:
            x = self.share * x + (1 - self.share) * x.flip(0)
        return super().forward(x)


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


class Centred(MLP):
    """Moves rows by a share of their mean, in batches of more than a few rows."""

    share: Tensor

    def __init__(self, share: float, least: int = 0) -> None:
        super().__init__()
        self.register_buffer("share", torch.tensor(share))
        self.least = least

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(
            x + self.share * x.mean(0) if self.training and len(x) > self.least else x
        )


def rows() -> dict[str, Case]:
    net = partial(case, wrapper=NeuralNet)
    twice = {"module__n_neurons": [4, 7], "iterator_train__shuffle": [False, True]}
    setter = [InputShapeSetter(param_name="n_inputs")]
    behind = make_pipeline(
        PCA(),
        classifier(callbacks=setter, module__n_inputs=4, iterator_train__shuffle=True),
    )
    drawn = WeightedRandomSampler(
        [1.0] * 64, 64, generator=torch.Generator().manual_seed(3)
    )
    workers: dict[str, Any] = {
        "iterator_train__num_workers": 1,
        "iterator_train__persistent_workers": True,
    }
    whole: dict[str, Any] = {"train_split": None, "batch_size": 20}
    generator = "a generator of its own"
    return {
        "a hold-out drawn by torch": case(grid=twice, train_split=drawn_split),
        "a hold-out drawn by numpy": case(
            DrawnByNumpy, {"module__n_neurons": [4, 7]}, train_split=ValidSplit(0.2)
        ),
        "a hold-out of each class drawn by numpy": case(
            train_split=ValidSplit(0.25, stratified=True)
        ),
        "no hold-out, by False": case(train_split=False),
        "widths set behind PCA, shuffled": Case(behind, {"pca__n_components": [4, 2]}),
        "widths set where the module's own is another": case(Sized, callbacks=setter),
        "rows of other widths": Case(
            make_pipeline(PCA(), classifier(OfAnyWidth)), {"pca__n_components": [2, 4]}
        ),
        "rows see each other late": case(
            SeeEachOtherLate, {"lr": [0.01, 0.5]}, max_epochs=12
        ),
        "rows see each other by an outlier": case(
            SeeEachOtherByAnOutlier,
            X=np.r_[X[:3], 500 * X[3:4], X[4:]],
            y=NUMBERS,
            cv=3,
            **REGRESSION,
        ),
        "rows see each other behind a gate": case(
            BetweenRows, {"lr": [1e-6, 0.3]}, wrapper=NeuralNet, max_epochs=12
        ),
        "rows see each other by a buffer": case(
            Centred, {"module__share": [0.0, 1.0]}, module__least=0
        ),
        "rows that see each other in long batches": case(
            Centred, {"module__share": [-0.3]}, module__least=8
        ),
        "rows mixed or not": case(Mixes, {"module__share": [1.0, 0.9, 0.5]}, **whole),
        "a last batch of one row": case(LoneRow, train_split=None, batch_size=21),
        "a lone row to predict": net(LoneRow, train_split=None, batch_size=31),
        "rows from behind": case(X=X[::-1], y=LABELS[::-1]),
        "dropout of nothing, shuffled": case(Dropping, iterator_train__shuffle=True),
        "no batch": case(
            batch_size=128, iterator_train__drop_last=True, alone="has no batch"
        ),
        "a dataset of one's own": case(
            dataset=OwnDataset, alone="a dataset of your own"
        ),
        "workers that stay": case(
            grid={}, max_epochs=1, alone="persistent_workers is set", cv=2, **workers
        ),
        "a sampler of one's own": case(
            train_split=None,
            iterator_train__sampler=Own(range(64)),
            alone="a sampler of your own",
        ),
        "a sampler with its own generator": case(
            train_split=None, iterator_train__sampler=drawn, alone=generator
        ),
        "a loader's own generator": case(
            iterator_train__generator=torch.Generator(), alone=generator
        ),
    }


PLAIN = case(X=X, y=LABELS)
