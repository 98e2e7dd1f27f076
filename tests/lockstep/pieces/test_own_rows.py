"""Rows of a table are looked at once for a kind of net, and a row that is unlike the others is seen in every split."""

from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import RepeatedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from torch import nn

from lockstep.grouping.filling import OwnRows, own_rows
from lockstep.members.member import Member
from tests.lockstep.nets import LABELS, X

SPLITS = list(RepeatedKFold(n_splits=3, n_repeats=2, random_state=0).split(X[:198]))


class Ignoring(nn.CrossEntropyLoss):
    """Leaves out rows of the class -100, so that a batch's loss is no mean of its rows' losses."""


def net() -> NeuralNetClassifier:
    module = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2))
    return NeuralNetClassifier(
        module, criterion=Ignoring, classes=[0, 1], max_epochs=2, batch_size=20, train_split=None, verbose=0
    )


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[OwnRows]:
    """Return a list that gets what each look at the rows of a net has shown."""
    seen: list[OwnRows] = []

    def look(member: Member) -> OwnRows:
        seen.append(own_rows(member))
        return seen[-1]

    monkeypatch.setattr("lockstep.grouping.groups.own_rows", look)
    return seen


def weights(estimator: Any, y: np.ndarray, stack: bool) -> list[torch.Tensor]:
    with parallel_config(backend="lockstep", random_state=3, stack=stack):
        found = cross_validate(
            estimator, X[:198], y, cv=SPLITS, return_estimator=True, scoring=lambda *about: 0.0, error_score="raise"
        )
    nets = [each[-1] if hasattr(each, "steps") else each for each in found["estimator"]]
    return [weight.detach() for each in nets for weight in each.module_.parameters()]


def check(estimator: Any, y: np.ndarray) -> None:
    for ours, theirs in zip(weights(estimator, y, stack=True), weights(estimator, y, stack=False), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


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
