"""Oracles: scikit-learn's GridSearchCV, and nets fitted by hand; scores and curves of both engines keep to them."""

from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from torch import nn

from gridstage.config import CV, Params, Prepare
from gridstage.data import Dataset
from gridstage.engine import LockstepWarning, fit_seed, seed_everything
from gridstage.model import build_estimator, nested_grid, rows, target
from gridstage.scores.scorer import hold_out_scorer, make_scorer
from gridstage.scores.splits import make_splits
from gridstage.search import Fits, SearchResult, run_search
from gridstage.search.curves import (
    Watched,
    curves_table,
    distinct,
    epochs_of,
    watching,
)
from nets.network import PimaClassifier
from packages.gridstage.tests.plain_skorch import plain_net
from packages.gridstage.tests.project import real_params
from packages.gridstage.tests.refusals import refused
from packages.gridstage.tests.search_results import (
    SEED,
    net_settings,
    run_grid,
    score_array,
    scores_by_candidate,
)
from resampled.means.pooling import pooling

EACH_ENGINE = pytest.mark.parametrize("engine", ["one-by-one", "lockstep"])
STOPPING = [
    ("EarlyStopping", EarlyStopping(patience=1, threshold=10.0, threshold_mode="abs"))
]
GRID: dict[str, list[Any]] = {"lr": [0.001, 0.01], "module__dropout_rate": [0.0, 0.5]}


def settings(**changes: Any) -> dict[str, Any]:
    return net_settings(batch_size=64) | changes


def search(
    data: Dataset,
    grid: dict[str, list[Any]],
    cv: CV | None = None,
    scale: Literal["standard"] | None = None,
    engine: str = "one-by-one",
    n_jobs: int = 1,
    **changes: Any,
) -> SearchResult:
    splits = make_splits(data, cv or CV(n_splits=3, n_repeats=1), SEED)
    options = {"engine": engine, "runtime": {"n_jobs": n_jobs}}
    return run_grid(
        data,
        settings(**changes),
        grid,
        splits,
        make_scorer("accuracy"),
        Prepare(scale=scale),
        **options,
    )


def test_a_score_is_that_of_a_fit_seeded_by_its_split(data: Dataset) -> None:
    found = scores_by_candidate(GRID, search(data, GRID))
    splits = list(StratifiedKFold(3).split(data.X, data.y))
    X = data.X.to_numpy(np.float32)
    y = data.y.astype(np.float32).reshape(-1, 1)
    candidate: dict[str, Any] = {"lr": 0.001, "module__dropout_rate": 0.5}
    expected = []
    for number, (train, test) in enumerate(splits):
        net = plain_net(max_epochs=2, batch_size=64, **candidate)
        seed_everything(fit_seed(SEED, number))
        net.fit(X[train], y[train])
        expected.append(float((net.predict(X[test]) == y[test]).mean()))
    assert found[frozenset(candidate.items())] == np.array(expected).tobytes()


@EACH_ENGINE
def test_one_job_gives_the_scores_of_two(data: Dataset, engine: str) -> None:
    one, two = (search(data, GRID, engine=engine, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert score_array(one).tobytes() == score_array(two).tobytes()
    # Records come back from other processes as well.
    assert [[record.n_epochs for record in records] for records in two.records] == [
        [2] * 3
    ] * 4


def test_several_scorers_are_scikit_learns_and_the_first_one_selects(
    data: Dataset,
) -> None:
    splits = make_splits(data, CV(n_splits=3, n_repeats=1), SEED)
    names = ("accuracy", "roc_auc", "neg_brier_score")
    pooled = pooling("accuracy")
    assert pooled is not None
    scorer = make_scorer(names[0], names[1:], pooled.record)
    found = run_grid(data, settings(), GRID, splits, scorer, Prepare())
    assert list(found.scores) == ["score", *names[1:]]
    net = build_estimator(settings(), data, Prepare())
    y = target(data.y, NeuralNetClassifier, nn.BCELoss)
    with parallel_config(backend="lockstep", random_state=SEED):
        stock = (
            GridSearchCV(net, GRID, cv=splits, scoring=list(names), refit=False)
            .fit(rows(data, net), y)
            .cv_results_
        )
    for name, scores in zip(names, found.scores.values(), strict=True):
        expected = np.stack([stock[f"split{i}_test_{name}"] for i in range(3)], axis=1)
        np.testing.assert_allclose(scores, expected, rtol=1e-11, err_msg=name)
    # From what was recorded of the rows, the score can be computed again.
    recorded = found.rows(np.arange(4))
    assert recorded is not None
    assert np.array_equal(
        np.stack([pooled.score(each.sum(axis=1)) for each in recorded], axis=1),
        found.scores["score"],
    )


@EACH_ENGINE
def test_a_record_has_the_weights_and_the_epochs_of_its_net(
    data: Dataset, engine: str
) -> None:
    grid = {"module__n_neurons": [3], "max_epochs": [1, 4]}
    found = search(data, grid, engine=engine)
    assert found.n_weights.tolist() == [8 * 3 + 3 + 3 + 1] * 2
    assert found.n_epochs.tolist() == [1, 4]
    assert search(
        data, {"max_epochs": [9]}, engine=engine, callbacks=STOPPING
    ).n_epochs.tolist() == [2]


@pytest.mark.parametrize("criterion", [nn.BCELoss, nn.BCEWithLogitsLoss])
@EACH_ENGINE
def test_a_diverging_candidate_has_no_score(
    data: Dataset, criterion: type[nn.Module], engine: str
) -> None:
    grid: dict[str, list[Any]] = {"lr": [1e37, 0.001], "optimizer": [torch.optim.SGD]}
    found = search(data, grid, criterion=criterion, engine=engine)
    assert np.isnan(score_array(found)).tolist() == [[True] * 3, [False] * 3]


@EACH_ENGINE
@pytest.mark.filterwarnings("ignore:.*fitted one by one")
def test_a_fit_that_fails_is_told(data: Dataset, engine: str) -> None:
    class BrokenModule(PimaClassifier):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("the user's own mistake")

    with refused(
        r"^A fit of test failed: RuntimeError: the user's own mistake, "
        r"at packages/gridstage/tests/search/test_run\.py, line \d+\. "
    ):
        search(data, {"lr": [0.01]}, engine=engine, module=BrokenModule)


EPOCHS = 4
BEST = Watched(["best"], {"lr": 0.001}, {"lr": 0.001})
PARAMS = Params.model_validate(real_params() | {"seed": SEED})
# skorch's names of what is recorded.
THEIRS = {
    "train_loss": "train_loss",
    "valid_loss": "valid_loss",
    "valid_score": "valid_acc",
}


def watched(
    data: Dataset, settings: list[Watched], scoring: str = "accuracy", **changes: Any
) -> pd.DataFrame:
    chosen = net_settings(max_epochs=EPOCHS, batch_size=64) | changes
    net, score = (
        watching(build_estimator(chosen, data, Prepare(), ["lr"])),
        hold_out_scorer(scoring, 2),
    )
    fits = Fits(
        net,
        nested_grid(net, [each.candidate for each in settings]),
        rows(data, net),
        target(data.y, NeuralNetClassifier, nn.BCELoss),
        make_splits(data, CV(n_splits=3, n_repeats=3), SEED),
        make_scorer(scoring, record_rows=lambda fitted, X, y: epochs_of(fitted, score)),
    )
    found = run_search("curves", fits, PARAMS, record_losses=True)
    nets = [
        [record.rows for record in records if record.rows is not None]
        for records in found.records
    ]
    return curves_table(settings, nets)


def test_a_curve_is_the_median_of_what_skorch_records(
    data: Dataset, recwarn: pytest.WarningsRecorder
) -> None:
    table = watched(data, [BEST, Watched(["starting_point"], {}, {})])
    assert not [each for each in recwarn if issubclass(each.category, LockstepWarning)]
    assert table["setting"].tolist() == ["best"] * EPOCHS + ["starting_point"] * EPOCHS
    assert table["params"].unique().tolist() == [
        "lr=0.001",
        "model and fixed as they stand",
    ]
    X, y = rows(data, plain_net()), target(data.y, NeuralNetClassifier, nn.BCELoss)
    histories = []
    for number, (train, _) in enumerate(
        make_splits(data, CV(n_splits=3, n_repeats=3), SEED)
    ):
        net = plain_net(max_epochs=EPOCHS, batch_size=64, lr=0.001, callbacks=None)
        seed_everything(fit_seed(SEED, number))
        histories.append(net.fit(X[train], y[train]).history)
    for ours, theirs in THEIRS.items():
        expected = np.array([history[:, theirs] for history in histories])
        found = table[table["setting"] == "best"]
        for key, share in ((f"{ours}_low", 25), (ours, 50), (f"{ours}_high", 75)):
            np.testing.assert_allclose(
                found[key], np.percentile(expected, share, axis=0), rtol=1e-4, atol=2e-3
            )


def test_a_curve_ends_where_most_trainings_end(data: Dataset) -> None:
    table = watched(data, [BEST], scoring="roc_auc", callbacks=STOPPING)
    assert table["epoch"].tolist() == [1, 2]
    assert table["valid_score"].between(0.3, 1).all()


def test_equal_settings_are_watched_once() -> None:
    simplest, start = (
        Watched(["simplest"], {"lr": 0.1}, {"lr": 0.1}),
        Watched(["starting_point"], {}, {}),
    )
    listed = distinct(
        [Watched(["best"], {"lr": 0.1}, {"lr": 0.1}), simplest, start],
        {"lr": 0.1, "batch_size": 8},
    )
    assert [each.names for each in listed] == [["best", "simplest", "starting_point"]]
    assert [each.names for each in distinct([BEST, simplest, start], {"lr": 0.01})] == [
        ["best"],
        ["simplest"],
        ["starting_point"],
    ]
