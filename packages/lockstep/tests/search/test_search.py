"""GridSearchCV under the backend, and the promise that a score is a function of its candidate."""

import gc
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from torch import nn

from lockstep import LockstepWarning, fit_seed, reads_only
from lockstep.grouping import sizes
from lockstep.grouping.sizes import stack_size
from lockstep.kernel import blocks
from lockstep.kernel.blocks import Blocks
from lockstep.kernel.library import levels, load
from lockstep.members.numerics import seed_everything
from lockstep.search import Search
from lockstep.stacks import stack, training
from lockstep.stacks.stack import Stack
from lockstep.stacks.training import Training
from packages.lockstep.tests.nets import (
    GRID,
    LABELS,
    SEED,
    X,
    Y,
    logit_net,
    net,
    one_by_one,
    scores,
    search,
)

# As people train: the callbacks watch each net, and the batches are drawn. Without eps, Adam would divide the gradients
# of biases before batch norm, which are rounding, by their size.
WATCHED = partial(
    logit_net,
    callbacks=[EarlyStopping(patience=2, threshold=0.01)],
    iterator_train__shuffle=True,
    max_epochs=8,
    optimizer__eps=1e-3,
)
RATES: dict[str, list[Any]] = {
    "lr": [0.1, 0.02, 0.001],
    "module__layer": [nn.Identity, nn.BatchNorm1d],
    "optimizer": [torch.optim.RAdam, torch.optim.RMSprop],
}


@pytest.fixture(scope="module")
def whole() -> dict[frozenset[tuple[str, Any]], bytes]:
    return scores(search())


@pytest.fixture(scope="module")
def watched() -> dict[frozenset[tuple[str, Any]], bytes]:
    return scores(search(WATCHED(), RATES, LABELS))


def test_a_part_of_the_grid_in_another_order_gives_the_same_bytes(
    whole: dict[Any, bytes], watched: dict[Any, bytes]
) -> None:
    for key in ("module__activation", "optimizer", "max_epochs"):
        part = scores(search(grid=GRID | {key: GRID[key][-1:]}))
        assert part == {name: whole[name] for name in part}
    backwards = [
        {key: [value] for key, value in dict(params).items()}
        for params in list(whole)[::-1]
    ]
    assert scores(search(grid=backwards)) == whole
    part = scores(
        search(
            WATCHED(),
            RATES | {"module__layer": RATES["module__layer"][::-1], "lr": [0.02]},
            LABELS,
        )
    )
    assert part == {name: watched[name] for name in part}
    lone = {key: values[-1:] for key, values in RATES.items()}
    first = [next(StratifiedKFold(3).split(X, LABELS))]
    ((name, score),) = scores(search(WATCHED(), lone, LABELS, cv=first)).items()
    assert score == watched[name][:8]


@pytest.mark.parametrize("level", levels()[1:])
def test_each_level_of_the_kernel_gives_the_same_bytes(
    level: str,
    whole: dict[Any, bytes],
    watched: dict[Any, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks, "load", lambda: load(level))
    assert scores(search()) == whole
    assert scores(search(WATCHED(), RATES, LABELS)) == watched


@reads_only
class EveryBatch(Callback):
    """Looks at each batch, so that the kernel takes step by step."""

    def on_batch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        assert all(param.isfinite().all() for param in net.module_.parameters())


def test_callbacks_of_batches_change_no_byte(watched: dict[Any, bytes]) -> None:
    estimator = WATCHED()
    estimator.set_params(callbacks=[*estimator.callbacks, EveryBatch()])
    assert scores(search(estimator, RATES, LABELS)) == watched


def test_calls_of_single_steps_give_the_same_bytes(
    whole: dict[Any, bytes], monkeypatch: pytest.MonkeyPatch, noted: Any
) -> None:
    n_steps = noted(Blocks, "run", lambda blocks, program, n, tables: n)
    part = {key: values[:1] for key, values in GRID.items()}
    made = scores(search(grid=part))
    assert made == {name: whole[name] for name in made}
    n_calls = len(n_steps)
    assert max(n_steps) > 1
    monkeypatch.setattr(stack, "_MOST_WORK", 1)
    assert scores(search(grid=part)) == made
    assert len(n_steps) > 2 * n_calls


def test_a_stack_that_closes_up_gives_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, noted: Any
) -> None:
    grid = [
        {"lr": [0.1 / (i + 1)], "max_epochs": [1 if i % 3 else 4]} for i in range(12)
    ]
    closed = noted(Training, "_close_up", lambda training, left: len(left))
    monkeypatch.setattr(training, "_WORTH_A_STACK", np.inf)
    as_it_is = scores(search(grid=grid))
    assert not closed
    monkeypatch.setattr(training, "_WORTH_A_STACK", 0)
    assert scores(search(grid=grid)) == as_it_is
    assert closed == [12]


@pytest.mark.parametrize("size", [16, 256])
def test_stacks_of_any_size_give_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    whole: dict[Any, bytes],
    watched: dict[Any, bytes],
) -> None:
    for name in ("MOST_NETS", "LANES"):
        monkeypatch.setattr(sizes, name, size)
    assert scores(search()) == whole
    assert scores(search(WATCHED(), RATES, LABELS)) == watched


def test_jobs_change_no_byte(
    monkeypatch: pytest.MonkeyPatch, watched: dict[Any, bytes]
) -> None:
    monkeypatch.setattr(sizes, "MOST_NETS", 16)
    one_thread = partial(torch.set_num_threads, 1)
    backend = {"inner_backend": "loky", "n_jobs": 2, "prepare_worker": one_thread}
    assert scores(search(WATCHED(), RATES, LABELS, backend=backend)) == watched
    alone = {"lr": [0.1, 0.01]}
    jobs = (
        one_by_one(net(), alone),
        search(net(), alone, backend=backend | {"stack": False}),
    )
    assert scores(jobs[0]) == scores(jobs[1])


def test_threads_compute_the_kernels_nets_to_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, noted: Any
) -> None:
    estimator, rates = (
        net(module__dropout_rate=0.3),
        {"lr": [i / 1000 for i in range(1, 20)]},
    )
    pools = noted(blocks, "ThreadPoolExecutor", int)
    monkeypatch.setattr(blocks, "_WORTH_A_THREAD", 1)
    monkeypatch.setattr(Search, "_side_by_side", None)  # no process is started
    alone = scores(search(estimator, rates))
    assert not pools
    assert scores(search(estimator, rates, backend={"n_jobs": 3})) == alone
    assert set(pools) == {2}


@pytest.mark.usefixtures("float64")
def test_numbers_in_workers_are_of_the_scripts_type() -> None:
    def found(n_jobs: int) -> list[float]:
        with parallel_config(
            backend="lockstep", random_state=SEED, stack=False, n_jobs=n_jobs
        ):
            return cross_val_score(
                logit_net(), X.astype(np.float64), LABELS, cv=2, error_score="raise"
            ).tolist()

    assert found(n_jobs=2) == found(n_jobs=1)


def test_memory_cuts_the_stacks(
    monkeypatch: pytest.MonkeyPatch, whole: dict[Any, bytes]
) -> None:
    sizes: list[int] = []

    def recorded(*args: Any) -> int:
        sizes.append(stack_size(*args))
        return sizes[-1]

    monkeypatch.setattr("lockstep.search.stack_size", recorded)
    assert scores(search(backend={"max_memory_mb": 1})) == whole
    assert set(sizes) == {16}
    sizes.clear()
    search(grid={"lr": [i / 1000 for i in range(1, 20)]})
    assert sizes == [64]  # 19 candidates on 3 splits


def test_a_score_is_that_of_a_fit_seeded_by_its_split() -> None:
    """The nets of `stack=False`, to which all else is compared, are those of skorch alone."""
    splits = list(ShuffleSplit(3, random_state=0).split(X))
    found = one_by_one(grid={"lr": [0.01]}, cv=splits, scoring="accuracy").cv_results_
    for number, (train, test) in enumerate(splits):
        seed_everything(fit_seed(SEED, number))
        fitted = net(lr=0.01).fit(X[train], Y[train])
        assert (
            found[f"split{number}_test_score"][0]
            == (fitted.predict(X[test]) == Y[test]).mean()
        )


def test_refit_gives_a_fitted_net_and_repeats() -> None:
    found = search(net(), {"lr": [0.001, 0.01]}, cv=3, scoring="accuracy", refit=True)
    assert len(found.best_estimator_.history) == 3
    again = search(net(), {"lr": [0.001, 0.01]}, cv=3, scoring="accuracy", refit=True)
    seed_everything(SEED)
    alone = clone(net()).set_params(**found.best_params_).fit(X, Y)
    for other in (again.best_estimator_, alone):
        assert np.array_equal(
            other.predict_proba(X), found.best_estimator_.predict_proba(X)
        )


def test_a_reason_that_names_one_object_is_said_once() -> None:
    """skorch's error has the address of the callback in it, another one in each fit."""
    watched = net(callbacks=[("lr", LRScheduler("StepLR", step_size=1))])
    grid = GridSearchCV(watched, {"callbacks__lr__gamma": [0.1, 0.5]}, cv=3)
    refused = pytest.raises(ValueError, match="Invalid parameter 'gamma'")
    with (
        pytest.warns(LockstepWarning) as caught,
        refused,
        parallel_config(backend="lockstep"),
    ):
        grid.fit(X, Y)
    (said,) = (
        str(warning.message)
        for warning in caught
        if warning.category is LockstepWarning
    )
    assert "so 2 candidates are fitted one by one" in said
    assert "LRScheduler object at 0x…>" in said


def test_a_stack_and_its_rows_are_gone_when_its_search_ends() -> None:
    """Without a search for cycles, which Python makes by the number of objects, however large they are."""
    gc.collect()
    gc.disable()
    try:
        search(grid={"lr": [0.1, 0.01], "batch_size": [20, 64]})
        assert not [each for each in gc.get_objects() if isinstance(each, Stack)]
    finally:
        gc.enable()
