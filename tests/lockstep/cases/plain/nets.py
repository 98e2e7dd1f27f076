"""Cases: modules, noise in them, and kinds of data."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler
from skorch.callbacks import GradientNormClipping
from skorch.dataset import Dataset, ValidSplit
from skorch.helper import SliceDataset, SliceDict
from torch import Tensor, nn
from torch.utils.data import WeightedRandomSampler

from tests.lockstep.cases.base import (
    IMAGE_LABELS,
    IMAGES,
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
from tests.lockstep.cases.plain.modules import (
    MLP,
    Attention,
    ColumnNoise,
    Convolutional,
    Counting,
    DataDependent,
    Embedded,
    Frozen,
    FrozenNorm,
    Gumbel,
    Negative,
    Noisy,
    Recurrent,
    RowsSeeEachOther,
    SpectralNormed,
    StridedView,
    Tied,
    Transformer,
    TwoInputs,
    Unused,
    WeightNormed,
)
from tests.lockstep.cases.plain.writing import Constrained, Grouped, RunningMean, WritesData


def modules() -> dict[str, Case]:
    image: dict[str, Any] = {"X": IMAGES, "y": IMAGE_LABELS}
    series: dict[str, Any] = {"X": SERIES, "y": SERIES_LABELS}
    return {
        "plain": case(grid={"module__n_neurons": [5, 7], "lr": [0.1, 0.02]}),
        "lengths": case(grid={"max_epochs": [1, 3, 4]}),
        "nets that leave a stack while others go on": case(
            grid=[
                {"lr": [0.001 * i for i in range(1, 20)], "max_epochs": [2]},
                {"lr": [0.0005, 0.05], "max_epochs": [3, 5]},
            ],
            optimizer=torch.optim.Adam,
        ),
        "batch sizes": case(grid={"batch_size": [8, 10, 200, -1]}),
        "activations": case(grid={"module__activation": [nn.ReLU, nn.Tanh, nn.GELU, nn.Softplus, nn.PReLU]}),
        "BatchNorm1d": case(module__norm=nn.BatchNorm1d),
        "BatchNorm1d without statistics": case(module__norm=partial(nn.BatchNorm1d, track_running_stats=False)),
        "BatchNorm1d, momentum None": case(module__norm=partial(nn.BatchNorm1d, momentum=None), alone=" "),
        "LayerNorm": case(module__norm=nn.LayerNorm),
        "GroupNorm": case(module__norm=partial(nn.GroupNorm, 1)),
        "weight_norm": case(WeightNormed),
        "spectral_norm": case(SpectralNormed, alone=" "),
        "frozen": case(Frozen),
        "frozen batch norm": case(FrozenNorm),
        "tied": case(Tied),
        "unused": case(
            Unused,
            {"optimizer__weight_decay": [0.0, 0.1], "optimizer__momentum": [0.9]},
            callbacks=[GradientNormClipping(0.1)],
            optimizer=torch.optim.SGD,
        ),
        "the tutorial's max-norm": case(Constrained),
        "data of weights": case(WritesData, {"module__whole": [False, True]}),
        "a loss that is no number for some rows": case(
            Negative,
            {"lr": [0.01, 0.02]},
            criterion=nn.NLLLoss,
            iterator_train__shuffle=True,
            batch_size=12,
            train_split=None,
        ),
        "a buffer replaced": case(RunningMean),
        "Conv2d": case(Convolutional, {"module__channels": [3, 4]}, **image),
        "Conv2d, BatchNorm2d": case(Convolutional, module__norm=True, **image),
        "Conv2d, AvgPool2d": case(Convolutional, module__pool=nn.AvgPool2d(2), **image),
        "groups of channels, masked": case(Grouped, **image),
        "a view after a convolution": case(StridedView, **image),
        "Embedding": case(Embedded, {"module__dim": [3, 4]}, X=TOKENS, y=TOKEN_LABELS),
        "GRU": case(Recurrent, **series),
        "GRU of two layers": case(Recurrent, module__num_layers=2, **series),
        "GRU in both directions": case(Recurrent, module__width=8, module__bidirectional=True, **series),
        "GRU with dropout": case(Recurrent, module__num_layers=2, module__dropout=0.5, alone="differed", **series),
        "LSTM": case(Recurrent, module__layer=nn.LSTM, **series),
        "LSTM with projections": case(Recurrent, module__layer=nn.LSTM, module__proj_size=3, module__width=3, **series),
        "RNN": case(Recurrent, {"module__nonlinearity": ["tanh", "relu"]}, module__layer=nn.RNN, **series),
        "Transformer": case(Transformer, **series),
        "attention": case(Attention, **series),
        "counting calls": case(Counting, alone=" "),
        "rows see each other": case(RowsSeeEachOther),
        "a branch by the data": case(DataDependent, alone=" "),
        "noise that rows share": case(ColumnNoise, alone=" "),
        "warm start": case(warm_start=True),
        "Gumbel noise": case(Gumbel, alone=" "),
        "a module that is an instance": case(MLP()),
        "two inputs": case(TwoInputs, X=SliceDict(one=X[:, :2], other=X[:, 2:])),
    }


class DropPath(MLP):
    """Leaves the net out for some rows (Huang et al. 2016)."""

    def __init__(self, in_place: bool = False) -> None:
        super().__init__()
        self.in_place = in_place

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        kept = x.new_empty((len(x), 1)).bernoulli_(0.8) if self.in_place else torch.rand(len(x), 1) < 0.8
        return x[:, :2] + kept * super().forward(x) / 0.8


def noise() -> dict[str, Case]:
    """Return nets with random layers, whose masks are other ones than skorch's: only the trial compares them."""
    return {
        "Dropout": case(grid={"module__p": [0.1, 0.5]}, module__p=0.3),
        "AlphaDropout": case(grid={"module__p": [0.1, 0.5]}, module__dropout=nn.AlphaDropout),
        "Dropout2d": case(Convolutional, {"module__p": [0.2, 0.5]}, X=IMAGES, y=IMAGE_LABELS),
        "Transformer with dropout": case(Transformer, module__p=0.2, X=SERIES, y=SERIES_LABELS),
        "attention with dropout": case(Attention, module__dropout=0.2, X=SERIES, y=SERIES_LABELS),
        "Gaussian noise": case(Noisy),
        "branches dropped": case(DropPath),
        "branches dropped, as timm does": case(DropPath, module__in_place=True),
        "Dropout, shuffled": case(module__p=0.3, iterator_train__shuffle=True),
    }


def data() -> dict[str, Case]:
    frame = pd.DataFrame(X, columns=list("abcdef"))
    before = make_column_transformer((StandardScaler(), ["a", "b"]), remainder="passthrough")
    net = ("net", classifier())
    rates = {"net__lr": [0.1, 0.02]}
    target = TransformedTargetRegressor(classifier(**REGRESSION), transformer=StandardScaler())
    return {
        "shuffled": case(iterator_train__shuffle=True),
        "shuffled, drop_last": case(iterator_train__shuffle=True, iterator_train__drop_last=True),
        "drop_last": case(iterator_train__drop_last=True),
        "BatchNorm1d, shuffled": case(module__norm=nn.BatchNorm1d, iterator_train__shuffle=True),
        "WeightedRandomSampler": case(iterator_train__sampler=WeightedRandomSampler([1.0, 3.0] * 20, 37)),
        "classes in bytes": case(y=LABELS.astype(np.uint8)),
        "no hold-out": case(train_split=None),
        "another hold-out": case(train_split=ValidSplit(0.3, random_state=3)),
        "a tensor": case(X=torch.as_tensor(X)),
        "a DataFrame": Case(make_pipeline(before, classifier()), {"neuralnetclassifier__lr": [0.1, 0.02]}, X=frame),
        "a SliceDataset": case(X=SliceDataset(Dataset(X, LABELS))),
        "a scaler": Case(Pipeline([("scale", StandardScaler()), net]), rates),
        "scalers as grid values": Case(
            Pipeline([("scale", StandardScaler()), net]),
            rates | {"scale": ["passthrough", StandardScaler(), MinMaxScaler(), QuantileTransformer(n_quantiles=9)]},
        ),
        "a setting of a step before": Case(Pipeline([("pca", PCA()), net]), rates | {"pca__whiten": [False, True]}),
        "a transformed target": Case(target, {"regressor__lr": [0.01, 0.003]}, y=NUMBERS),
        "a transformed target behind a scaler": Case(
            Pipeline([("scale", StandardScaler()), ("model", target)]),
            {"model__regressor__lr": [0.01, 0.003]},
            y=NUMBERS,
        ),
    }
