"""What the nets of the evaluation reach. Oracle: skorch by hand, and each net in a search of its own."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from stages.lib.config import Params
from stages.lib.data import Dataset
from stages.lib.engine import fit_seed, seed_everything
from stages.lib.search import make_splits, run_search
from stages.lib.winners import nets
from stages.lib.winners.nets import score_nets, see_nets
from tests.project import ROOT
from tests.winners.settings import fresh_of, model_in_skorch, params_of


def with_cv(params: Params, **changes: Any) -> Params:
    return params.model_copy(update={"cv": params.cv.model_copy(update=changes)})


def test_a_score_and_its_predictions_are_those_of_the_net_fitted_by_hand(
    monkeypatch: pytest.MonkeyPatch, data: Dataset
) -> None:
    monkeypatch.chdir(ROOT)
    params = with_cv(params_of(engine="one-by-one"), also_score=["roc_auc"])
    splits = make_splits(data, params.cv.model_copy(update={"n_repeats": 1, "shuffle": True}), 5)
    settings, fresh = params.model.model_dump(), fresh_of(data, params, splits)
    found = score_nets({"net": settings}, {}, fresh)["net"]
    seen = see_nets({"net": settings}, fresh)["net"]

    X, y = data.X.to_numpy(np.float32), data.y.astype(np.float32).reshape(-1, 1)
    for number, (train, test) in enumerate(splits):
        seed_everything(fit_seed(params.seed, number))
        net = model_in_skorch(params).fit(X[train], y[train])
        assert found.scores["score"][number] == (net.predict(X[test]).ravel() == data.y[test]).mean()
        predicted = seen.predictions[number]
        assert predicted is not None
        assert np.array_equal(predicted, net.predict_proba(X[test]).squeeze(-1))
        loss = brier_score_loss(data.y[test], net.predict_proba(X[test])[:, 1, 0])
        assert found.scores["neg_brier_score"][number] == pytest.approx(-loss, rel=1e-6)
    assert list(found.scores) == ["score", "roc_auc", "neg_brier_score"]


def alone(settings: dict[str, Any], data: Dataset, splits: list[Any], params: Params) -> dict[str, list[float]]:
    """Return the scores of each net in a search of its own."""
    return {
        name: score_nets({name: chosen}, {}, fresh_of(data, params, splits))[name].scores["score"].tolist()
        for name, chosen in settings.items()
    }


def test_nets_of_all_kinds_score_together_as_alone(monkeypatch: pytest.MonkeyPatch, data: Dataset) -> None:
    monkeypatch.chdir(ROOT)
    params = params_of()
    splits = make_splits(data, params.cv.model_copy(update={"n_repeats": 1}), 5)
    model = params.model.model_dump()
    settings = {
        "plain": model,
        "scaled": model | {"prepare__scale": "standard", "optimizer": "SGD", "optimizer__momentum": 0.5},
        "again": dict(reversed(model.items())),
        "wide": model | {"module__n_neurons": 20, "batch_size": 40, "module__activation": "Tanh"},
        "other_target": model | {"criterion": "CrossEntropyLoss"},
    }
    searched: list[int] = []

    def counting(label: str, estimator: Any, candidates: list[Any], *rest: Any, **options: Any) -> Any:
        searched.append(len(candidates))
        return run_search(label, estimator, candidates, *rest, **options)

    monkeypatch.setattr(nets, "run_search", counting)
    found = score_nets(settings, {}, fresh_of(data, params, splits))
    assert list(found) == list(settings)
    # Equal settings are trained once, and those with another form of target by themselves.
    assert searched == [3, 1]
    assert {name: each.scores["score"].tolist() for name, each in found.items()} == alone(
        settings, data, splits, params
    )
