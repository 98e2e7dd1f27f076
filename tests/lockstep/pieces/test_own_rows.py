"""Rows are looked at for each split and kind of net, and a row that is unlike the others is seen."""

from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import RepeatedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNet, NeuralNetClassifier
from torch import nn

from lockstep.grouping import filling
from lockstep.grouping.filling import OwnRows, own_rows
from lockstep.members.member import Member
from tests.lockstep.nets import LABELS, X, logit_net
from tests.lockstep.searches import both_ways, probability

SPLITS = list(RepeatedKFold(n_splits=3, n_repeats=2, random_state=0).split(X[:198]))


class Ignoring(nn.CrossEntropyLoss):
    """Leaves out rows of the class -100, so that a batch's loss is no mean of its rows' losses."""


def net() -> NeuralNet:
    return logit_net(criterion=Ignoring, classes=[0, 1], max_epochs=2, batch_size=20, train_split=None)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[OwnRows]:
    """Return a list that gets what each look at the rows of a net has shown."""
    seen: list[OwnRows] = []

    def look(member: Member) -> OwnRows:
        seen.append(own_rows(member))
        return seen[-1]

    monkeypatch.setattr("lockstep.grouping.groups.own_rows", look)
    return seen


def check(estimator: Any, y: np.ndarray) -> None:
    """Compare what nets predict with what those of skorch predict."""

    def validated() -> np.ndarray:
        return cross_validate(estimator, X[:198], y, cv=SPLITS, scoring=probability, error_score="raise")["test_score"]

    np.testing.assert_allclose(*both_ways(validated), rtol=1e-5)


def test_splits_whose_rows_were_shown_are_not_looked_at(looks: list[OwnRows]) -> None:
    check(net(), LABELS[:198])
    assert looks == [OwnRows(is_mean=True, are_apart=True)] * 2  # two training sets of three have all rows


def test_prepared_rows_are_others_in_each_split(looks: list[OwnRows]) -> None:
    check(make_pipeline(StandardScaler(), net()), LABELS[:198])
    assert len(looks) == len(SPLITS)


def test_a_row_that_some_splits_lack_is_seen_in_the_others(looks: list[OwnRows]) -> None:
    y = LABELS[:198].copy()
    odd = SPLITS[0][1][0]
    y[odd] = -100
    check(net(), y)
    n_odd = sum(odd in train for train, _ in SPLITS)
    assert [each.is_mean for each in looks].count(False) == n_odd == 4


class Loud(nn.Linear):
    """A layer whose outputs for all rows of a batch change if one has a number above 9."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + (x.max() > 9) * x.mean()


N_MANY, ODD = 6000, 2500  # the odd row is in no block of rows that is looked at as such


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch, noted: Any) -> list[int]:
    """Let the first and the last block be looked at, and odd rows; return a list that gets the lengths of blocks."""
    monkeypatch.setattr(filling, "_BLOCKS", 2)
    lengths: list[int] = noted(filling, "_agree", lambda net, x, n, batch: n)
    return lengths


def train(module: nn.Module, numbers: np.ndarray, labels: np.ndarray, **settings: Any) -> None:
    """Train a net on many rows in lockstep."""
    estimator = NeuralNetClassifier(
        module, classes=[0, 1, 2], max_epochs=1, batch_size=500, train_split=None, verbose=0, **settings
    )
    with parallel_config(backend="lockstep", random_state=3):
        cross_validate(estimator, numbers, labels, cv=[(np.arange(N_MANY), np.arange(10))], error_score="raise")


def table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(N_MANY, 8)).astype(np.float32), rng.integers(0, 2, N_MANY)


@pytest.mark.parametrize("odd", [None, "left out", "of a class of its own", "loud"])
def test_of_many_rows_the_odd_ones_are_looked_at(looks: list[OwnRows], many: list[int], odd: str | None) -> None:
    numbers, labels = table()
    module, settings = nn.Linear(8, 3), dict[str, Any](criterion=Ignoring)
    if odd == "left out":
        labels[ODD] = -100
    elif odd == "of a class of its own":
        labels[ODD], settings = 1, {"criterion": IgnoringOne}
        labels[np.arange(N_MANY) != ODD] *= 2
    elif odd == "loud":
        module = Loud(8, 3)
        numbers[ODD, 3] = 10
    train(module, numbers, labels, **settings)
    assert looks == [OwnRows(is_mean=odd in {None, "loud"}, are_apart=odd != "loud")]
    assert sum(many) < N_MANY


class IgnoringOne(nn.CrossEntropyLoss):
    """Leaves out rows of the class 1."""

    def __init__(self) -> None:
        super().__init__(ignore_index=1)
