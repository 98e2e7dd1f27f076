"""Eighteen searches as people write them, on data that scikit-learn has. Imports nothing of this project."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    make_classification,
    make_regression,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 (lets HalvingGridSearchCV be imported)
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import EarlyStopping, LRScheduler
from torch import Tensor, nn

Rows = tuple[Any, Any]


class MLP(nn.Sequential):
    """Two hidden layers."""

    def __init__(
        self, n_in: int, n_out: int, width: int = 16, norm: bool = False, p: float = 0.0
    ) -> None:
        layers: list[nn.Module] = []
        for n in (n_in, width):
            layers += [
                nn.Linear(n, width),
                *([nn.BatchNorm1d(width)] if norm else []),
                nn.ReLU(),
            ]
            layers += [nn.Dropout(p)] if p else []
        super().__init__(*layers, nn.Linear(width, n_out))


class Convolutions(nn.Sequential):
    """Two convolutions over images of 8 × 8."""

    def __init__(self, channels: int = 8) -> None:
        first, second = (
            nn.Conv2d(1, channels, 3, padding=1),
            nn.Conv2d(channels, 16, 3, padding=1),
        )
        halved = nn.ReLU(), nn.MaxPool2d(2)
        super().__init__(
            first, *halved, second, *halved, nn.Flatten(), nn.Linear(64, 10)
        )


class Recurrent(nn.Module):
    """A GRU, and a layer on its last state."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.rnn, self.out = nn.GRU(4, width, batch_first=True), nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Map series to logits."""
        return self.out(self.rnn(x)[0][:, -1])


class Attention(nn.Module):
    """A transformer's layer."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.up, self.out = nn.Linear(4, width), nn.Linear(width, 2)
        self.encoder = nn.TransformerEncoderLayer(
            width, 2, 32, dropout=0.0, batch_first=True
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map series to logits."""
        return self.out(self.encoder(self.up(x)).mean(1))


class Embedded(nn.Sequential):
    """Embeds eight columns of categories."""

    def __init__(self, size: int = 4) -> None:
        super().__init__(
            nn.Embedding(12, size), nn.Flatten(), nn.Tanh(), nn.Linear(8 * size, 2)
        )


def classifier(module: Any, **settings: Any) -> NeuralNetClassifier:
    """Return a net of skorch, as quiet as it can be."""
    return NeuralNetClassifier(
        module,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        verbose=0,
        **settings,
    )


def mlp(n_in: int, n_out: int, width: int = 16, **settings: Any) -> NeuralNetClassifier:
    """Return a classifier with two hidden layers."""
    return classifier(
        MLP, module__n_in=n_in, module__n_out=n_out, module__width=width, **settings
    )


def scaled(**settings: Any) -> Any:
    """Return a pipeline for the table of breast cancers."""
    return make_pipeline(
        StandardScaler(), mlp(30, 2, max_epochs=20, batch_size=32, **settings)
    )


def regressor() -> NeuralNetRegressor:
    """Return a net for numbers with two hidden layers."""
    sizes = {"module__n_in": 8, "module__n_out": 1, "module__width": 64}
    return NeuralNetRegressor(
        MLP,
        optimizer=torch.optim.Adam,
        max_epochs=5,
        batch_size=256,
        verbose=0,
        **sizes,
    )


def table(n: int, n_columns: int) -> Rows:
    """Return rows of two classes."""
    X, y = make_classification(
        n, n_columns, n_informative=min(n_columns, 10), random_state=0
    )
    return X.astype(np.float32), y.astype(np.int64)


def shipped(load: Any) -> Rows:
    """Return a table that scikit-learn ships."""
    X, y = load(return_X_y=True)
    return X.astype(np.float32), y.astype(np.int64)


def images() -> Rows:
    """Return the digits as images."""
    X, y = shipped(load_digits)
    return X.reshape(-1, 1, 8, 8) / 16, y


def series() -> Rows:
    """Return series of 20 steps of four numbers, and whether the first one tends to be positive."""
    X = np.random.RandomState(0).randn(600, 20, 4).astype(np.float32)
    return X, (X[:, :, 0].mean(1) > 0).astype(np.int64)


def categories() -> Rows:
    """Return eight columns of twelve categories."""
    X = np.random.RandomState(0).randint(0, 12, (800, 8))
    return X, (X[:, 0] > X[:, 1]).astype(np.int64)


def regression() -> Rows:
    """Return 10,000 rows and their numbers."""
    X, y = make_regression(10_000, 8, noise=1.0, random_state=0)
    return X.astype(np.float32), (y / y.std()).astype(np.float32).reshape(-1, 1)


class Case(NamedTuple):
    """A search: what it tunes, the grid for `n` candidates, the rows, and how many of both."""

    estimator: Callable[[], Any]
    grid: Callable[[int], dict[str, list[Any]]]
    rows: Callable[[], Rows]
    n: int
    folds: int
    how: str = "grid"


def _lr(n: int, prefix: str = "") -> dict[str, list[Any]]:
    return {f"{prefix}lr": np.geomspace(1e-3, 3e-2, n).tolist()}


def _widths(n: int) -> dict[str, list[Any]]:
    return {"module__width": list(range(4, 4 + n))}


def _readme(n: int) -> dict[str, list[Any]]:
    return {
        "lr": [0.01, 0.02],
        "max_epochs": [10, 20],
        "module__width": [10, 20][: max(1, n // 4)],
    }


_cancer, _irises = partial(shipped, load_breast_cancer), partial(shipped, load_iris)
_net_lr, _cosine = (
    partial(_lr, prefix="neuralnetclassifier__"),
    LRScheduler("CosineAnnealingLR", T_max=20),
)
_normed: dict[str, Any] = {
    "module__norm": True,
    "module__p": 0.2,
    "max_epochs": 10,
    "batch_size": 64,
}
_small: dict[str, Any] = {"max_epochs": 5, "batch_size": 32}

CASES: dict[str, Case] = {
    "breast cancer, pipeline, 16-16": Case(scaled, _net_lr, _cancer, 10, 5),
    "the same, EarlyStopping": Case(
        partial(scaled, callbacks=[EarlyStopping(patience=5)]), _net_lr, _cancer, 10, 5
    ),
    "the same, cosine schedule": Case(
        partial(scaled, callbacks=[_cosine], train_split=None), _net_lr, _cancer, 10, 5
    ),
    "the same, by halving": Case(scaled, _net_lr, _cancer, 10, 5, "halving"),
    "one net, cross_validate": Case(scaled, _net_lr, _cancer, 1, 10, "cross_validate"),
    "irises, widths": Case(
        partial(mlp, 4, 3, max_epochs=20, batch_size=32), _widths, _irises, 15, 3
    ),
    "skorch's README grid": Case(
        partial(mlp, 20, 2, lr=0.1), _readme, partial(table, 1000, 20), 8, 3
    ),
    "embeddings": Case(
        partial(classifier, Embedded, max_epochs=10, batch_size=32),
        _lr,
        categories,
        6,
        3,
    ),
    "three irises": Case(
        partial(mlp, 4, 3, max_epochs=10), lambda n: {}, _irises, 1, 3
    ),
    "3,200 rows at once, 32-32": Case(
        partial(mlp, 20, 2, 32, max_epochs=100, batch_size=-1, train_split=None),
        _lr,
        partial(table, 4000, 20),
        10,
        5,
    ),
    "batch norm and dropout, 64-64": Case(
        partial(mlp, 20, 2, 64, **_normed), _lr, partial(table, 1500, 20), 10, 5
    ),
    "digits, two convolutions": Case(
        partial(classifier, Convolutions, max_epochs=5, batch_size=64),
        _lr,
        images,
        6,
        3,
    ),
    "GRU over 20 steps": Case(
        partial(classifier, Recurrent, **_small), _lr, series, 6, 3
    ),
    "a transformer's layer": Case(
        partial(classifier, Attention, **_small), _lr, series, 6, 3
    ),
    "20,000 × 100 rows, 128-128": Case(
        partial(mlp, 100, 2, 128, max_epochs=5, batch_size=512),
        _lr,
        partial(table, 20_000, 100),
        10,
        3,
    ),
    "regression, 64-64": Case(regressor, _lr, regression, 8, 5),
    "digits, 128 wide": Case(
        partial(mlp, 64, 10, 128, max_epochs=5, batch_size=64),
        _lr,
        partial(shipped, load_digits),
        12,
        5,
    ),
    "5,000 × 50 rows, 512-512": Case(
        partial(mlp, 50, 2, 512, max_epochs=5, batch_size=128),
        _lr,
        partial(table, 5000, 50),
        4,
        3,
    ),
}


def run(name: str, n: int | None = None, folds: int | None = None) -> Any:
    """Run a search, with other numbers of candidates and folds if they are given."""
    case = CASES[name]
    X, y = case.rows()
    n, folds, estimator = n or case.n, folds or case.folds, case.estimator()
    if case.how == "cross_validate":
        return cross_validate(estimator, X, y, cv=folds)
    if case.how == "halving" and n > 3:
        return HalvingGridSearchCV(
            estimator, case.grid(n), cv=folds, refit=False, random_state=0, factor=2
        ).fit(X, y)
    return GridSearchCV(estimator, case.grid(n), cv=folds, refit=False).fit(X, y)
