"""Eighteen searches as people write them, on data that scikit-learn has. Imports nothing of this project."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, make_classification, make_regression
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 (lets HalvingGridSearchCV be imported)
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import EarlyStopping, LRScheduler
from torch import Tensor, nn

Rows = tuple[Any, Any]


class MLP(nn.Module):
    """Two hidden layers."""

    def __init__(self, n_in: int, n_out: int, width: int = 16, norm: bool = False, p: float = 0.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for n in (n_in, width):
            layers += [nn.Linear(n, width), *([nn.BatchNorm1d(width)] if norm else []), nn.ReLU()]
            layers += [nn.Dropout(p)] if p else []
        self.layers = nn.Sequential(*layers, nn.Linear(width, n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Map rows to logits or numbers."""
        return self.layers(x)


class Convolutions(nn.Module):
    """Two convolutions over images of 8 × 8."""

    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, channels, 3, padding=1), nn.Conv2d(channels, 16, 3, padding=1)
        self.out = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Map images to logits."""
        x = nn.functional.max_pool2d(self.first(x).relu(), 2)
        return self.out(nn.functional.max_pool2d(self.second(x).relu(), 2).flatten(1))


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
        self.encoder = nn.TransformerEncoderLayer(width, 2, 32, dropout=0.0, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map series to logits."""
        return self.out(self.encoder(self.up(x)).mean(1))


class Embedded(nn.Module):
    """Embeds eight columns of categories."""

    def __init__(self, size: int = 4) -> None:
        super().__init__()
        self.table, self.out = nn.Embedding(12, size), nn.Linear(8 * size, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Map categories to logits."""
        return self.out(self.table(x).flatten(1).tanh())


def classifier(module: Any, **settings: Any) -> NeuralNetClassifier:
    """Return a net of skorch, as quiet as it can be."""
    return NeuralNetClassifier(module, criterion=nn.CrossEntropyLoss, verbose=0, **settings)


def adam(module: Any, **settings: Any) -> Callable[[], NeuralNetClassifier]:
    """Return a function that makes a classifier of small batches, trained for five epochs."""
    return lambda: classifier(module, **{"optimizer": torch.optim.Adam, "max_epochs": 5, "batch_size": 32} | settings)


def mlp(n_in: int, n_out: int, width: int = 16, **settings: Any) -> NeuralNetClassifier:
    """Return a classifier with two hidden layers."""
    return classifier(MLP, **_of(n_in, n_out, width) | settings)


def _of(n_in: int, n_out: int, width: int) -> dict[str, Any]:
    return {"module__n_in": n_in, "module__n_out": n_out, "module__width": width, "optimizer": torch.optim.Adam}


def regressor() -> NeuralNetRegressor:
    """Return a net for numbers with two hidden layers."""
    return NeuralNetRegressor(MLP, max_epochs=5, batch_size=256, verbose=0, **_of(8, 1, 64))


def cancer() -> Rows:
    """Return the table of breast cancers."""
    return shipped(load_breast_cancer)


def table(n: int, n_columns: int) -> Rows:
    """Return rows of two classes."""
    X, y = make_classification(n, n_columns, n_informative=min(n_columns, 10), random_state=0)
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


def rates(n: int) -> list[float]:
    """Return learning rates."""
    return np.geomspace(1e-3, 3e-2, n).tolist()


class Case(NamedTuple):
    """A search: what it tunes, the grid for `n` candidates, the rows, and how many of both."""

    estimator: Callable[[], Any]
    grid: Callable[[int], dict[str, list[Any]]]
    rows: Callable[[], Rows]
    n: int
    folds: int
    how: str = "grid"


def scaled(**settings: Any) -> Any:
    """Return a pipeline for the table of breast cancers."""
    return make_pipeline(StandardScaler(), mlp(30, 2, max_epochs=20, batch_size=32, **settings))


def _lr(n: int) -> dict[str, list[Any]]:
    return {"lr": rates(n)}


def _net_lr(n: int) -> dict[str, list[Any]]:
    return {"neuralnetclassifier__lr": rates(n)}


def _widths(n: int) -> dict[str, list[Any]]:
    return {"module__width": list(range(4, 4 + n))}


def _readme(n: int) -> dict[str, list[Any]]:
    return {"lr": [0.01, 0.02], "max_epochs": [10, 20], "module__width": [10, 20][: max(1, n // 4)]}


CASES: dict[str, Case] = {
    "breast cancer, pipeline, 16-16": Case(scaled, _net_lr, cancer, 10, 5),
    "the same, EarlyStopping": Case(lambda: scaled(callbacks=[EarlyStopping(patience=5)]), _net_lr, cancer, 10, 5),
    "the same, cosine schedule": Case(
        lambda: scaled(callbacks=[LRScheduler("CosineAnnealingLR", T_max=20)], train_split=None), _net_lr, cancer, 10, 5
    ),
    "the same, by halving": Case(scaled, _net_lr, cancer, 10, 5, "halving"),
    "one net, cross_validate": Case(scaled, _net_lr, cancer, 1, 10, "cross_validate"),
    "irises, widths": Case(lambda: mlp(4, 3, max_epochs=20, batch_size=32), _widths, lambda: shipped(load_iris), 15, 3),
    "skorch's README grid": Case(lambda: mlp(20, 2, lr=0.1), _readme, lambda: table(1000, 20), 8, 3),
    "embeddings": Case(adam(Embedded, max_epochs=10), _lr, categories, 6, 3),
    "three irises": Case(lambda: mlp(4, 3, max_epochs=10), lambda n: {}, lambda: shipped(load_iris), 1, 3),
    "3,200 rows at once, 32-32": Case(
        lambda: mlp(20, 2, 32, max_epochs=100, batch_size=-1, train_split=None), _lr, lambda: table(4000, 20), 10, 5
    ),
    "batch norm and dropout, 64-64": Case(
        lambda: mlp(20, 2, 64, module__norm=True, module__p=0.2, max_epochs=10, batch_size=64),
        _lr,
        lambda: table(1500, 20),
        10,
        5,
    ),
    "digits, two convolutions": Case(adam(Convolutions, batch_size=64), _lr, images, 6, 3),
    "GRU over 20 steps": Case(adam(Recurrent), _lr, series, 6, 3),
    "a transformer's layer": Case(adam(Attention), _lr, series, 6, 3),
    "20,000 × 100 rows, 128-128": Case(
        lambda: mlp(100, 2, 128, max_epochs=5, batch_size=512), _lr, lambda: table(20_000, 100), 10, 3
    ),
    "regression, 64-64": Case(regressor, _lr, regression, 8, 5),
    "digits, 128 wide": Case(
        lambda: mlp(64, 10, 128, max_epochs=5, batch_size=64), _lr, lambda: shipped(load_digits), 12, 5
    ),
    "5,000 × 50 rows, 512-512": Case(
        lambda: mlp(50, 2, 512, max_epochs=5, batch_size=128), _lr, lambda: table(5000, 50), 4, 3
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
        return HalvingGridSearchCV(estimator, case.grid(n), cv=folds, refit=False, random_state=0, factor=2).fit(X, y)
    return GridSearchCV(estimator, case.grid(n), cv=folds, refit=False).fit(X, y)
