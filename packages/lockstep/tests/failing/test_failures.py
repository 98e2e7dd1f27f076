"""What fails, fails as under skorch alone, and ends no search that skorch would finish."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from skorch import NeuralNetRegressor
from skorch.callbacks import Callback
from torch.utils.data import WeightedRandomSampler

from lockstep import reads_only
from lockstep.stacks.stack import Stack
from packages.lockstep.tests.cases.base import X as CASES
from packages.lockstep.tests.cases.modules import MLP
from packages.lockstep.tests.nets import (
    LABELS,
    LogitNet,
    X,
    Y,
    net,
    scores,
    search,
    told,
)
from packages.lockstep.tests.searches import SEED

# The rows that each of three splits trains on.
N_TRAINED = len(X) * 2 // 3


class Broken(LogitNet):
    """Fails where it is built, or in its first step."""

    def __init__(self, where: str = "") -> None:
        super().__init__()
        self.where = where
        if where == "built":
            raise ValueError("the user's own mistake")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.where == "forward":
            raise ValueError("the user's own mistake")
        return super().forward(x)


def broken(**settings: Any) -> BaseEstimator:
    return net(module=Broken, criterion=torch.nn.CrossEntropyLoss, **settings)


@pytest.mark.parametrize("where", ["built", "forward"])
@pytest.mark.parametrize("stack", [True, False])
def test_a_fit_that_fails_raises_its_error_or_has_no_score(
    where: str, stack: bool
) -> None:
    grid = {"module__where": ["", where], "lr": [0.1, 0.01]}
    backend = {"stack": stack}
    found, _ = told(broken(), grid, LABELS, scoring="accuracy", backend=backend)
    # Keys are sorted, so rates change slowest.
    assert np.isnan(found.cv_results_["mean_test_score"]).tolist() == [False, True] * 2
    good = {
        frozenset(key): value
        for key, value in scores(found).items()
        if ("module__where", "") in key
    }
    assert good == scores(
        told(
            broken(),
            grid | {"module__where": [""]},
            LABELS,
            scoring="accuracy",
            backend=backend,
        )[0]
    )
    with pytest.raises(ValueError, match="the user's own mistake"):
        told(
            broken(),
            grid,
            LABELS,
            scoring="accuracy",
            backend=backend,
            error_score="raise",
        )


@reads_only
class Guard(Callback):
    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if net.lr > 1:
            raise ValueError("the rate is too high")


@pytest.mark.filterwarnings("ignore")
def test_a_callback_that_raises_takes_no_other_net_along() -> None:
    guarded = net(callbacks=[Guard()], verbose=0)
    (some, said), (all_good, _) = (
        told(guarded, {"lr": rates}, Y) for rates in ([0.1, 2.0, 0.01], [0.1, 0.01])
    )
    assert said == [
        "ValueError: the rate is too high, so 1 of 3 candidates are fitted one by one"
    ]
    assert np.isnan(some.cv_results_["mean_test_score"]).tolist() == [
        False,
        True,
        False,
    ]
    assert {
        key: value for key, value in scores(some).items() if ("lr", 2.0) not in key
    } == scores(all_good)


def test_nets_of_a_stack_that_fails_in_the_middle_are_fitted_by_skorch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_skorch, _ = told(net(), {"lr": [0.1, 0.01]}, Y, backend={"stack": False})

    def failing(self: Stack) -> Any:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(Stack, "train_epoch", failing)
    found, messages = told(net(), {"lr": [0.1, 0.01]}, Y)
    assert messages == [
        "RuntimeError: out of memory, so 2 candidates are fitted one by one"
    ]
    assert scores(found) == scores(by_skorch)


@pytest.mark.parametrize("options", [{}, {"n_jobs": 2}, {"stack": False}])
def test_an_error_of_on_progress_ends_the_search(options: dict[str, Any]) -> None:
    def progress(more: int, total: int) -> None:
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        search(net(), {"lr": [0.1, 0.01]}, backend={"on_progress": progress} | options)


class Casts(NeuralNetRegressor):
    """Is fitted on other numbers than it is asked about."""

    def fit(self, X: Any, y: Any, **fit_params: Any) -> NeuralNetRegressor:
        return super().fit(X.astype(np.float32), y, **fit_params)


@pytest.mark.parametrize("stack", [True, False])
def test_rows_of_another_type_than_those_of_the_fit_fail_in_scoring(
    stack: bool,
) -> None:
    estimator = Casts(MLP, module__n_outputs=1, max_epochs=2, verbose=0)
    with (
        parallel_config(backend="lockstep", stack=stack),
        pytest.raises(RuntimeError, match="same dtype"),
    ):
        cross_val_score(
            estimator, CASES, CASES[:, :1].astype(np.float32), error_score="raise"
        )


@pytest.mark.parametrize("stack", [True, False])
def test_an_interrupt_ends_the_search(stack: bool) -> None:
    heard: list[Any] = []

    def scorer(estimator: BaseEstimator, rows: np.ndarray, y: np.ndarray) -> float:
        heard.append(estimator)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        told(net(), {"lr": [0.1, 0.01]}, Y, scoring=scorer, backend={"stack": stack})
    assert len(heard) == 1
    assert np.isfinite(
        search(net(), {"lr": [0.1]}).cv_results_["mean_test_score"]
    ).all()


def test_a_sampler_of_more_rows_than_a_split_has_fails_as_under_skorch() -> None:
    """Its weights are of the whole table. Weights of rows that no split has are small, so later epochs draw them."""
    weights = torch.ones(len(X))
    weights[N_TRAINED:] = 0.003
    sampled = net(
        module=LogitNet,
        criterion=torch.nn.CrossEntropyLoss,
        iterator_train__sampler=WeightedRandomSampler(weights.tolist(), N_TRAINED),
        max_epochs=4,
        train_split=None,
    )
    found = []
    for stack in (True, False):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found.append(failing_scores(sampled, stack))
        messages = [str(each.message) for each in caught]
        assert any("a sampler draws rows that" in each for each in messages) == stack
    assert np.isnan(found[0]).any()
    in_lockstep, alone = found
    np.testing.assert_array_equal(in_lockstep, alone)


def failing_scores(estimator: BaseEstimator, stack: bool) -> list[np.ndarray]:
    with parallel_config(backend="lockstep", random_state=SEED, stack=stack):
        searched = GridSearchCV(estimator, {"lr": [0.01, 0.1]}, cv=3, refit=False)
        found = searched.fit(X, LABELS).cv_results_
    return [found[f"split{i}_test_score"] for i in range(3)]
