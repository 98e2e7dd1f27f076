"""Oracles: scikit-learn's GridSearchCV, and nets fitted by hand; both engines keep to them."""

from typing import Any, Literal

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from torch import nn

from nets.network import PimaClassifier
from resampled.means.pooling import pooling
from stages.lib.common import UserError
from stages.lib.config import CV, Prepare
from stages.lib.data import Dataset
from stages.lib.engine import fit_seed, seed_everything
from stages.lib.model import build_estimator, rows, target
from stages.lib.scores.scorer import make_scorer
from stages.lib.search import SearchResult, make_splits
from tests.plain_skorch import plain_net
from tests.search_results import SEED, net_settings, run_grid, score_array, scores_by_candidate

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
    return run_grid(data, settings(**changes), grid, splits, make_scorer("accuracy"), Prepare(scale=scale), **options)


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


def test_a_score_depends_on_the_candidate_alone(data: Dataset) -> None:
    whole = scores_by_candidate(GRID, search(data, GRID))
    reversed_grid = {key: values[::-1] for key, values in reversed(GRID.items())}
    assert scores_by_candidate(reversed_grid, search(data, reversed_grid)) == whole
    for rate in GRID["module__dropout_rate"]:
        smaller = GRID | {"module__dropout_rate": [rate]}
        part = scores_by_candidate(smaller, search(data, smaller))
        assert part == {params: whole[params] for params in part}


@pytest.mark.parametrize("engine", ["one-by-one", "lockstep"])
def test_one_job_gives_the_scores_of_two(data: Dataset, engine: str) -> None:
    one, two = (search(data, GRID, engine=engine, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert score_array(one).tobytes() == score_array(two).tobytes()
    # Records come back from other processes as well.
    assert [[record.n_epochs for record in records] for records in two.records] == [[2] * 3] * 4


def test_the_engines_agree_where_no_noise_is_drawn(data: Dataset) -> None:
    grid: dict[str, list[Any]] = {"lr": [0.001, 0.01], "module__n_neurons": [5, 12]}
    scales: list[Literal["standard"] | None] = [None, "standard"]
    for scale in scales:
        one_by_one, at_once = (search(data, grid, scale=scale, engine=engine) for engine in ("one-by-one", "lockstep"))
        # float32: a row near the threshold may fall on its other side
        np.testing.assert_allclose(score_array(at_once), score_array(one_by_one), atol=0.02)


def test_several_scorers_are_scikit_learns_and_the_first_one_selects(data: Dataset) -> None:
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
        stock = GridSearchCV(net, GRID, cv=splits, scoring=list(names), refit=False).fit(rows(data, net), y).cv_results_
    for name, scores in zip(names, found.scores.values(), strict=True):
        expected = np.stack([stock[f"split{i}_test_{name}"] for i in range(3)], axis=1)
        assert np.array_equal(scores, expected), name
    # From what was recorded of the rows, the score can be computed again.
    recorded = found.rows(np.arange(4))
    assert recorded is not None
    assert np.array_equal(
        np.stack([pooled.score(each.sum(axis=1)) for each in recorded], axis=1), found.scores["score"]
    )


@pytest.mark.parametrize("engine", ["one-by-one", "lockstep"])
def test_a_record_has_the_weights_and_the_epochs_of_its_net(data: Dataset, engine: str) -> None:
    grid = {"module__n_neurons": [3], "max_epochs": [1, 4]}
    found = search(data, grid, engine=engine)
    assert found.n_weights.tolist() == [8 * 3 + 3 + 3 + 1] * 2
    assert found.n_epochs.tolist() == [1, 4]
    stopping = [("EarlyStopping", EarlyStopping(patience=1, threshold=10.0, threshold_mode="abs"))]
    assert search(data, {"max_epochs": [9]}, engine=engine, callbacks=stopping).n_epochs.tolist() == [2]


def test_a_scaler_sees_the_training_fold_only(data: Dataset) -> None:
    found = score_array(search(data, {"lr": [0.01]}, scale="standard"))
    chosen = settings()
    y = target(data.y, chosen["wrapper"], chosen["criterion"])
    expected = []
    X = data.X.to_numpy()
    for number, (train, test) in enumerate(StratifiedKFold(3).split(X, data.y)):
        scaler = StandardScaler().fit(X[train])
        net = clone(build_estimator(chosen, data, Prepare()))
        seed_everything(fit_seed(SEED, number))
        net.fit(scaler.transform(X[train]).astype(np.float32), y[train])
        expected.append(float((net.predict(scaler.transform(X[test]).astype(np.float32)) == data.y[test]).mean()))
    assert found.tolist() == [expected]


def test_the_first_repeat_keeps_the_files_order_and_others_are_drawn(data: Dataset) -> None:
    plain, drawn = (make_splits(data, CV(n_splits=3, n_repeats=4, shuffle=shuffle), SEED) for shuffle in (False, True))
    assert len(plain) == len(drawn) == 12
    for (train, test), (expected_train, expected_test) in zip(
        plain[:3], StratifiedKFold(3).split(data.X, data.y), strict=True
    ):
        assert np.array_equal(train, expected_train)
        assert np.array_equal(test, expected_test)
    for splits in (plain, drawn):
        assert len({test.tobytes() for _, test in splits}) == 12
    for i in range(3, 12):
        assert np.array_equal(plain[i][1], drawn[i][1])
    assert not np.array_equal(plain[0][1], drawn[0][1])


@pytest.mark.parametrize("criterion", [nn.BCELoss, nn.BCEWithLogitsLoss])
@pytest.mark.parametrize("engine", ["one-by-one", "lockstep"])
def test_a_diverging_candidate_has_no_score(data: Dataset, criterion: type[nn.Module], engine: str) -> None:
    grid: dict[str, list[Any]] = {"lr": [1e37, 0.001], "optimizer": [torch.optim.SGD]}
    found = search(data, grid, criterion=criterion, engine=engine)
    assert np.isnan(score_array(found)).tolist() == [[True] * 3, [False] * 3]


@pytest.mark.parametrize("engine", ["one-by-one", "lockstep"])
@pytest.mark.filterwarnings("ignore:.*fitted one by one")
def test_a_fit_that_fails_is_told(data: Dataset, engine: str) -> None:
    class BrokenModule(PimaClassifier):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("the user's own mistake")

    with pytest.raises(
        UserError,
        match=r"^A fit of test failed: RuntimeError: the user's own mistake, at tests/search/test_run\.py, line \d+\. ",
    ):
        search(data, {"lr": [0.01]}, engine=engine, module=BrokenModule)


@pytest.mark.parametrize("engine", ["one-by-one", "lockstep"])
@pytest.mark.filterwarnings("ignore::lockstep.LockstepWarning")
def test_a_last_batch_of_one_row_is_named_with_its_cure(data: Dataset, engine: str) -> None:
    def normed(n_inputs: int) -> nn.Module:
        return nn.Sequential(nn.Linear(n_inputs, 4), nn.BatchNorm1d(4), nn.Linear(4, 1), nn.Sigmoid())

    def searched(**changes: Any) -> SearchResult:
        # A fold has 512 rows.
        return search(data, {"batch_size": [64, 73]}, engine=engine, module=normed, train_split=None, **changes)

    cure = "one row, from which BatchNorm can't learn: set model.iterator_train__drop_last to true, or change model.b"
    with pytest.raises(UserError, match=r"^A fit of test failed: ValueError: Expected more than 1 value .*" + cure):
        searched()
    assert np.isfinite(score_array(searched(iterator_train__drop_last=True))).all()


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_log_loss", "balanced_accuracy", "f1"])
@pytest.mark.parametrize("wrapper", ["NeuralNetClassifier", "NeuralNetBinaryClassifier"])
def test_any_scorer_is_taken(data: Dataset, scoring: str, wrapper: str) -> None:
    import skorch

    chosen = settings(wrapper=getattr(skorch, wrapper), criterion=nn.BCEWithLogitsLoss)
    y = target(data.y, chosen["wrapper"], chosen["criterion"])
    net = build_estimator(chosen, data, Prepare())
    X = rows(data, net)
    assert np.isfinite(make_scorer(scoring)(net.fit(X, y), X, y))


def test_all_scorers_and_records_share_the_predictions(data: Dataset) -> None:
    asked = []

    class Counting(PimaClassifier):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            asked.append(len(x))
            return super().forward(x)

    chosen = settings(module=Counting, batch_size=len(data.y))
    net = build_estimator(chosen, data, Prepare())
    X, y = rows(data, net), target(data.y, NeuralNetClassifier, nn.BCELoss)
    net.fit(X, y)
    pooled = pooling("accuracy")
    assert pooled is not None
    asked.clear()
    found = make_scorer("accuracy", ["f1", "roc_auc"], pooled.record)(net, X, y)
    assert asked == [len(y)]
    assert found["score"] == (net.predict(X) == data.y).mean()
    assert found["score"].record.rows.shape[0] == len(y)


def test_seeds_differ_by_seed_and_split() -> None:
    assert len({fit_seed(seed, split) for seed in range(20) for split in range(30)}) == 600
