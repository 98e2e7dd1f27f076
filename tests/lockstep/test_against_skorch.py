"""Oracle: skorch. In float64 the weights after training in lockstep are those of the sequential fit, to 1e-9."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import KFold, ParameterGrid, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetBinaryClassifier, NeuralNetRegressor
from skorch.dataset import ValidSplit
from torch import nn

from stages.lib.lockstep import LockstepWarning, VmapGridSearchCV, fit_seed, net_of, seed_everything
from stages.lib.network import PimaClassifier
from tests.lockstep import nets
from tests.project import ACTIVATIONS, INITIALISERS, OPTIMIZERS

SEED = 3
X, Y = nets.first_rows(151, np.float64)

net = partial(nets.net, optimizer=torch.optim.Adamax, lr=0.01, batch_size=16, callbacks="disable")


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


class Weights:
    """A scorer that keeps the weights of every net it scores."""

    def __init__(self) -> None:
        self.seen: list[dict[str, torch.Tensor]] = []

    def __call__(self, estimator: BaseEstimator, rows: np.ndarray, y: np.ndarray) -> float:
        net = net_of(estimator)
        inputs = rows if net is estimator else estimator[:-1].transform(rows)
        outputs = net.forward(inputs)
        net.forward(inputs[:1])  # for rows other than the scored ones, the weights are needed
        self.seen.append({name: tensor.clone() for name, tensor in net.module_.state_dict().items()})
        return float(outputs.sum())


def assert_exact(estimator: BaseEstimator, grid: dict[str, list[Any]], cv: Any = None, y: np.ndarray = Y) -> None:
    """Compare weights and scores of a lockstep search with those of sequential fits under the same seeds."""
    splits = list((cv or StratifiedKFold(3)).split(X, y))
    ours, theirs = Weights(), Weights()
    search = VmapGridSearchCV(estimator, grid, cv=splits, scoring=ours, refit=False, random_state=SEED)
    search.fit(X, y)
    assert search.refusals_ == {}
    scores = []
    for params in ParameterGrid(grid):
        for number, (train, test) in enumerate(splits):
            fitted = clone(estimator).set_params(**params)
            seed_everything(fit_seed(SEED, number))
            fitted.fit(X[train], y[train])
            scores.append(theirs(fitted, X[test], y[test]))
    found = np.array([search.cv_results_[f"split{i}_test_score"] for i in range(len(splits))]).T.ravel()
    np.testing.assert_allclose(found, scores, rtol=1e-9)
    # The search scores stack by stack, so in another order.
    for expected in theirs.seen:
        distances = [
            max(float(((a[name] - b) / b.abs().clamp(min=1e-3)).abs().max()) for name, b in expected.items())
            for a in ours.seen
            if {n: t.shape for n, t in a.items()} == {n: t.shape for n, t in expected.items()}
        ]
        assert min(distances) < 1e-9


def test_optimizers() -> None:
    assert_exact(net(), {"optimizer": [getattr(torch.optim, name) for name in OPTIMIZERS]})


def test_lr_and_momentum() -> None:
    grid: dict[str, list[Any]] = {
        "optimizer__lr": [0.001, 0.1],
        "optimizer__momentum": [0.0, 0.9],
        "optimizer__nesterov": [False],
    }
    assert_exact(net(optimizer=torch.optim.SGD), grid)


def test_activations() -> None:
    assert_exact(net(), {"module__activation": [getattr(nn, name) for name in ACTIVATIONS]})


def test_initialisers() -> None:
    assert_exact(net(), {"module__weight_init": [getattr(nn.init, name) for name in INITIALISERS]})


@pytest.mark.parametrize("train_split", [ValidSplit(5, stratified=True), None])
def test_max_norm(train_split: Any) -> None:
    assert_exact(net(train_split=train_split), {"module__weight_constraint": [None, 0.3, 2.0]})


def test_epochs_and_batch_sizes_with_a_short_last_batch() -> None:
    assert_exact(net(), {"batch_size": [7, 16, 1000], "max_epochs": [1, 2, 4]})


def test_folds_of_unequal_size() -> None:
    assert_exact(net(train_split=None), {"lr": [0.01, 0.1]}, cv=KFold(4))


def test_widths_and_layers() -> None:
    assert_exact(net(), {"module__n_neurons": [1, 5, 30], "module__n_layers": [1, 3]})


def test_a_scaler_fitted_inside_each_fold() -> None:
    pipeline = Pipeline([("scale", StandardScaler()), ("net", net())])
    assert_exact(pipeline, {"net__lr": [0.01, 0.1], "net__module__weight_constraint": [1.0]})


@pytest.mark.parametrize(
    ("settings", "y"),
    [
        ({"criterion": nn.BCEWithLogitsLoss, "module__output": nn.Identity}, Y),
        (
            {"wrapper": NeuralNetBinaryClassifier, "criterion": nn.BCEWithLogitsLoss, "module__output": nn.Identity},
            Y.ravel(),
        ),
        (
            {"criterion": nn.CrossEntropyLoss, "module__n_outputs": 2, "module__output": nn.Identity},
            Y.ravel().astype(int),
        ),
        (
            {
                "wrapper": NeuralNetRegressor,
                "criterion": nn.MSELoss,
                "module__output": nn.Identity,
                "train_split": ValidSplit(5),
            },
            Y,
        ),
    ],
)
def test_wrappers_and_criteria(settings: dict[str, Any], y: np.ndarray) -> None:
    # Plain SGD: where a logit is large, sigmoid(logit) - 1 has few digits, and Adamax would amplify the rounding.
    estimator = net(**settings).set_params(optimizer=torch.optim.SGD, lr=1e-4)
    assert_exact(estimator, {"max_epochs": [2], "batch_size": [16]}, y=y)


class OwnNet(nn.Module):
    """A module that knows nothing of the project: other layers, a buffer, an attribute, layer norm."""

    def __init__(self, width: int = 6, slope: float = 0.1, gain: float = 1.0) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, width), nn.LayerNorm(width), nn.LeakyReLU(slope))
        self.head = nn.Linear(width, 1)
        self.register_buffer("gain", torch.tensor(gain))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.gain * self.head(self.body(x / 100)))


def test_any_module() -> None:
    assert_exact(net(module=OwnNet), {"module__slope": [0.1, 0.2], "module__gain": [0.5, 1.0], "module__width": [6]})


def test_dropout_given_the_same_masks() -> None:
    """The masks are drawn by hand from the split's stream, in a loop of torch alone."""
    rates = [0.0, 0.25, 0.8]
    splits = list(StratifiedKFold(3).split(X, Y))
    weights = Weights()
    estimator = net(train_split=None, module__weight_constraint=2.0)
    search = VmapGridSearchCV(
        estimator, {"module__dropout_rate": rates}, cv=splits, scoring=weights, refit=False, random_state=SEED
    ).fit(X, Y)
    assert search.refusals_ == {}
    for rate in rates:
        for number, (train, _) in enumerate(splits):
            seed_everything(fit_seed(SEED, number))
            module = PimaClassifier(weight_constraint=2.0)
            optimizer = torch.optim.Adamax(module.parameters(), lr=0.01)
            generator = torch.Generator().manual_seed(fit_seed(SEED, number, 1))
            x, y = torch.tensor(X[train]), torch.tensor(Y[train])
            for _ in range(3):
                uniform = torch.rand(-(-len(train) // 16) * 16, 12, generator=generator)
                for start in range(0, len(train), 16):
                    mask = (uniform[start : start + len(x[start : start + 16])] >= rate) / (1 - rate)
                    module.dropout.forward = partial(torch.mul, mask)  # type: ignore[method-assign]
                    optimizer.zero_grad()
                    nn.BCELoss()(module(x[start : start + 16]), y[start : start + 16]).backward()
                    optimizer.step()
            module(x[:1])
            expected = module.state_dict()
            assert any(
                all(torch.allclose(seen[name], tensor, rtol=1e-9, atol=1e-12) for name, tensor in expected.items())
                for seen in weights.seen
            )


def test_no_candidate_is_refused_silently() -> None:
    with pytest.warns(LockstepWarning, match="1 of 2 candidates are fitted one by one, not in lockstep: LBFGS"):
        VmapGridSearchCV(
            net(lr=0.1), {"optimizer": [torch.optim.LBFGS, torch.optim.SGD]}, cv=2, refit=False, error_score="raise"
        ).fit(X, Y)
