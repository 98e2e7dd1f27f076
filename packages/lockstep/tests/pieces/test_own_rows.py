"""Losses are looked at for each split and kind of net, an odd row too; influences between rows follow from the code."""

from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import RepeatedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNet, NeuralNetClassifier
from torch import Tensor, nn

from lockstep.grouping import filling
from lockstep.grouping.filling import loss_is_mean
from lockstep.members.member import Member
from lockstep.stacks.programs.evaluation import keeps_rows_apart
from packages.lockstep.tests.cases.modules import WIDTH
from packages.lockstep.tests.cases.rows import (
    BetweenRows,
    Mixes,
    SeeEachOtherByAnOutlier,
    SeeEachOtherLate,
)
from packages.lockstep.tests.nets import LABELS, X, logit_net
from packages.lockstep.tests.searches import both_ways, probability

SPLITS = list(RepeatedKFold(n_splits=3, n_repeats=2, random_state=0).split(X[:198]))


class Ignoring(nn.CrossEntropyLoss):
    """Leaves out rows of the class -100, so that a batch's loss is no mean of its rows' losses."""


def net(criterion: type[nn.Module] = Ignoring) -> NeuralNet:
    return logit_net(
        criterion=criterion,
        classes=[0, 1],
        max_epochs=2,
        batch_size=20,
        train_split=None,
    )


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list that gets what each look at the rows of a net has shown."""
    seen: list[bool] = []

    def look(member: Member) -> bool:
        seen.append(loss_is_mean(member))
        return seen[-1]

    monkeypatch.setattr("lockstep.grouping.groups.loss_is_mean", look)
    return seen


def check(estimator: Any, y: np.ndarray) -> None:
    """Compare what nets predict with what those of skorch predict."""

    def validated() -> np.ndarray:
        return cross_validate(
            estimator, X[:198], y, cv=SPLITS, scoring=probability, error_score="raise"
        )["test_score"]

    np.testing.assert_allclose(*both_ways(validated), rtol=1e-5)


def test_splits_whose_rows_were_shown_are_not_looked_at(looks: list[bool]) -> None:
    check(net(), LABELS[:198])
    assert looks == [True] * 2  # two training sets of three have all rows


@pytest.mark.parametrize(
    ("criterion", "n"), [(Ignoring, len(SPLITS)), (nn.CrossEntropyLoss, 2)]
)
def test_prepared_rows_are_others_in_each_split_but_for_torch(
    looks: list[bool], criterion: Any, n: int
) -> None:
    check(make_pipeline(StandardScaler(), net(criterion)), LABELS[:198])
    assert len(looks) == n


@pytest.mark.parametrize(
    "estimator", [net(), make_pipeline(StandardScaler(), net(nn.CrossEntropyLoss))]
)
def test_a_row_that_some_splits_lack_is_seen_in_the_others(
    looks: list[bool], estimator: Any
) -> None:
    y, odd = LABELS[:198].copy(), SPLITS[0][1][0]
    y[odd] = -100
    check(estimator, y)
    assert looks.count(False) == sum(odd in train for train, _ in SPLITS) == 4


N_MANY, ODD = 6000, 2500  # the odd row is in no block of rows that is looked at as such


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch, noted: Any) -> list[int]:
    """Let the first and the last block be looked at, and odd rows; return a list that gets the lengths of blocks."""
    monkeypatch.setattr(filling, "_BLOCKS", 2)
    return noted(filling, "_adds_up", lambda net, apart, rows, *about: len(rows[0]))


def train(
    module: nn.Module, numbers: np.ndarray, labels: np.ndarray, **settings: Any
) -> None:
    """Train a net on many rows in lockstep."""
    estimator = NeuralNetClassifier(
        module,
        classes=[0, 1, 2],
        max_epochs=1,
        batch_size=500,
        train_split=None,
        verbose=0,
        **settings,
    )
    with parallel_config(backend="lockstep", random_state=3):
        cross_validate(
            estimator,
            numbers,
            labels,
            cv=[(np.arange(N_MANY), np.arange(10))],
            error_score="raise",
        )


def table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(N_MANY, 8)).astype(np.float32), rng.integers(0, 2, N_MANY)


@pytest.mark.parametrize("odd", [None, "left out", "of a class of its own"])
def test_of_many_rows_the_odd_ones_are_looked_at(
    looks: list[bool], many: list[int], odd: str | None
) -> None:
    numbers, labels = table()
    settings = dict[str, Any](criterion=Ignoring)
    if odd == "left out":
        labels[ODD] = -100
    elif odd == "of a class of its own":
        labels[ODD], settings = 1, {"criterion": IgnoringOne}
        labels[np.arange(N_MANY) != ODD] *= 2
    train(nn.Linear(8, 3), numbers, labels, **settings)
    assert looks == [odd is None]
    assert sum(many) < N_MANY


class IgnoringOne(nn.CrossEntropyLoss):
    """Leaves out rows of the class 1."""

    def __init__(self) -> None:
        super().__init__(ignore_index=1)


class Also(nn.Linear):
    """A layer behind which a function sees all rows."""

    def __init__(self, function: Any) -> None:
        super().__init__(WIDTH, 2)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.function(x)


def convolved(x: Tensor) -> Tensor:
    images = x[:, : WIDTH // 2 * 2].view(len(x), 1, 2, -1)
    return nn.functional.conv2d(images, torch.ones(2, 1, 2, 2)).amax((2, 3))


OF_A_ROW = {
    "numbers in order": lambda x: x.sort(1)[0][:, :2],
    "sums so far": lambda x: x.cumsum(1)[:, :2],
    "a place": lambda x: x.gather(1, x.argmax(1, keepdim=True)),
    "a convolution": convolved,
    "one-hot": lambda x: nn.functional.one_hot((x[:, 0] > 0).long(), 2),
    "a transposed series": lambda x: x.t().contiguous().cumsum(0).t()[:, :2],
}
OF_ALL = {
    "what is loud": lambda x: (x.max() > 9) * x.mean(),
    "the mean": lambda x: 0 * x.mean(0)[:2],
    "rows in order": lambda x: x.sort(0)[0][:, :2],
    "rows so far": lambda x: x.cumsum(0)[:, :2],
    "rows that follow on a constant": lambda x: torch.cat(
        [torch.ones(1, 2), x[:-1, :2]]
    ),
    "similar rows": lambda x: (x @ x.t()).softmax(1) @ x[:, :2],
    "a row at a place": lambda x: x[(x[:, 0] > 0).long(), :2],
    "rows by index": lambda x: torch.zeros(len(x), 2).index_put(
        ((x[:, 0] > 0).long(),), x[:, :2], accumulate=True
    ),
}


@pytest.mark.parametrize(
    ("module", "training", "evaluation"),
    [
        *((Also(function), True, True) for function in OF_A_ROW.values()),
        *((Also(function), False, False) for function in OF_ALL.values()),
        (nn.Sequential(nn.Linear(WIDTH, 2), nn.BatchNorm1d(2)), False, True),
        (
            nn.Sequential(nn.Linear(WIDTH, 2), nn.Dropout(0.5), nn.LayerNorm(2)),
            True,
            True,
        ),
        (Mixes(0.5), False, True),
        (BetweenRows(), False, False),
        (SeeEachOtherLate(), False, False),
        (SeeEachOtherByAnOutlier(), False, False),
    ],
    ids=[
        *OF_A_ROW,
        *OF_ALL,
        *"batch-norm dropout mixing attention late outlier".split(),
    ],
)
def test_whether_rows_influence_one_another_is_read_from_the_code(
    module: nn.Module, training: bool, evaluation: bool
) -> None:
    net = NeuralNetClassifier(module, criterion=nn.CrossEntropyLoss).initialize()
    x, y = torch.randn(9, WIDTH), torch.arange(9) % 2
    assert (keeps_rows_apart(net, x, y, True), keeps_rows_apart(net, x, y, False)) == (
        training,
        evaluation,
    )
