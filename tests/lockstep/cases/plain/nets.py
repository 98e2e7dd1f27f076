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
    RATES,
    SERIES,
    SERIES_LABELS,
    TOKEN_LABELS,
    TOKENS,
    Case,
    X,
    classifier,
    regressor,
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
        "plain": Case(classifier(), {"module__n_neurons": [5, 7], "lr": [0.1, 0.02]}),
        "lengths": Case(classifier(), {"max_epochs": [1, 3, 4]}),
        "nets that leave a stack while others go on": Case(
            classifier(optimizer=torch.optim.Adam),
            [
                {"lr": [0.001 * i for i in range(1, 20)], "max_epochs": [2]},
                {"lr": [0.0005, 0.05], "max_epochs": [3, 5]},
            ],
        ),
        "batch sizes": Case(classifier(), {"batch_size": [8, 10, 200, -1]}),
        "activations": Case(classifier(), {"module__activation": [nn.ReLU, nn.Tanh, nn.GELU, nn.Softplus, nn.PReLU]}),
        "BatchNorm1d": Case(classifier(module__norm=nn.BatchNorm1d), RATES),
        "BatchNorm1d without statistics": Case(
            classifier(module__norm=partial(nn.BatchNorm1d, track_running_stats=False)), RATES
        ),
        "BatchNorm1d, momentum None": Case(
            classifier(module__norm=partial(nn.BatchNorm1d, momentum=None)), RATES, alone=" "
        ),
        "LayerNorm": Case(classifier(module__norm=nn.LayerNorm), RATES),
        "GroupNorm": Case(classifier(module__norm=partial(nn.GroupNorm, 1)), RATES),
        "weight_norm": Case(classifier(WeightNormed), RATES),
        "spectral_norm": Case(classifier(SpectralNormed), RATES, alone=" "),
        "frozen": Case(classifier(Frozen), RATES),
        "frozen batch norm": Case(classifier(FrozenNorm), RATES),
        "tied": Case(classifier(Tied), RATES),
        "unused": Case(
            classifier(Unused, callbacks=[GradientNormClipping(0.1)], optimizer=torch.optim.SGD),
            {"optimizer__weight_decay": [0.0, 0.1], "optimizer__momentum": [0.9]},
        ),
        "the tutorial's max-norm": Case(classifier(Constrained), RATES),
        "data of weights": Case(classifier(WritesData), {"module__whole": [False, True]}),
        "a loss that is no number for some rows": Case(
            classifier(Negative, criterion=nn.NLLLoss, iterator_train__shuffle=True, batch_size=12, train_split=None),
            {"lr": [0.01, 0.02]},
        ),
        "a buffer replaced": Case(classifier(RunningMean), RATES),
        "Conv2d": Case(classifier(Convolutional), {"module__channels": [3, 4]}, **image),
        "Conv2d, BatchNorm2d": Case(classifier(Convolutional, module__norm=True), RATES, **image),
        "Conv2d, AvgPool2d": Case(classifier(Convolutional, module__pool=nn.AvgPool2d(2)), RATES, **image),
        "groups of channels, masked": Case(classifier(Grouped), RATES, **image),
        "a view after a convolution": Case(classifier(StridedView), RATES, **image),
        "Embedding": Case(classifier(Embedded), {"module__dim": [3, 4]}, X=TOKENS, y=TOKEN_LABELS),
        "GRU": Case(classifier(Recurrent), RATES, **series),
        "GRU of two layers": Case(classifier(Recurrent, module__num_layers=2), RATES, **series),
        "GRU in both directions": Case(
            classifier(Recurrent, module__width=8, module__bidirectional=True), RATES, **series
        ),
        "GRU with dropout": Case(
            classifier(Recurrent, module__num_layers=2, module__dropout=0.5), RATES, **series, alone="differed"
        ),
        "LSTM": Case(classifier(Recurrent, module__layer=nn.LSTM), RATES, **series),
        "LSTM with projections": Case(
            classifier(Recurrent, module__layer=nn.LSTM, module__proj_size=3, module__width=3), RATES, **series
        ),
        "RNN": Case(classifier(Recurrent, module__layer=nn.RNN), {"module__nonlinearity": ["tanh", "relu"]}, **series),
        "Transformer": Case(classifier(Transformer), RATES, **series),
        "attention": Case(classifier(Attention), RATES, **series),
        "counting calls": Case(classifier(Counting), RATES, alone=" "),
        "rows see each other": Case(classifier(RowsSeeEachOther), RATES),
        "a branch by the data": Case(classifier(DataDependent), RATES, alone=" "),
        "noise that rows share": Case(classifier(ColumnNoise), RATES, alone=" "),
        "warm start": Case(classifier(warm_start=True), RATES),
        "Gumbel noise": Case(classifier(Gumbel), RATES, alone=" "),
        "a module that is an instance": Case(classifier(MLP()), RATES),
        "two inputs": Case(classifier(TwoInputs), RATES, X=SliceDict(one=X[:, :2], other=X[:, 2:])),
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
        "Dropout": Case(classifier(module__p=0.3), {"module__p": [0.1, 0.5]}),
        "AlphaDropout": Case(classifier(module__dropout=nn.AlphaDropout), {"module__p": [0.1, 0.5]}),
        "Dropout2d": Case(classifier(Convolutional), {"module__p": [0.2, 0.5]}, X=IMAGES, y=IMAGE_LABELS),
        "Transformer with dropout": Case(classifier(Transformer, module__p=0.2), RATES, X=SERIES, y=SERIES_LABELS),
        "attention with dropout": Case(classifier(Attention, module__dropout=0.2), RATES, X=SERIES, y=SERIES_LABELS),
        "Gaussian noise": Case(classifier(Noisy), RATES),
        "branches dropped": Case(classifier(DropPath), RATES),
        "branches dropped, as timm does": Case(classifier(DropPath, module__in_place=True), RATES),
        "Dropout, shuffled": Case(classifier(module__p=0.3, iterator_train__shuffle=True), RATES),
    }


def data() -> dict[str, Case]:
    frame = pd.DataFrame(X, columns=list("abcdef"))
    before = make_column_transformer((StandardScaler(), ["a", "b"]), remainder="passthrough")
    net = ("net", classifier())
    rates = {"net__lr": [0.1, 0.02]}
    target = TransformedTargetRegressor(regressor(), transformer=StandardScaler())
    return {
        "shuffled": Case(classifier(iterator_train__shuffle=True), RATES),
        "shuffled, drop_last": Case(classifier(iterator_train__shuffle=True, iterator_train__drop_last=True), RATES),
        "drop_last": Case(classifier(iterator_train__drop_last=True), RATES),
        "BatchNorm1d, shuffled": Case(classifier(module__norm=nn.BatchNorm1d, iterator_train__shuffle=True), RATES),
        "WeightedRandomSampler": Case(
            classifier(iterator_train__sampler=WeightedRandomSampler([1.0, 3.0] * 20, 37)), RATES
        ),
        "classes in bytes": Case(classifier(), RATES, y=LABELS.astype(np.uint8)),
        "no hold-out": Case(classifier(train_split=None), RATES),
        "another hold-out": Case(classifier(train_split=ValidSplit(0.3, random_state=3)), RATES),
        "a tensor": Case(classifier(), RATES, X=torch.as_tensor(X)),
        "a DataFrame": Case(make_pipeline(before, classifier()), {"neuralnetclassifier__lr": [0.1, 0.02]}, X=frame),
        "a SliceDataset": Case(classifier(), RATES, X=SliceDataset(Dataset(X, LABELS))),
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
