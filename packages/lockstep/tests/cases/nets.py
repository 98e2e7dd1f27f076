"""Cases: modules, noise in them, and kinds of data."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler
from skorch import NeuralNet
from skorch.callbacks import GradientNormClipping
from skorch.dataset import Dataset, ValidSplit
from skorch.helper import SliceDataset, SliceDict
from torch import Tensor, nn
from torch.utils.data import WeightedRandomSampler

from packages.lockstep.tests.cases import modules as m
from packages.lockstep.tests.cases.base import (
    LABELS,
    NUMBERS,
    REGRESSION,
    SERIES,
    SERIES_LABELS,
    TOKEN_LABELS,
    TOKENS,
    Case,
    X,
    case,
    classifier,
)


class Squeezed(m.MLP):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).squeeze()


class Constants(m.MLP):
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


class Careful(m.MLP):
    """Decides by its rows, but in the same way at each step."""

    def forward(self, x: Tensor) -> Tensor:
        assert torch.isfinite(x).all(), "no numbers"
        made = super().forward(x)
        if torch.isnan(made).any():
            raise ValueError("no numbers")
        return made if made.abs().max() < 1e6 else made.clamp(-1e6, 1e6)


def modules() -> dict[str, Case]:
    series: dict[str, Any] = {"X": SERIES, "y": SERIES_LABELS}
    small: dict[str, list[Any]] = {"lr": [0.01, 0.003]}
    # 64 rows to train, 13 of them held out: the last batch of those is one row.
    lone = partial(
        case,
        Squeezed,
        small,
        y=NUMBERS[:, 0],
        batch_size=12,
        **REGRESSION | {"wrapper": NeuralNet},
    )
    return {
        "plain": case(grid={"module__n_neurons": [5, 7], "lr": [0.1, 0.02]}),
        "nets that leave a stack while others go on": case(
            grid=[
                {"lr": [0.001 * i for i in range(1, 20)], "max_epochs": [2]},
                {"lr": [0.0005, 0.05], "max_epochs": [3, 5]},
            ],
            optimizer=torch.optim.Adam,
        ),
        "batch sizes and lengths": case(
            grid={"batch_size": [8, 10, 200, -1], "max_epochs": [1, 3]}
        ),
        "activations": case(
            grid={
                "module__activation": [nn.ReLU, nn.Tanh, nn.GELU, nn.Softplus, nn.PReLU]
            }
        ),
        "dropout of all": case(module__p=1.0),
        "alpha dropout of all": case(module__p=1.0, module__dropout=nn.AlphaDropout),
        "BatchNorm1d": case(module__norm=nn.BatchNorm1d),
        "BatchNorm1d, momentum None": case(
            module__norm=partial(nn.BatchNorm1d, momentum=None), alone=" "
        ),
        "convolutions": case(m.Digits),
        "a buffer that counts evaluations": case(m.CountsInABuffer, callbacks=None),
        "weight_norm": case(m.WeightNormed),
        "frozen": case(m.Frozen),
        "frozen batch norm": case(m.FrozenNorm),
        "tied": case(m.Tied),
        "tied by their memory": case(
            m.Tied, module__by_data=True, alone="share memory"
        ),
        "unused": case(
            m.Unused,
            {"optimizer__weight_decay": [0.0, 0.1], "optimizer__momentum": [0.9]},
            callbacks=[GradientNormClipping(0.1)],
            optimizer=torch.optim.SGD,
        ),
        "the tutorial's max-norm": case(m.Constrained),
        "data of weights": case(m.WritesData, {"module__whole": [False, True]}),
        "a loss that is no number for some rows": case(
            m.Negative,
            {"lr": [0.01, 0.02]},
            criterion=nn.NLLLoss,
            iterator_train__shuffle=True,
            batch_size=12,
            train_split=None,
            alone="losses are infinite or NaN",
        ),
        "Embedding": case(
            m.Embedded, {"module__dim": [3, 4]}, X=TOKENS, y=TOKEN_LABELS
        ),
        "Embedding, max_norm": case(
            m.Embedded,
            module__max_norm=0.3,
            X=TOKENS,
            y=TOKEN_LABELS,
            alone="max_norm changes",
        ),
        "GRU": case(m.Recurrent, **series),
        "GRU with dropout": case(
            m.Recurrent,
            module__num_layers=2,
            module__dropout=0.5,
            alone="differed",
            **series,
        ),
        "LSTM": case(m.Recurrent, module__layer=nn.LSTM, **series),
        "RNN": case(
            m.Recurrent,
            {"module__nonlinearity": ["tanh", "relu"]},
            module__layer=nn.RNN,
            **series,
        ),
        "noise that rows share": case(m.ColumnNoise, alone=" "),
        "warm start": case(warm_start=True),
        "a module that is an instance": case(m.MLP()),
        "squeezed, a lone row held out": lone(),
        "squeezed, a lone row held out, default callbacks": lone(callbacks=None),
        "branches that all steps take": case(Careful, alone="reads numbers"),
        "constants in forward": case(Constants),
        "parameters of two types": case(m.TwoTypes, alone="types"),
        "two inputs": case(m.TwoInputs, X=SliceDict(one=X[:, :2], other=X[:, 2:])),
    }


def noise() -> dict[str, Case]:
    """Return nets with random layers, whose masks are other ones than skorch's: only the trial compares them."""
    return {
        "Dropout": case(grid={"module__p": [0.1, 0.5]}, module__p=0.3),
        "Dropout, shuffled": case(module__p=0.3, iterator_train__shuffle=True),
        "AlphaDropout": case(
            grid={"module__p": [0.1, 0.5]}, module__dropout=nn.AlphaDropout
        ),
        "Gaussian noise": case(m.Noisy),
    }


def data() -> dict[str, Case]:
    frame = pd.DataFrame(X, columns=list("abcdef"))
    before = make_column_transformer(
        (StandardScaler(), ["a", "b"]), remainder="passthrough"
    )
    net = ("net", classifier())
    rates = {"net__lr": [0.1, 0.02]}
    target = TransformedTargetRegressor(
        classifier(**REGRESSION), transformer=StandardScaler()
    )
    return {
        "shuffled": case(iterator_train__shuffle=True),
        "drop_last": case(iterator_train__drop_last=True),
        "WeightedRandomSampler": case(
            iterator_train__sampler=WeightedRandomSampler([1.0, 3.0] * 20, 37)
        ),
        "classes in bytes": case(y=LABELS.astype(np.uint8)),
        "no hold-out, folds of unequal size": case(train_split=None, cv=KFold(5)),
        "another hold-out": case(train_split=ValidSplit(0.3, random_state=3)),
        "a DataFrame": Case(
            make_pipeline(before, classifier()),
            {"neuralnetclassifier__lr": [0.1, 0.02]},
            X=frame,
        ),
        "a SliceDataset": case(X=SliceDataset(Dataset(X, LABELS))),
        "scalers as grid values": Case(
            Pipeline([("scale", StandardScaler()), net]),
            rates
            | {
                "scale": [
                    "passthrough",
                    StandardScaler(),
                    MinMaxScaler(),
                    QuantileTransformer(n_quantiles=9),
                ]
            },
        ),
        "a setting of a step before": Case(
            Pipeline([("pca", PCA()), net]), rates | {"pca__whiten": [False, True]}
        ),
        "a transformed target behind a scaler": Case(
            Pipeline([("scale", StandardScaler()), ("model", target)]),
            {"model__regressor__lr": [0.01, 0.003]},
            y=NUMBERS,
        ),
    }
