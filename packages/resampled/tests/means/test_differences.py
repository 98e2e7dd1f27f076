"""The errors of differences. Oracles: differences one by one, and the rows themselves."""

import numpy as np
import pytest
from scipy import stats

from packages.resampled.tests.simulation.searches import by_row
from resampled.candidates.best_set import best_set
from resampled.means.by_unit import ByUnit
from resampled.means.differences import errors_of_pairs
from resampled.means.pooling import pooling
from resampled.means.rows import Rows
from resampled.means.squares import of_differences
from resampled.pairs.family import BETTER, UNTESTED, judge
from resampled.pairs.pair import Pair
from resampled.resampling import Resampling

RNG = np.random.default_rng(57)
FOLDS = Resampling.of_folds(3)


def drawn(n_candidates: int) -> ByUnit:
    """Return what 90 rows might make of scores on 10 × 3 folds."""
    folds = np.stack([RNG.permutation(90) % 3 for _ in range(10)])
    return by_row(RNG.random((n_candidates, 10, 90)) < 0.7, folds)


def test_pairs_of_which_a_row_is_not_known_are_judged_by_their_scores_alone() -> None:
    scores, by_unit = RNG.normal(size=(3, 30)), drawn(3)
    by_unit.values[2, 4, 7] = np.nan
    errors, alone = (
        errors_of_pairs(scores, FOLDS, by_unit),
        errors_of_pairs(scores, FOLDS),
    )
    for known, of_scores in zip(errors, alone, strict=True):
        assert known[2, :2] == pytest.approx(of_scores[2, :2])
    assert errors.error[0, 1] < alone.error[0, 1]
    assert (errors.degrees[0, 1] == 29, alone.degrees[0, 1] == 29) == (False, True)
    scores[1, 0] = np.nan
    assert np.isnan(errors_of_pairs(scores, FOLDS, by_unit).error).sum() == 5


def test_a_score_that_a_row_decides_alone_is_not_tested() -> None:
    """Of the only positive row of a split, ROC AUC leaves nothing; the set drops nobody for it."""
    pool, y = pooling("roc_auc"), np.repeat([0.0, 1.0], [57, 3])
    assert pool is not None
    tests = [np.arange(60) % 3 == fold for fold in range(3)]
    statistics = [
        np.stack(
            [
                pool.rows(y[test], np.column_stack([1 - p[test], p[test]]))
                for p in RNG.random((2, 60))
            ]
        )
        for test in tests
    ]
    by_unit = (
        Rows(statistics, [np.flatnonzero(test) for test in tests], None, pool)
        .units(np.arange(2))
        .by_unit(3)
    )
    scores = np.array([[0.9, 0.8, 0.95], [0.1, 0.2, 0.15]])
    assert (
        judge({"": Pair(scores[0], scores[1], FOLDS, 0.0, by_unit=by_unit)})[""].word
        == UNTESTED
    )
    assert best_set(scores, FOLDS, 0, by_unit).all()


def test_scores_that_differ_by_the_same_on_every_split_differ_by_one_row_at_least() -> (
    None
):
    """The mean of thirty such differences is not one of them to the last bit, so their variance is not quite 0."""
    known = Resampling.of_folds(3, 300, (0, 1))
    one_row = 0.01 * np.sqrt(1 / 30 + 0.75)
    for level in np.arange(0.01, 0.79, 0.02):
        scores = level + np.tile([0.0, 0.1, 0.2], 10) + [[0.0], [0.01]]
        assert errors_of_pairs(scores, known).error[0, 1] == pytest.approx(one_row)


def test_two_that_share_an_awful_split_are_subtracted_first() -> None:
    """Products of what is a million off leave nothing of differences of a hundredth."""
    rows = RNG.normal(0.5, 0.02, size=(4, 30))
    rows[:3, 4] -= 1e6
    exact = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
    assert of_differences(rows) == pytest.approx(exact, rel=1e-9)
    old, new = rows[:2]
    found = judge({"": Pair(old, new, FOLDS, 0.0)})[""]
    error = np.sqrt((1 / 30 + 0.75) * (new - old).var(ddof=1))
    assert found.p == pytest.approx(
        2 * stats.t.sf(abs(np.mean(new - old)) / error, 29), rel=1e-4
    )
    assert found.word != BETTER


@pytest.mark.parametrize(
    "scorer", ["accuracy", "balanced_accuracy", "r2", "neg_log_loss", "roc_auc"]
)
def test_what_rows_make_of_a_score_varies_as_the_score_does_over_tables(
    scorer: str,
) -> None:
    """The variance of the mean over rows is that of the score, to first order; of a mean, rows have their own score."""
    pool, n, n_tables = pooling(scorer), 300, 400
    assert pool is not None
    scores, variances = np.empty((2, n_tables))
    for i in range(n_tables):
        latent = RNG.normal(size=n)
        y = (
            latent + RNG.normal(size=n)
            if scorer == "r2"
            else (latent + RNG.normal(size=n) > 0.8).astype(float)
        )
        proba = 1 / (1 + np.exp(0.8 - latent))
        predicted = (
            np.column_stack([1 - proba, proba])
            if pool.response == "predict_proba"
            else latent
        )
        if scorer.endswith("accuracy"):
            predicted = (latent > 0.5).astype(float)
        rows = Rows([pool.rows(y, predicted)[None]], [np.arange(n)], None, pool)
        by_unit = rows.units(np.array([0])).by_unit(None).values[0, 0]
        scores[i], variances[i] = (
            float(pool.score(rows.statistics[0][0].sum(axis=0))),
            by_unit.var(ddof=1) / n,
        )
        if scorer == "accuracy":
            assert by_unit == pytest.approx(1.0 * (predicted == y))
    assert variances.mean() == pytest.approx(scores.var(), rel=0.25)


def test_groups_and_bundles_of_rows_are_units() -> None:
    """Folds that test more groups count as much as others; means over bundles keep the mean."""
    pool, groups = pooling("accuracy"), np.repeat(np.arange(7), [1, 2, 3, 4, 5, 6, 9])
    assert pool is not None
    hits = RNG.random((2, 30)) < 0.7
    tests = [np.flatnonzero(groups < 4), np.flatnonzero(groups >= 4)]
    statistics = [
        np.stack([pool.rows(np.ones(len(test)), own[test]) for own in hits])
        for test in tests
    ]
    by_unit = (
        Rows(statistics, tests, groups, pool).units(np.arange(2)).by_unit(2).values
    )
    assert by_unit.shape == (2, 1, 7)
    assert np.isfinite(by_unit).all()
    alone = Rows(statistics, tests, None, pool).units(np.arange(2)).by_unit(2)
    of_folds = np.mean([[own[test].mean() for test in tests] for own in hits], axis=1)
    assert alone.values.mean(axis=(1, 2)) == pytest.approx(of_folds)
    few = alone.bundled(10, np.random.default_rng(0)).values
    assert few.shape == (2, 1, 10)
    assert few.mean(axis=(1, 2)) == pytest.approx(of_folds)
