"""A net's bits depend neither on its place in a stack nor on the nets beside it; too large nets are left to skorch."""

from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, KFold
from skorch import NeuralNetClassifier
from torch import Tensor, nn

from lockstep import reads_only
from tests.lockstep.nets import Y, net, told

X, LABELS = make_classification(600, 100, random_state=0)
ROWS = X.astype(np.float32)


class Wide(nn.Module):
    def __init__(self, width: int, activation: Any) -> None:
        super().__init__()
        first, second = nn.Linear(100, width), nn.Linear(width, width)
        self.layers = nn.Sequential(first, activation(), second, activation(), nn.Linear(width, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def wide(width: int, activation: Any, batch: int, **settings: Any) -> NeuralNetClassifier:
    about = {"module__width": width, "module__activation": activation, "batch_size": batch}
    return classifier(Wide, **about | settings)


def classifier(module: Any, **settings: Any) -> NeuralNetClassifier:
    base: dict[str, Any] = {"criterion": nn.CrossEntropyLoss, "optimizer": torch.optim.Adam, "max_epochs": 2}
    return NeuralNetClassifier(module, verbose=0, **base | {"batch_size": 64} | settings)


KINDS: dict[str, NeuralNetClassifier] = {
    "sigmoid": wide(64, nn.Sigmoid, 128),
    "SiLU, odd sizes": wide(67, nn.SiLU, 99),
    "by rows": wide(128, nn.Sigmoid, 32, train_split=None),
}


@reads_only
class Weights:
    """A scorer that keeps the bytes of weights, and of answers."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def __call__(self, net: NeuralNetClassifier, X: Any, y: Any) -> float:
        weights = b"".join(tensor.numpy().tobytes() for tensor in net.module_.state_dict().values())
        self.seen.append(weights + net.predict_proba(X).tobytes())
        return 0.0


def trained(estimator: NeuralNetClassifier, rates: list[float]) -> dict[float, list[bytes]]:
    """Return what each candidate's nets are, by rate."""
    kept = Weights()
    search = GridSearchCV(estimator, {"lr": rates}, cv=KFold(3), scoring=kept, refit=False, error_score="raise")
    with parallel_config(backend="lockstep"):
        search.fit(ROWS, LABELS)
    return {rate: kept.seen[3 * i : 3 * i + 3] for i, rate in enumerate(rates)}


RATES = [0.003, 0.001, 0.0003, 0.01, 0.0001]


@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
@pytest.mark.parametrize("name", KINDS)
def test_a_net_has_the_same_bits_at_every_place_and_in_any_company(name: str) -> None:
    whole = trained(KINDS[name], RATES)
    for rates in (RATES[:1], RATES[:1:-1]):
        assert trained(KINDS[name], rates) == {rate: whole[rate] for rate in rates}


def test_nets_that_take_more_memory_than_there_is_are_left_to_skorch() -> None:
    large = net(module=Large, criterion=nn.CrossEntropyLoss, max_epochs=1, optimizer=torch.optim.SGD)
    _, messages = told(large, {"lr": [0.1, 0.01]}, (Y[:, 0] > 0.5).astype(np.int64), backend={"max_memory_mb": 1})
    (message,) = messages
    assert "MiB, more than max_memory_mb=1 leaves, so 2 candidates are fitted one by one; raise" in message


class Large(nn.Module):
    """Has 1.6 MB of weights, of which a step uses a few."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.out = nn.Parameter(torch.zeros(100_000, 4)), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(x) + self.table[:2, :2].sum()
