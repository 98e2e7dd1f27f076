"""The rule. Oracle: its parts by loops over splits and rows, and SciPy's analysis of variance."""

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy import stats

from resampled.means.by_unit import ByUnit
from resampled.means.luck import Luck, luck

RNG = np.random.default_rng(67)
N_ROWS = 18


def draw_folds(n_rows: int, n_repeats: int, n_folds: int) -> np.ndarray:
    """Return which rows each split tests, of shape (n_splits, n_rows)."""
    folds = np.stack([RNG.permutation(n_rows) % n_folds for _ in range(n_repeats)])
    return (folds[:, None] == np.arange(n_folds)[:, None]).reshape(-1, n_rows)


def covariance(d: np.ndarray, tested: np.ndarray, n_folds: int) -> float:
    """Return how two rows go together that two splits of different repeats both test: half their product, on average"""
    products = []
    for first, second in combinations(range(len(tested)), 2):
        if first // n_folds != second // n_folds:
            moves = d[first // n_folds] - d[second // n_folds]
            both = np.flatnonzero(tested[first] & tested[second])
            products += [moves[i] * moves[k] / 2 for i, k in permutations(both, 2)]
    return float(np.mean(products))


def rule(
    d: np.ndarray, variance: float, tested: np.ndarray, n_folds: int
) -> tuple[float, float]:
    """Return the square of the standard error and its degrees of freedom, as docs/statistics.md has them."""
    n_repeats, n = d.shape
    n_splits, n_tested = n_repeats * n_folds, n_repeats * n
    w = d.var(axis=0, ddof=1).mean()
    a_or_less = (stats.f_oneway(*d.T).statistic - 1) * w / n_repeats
    a, t = max(0, a_or_less), max(0, covariance(d, tested, n_folds))
    u = variance - (a_or_less + w) * n_splits / n_tested
    f = max(0, u) / n_splits + w / n_tested
    of_rows = (a + 2 * min(a, w * ((n_folds - 1) / 2) ** 0.5)) / n
    k = a / max(w, n * d.mean(axis=1).var(ddof=1) / 2)
    shared = 1.5 * t * min(k, 4 / 3 * k**2, n_folds - 1)
    most = (a * shared / n) ** 0.5
    of_training = max(0, shared + min(most, max(-most, t - a / n - u)))
    square = f + of_rows + of_training
    noise = ((variance / n_splits) ** 2 + of_training**2) / (
        n_splits - 1
    ) + of_rows**2 / (n - 1)
    return square, square**2 / noise


@pytest.mark.parametrize("noise", [0.1, 1.0])
@pytest.mark.parametrize("shared", [0.0, 0.3, 3.0])
@pytest.mark.parametrize("n_folds", [2, 3])
def test_the_rule_is_what_loops_over_splits_and_rows_make_of_it(
    n_folds: int, shared: float, noise: float
) -> None:
    n_repeats = 5
    tested = draw_folds(N_ROWS, n_repeats, n_folds)
    luck_of_splits = shared * RNG.normal(size=(3, len(tested)))
    values = RNG.normal(size=(3, 1, N_ROWS)) + noise * RNG.normal(
        size=(3, n_repeats, N_ROWS)
    )
    values += (
        (luck_of_splits[:, :, None] * tested)
        .reshape(3, n_repeats, n_folds, N_ROWS)
        .sum(axis=2)
    )
    by_split = (values.repeat(n_folds, axis=1) * tested).sum(axis=2) / tested.sum(
        axis=1
    )
    by_unit = ByUnit.of(values, tested)
    variances = (by_split[:, None] - by_split).var(axis=2, ddof=1)
    pairs = luck(variances, len(tested), by_unit, 1 / (n_folds - 1))
    means = luck(by_split.var(axis=1, ddof=1), len(tested), by_unit, 1 / (n_folds - 1))
    for i, k in permutations(range(3), 2):
        expected = rule(values[i] - values[k], variances[i, k], tested, n_folds)
        assert (pairs.square[i, k], pairs.degrees[i, k]) == pytest.approx(expected)
    for i in range(3):
        expected = rule(values[i], by_split[i].var(ddof=1), tested, n_folds)
        assert (means.square[i], means.degrees[i]) == pytest.approx(expected)


def test_with_one_repeat_the_rows_count_half_more_and_the_fits_twice() -> None:
    tested = draw_folds(N_ROWS, 1, 3)
    d = RNG.normal(size=(1, 1, N_ROWS))
    of_rows = 1.5 * d.var(ddof=1) / N_ROWS
    for variance in (0.01, 9.0):
        of_fits = 2 * max(0, variance / 3 - d.var(ddof=1) / N_ROWS)
        found = luck(np.array([variance]), 3, ByUnit.of(d, tested), 0.5)
        of_splits = 2 * variance / 3 if of_fits else of_rows / 1.5
        noise = of_splits**2 / 2 + of_rows**2 / (N_ROWS - 1)
        assert found.square[0] == pytest.approx(of_rows + of_fits)
        assert found.degrees[0] == pytest.approx((of_rows + of_fits) ** 2 / noise)


def test_two_rows_that_are_tested_together_have_in_common_what_all_of_a_split_share() -> (
    None
):
    """Also on splits that are drawn by chance and test some rows more often. What rows have alone is taken off."""
    for tested in (draw_folds(200, 10, 3), RNG.random((30, 200)) < 0.3):
        n_rounds = 10 if tested.sum() == 2000 else 30
        found = []
        for _ in range(40):
            each = (
                RNG.normal(size=(len(tested), 200))
                + 0.5 * RNG.normal(size=(len(tested), 1))
                + RNG.normal(size=200)
            )
            values = np.where(tested, each, np.nan).reshape(n_rounds, -1, 200)
            by_unit = ByUnit.of(
                np.nanmax(values, axis=1)[None]
                if n_rounds == 10
                else values[:, 0][None],
                tested,
            )
            found.append((by_unit.moves**2).mean() - by_unit.alone / 200)
        assert np.mean(found) == pytest.approx(0.25, abs=4 * np.std(found) / 40**0.5)


def test_bundles_of_rows_tell_about_the_same_and_the_first_repeats_are_those_of_fewer() -> (
    None
):
    tested, n = draw_folds(600, 10, 3), 600
    effects = (
        (0.1 * RNG.normal(size=(2, 30, 1)) * tested).reshape(2, 10, 3, n).sum(axis=2)
    )
    values = RNG.normal(size=(2, 1, n)) + RNG.normal(size=(2, 10, n)) + effects
    by_unit, variances = ByUnit.of(values, tested), np.full(2, 0.02)
    whole, bundles = (
        luck(variances, 30, each, 0.5).square
        for each in (by_unit, by_unit.bundled(100, np.random.default_rng(0)))
    )
    assert bundles == pytest.approx(whole, rel=0.2)
    fewer, first = ByUnit.of(values[:, :4], tested[:12]), by_unit.first(4)
    assert first.values.tolist() == fewer.values.tolist()
    assert first.moves == pytest.approx(fewer.moves, rel=0.05)
    assert first.alone == pytest.approx(fewer.alone, rel=0.05)


def test_what_is_not_known_and_what_a_row_decides_alone() -> None:
    tested = draw_folds(N_ROWS, 3, 3)
    values = RNG.normal(size=(4, 3, N_ROWS))
    values[1, 0, 0], values[2] = np.nan, np.inf
    by_unit = ByUnit.of(values, tested)

    def marks(found: Luck) -> list[str]:
        return [
            "?" if np.isnan(x) else "inf" if np.isinf(x) else ""
            for x in found.square.ravel()
        ]

    assert marks(luck(np.ones(4), 9, by_unit, 0.5)) == ["", "?", "inf", ""]
    assert marks(luck(np.ones((4, 4)), 9, by_unit, 0.5))[:4] == ["", "?", "inf", ""]
    scaled = ByUnit.of(1e-9 * values[[0, 3]], tested)
    known = luck(np.full((2, 2), 0.1), 9, by_unit.take([0, 3]), 0.5)
    assert luck(np.full((2, 2), 1e-19), 9, scaled, 0.5).square == pytest.approx(
        1e-18 * known.square
    )
