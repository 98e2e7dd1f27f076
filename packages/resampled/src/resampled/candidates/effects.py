"""Whether a key of a search has an effect on the scores: a test that allows for rows, fits and other keys."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from resampled.means.equivalence import holm
from resampled.means.pooling import mean_ranks
from resampled.means.ttest import p_values
from resampled.resampling import Resampling, complete

# The values of a setting, one for each candidate.
Column = Sequence[Any] | np.ndarray

N_SHUFFLES = 1999
# What is less, of what is about 1, is rounding.
TINY = 1e-9


def effect_p_values(
    settings: Mapping[str, Column],
    scores: np.ndarray,
    resampling: Resampling,
    seed: int,
    stages: Any = None,
) -> np.ndarray:
    """Test for each key that it has no effect, by two tests that must both say that it has.

    The candidates are ranked on each split, as in Friedman's test, so that single bad fits do not outweigh the others.
    A key's contrasts compare the mean ranks of its values: for names, each value with all; for numbers, a line and a
    parabola over their order.

    One test is a permutation test of the key's partial F in a linear model of all contrasts (Freedman and Lane (1983),
    "A nonstochastic interpretation of reported significance levels", Journal of Business & Economic Statistics 1), by
    Holm for the number of keys. With fewer than two candidates for each contrast, the other keys are left out of the
    model. After halving, the last stage of each candidate, one of `stages`, is in it.

    The other is a corrected resampled t-test of the contrasts over the splits, by Bonferroni for their number, because
    candidates with the same value share its luck with the rows, which no shuffling shows. With one key, it is the only
    test. A key's p-value is the larger of the two; NaN for a key with one value, or where nothing is tested.

    `settings` has the values of each key by candidate. Of the scores, (n_candidates, n_splits), NaN is left out.
    """
    kept = complete(scores).tolist()
    ranks = np.apply_along_axis(mean_ranks, 0, scores[kept])
    contrasts = [_contrasts([column[i] for i in kept]) for column in settings.values()]
    always = [np.ones((1, len(ranks)))]
    if stages is not None:
        always.append(_contrasts(stages[kept]))
    crowded = 2 * sum(map(len, contrasts)) > len(ranks)
    rng = np.random.default_rng(seed)
    places = replace(
        resampling,
        n_rows=resampling.n_folds or 1 + 1 / resampling.test_share,
        bounds=(0.0, 1.0),
    )
    shuffled, resampled = np.full((2, len(settings)), np.nan)
    for number, own in enumerate(contrasts):
        beside = always
        if not crowded:
            beside = always + contrasts[:number] + contrasts[number + 1 :]
        others = np.vstack(beside)
        own = _beside(own, others)
        if not len(own):
            continue
        shuffled[number] = _shuffled(own, others, ranks.mean(axis=1), rng)
        # With one repeat, three splits often rank alike by chance; a place more or less in each is the least of noise,
        # as if one row were tested, which is worth a place.
        effects = (own[:, :, None] * ranks).sum(axis=1)
        effects = effects.round(9)  # rounding is no effect
        nothing = np.zeros_like(effects[:1])
        p = p_values(np.vstack([nothing, effects]), 0, places)[1:]
        if np.isfinite(p).all():
            resampled[number] = min(1, len(p) * p.min())
    if len(settings) == 1:
        return resampled
    return np.maximum(holm(shuffled), resampled)


def _contrasts(column: Column) -> np.ndarray:
    """Return contrasts between the values of a key; shape (n_contrasts, n_candidates), none for one value."""
    values = codes(column)
    levels = np.unique(values)
    if len(levels) < 2:
        return np.empty((0, len(values)))
    if has_names(column):
        compared = levels if len(levels) > 2 else levels[1:]
        return (values == compared[:, None]).astype(float)
    line = values - values.mean()
    return np.array([line, line**2][: len(levels) - 1])


def _beside(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return what other rows leave of rows, with length 1; without those of which they leave nothing."""
    left = _without(rows, _basis(others))
    lengths = _lengths(left)
    there = lengths > TINY * _lengths(rows)
    return np.asarray(left[there] / lengths[there, None])


def _shuffled(
    own: np.ndarray, others: np.ndarray, means: np.ndarray, rng: np.random.Generator
) -> float:
    """Return the p-value of the partial F of a key's contrasts; 1 if they leave no candidate's difference to chance."""
    beside = _basis(others)
    left = _without(means[None], beside)
    shuffled = rng.permuted(np.tile(left, (N_SHUFFLES, 1)), axis=1)
    drawn = _without(np.vstack([left, shuffled]), beside)
    of_own = drawn - _without(drawn, _basis(own))
    explained = _lengths(of_own) ** 2 / np.maximum(_lengths(drawn) ** 2, TINY)
    return float((explained >= explained[0] - TINY).mean())


def _basis(rows: np.ndarray) -> np.ndarray:
    """Return rows of length 1 at right angles that span the same: Gram and Schmidt's, which needs no BLAS."""
    basis = np.empty((0, rows.shape[1]))
    for number in range(len(rows)):
        row = rows[number : number + 1]
        left = _without(row, basis)
        length = _lengths(left)
        if length > TINY * _lengths(row):
            basis = np.vstack([basis, left / length])
    return basis


def _without(rows: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return what rows of length 1 at right angles leave of rows."""
    for _ in range(2):  # the second time, of rounding
        for row in basis:
            rows = rows - (rows * row).sum(axis=1, keepdims=True) * row
    return rows


def _lengths(rows: np.ndarray) -> np.ndarray:
    return np.sqrt((rows**2).sum(axis=1))


def codes(column: Column) -> np.ndarray:
    """Return values as whole numbers from 0: first nothing, then numbers, then names, each in their order.

    Numbers may be text. `null` and `nan` are nothing.
    """
    places = [_place(value) for value in column]
    ranks = {place: rank for rank, place in enumerate(sorted(set(places)))}
    return np.array([ranks[place] for place in places], dtype=float)


def has_names(column: Column) -> bool:
    """Return whether there is a name among the values, so that their order means nothing."""
    return any(_place(value)[2] for value in column)


def _place(value: Any) -> tuple[int, float, str]:
    text = "null" if value is None else str(value)
    if text in {"null", "nan", "None", "<NA>"}:
        return (0, 0.0, "")
    try:
        return (1, float(text), "")
    except ValueError:
        return (2, 0.0, text)
