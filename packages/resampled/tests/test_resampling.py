"""How scores were resampled. Oracle: scikit-learn's splitters."""

import math

import numpy as np
import pytest
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit

from resampled.resampling import Resampling

X = np.zeros((60, 1))


@pytest.mark.parametrize(
    "splitter", [KFold(2), KFold(5), RepeatedKFold(n_splits=3, n_repeats=10)]
)
def test_folds_test_each_row_once_in_a_repeat(splitter: KFold) -> None:
    splits = list(splitter.split(X))
    train, test = splits[0]
    n_repeats = len(splits) * len(test) // len(X)
    found = Resampling.of_folds(len(X) // len(test), len(X), (0, 1))
    assert found.test_share == len(test) / len(train)
    assert found.one_row == pytest.approx(1 / len(test))
    assert found.n_repeats(len(splits)) == n_repeats
    assert found.is_one_repeat(len(splits)) == (n_repeats == 1)


def test_a_drawn_share_is_not_taken_for_folds() -> None:
    """A fifth of the rows is tested, as by five folds, but 30 such splits are no six repeats of five."""
    (train, test), *_ = ShuffleSplit(30, test_size=0.2).split(X)
    drawn = Resampling(len(test) / len(train), None, len(X), (0, 1))
    assert drawn.n_repeats(30) is None
    assert drawn.one_row == pytest.approx(1 / len(test))


def test_whole_repeats_are_counted() -> None:
    folds = Resampling.of_folds(3)
    assert [folds.n_repeats(n) for n in (3, 27, 28)] == [1, 9, None]


def test_what_one_row_changes() -> None:
    """It is 0 where rows or a bound are not known."""
    assert Resampling.of_folds(3, 300, (-1, 1)).one_row == pytest.approx(0.02)
    for known in (
        Resampling(0.5, 3, 300),
        Resampling(0.5, 3, bounds=(0, 1)),
        Resampling(0.5, 3, 300, (-math.inf, 0)),
    ):
        assert known.one_row == 0
