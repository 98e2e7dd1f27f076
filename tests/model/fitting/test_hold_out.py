"""A net holds whole groups, or the latest rows, out of its fit. Oracle: skorch with row numbers given by hand."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import skorch
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, train_test_split
from skorch.callbacks import Callback, EarlyStopping
from skorch.dataset import ValidSplit

from lockstep import reads_only
from stages.lib.config import CV, Prepare
from stages.lib.data import Columns, Dataset
from stages.lib.model.hold_out import hold_out
from stages.lib.scores.splits import make_splits
from tests.model.searched import ENGINES, GROUPS, MakeNet, by_hand, plain, searched, table
from tests.search_results import SEED

BY_GROUP = {"splitter": "group", "groups": "person"}
STOPPING = {"EarlyStopping": {"patience": 2, "load_best": True}}


def given(train: list[int], valid: list[int]) -> ValidSplit:
    return ValidSplit(cv=[(np.array(train), np.array(valid))])


def stopping(wrapper: type[skorch.NeuralNet], parts: Any, **settings: Any) -> skorch.NeuralNet:
    """Return skorch's own net, told which rows to hold out."""
    callbacks = [EarlyStopping(patience=2, load_best=True)]
    return plain(wrapper, train_split=given(*parts), callbacks=callbacks, max_epochs=12, **settings)


def check_scores(data: Dataset, cv: CV, engine: str, make_net: MakeNet, y: np.ndarray, **settings: Any) -> None:
    """Compare a search with the same fits by hand."""
    expected = by_hand(data, make_splits(data, cv, SEED), make_net, y)
    found = searched(data, {"lr": [0.02]}, engine, cv, callbacks=STOPPING, max_epochs=12, **settings)
    np.testing.assert_allclose(found, [expected], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("splitter", ["group", "stratified_group"])
def test_early_stopping_looks_at_whole_groups(engine: str, splitter: str) -> None:
    data, cv = table(2, GROUPS), CV(n_splits=3, n_repeats=2, splitter=splitter, groups="person")  # type: ignore[arg-type]
    y = data.y.astype(np.float32)

    def net(train: np.ndarray) -> skorch.NeuralNet:
        kind = GroupKFold if splitter == "group" else StratifiedGroupKFold
        parts = next(iter(kind(5).split(train, y[train], GROUPS[train])))
        return stopping(skorch.NeuralNetBinaryClassifier, parts)

    check_scores(data, cv, engine, net, y, wrapper="NeuralNetBinaryClassifier", criterion="BCEWithLogitsLoss")


@pytest.mark.parametrize("engine", ENGINES)
def test_early_stopping_looks_at_the_latest_rows(engine: str) -> None:
    data, cv = table(0), CV(n_splits=3, n_repeats=1, splitter="time")
    y = data.y.astype(np.float32).reshape(-1, 1)

    def net(train: np.ndarray) -> skorch.NeuralNet:
        parts = train_test_split(np.arange(len(train)), test_size=1 / 5, shuffle=False)
        return stopping(skorch.NeuralNetRegressor, parts, criterion=skorch.regressor.torch.nn.MSELoss)

    check_scores(data, cv, engine, net, y, wrapper="NeuralNetRegressor", criterion="MSELoss")


# What nets were fitted on and what they held out, as the numbers in a column that says whose row it is.
SEEN: list[tuple[set[int], set[int]]] = []


@reads_only
class Witness(Callback):
    """Notes whose rows a net is fitted on, and whose it holds out."""

    def on_epoch_begin(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        whose = [{round(float(row[0][0])) for row in part} for part in (dataset_train, dataset_valid)]
        SEEN.append((whose[0], whose[1]))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("prepare", [Prepare(), Prepare(impute="mean", indicator=True), Prepare(target="standard")])
def test_no_group_is_on_both_sides_whatever_prepares_the_rows(
    engine: str, prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nets.witness", sys.modules[__name__])
    plain_table = table(0, GROUPS)
    X = plain_table.X.assign(whose=GROUPS.astype(float))[["whose", "a"]]
    data = replace(plain_table, X=X, columns=Columns(dict.fromkeys(("whose", "a"), "number")))
    SEEN.clear()
    cv = CV(n_splits=3, n_repeats=2, **BY_GROUP)  # type: ignore[arg-type]
    watch: dict[str, Any] = {"nets.witness.Witness": {}}
    base = {"wrapper": "NeuralNetRegressor", "criterion": "MSELoss", "callbacks": watch, "max_epochs": 1}
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
