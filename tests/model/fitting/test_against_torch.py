"""Oracle: torch. The same fit written with torch alone gives the weights of the skorch path, to the last bit."""

from typing import Any

import pytest
import torch
from sklearn.model_selection import StratifiedKFold
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from stages.lib.config import Params, Prepare
from stages.lib.data import Dataset
from stages.lib.engine import seed_everything
from stages.lib.model import build_estimator, resolve_experiment, rows, target
from tests.project import OPTIMIZERS, real_params

EPOCHS, BATCH, LR, SEED = 3, 32, 0.01, 11


def skorch_weights(data: Dataset, experiment: str, candidate: dict[str, Any]) -> dict[str, torch.Tensor]:
    params = Params.model_validate(real_params())
    settings, _ = resolve_experiment(params, experiment)
    settings |= {"max_epochs": EPOCHS, "batch_size": BATCH, "lr": LR} | candidate
    net = build_estimator(settings, data, Prepare())
    seed_everything(SEED)
    net.fit(rows(data, net), target(data.y, settings["wrapper"], settings["criterion"]))
    return dict(net.module_.state_dict())


def torch_weights(
    data: Dataset,
    optimizer: type[torch.optim.Optimizer],
    activation: type[nn.Module] = nn.ReLU,
    init: Any = None,
    dropout: float = 0.0,
    constraint: float | None = None,
    **options: Any,
) -> list[torch.Tensor]:
    """Train as the tutorial does, without skorch and without the project's module."""
    X, y = (
        torch.tensor(data.X.to_numpy(), dtype=torch.float32),
        torch.tensor(data.y, dtype=torch.float32).reshape(-1, 1),
    )
    train, valid = next(StratifiedKFold(5).split(X, data.y))
    torch.manual_seed(SEED)
    hidden, last = nn.Linear(8, 12), nn.Linear(12, 1)
    module = nn.Sequential(hidden, activation(), nn.Dropout(dropout), last, nn.Sigmoid())
    if init is not None:
        init(hidden.weight)
        init(last.weight)

    def forward(x: torch.Tensor) -> torch.Tensor:
        if constraint is not None:
            with torch.no_grad():
                norm = hidden.weight.norm(2, dim=0, keepdim=True)
                hidden.weight *= torch.where(norm > constraint, constraint / norm, 1.0)
        result: torch.Tensor = module(x)
        return result

    steps = optimizer(module.parameters(), **({"lr": LR} | options))
    for _ in range(EPOCHS):
        module.train()
        for x, label in DataLoader(TensorDataset(X[train], y[train]), batch_size=BATCH):
            steps.zero_grad()
            nn.BCELoss()(forward(x), label).backward()
            steps.step()
        module.eval()
        # A pass over the hold-out changes the random generator's state and nothing else.
        for x, _ in DataLoader(TensorDataset(X[valid], y[valid]), batch_size=BATCH):
            forward(x)
    return [weight.detach() for weight in module.parameters()]


def assert_same(ours: dict[str, torch.Tensor], theirs: list[torch.Tensor]) -> None:
    for (name, weight), expected in zip(ours.items(), theirs, strict=True):
        assert torch.equal(weight, expected), name


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(data: Dataset, name: str) -> None:
    optimizer = getattr(torch.optim, name)
    assert_same(skorch_weights(data, "optimizer", {"optimizer": optimizer}), torch_weights(data, optimizer))


@pytest.mark.parametrize(("rate", "constraint"), [(0.0, 1.0), (0.2, 2.0), (0.9, 5.0)])
def test_dropout_and_max_norm(data: Dataset, rate: float, constraint: float) -> None:
    candidate = {"module__dropout_rate": rate, "module__weight_constraint": constraint}
    ours = skorch_weights(data, "dropout", candidate)
    theirs = torch_weights(
        data,
        torch.optim.Adamax,
        init=nn.init.kaiming_uniform_,
        dropout=rate,
        constraint=constraint,
    )
    for (name, weight), expected in zip(ours.items(), theirs, strict=True):
        torch.testing.assert_close(weight, expected, rtol=1e-5, atol=1e-6, msg=name)
