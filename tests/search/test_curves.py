"""Learning curves. Oracle: skorch's own net with its own callbacks, fitted by hand on each split."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from torch import nn

from stages.lib.config import CV, Params, Prepare
from stages.lib.data import Dataset
from stages.lib.engine import LockstepWarning, fit_seed, seed_everything
from stages.lib.model import build_estimator, nested_grid, rows, target
from stages.lib.scores.scorer import hold_out_scorer, make_scorer
from stages.lib.scores.splits import make_splits
from stages.lib.search import run_search
from stages.lib.search.curves import Watched, constant_loss, curves_table, distinct, epochs_of, watching
from tests.plain_skorch import plain_net
from tests.project import real_params
from tests.search_results import SEED, net_settings

EPOCHS = 4
BEST = Watched(["best"], {"lr": 0.001}, {"lr": 0.001})
PARAMS = Params.model_validate(real_params() | {"seed": SEED})
# skorch's names of what is recorded.
THEIRS = {"train_loss": "train_loss", "valid_loss": "valid_loss", "valid_score": "valid_acc"}


def watched(data: Dataset, settings: list[Watched], scoring: str = "accuracy", **changes: Any) -> pd.DataFrame:
    chosen = net_settings(max_epochs=EPOCHS, batch_size=64) | changes
    net, score = watching(build_estimator(chosen, data, Prepare(), ["lr"])), hold_out_scorer(scoring, 2)
    found = run_search(
        "curves",
        net,
        nested_grid(net, [each.candidate for each in settings]),
        X=rows(data, net),
        y=target(data.y, NeuralNetClassifier, nn.BCELoss),
        splits=make_splits(data, CV(n_splits=3, n_repeats=3), SEED),
        scorer=make_scorer(scoring, record_rows=lambda fitted, X, y: epochs_of(fitted, score)),
        params=PARAMS,
        record_losses=True,
    )
    nets = [[record.rows for record in records if record.rows is not None] for records in found.records]
    return curves_table(settings, nets)


def test_a_curve_is_the_median_of_what_skorch_records(data: Dataset, recwarn: pytest.WarningsRecorder) -> None:
    table = watched(data, [BEST, Watched(["starting_point"], {}, {})])
    assert not [each for each in recwarn if issubclass(each.category, LockstepWarning)]
    assert table["setting"].tolist() == ["best"] * EPOCHS + ["starting_point"] * EPOCHS
    assert table["params"].unique().tolist() == ["lr=0.001", "model and fixed as they stand"]
    X, y = rows(data, plain_net()), target(data.y, NeuralNetClassifier, nn.BCELoss)
    histories = []
    for number, (train, _) in enumerate(make_splits(data, CV(n_splits=3, n_repeats=3), SEED)):
        net = plain_net(max_epochs=EPOCHS, batch_size=64, lr=0.001, callbacks=None)
        seed_everything(fit_seed(SEED, number))
        histories.append(net.fit(X[train], y[train]).history)
    for ours, theirs in THEIRS.items():
        expected = np.array([history[:, theirs] for history in histories])
        found = table[table["setting"] == "best"]
        for key, share in ((f"{ours}_low", 25), (ours, 50), (f"{ours}_high", 75)):
            np.testing.assert_allclose(found[key], np.percentile(expected, share, axis=0), rtol=1e-4, atol=2e-3)


def test_a_curve_ends_where_most_trainings_end(data: Dataset) -> None:
    stopping = [("EarlyStopping", EarlyStopping(patience=1, threshold=10.0, threshold_mode="abs"))]
    table = watched(data, [BEST], scoring="roc_auc", callbacks=stopping)
    assert table["epoch"].tolist() == [1, 2]
    assert table["valid_score"].between(0.3, 1).all()


@pytest.mark.parametrize("criterion", [nn.NLLLoss, nn.BCELoss])
def test_the_loss_of_a_constant_is_the_least_that_torch_finds(criterion: type[nn.Module]) -> None:
    y = np.repeat([0, 1], [130, 70])
    share = torch.linspace(0.01, 0.99, 99)[:, None].expand(-1, 200)
    if criterion is nn.BCELoss:
        losses = nn.BCELoss(reduction="none")(share, torch.tensor(y, dtype=torch.float32).expand(99, -1))
    else:
        losses = nn.NLLLoss(reduction="none")(torch.stack([1 - share, share], 1).log(), torch.tensor(y).expand(99, -1))
    found = constant_loss({"criterion": criterion}, y, None)
    assert found == pytest.approx(float(losses.mean(dim=1).min()), abs=1e-5)
    assert constant_loss({"criterion": criterion, "class_weight": "balanced"}, y, None) is None
    assert constant_loss({"criterion": criterion, "criterion__weight": 2}, y, None) is None


def test_the_loss_of_a_constant_number() -> None:
    y = np.array([1.0, 2.0, 6.0])
    assert constant_loss({"criterion": nn.MSELoss}, y, None) == pytest.approx(y.var())
    assert constant_loss({"criterion": nn.MSELoss}, y, "standard") == pytest.approx(1)
    assert constant_loss({"criterion": nn.L1Loss}, y, None) == pytest.approx(5 / 3)
    assert constant_loss({"criterion": nn.MSELoss}, y, "quantile") is None
    assert constant_loss({"criterion": nn.HuberLoss}, y, None) is None


def test_equal_settings_are_watched_once() -> None:
    simplest, start = Watched(["simplest"], {"lr": 0.1}, {"lr": 0.1}), Watched(["starting_point"], {}, {})
    listed = distinct([Watched(["best"], {"lr": 0.1}, {"lr": 0.1}), simplest, start], {"lr": 0.1, "batch_size": 8})
    assert [each.names for each in listed] == [["best", "simplest", "starting_point"]]
    assert [each.names for each in distinct([BEST, simplest, start], {"lr": 0.01})] == [
        ["best"],
        ["simplest"],
        ["starting_point"],
    ]
