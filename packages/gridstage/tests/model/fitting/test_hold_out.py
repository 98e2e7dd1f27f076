"""Which rows a fit holds out, and how it weights classes. Oracles: skorch's own nets, and scikit-learn's weights."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import skorch
import torch
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, train_test_split
from sklearn.utils.class_weight import compute_class_weight
from skorch.callbacks import Callback, EarlyStopping
from skorch.dataset import ValidSplit
from torch import nn

from gridstage.config import CV, Prepare
from gridstage.data import Columns, Dataset
from gridstage.model import build_estimator
from gridstage.model.class_weights import WeightedBCELoss
from gridstage.model.hold_out import hold_out
from gridstage.scores.splits import make_splits
from lockstep import reads_only
from packages.gridstage.tests.model.searched import (
    ENGINES,
    GROUPS,
    MakeNet,
    by_hand,
    plain,
    searched,
    settings,
    table,
)
from packages.gridstage.tests.refusals import refused_with
from packages.gridstage.tests.search_results import SEED

BY_GROUP = {"splitter": "group", "groups": "person"}
STOPPING = {"EarlyStopping": {"patience": 2, "load_best": True}}


def given(train: list[int], valid: list[int]) -> ValidSplit:
    return ValidSplit(cv=[(np.array(train), np.array(valid))])


def stopping(
    wrapper: type[skorch.NeuralNet], parts: Any, **settings: Any
) -> skorch.NeuralNet:
    """Return skorch's own net, told which rows to hold out."""
    callbacks = [EarlyStopping(patience=2, load_best=True)]
    return plain(
        wrapper,
        train_split=given(*parts),
        callbacks=callbacks,
        max_epochs=12,
        **settings,
    )


def check_scores(
    data: Dataset,
    cv: CV,
    engine: str,
    make_net: MakeNet,
    y: np.ndarray,
    **settings: Any,
) -> None:
    """Compare a search with the same fits by hand."""
    expected = by_hand(data, make_splits(data, cv, SEED), make_net, y)
    found = searched(
        data, {"lr": [0.02]}, engine, cv, callbacks=STOPPING, max_epochs=12, **settings
    )
    np.testing.assert_allclose(found, [expected], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("splitter", ["group", "stratified_group"])
def test_early_stopping_looks_at_whole_groups(engine: str, splitter: str) -> None:
    data = table(2, GROUPS)
    cv = CV(n_splits=3, n_repeats=2, splitter=splitter, groups="person")  # type: ignore[arg-type]
    y = data.y.astype(np.float32)

    def net(train: np.ndarray) -> skorch.NeuralNet:
        kind = GroupKFold if splitter == "group" else StratifiedGroupKFold
        parts = next(iter(kind(5).split(train, y[train], GROUPS[train])))
        return stopping(skorch.NeuralNetBinaryClassifier, parts)

    check_scores(
        data,
        cv,
        engine,
        net,
        y,
        wrapper="NeuralNetBinaryClassifier",
        criterion="BCEWithLogitsLoss",
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_early_stopping_looks_at_the_latest_rows(engine: str) -> None:
    data, cv = table(0), CV(n_splits=3, n_repeats=1, splitter="time")
    y = data.y.astype(np.float32).reshape(-1, 1)

    def net(train: np.ndarray) -> skorch.NeuralNet:
        parts = train_test_split(np.arange(len(train)), test_size=1 / 5, shuffle=False)
        return stopping(
            skorch.NeuralNetRegressor,
            parts,
            criterion=skorch.regressor.torch.nn.MSELoss,
        )

    check_scores(
        data, cv, engine, net, y, wrapper="NeuralNetRegressor", criterion="MSELoss"
    )


# What nets were fitted on and what they held out, as the numbers in a column that says whose row it is.
SEEN: list[tuple[set[int], set[int]]] = []


@reads_only
class Witness(Callback):
    """Notes whose rows a net is fitted on, and whose it holds out."""

    def on_epoch_begin(
        self,
        net: Any,
        dataset_train: Any = None,
        dataset_valid: Any = None,
        **kwargs: Any,
    ) -> None:
        whose = [
            {round(float(row[0][0])) for row in part}
            for part in (dataset_train, dataset_valid)
        ]
        SEEN.append((whose[0], whose[1]))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "prepare",
    [Prepare(), Prepare(impute="mean", indicator=True), Prepare(target="standard")],
)
def test_no_group_is_on_both_sides_whatever_prepares_the_rows(
    engine: str, prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nets.witness", sys.modules[__name__])
    plain_table = table(0, GROUPS)
    X = plain_table.X.assign(whose=GROUPS.astype(float))[["whose", "a"]]
    data = replace(
        plain_table, X=X, columns=Columns(dict.fromkeys(("whose", "a"), "number"))
    )
    SEEN.clear()
    cv = CV(n_splits=3, n_repeats=2, **BY_GROUP)  # type: ignore[arg-type]
    watch: dict[str, Any] = {"nets.witness.Witness": {}}
    base = {
        "wrapper": "NeuralNetRegressor",
        "criterion": "MSELoss",
        "callbacks": watch,
        "max_epochs": 1,
    }
    searched(data, {"lr": [0.01]}, engine, cv, prepare, **base)
    # The engine's trial takes fewer rows, and holds out others.
    fits = [(train, valid) for train, valid in SEEN if len(train | valid) == 16]
    assert len(fits) == 6
    assert all(valid and not train & valid for train, valid in fits)


def test_other_splitters_hold_out_what_skorch_does() -> None:
    for splitter in (None, "stratified", "kfold"):
        split = hold_out(5, CV(n_splits=2, splitter=splitter), True)
        assert type(split) is ValidSplit
        assert vars(split) == vars(ValidSplit(5, stratified=True))
    assert hold_out(None, CV(n_splits=2, **BY_GROUP), True) is None  # type: ignore[arg-type]


WEIGHTS = [1.0, 2.5, 4.0]


def balanced(y: np.ndarray) -> np.ndarray:
    return compute_class_weight("balanced", classes=np.unique(y), y=y)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("criterion", [nn.CrossEntropyLoss, nn.NLLLoss])
def test_they_are_the_weight_of_a_loss_of_several_classes(
    engine: str, criterion: type[nn.Module]
) -> None:
    data, cv = table(3), CV(n_splits=3, n_repeats=1)
    y = data.y.astype(np.int64)
    output: Any = (
        {"module__output": lambda: nn.Softmax(-1)} if criterion is nn.NLLLoss else {}
    )
    base: dict[str, Any] = {"criterion": criterion, "module__n_outputs": 3} | output
    splits = make_splits(data, cv, SEED)
    expected = [
        by_hand(data, splits, lambda train: plain(**base), y),
        by_hand(
            data,
            splits,
            lambda train: plain(
                **base, criterion__weight=torch.tensor(balanced(y[train])).float()
            ),
            y,
        ),
        by_hand(
            data,
            splits,
            lambda train: plain(**base, criterion__weight=torch.tensor(WEIGHTS)),
            y,
        ),
    ]
    found = searched(
        data,
        {"class_weight": [None, "balanced", WEIGHTS]},
        engine,
        criterion=criterion.__name__,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert len({scores[0] for scores in found}) == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_they_are_the_pos_weight_of_two_classes(engine: str) -> None:
    data, cv = table(2), CV(n_splits=3, n_repeats=1)
    y = data.y.astype(np.float32)
    splits = make_splits(data, cv, SEED)

    def net(train: np.ndarray) -> skorch.NeuralNet:
        weights = balanced(y[train])
        return plain(
            skorch.NeuralNetBinaryClassifier,
            criterion__pos_weight=torch.tensor(weights[1] / weights[0]),
        )

    found = searched(
        data,
        {"class_weight": ["balanced", [2, 3]]},
        engine,
        wrapper="NeuralNetBinaryClassifier",
        criterion="BCEWithLogitsLoss",
    )
    expected = [
        by_hand(data, splits, net, y),
        by_hand(
            data,
            splits,
            lambda _: plain(
                skorch.NeuralNetBinaryClassifier,
                criterion__pos_weight=torch.tensor(1.5),
            ),
            y,
        ),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_the_loss_of_probabilities_weights_rows_as_torch_weights_places() -> None:
    p, y = torch.rand(20, 1), (torch.rand(20, 1) > 0.5).float()
    by_place = nn.BCELoss(weight=torch.where(y == 1, 3.0, 2.0))(p, y)
    assert torch.equal(WeightedBCELoss(torch.tensor([2.0, 3.0]))(p, y), by_place)


def test_they_come_from_the_rows_of_the_fit_the_hold_out_included() -> None:
    data = table(2)
    y = data.y.astype(np.float32).reshape(-1, 1)
    net = build_estimator(
        settings(class_weight="balanced", max_epochs=1, criterion="BCEWithLogitsLoss"),
        data,
        Prepare(),
    )
    net.fit(np.array(data.X, dtype=np.float32)[:50], y[:50])
    weights = balanced(y[:50].ravel())
    np.testing.assert_allclose(
        net.criterion_.pos_weight, weights[1] / weights[0], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"class_weight": [1, 2, 3], "criterion": "NLLLoss"},
            "has 3 weights, but the data has 2 classes. Give one",
        ),
    ],
)
def test_weights_that_do_not_fit_are_told(
    changes: dict[str, Any], sentence: str
) -> None:
    with refused_with(sentence):
        build_estimator(settings(**changes), table(2), Prepare())
