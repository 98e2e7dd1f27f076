"""VmapGridSearchCV as a drop-in for GridSearchCV, and the promise that a score is a function of its candidate."""

from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV, GroupKFold, ShuffleSplit, StratifiedKFold
from torch import nn

from stages.lib.lockstep import SeedEachFit, VmapGridSearchCV, plan, stack
from tests.lockstep.nets import GRID, LABELS, SEED, X, Y, logit_net, net, scores, search

WHOLE = scores(search())


@pytest.mark.parametrize("key", GRID)
def test_a_part_of_the_grid_gives_the_same_bytes(key: str) -> None:
    for value in GRID[key]:
        part = scores(search(grid=GRID | {key: [value]}))
        assert part == {name: WHOLE[name] for name in part}


def test_another_order_gives_the_same_bytes() -> None:
    backwards = [{key: [value] for key, value in params.items()} for params in search().cv_results_["params"][::-1]]
    assert scores(search(grid=backwards)) == WHOLE


@pytest.mark.parametrize("size", [16, 32, 256])
def test_stacks_of_any_size_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(plan, "_MOST_NETS", size)
    for module in (plan, stack):
        monkeypatch.setattr(module, "NETS", size)
    assert scores(search()) == WHOLE


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_jobs_change_no_byte(n_jobs: int) -> None:
    with parallel_config(backend="loky"):
        assert scores(search(n_jobs=n_jobs)) == WHOLE


def test_more_splits_leave_the_first_ones_alone() -> None:
    splits = list(ShuffleSplit(4, random_state=0).split(X))
    few, many = (search(cv=splits[:n]).cv_results_ for n in (2, 4))
    for i in range(2):
        assert few[f"split{i}_test_score"].tobytes() == many[f"split{i}_test_score"].tobytes()


def test_memory_cuts_the_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "bytes_per_net", lambda *_: 2**27)
    sizes: list[int] = []
    cut = plan.stack_size

    def recorded(*args: int) -> int:
        sizes.append(cut(*args))
        return sizes[-1]

    monkeypatch.setattr(plan, "stack_size", recorded)
    assert scores(search()) == WHOLE
    assert set(sizes) == {stack.NETS}


def test_the_results_are_grid_search_cvs() -> None:
    grid: dict[str, list[Any]] = {"lr": [0.01, 0.1], "max_epochs": [1, 2]}
    options: dict[str, Any] = {"cv": 3, "scoring": "accuracy", "return_train_score": True}
    ours = VmapGridSearchCV(net(), grid, random_state=SEED, **options).fit(X, Y)
    stock = GridSearchCV(net(), grid, **options).set_callbacks(SeedEachFit(SEED)).fit(X, Y)
    assert list(ours.cv_results_) == list(stock.cv_results_)
    assert ours.cv_results_["params"] == stock.cv_results_["params"]
    for key, column in stock.cv_results_.items():
        if "score" in key and "time" not in key:
            np.testing.assert_allclose(ours.cv_results_[key], column, atol=0.02, err_msg=key)
    assert {key for key in vars(stock) if key.endswith("_")} - {key for key in vars(ours) if key.endswith("_")} == set()


def test_refit_gives_a_fitted_net() -> None:
    found = VmapGridSearchCV(net(), {"lr": [0.001, 0.01]}, cv=3, scoring="accuracy", random_state=SEED).fit(X, Y)
    assert found.best_score_ == found.cv_results_["mean_test_score"][found.best_index_]
    assert found.best_params_ == found.cv_results_["params"][found.best_index_]
    assert len(found.best_estimator_.history) == 3
    assert found.predict(X).shape == (len(X), 1)
    assert 0 <= found.score(X, Y) <= 1
    again = clone(found).fit(X, Y)
    assert np.array_equal(again.best_estimator_.predict_proba(X), found.best_estimator_.predict_proba(X))


def test_several_metrics() -> None:
    metrics = {"acc": "accuracy", "auc": "roc_auc"}
    found = search(logit_net(), {"lr": [0.01, 0.1]}, LABELS, scoring=metrics, refit="auc")
    assert found.multimetric_
    assert found.best_score_ == found.cv_results_["mean_test_auc"].max()
    single = search(logit_net(), {"lr": [0.01, 0.1]}, LABELS, scoring="accuracy")
    assert single.cv_results_["mean_test_score"].tolist() == found.cv_results_["mean_test_acc"].tolist()


def test_a_scorer_may_ask_for_other_rows() -> None:
    def scorer(estimator: BaseEstimator, rows: np.ndarray, y: np.ndarray) -> float:
        here, there = estimator.predict_proba(rows), estimator.predict_proba(rows[::-1].copy())
        np.testing.assert_allclose(here, there[::-1], rtol=1e-4, atol=1e-6)
        return float(here.sum())

    assert np.isfinite(search(logit_net(), {"lr": [0.01]}, LABELS, scoring=scorer).best_score_)


@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc", "neg_log_loss", "f1"])
def test_scorers(scoring: str) -> None:
    found = search(logit_net(), {"lr": [0.01]}, LABELS, scoring=scoring)
    stock = GridSearchCV(logit_net(), {"lr": [0.01]}, cv=StratifiedKFold(3), scoring=scoring, refit=False)
    expected = stock.set_callbacks(SeedEachFit(SEED)).fit(X, LABELS).cv_results_["mean_test_score"]
    np.testing.assert_allclose(found.cv_results_["mean_test_score"], expected, atol=0.02)


def test_groups_go_to_the_splitter() -> None:
    groups = np.arange(len(X)) % 5
    found = VmapGridSearchCV(net(), {"lr": [0.01]}, cv=GroupKFold(5), scoring="accuracy", refit=False)
    assert found.fit(X, Y, groups=groups).n_splits_ == 5
    assert found.refusals_ == {}


@pytest.mark.parametrize("criterion", [nn.BCELoss, nn.BCEWithLogitsLoss])
def test_a_diverging_candidate_has_no_score_and_harms_no_other(criterion: type[nn.Module]) -> None:
    output = nn.Sigmoid if criterion is nn.BCELoss else nn.Identity
    estimator = net(criterion=criterion, module__output=output, optimizer=torch.optim.SGD)
    both = search(estimator, {"lr": [1e37, 0.001]}, scoring="accuracy")
    alone = search(estimator, {"lr": [0.001]}, scoring="accuracy")
    assert np.isnan(both.cv_results_["mean_test_score"]).tolist() == [True, False]
    assert both.cv_results_["rank_test_score"].tolist() == [2, 1]
    assert list(scores(alone).values()) == [list(scores(both).values())[1]]


def test_a_scorer_that_fails_gets_the_error_score() -> None:
    def scorer(estimator: BaseEstimator, rows: np.ndarray, y: np.ndarray) -> float:
        raise ValueError("no score today")

    with pytest.raises(ValueError, match="no score today"):
        search(scoring=scorer, error_score="raise")
    with pytest.warns(UserWarning, match="no score today"):
        found = VmapGridSearchCV(net(), {"lr": [0.1]}, scoring=scorer, cv=2, refit=False, error_score=-1).fit(X, Y)
    assert found.cv_results_["mean_test_score"].tolist() == [-1]


def test_progress_counts_net_epochs() -> None:
    told: list[tuple[int, int]] = []
    search(grid={"max_epochs": [1, 4], "lr": [0.1, 0.2]}, on_progress=lambda more, total: told.append((more, total)))
    # A net of one epoch is one of four epochs part of the way, so it adds no epoch.
    assert sum(more for more, _ in told) == 2 * 3 * 4
    assert {total for _, total in told} == {2 * 3 * 4}


def test_a_batch_larger_than_the_data_is_one_of_all_rows() -> None:
    # A second batch padded with copies of rows would not fit into memory.
    found = search(grid={"batch_size": [len(X), 1_000_000_000]}).cv_results_
    options: dict[str, Any] = {"cv": StratifiedKFold(3), "scoring": "neg_brier_score", "refit": False}
    one_by_one = GridSearchCV(net(), {"batch_size": [1_000_000_000]}, **options).set_callbacks(SeedEachFit(SEED))
    expected = one_by_one.fit(X, Y).cv_results_
    for split in range(3):
        all_rows, larger = found[f"split{split}_test_score"]
        assert all_rows == larger == pytest.approx(expected[f"split{split}_test_score"][0], abs=1e-6)
