"""How scores were resampled. Oracles: scikit-learn's splitters, and errors without and with the shared part."""

import math

import numpy as np
import pytest
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit

from resampled.means.differences import LEAST_SHARED, paired_error
from resampled.means.ttest import corrected_error
from resampled.resampling import Resampling

RNG = np.random.default_rng(3)
X = np.zeros((60, 1))
# Noise of single fits alone: of this, all splits share little or nothing.
ONE, OTHER = RNG.normal(0.7, 0.02, size=(2, 30))


@pytest.mark.parametrize("splitter", [KFold(2), KFold(5), RepeatedKFold(n_splits=3, n_repeats=10)])
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
    assert paired_error(ONE, OTHER, Resampling.of_folds(5)) < 0.8 * paired_error(ONE, OTHER, drawn)


def test_without_whole_repeats_all_of_the_variance_is_shared() -> None:
    """So the error is Nadeau and Bengio's; with repeats, at least a fifth counts."""
    folds, variance = Resampling.of_folds(3), np.var(ONE - OTHER, ddof=1)
    assert [folds.n_repeats(n) for n in (3, 27, 28)] == [1, 9, None]
    whole = (variance * (1 / 30 + 1 / 2)) ** 0.5
    assert paired_error(ONE, OTHER, folds.without_repeats) == pytest.approx(whole)
    of_28 = float(corrected_error(ONE[:28] - OTHER[:28], folds))
    assert paired_error(ONE[:28], OTHER[:28], folds) == pytest.approx(of_28)
    least = (variance * (1 / 30 + LEAST_SHARED / 2)) ** 0.5
    assert least <= paired_error(ONE, OTHER, folds) * (1 + 1e-9) < whole


def test_what_one_row_changes() -> None:
    """It is 0 where rows or a bound are not known."""
    assert Resampling.of_folds(3, 300, (-1, 1)).one_row == pytest.approx(0.02)
    for known in (Resampling(0.5, 3, 300), Resampling(0.5, 3, bounds=(0, 1)), Resampling(0.5, 3, 300, (-math.inf, 0))):
        assert known.one_row == 0
