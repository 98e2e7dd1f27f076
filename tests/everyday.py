"""Eighteen searches as people write them, on data that scikit-learn has: `python -m tests.everyday` times them.

Imports nothing of this project, so that skorch's side runs as a user has it: torch's own kernels, on one thread.
"""

import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

if sys.argv[2:3] == ["pipeline"]:
    import stages  # noqa: F401 (pins the kernels, before torch and numpy)

import numpy as np
import torch
from joblib import parallel_config
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, make_classification, make_regression
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 (lets HalvingGridSearchCV be imported)
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import EarlyStopping, LRScheduler
from torch import Tensor, nn

Rows = tuple[Any, Any]

# skorch as a user has it, with the package, and with the package as this pipeline pins it.
SIDES = ("plain", "lockstep", "pipeline")


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


def mlp(n_in: int, n_out: int, width: int = 16, **settings: Any) -> NeuralNetClassifier:
    """Return a classifier with two hidden layers."""
    about = {"module__n_in": n_in, "module__n_out": n_out, "module__width": width, "optimizer": torch.optim.Adam}
    return classifier(MLP, **about | settings)


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
    "breast cancer, pipeline, 16-16": Case(scaled, _net_lr, lambda: shipped(load_breast_cancer), 10, 5),
    "the same, EarlyStopping": Case(
        lambda: scaled(callbacks=[EarlyStopping(patience=5)]), _net_lr, lambda: shipped(load_breast_cancer), 10, 5
    ),
    "the same, cosine schedule": Case(
        lambda: scaled(callbacks=[LRScheduler("CosineAnnealingLR", T_max=20)], train_split=None),
        _net_lr,
        lambda: shipped(load_breast_cancer),
        10,
        5,
    ),
    "the same, by halving": Case(scaled, _net_lr, lambda: shipped(load_breast_cancer), 10, 5, "halving"),
    "one net, cross_validate": Case(scaled, _net_lr, lambda: shipped(load_breast_cancer), 1, 10, "cross_validate"),
    "irises, widths": Case(lambda: mlp(4, 3, max_epochs=20, batch_size=32), _widths, lambda: shipped(load_iris), 15, 3),
    "skorch's README grid": Case(lambda: mlp(20, 2, lr=0.1), _readme, lambda: table(1000, 20), 8, 3),
    "embeddings": Case(
        lambda: classifier(Embedded, max_epochs=10, batch_size=32, optimizer=torch.optim.Adam), _lr, categories, 6, 3
    ),
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
    "digits, two convolutions": Case(
        lambda: classifier(Convolutions, max_epochs=5, batch_size=64, optimizer=torch.optim.Adam), _lr, images, 6, 3
    ),
    "GRU over 20 steps": Case(
        lambda: classifier(Recurrent, max_epochs=5, batch_size=32, optimizer=torch.optim.Adam), _lr, series, 6, 3
    ),
    "a transformer's layer": Case(
        lambda: classifier(Attention, max_epochs=5, batch_size=32, optimizer=torch.optim.Adam), _lr, series, 6, 3
    ),
    "20,000 × 100 rows, 128-128": Case(
        lambda: mlp(100, 2, 128, max_epochs=5, batch_size=512), _lr, lambda: table(20_000, 100), 10, 3
    ),
    "regression, 64-64": Case(
        lambda: NeuralNetRegressor(
            MLP,
            module__n_in=8,
            module__n_out=1,
            module__width=64,
            max_epochs=5,
            batch_size=256,
            optimizer=torch.optim.Adam,
            verbose=0,
        ),
        _lr,
        regression,
        8,
        5,
    ),
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


def measure(name: str, side: str, *numbers: str) -> tuple[float, float]:
    """Run a search in a process of its own; return its CPU seconds, and what the process took at most, in MiB."""
    command = [sys.executable, "-m", "tests.everyday", name, side, *numbers]
    seconds, peak = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-2:]
    return float(seconds), float(peak)


def print_table(*numbers: str) -> None:
    """Print a table of all searches on all sides; with numbers of candidates and folds, if they are given."""
    print("| search | plain skorch | lockstep | ratio | in this pipeline | ratio | peak MiB |\n" + "|---" * 7 + "|")
    sums = np.zeros(3)
    for name, case in CASES.items():
        (plain, before), (own, with_own), (pinned, _) = (measure(name, side, *numbers) for side in SIDES)
        sums += plain, own, pinned
        size = " × ".join(numbers) or f"{case.n} × {case.folds}"
        cells = f"{plain:.1f} | {own:.1f} | {plain / own:.1f} | {pinned:.1f} | {plain / pinned:.1f}"
        print(f"| {name}, {size} | {cells} | {before:,.0f} : {with_own:,.0f} |", flush=True)
    plain, own, pinned = sums
    print(f"| all | {plain:.0f} | {own:.0f} | {plain / own:.1f} | {pinned:.0f} | {plain / pinned:.1f} | |")


def main() -> None:
    """Time a search: its name, a side, and numbers of candidates and folds if wanted; without a name, all of them."""
    name, side, *numbers = sys.argv[1:] if sys.argv[2:3] and sys.argv[2] in SIDES else ("", "", *sys.argv[1:])
    if not name:
        print_table(*numbers)
        return
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    options: dict[str, Any] = {"backend": "sequential"}
    if side == "pipeline":
        import stages.lib.engine  # noqa: F401 (registers the backend, and pins square roots)

        options = {"backend": "lockstep", "random_state": 0, "products": "numpy"}
    elif side == "lockstep":
        import lockstep  # noqa: F401 (registers the backend)

        options = {"backend": "lockstep", "random_state": 0}
    start = time.process_time()
    with parallel_config(**options):
        run(name, *map(int, numbers))
    print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10)


if __name__ == "__main__":
    main()
