"""What can't train in lockstep is reported in one line and fitted one by one, under the same seeds."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping, EpochScoring, LRScheduler
from torch import nn

from stages.lib.lockstep import LockstepWarning, SeedEachFit, VmapGridSearchCV
from tests.lockstep.nets import LABELS, SEED, LogitNet, X, Y, logit_net, net, scores, search


class PenalisedNet(NeuralNetClassifier):
    def get_loss(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        weights: torch.Tensor = sum(weight.abs().sum() for weight in self.module_.parameters())
        result: torch.Tensor = super().get_loss(*args, **kwargs) + 0.01 * weights
        return result


class Branching(LogitNet):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x if x.sum() > 0 else -x)


class Noisy(LogitNet):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x + torch.randn(x.shape))


class ColumnNoise(LogitNet):
    """Scales columns at random, by the same factors for all rows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x * torch.rand_like(x[0]))


class Frozen(LogitNet):
    def __init__(self) -> None:
        super().__init__()
        self.layers[0].weight.requires_grad_(False)


class BatchNorm(nn.BatchNorm1d):
    def __init__(self) -> None:
        super().__init__(6)


def penalised(**settings: Any) -> PenalisedNet:
    return PenalisedNet(LogitNet, criterion=nn.CrossEntropyLoss, max_epochs=2, verbose=0, **settings)


@pytest.mark.parametrize(
    ("estimator", "grid", "reason"),
    [
        (logit_net(), {"optimizer": [torch.optim.Adafactor]}, "Adafactor is not elementwise"),
        (logit_net(), {"optimizer": [torch.optim.LBFGS]}, "LBFGS can't step on stacked parameters"),
        (
            logit_net(optimizer__param_groups=[("*bias", {"lr": 0.1})]),
            {"lr": [0.1]},
            "optimizer__param_groups are set",
        ),
        (logit_net(), {"module__layer": [BatchNorm]}, "BatchNorm keeps running statistics"),
        (logit_net(callbacks=[EarlyStopping()]), {"lr": [0.1]}, "the callback EarlyStopping may change the training"),
        (
            logit_net(callbacks=[("lr", LRScheduler())]),
            {"lr": [0.1]},
            "the callback LRScheduler may change the training",
        ),
        (penalised(), {"lr": [0.1]}, "PenalisedNet has its own get_loss"),
        (logit_net(iterator_train__shuffle=True), {"lr": [0.1]}, "iterator_train__shuffle is set"),
        (logit_net(warm_start=True), {"lr": [0.1]}, "warm_start is set"),
        (
            logit_net(criterion__reduction="sum"),
            {"lr": [0.001]},
            "CrossEntropyLoss is no mean over rows",
        ),
        (
            logit_net(criterion__weight=torch.tensor([1.0, 3.0])),
            {"lr": [0.1]},
            "CrossEntropyLoss is no mean over rows",
        ),
        (net(module=Branching, criterion=nn.CrossEntropyLoss), {"lr": [0.1]}, "RuntimeError: vmap"),
        (net(module=Noisy, criterion=nn.CrossEntropyLoss), {"lr": [0.1]}, "RuntimeError: vmap"),
        (net(module=ColumnNoise, criterion=nn.CrossEntropyLoss), {"lr": [0.1]}, "random numbers that do not belong"),
        (
            net(module=Frozen, criterion=nn.CrossEntropyLoss),
            {"lr": [0.1]},
            "some of the module's parameters are frozen",
        ),
        (
            Pipeline([("scale", StandardScaler()), ("net", logit_net())]),
            {"scale": [StandardScaler(), MinMaxScaler()], "net__lr": [0.1]},
            "scale is no setting of the net",
        ),
    ],
)
def test_what_lockstep_cannot_do_is_said_and_done_one_by_one(
    estimator: BaseEstimator, grid: dict[str, list[Any]], reason: str
) -> None:
    options: dict[str, Any] = {"cv": StratifiedKFold(2), "scoring": "accuracy", "refit": False, "error_score": "raise"}
    if "LBFGS" in reason:
        options["error_score"] = np.nan
    with pytest.warns(LockstepWarning) as caught:
        found = VmapGridSearchCV(estimator, grid, random_state=SEED, **options).fit(X, LABELS)
    [message] = [str(warning.message) for warning in caught if warning.category is LockstepWarning]
    n_candidates = len(found.cv_results_["params"])
    assert message.startswith(f"{n_candidates} of {n_candidates} candidates are fitted one by one, not in lockstep: ")
    assert reason in message
    stock = GridSearchCV(estimator, grid, **options).set_callbacks(SeedEachFit(SEED)).fit(X, LABELS)
    for i in range(2):
        key = f"split{i}_test_score"
        assert found.cv_results_[key].tobytes() == stock.cv_results_[key].tobytes()


def test_refused_candidates_stand_between_the_others() -> None:
    grid = {"optimizer": [torch.optim.SGD, torch.optim.Adafactor, torch.optim.Adam]}
    with pytest.warns(LockstepWarning, match="1 of 3 candidates"):
        found = VmapGridSearchCV(
            net(), grid, cv=StratifiedKFold(3), scoring="neg_brier_score", refit=False, random_state=SEED
        ).fit(X, Y)
    assert found.refusals_ == {"Adafactor is not elementwise": [1]}
    lockstep = search(grid={"optimizer": [torch.optim.SGD, torch.optim.Adam]})
    assert found.cv_results_["mean_test_score"][[0, 2]].tolist() == lockstep.cv_results_["mean_test_score"].tolist()


def test_progress_counts_them_too() -> None:
    told: list[tuple[int, int]] = []
    grid = {"optimizer": [torch.optim.SGD, torch.optim.Adafactor]}
    estimator = VmapGridSearchCV(net(), grid, cv=2, refit=False, on_progress=lambda *more: told.append(more))
    with pytest.warns(LockstepWarning):
        estimator.fit(X, Y)
    total = 2 * 2 * 3  # candidates, splits, epochs
    assert sum(more for more, _ in told) == total
    assert told[-1][1] == total


def test_callbacks_that_look_on_are_taken() -> None:
    with_callback = search(logit_net(callbacks=[("auc", EpochScoring("roc_auc"))]), {"lr": [0.1]}, LABELS)
    assert scores(with_callback) == scores(search(logit_net(), {"lr": [0.1]}, LABELS))


def test_data_that_is_no_array_goes_the_other_way() -> None:
    found = VmapGridSearchCV(net(), {"lr": [0.1]}, cv=2, refit=False, random_state=SEED)
    with pytest.warns(LockstepWarning, match="the data are no arrays, but Tensor and Tensor"):
        found.fit(torch.as_tensor(X), torch.as_tensor(Y))
    assert np.isfinite(found.cv_results_["mean_test_score"]).all()
