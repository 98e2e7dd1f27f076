"""Draws what two commits score on the same fresh splits, with a known true difference, and judges what changed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.searches import (
    CALM,
    HARD,
    HARD_FOR_ONE,
    N_FOLDS,
    N_ROWS,
    NOISY,
    by_row,
)
from resampled.means.by_unit import ByUnit
from resampled.means.ttest import ALPHA
from resampled.pairs.family import BETTER, LEVEL, WORSE, judge
from resampled.pairs.pair import NOWHERE, Pair
from resampled.resampling import Resampling

N_REPEATS, BEFORE, ROPE = 10, 0.72, 0.01
BATCH = 50
# The accuracy of a fit that puts all rows into the larger class, or into the smaller one.
MAJORITY, MINORITY = 0.65, 0.35


@dataclass(frozen=True)
class Fits:
    """How the fits of two nets vary.

    `noise` is that of `draw_predictions`; a fit's accuracy has about a third of it as its standard deviation. `own` is
    the variance that is a row's for one net, and `by_side` that for all nets before, or for all nets now, as after a
    change of how inputs are scaled. `stuck` are the chances that a fit is stuck, before and now, and `stuck_at` is its
    accuracy. `alike` is the part that all nets have in common of what is drawn for a row and a fit, as if they began
    with the same weights. Rows that do not fill the folds are left out.
    """

    noise: float = CALM
    own: float = HARD_FOR_ONE
    stuck: tuple[float, float] = (0.0, 0.0)
    stuck_at: float = MAJORITY
    n_repeats: int = N_REPEATS
    n_folds: int = N_FOLDS
    n_rows: int = N_ROWS
    alike: float = 0.0
    by_side: float = 0.0


FITS = {
    "calm, 0.01": Fits(0.03),
    "calm, 0.017": Fits(),
    "noisy, 0.05": Fits(0.15),
    "noisy, 0.1": Fits(NOISY),
    "no chance in training": Fits(0.0, 0.45),
    "nearly the same predictions": Fits(0.01, 0.003, alike=0.99),
    "0.65 in 1 of 10, now": Fits(stuck=(0.0, 0.1)),
    "0.65 in 1 of 10, before and now": Fits(stuck=(0.1, 0.1)),
    "0.35 in 1 of 10, now": Fits(stuck=(0.0, 0.1), stuck_at=MINORITY),
    "0.35 in 1 of 10, before and now": Fits(stuck=(0.1, 0.1), stuck_at=MINORITY),
    "0.35 in 1 of 20, now": Fits(stuck=(0.0, 0.05), stuck_at=MINORITY),
    "0.35 in 1 of 20, now, 7680 rows": Fits(
        stuck=(0.0, 0.05), stuck_at=MINORITY, n_rows=10 * N_ROWS
    ),
    "calm, 0.017, one repeat": Fits(n_repeats=1),
}


def learned(
    score: np.ndarray, stuck: np.ndarray | float, stuck_at: float
) -> np.ndarray:
    """Return the accuracies of fits that are not stuck, so that all fits have these scores on average."""
    return np.asarray((score - stuck * stuck_at) / (1 - stuck))


def draw_hits(
    truth: np.ndarray, fits: Fits, n_draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return which predictions of nets are right, (n_draws, n_nets, n_repeats, n_rows), and the fold of each row.

    No fit is stuck. The model is that of `draw_predictions`, for many tables at once. They share their folds, of shape
    (n_repeats, n_rows), which is as good as folds of their own, because the rows are independent.
    """
    rest = max(0, 1 - HARD - fits.own - fits.by_side - fits.noise**2)
    common, alone = ((rest * part) ** 0.5 for part in (fits.alike, 1 - fits.alike))
    n_rows = fits.n_rows - fits.n_rows % fits.n_folds
    folds = rng.permuted(
        np.tile(np.arange(n_rows) % fits.n_folds, (fits.n_repeats, 1)), axis=1
    )
    hits = np.empty((n_draws, len(truth), *folds.shape), dtype=bool)

    def normal(deviation: float, *size: int) -> np.ndarray:
        return np.float32(deviation) * rng.standard_normal(size, dtype=np.float32)

    rows = normal(HARD**0.5, n_draws, 1, n_rows) + normal(
        fits.own**0.5, n_draws, len(truth), n_rows
    )
    if fits.by_side:  # the nets before come first
        rows += normal(fits.by_side**0.5, n_draws, 2, n_rows).repeat(
            len(truth) // 2, axis=1
        )
    rows += ndtri(truth)[:, None].astype(np.float32)
    for repeat, own in enumerate(folds):
        latent = rows + normal(fits.noise, n_draws, len(truth), fits.n_folds)[:, :, own]
        if common:
            latent += normal(common, n_draws, 1, n_rows)
        if alone:
            latent += normal(alone, *rows.shape)
        hits[:, :, repeat] = latent > 0
    return hits, folds


def draw_fits(
    truth: np.ndarray,
    fits: Fits,
    shares: np.ndarray | float,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what `draw_hits` does, with stuck fits, of these shares by net; then their scores, and which are stuck.

    The true scores are means over all fits. A fit that is stuck is right on the rows of one class.
    """
    hits, folds = draw_hits(learned(truth, shares, fits.stuck_at), fits, n_draws, rng)
    stuck = rng.random((*hits.shape[:2], len(folds) * fits.n_folds)) < np.reshape(
        shares, (-1, 1)
    )
    of_class = rng.random((n_draws, 1, 1, folds.shape[1])) < fits.stuck_at
    hits = np.where(
        stuck[:, :, folds + fits.n_folds * np.arange(len(folds))[:, None]],
        of_class,
        hits,
    )
    return hits, folds, scores_of(hits, folds), stuck


def scores_of(hits: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the share of right predictions of each split, shape (..., n_splits)."""
    n_folds = folds.max() + 1
    each = [
        hits[..., repeat, own == fold].mean(axis=-1)
        for repeat, own in enumerate(folds)
        for fold in range(n_folds)
    ]
    return np.stack(each, axis=-1)


def pair_of(
    old: np.ndarray,
    new: np.ndarray,
    stuck: np.ndarray | None = None,
    n_folds: int = N_FOLDS,
    by_unit: ByUnit | None = None,
) -> Pair:
    """Return the pair of two nets' scores; `stuck` has the shape (2, n_splits)."""
    before, now = (NOWHERE, NOWHERE) if stuck is None else stuck
    return Pair(
        old,
        new,
        Resampling.of_folds(n_folds, N_ROWS, (0, 1)),
        ROPE,
        before,
        now,
        by_unit,
    )


def draw_changes(
    fits: Fits, difference: float, n_draws: int, seed: int
) -> Iterator[Pair]:
    """Yield pairs whose expected difference is this one; what is stuck counts."""
    rng = np.random.default_rng((seed, 28))
    truth = np.array([BEFORE, BEFORE + difference])
    for size in batches(n_draws):
        hits, folds, *of_fits = draw_fits(truth, fits, np.array(fits.stuck), size, rng)
        for right, scores, which in zip(hits, *of_fits, strict=True):
            yield pair_of(
                scores[0], scores[1], which, fits.n_folds, by_row(right, folds)
            )


def batches(n_draws: int, size: int = BATCH) -> Iterator[int]:
    """Yield the sizes of batches, so that they fit into memory."""
    for start in range(0, n_draws, size):
        yield min(size, n_draws - start)


def judge_changes(name: str, difference: float, n_draws: int) -> list[Said]:
    """Judge many pairs, each of which is the only change of its commit."""
    return list(
        map(
            judged,
            draw_changes(FITS[name], difference, n_draws, seed=list(FITS).index(name)),
        )
    )


def judge_shape(
    name: str, n_folds: int, n_repeats: int, difference: float, n_draws: int
) -> list[Said]:
    """Judge many pairs with other numbers of folds and repeats."""
    fits = replace(FITS[name], n_folds=n_folds, n_repeats=n_repeats)
    return list(map(judged, draw_changes(fits, difference, n_draws, seed=n_folds)))


def judged(pair: Pair) -> Said:
    """Say what a pair is called, also by its scores alone, and on the splits where neither is stuck."""
    word, rest, alone = (
        word_of(pair),
        pair.without_stuck(),
        word_of(replace(pair, by_unit=None)),
    )
    without = word if rest is None else word_of(rest)
    said = {each: word == each for each in (BETTER, WORSE, LEVEL)}
    said |= {f"{each}, scores alone": alone == each for each in (BETTER, WORSE)}
    said |= {f"{each}, without the stuck": without == each for each in (BETTER, WORSE)}
    return said | {"counts differ": pair.p_stuck() < ALPHA}


def word_of(pair: Pair) -> str:
    """Judge a pair by itself."""
    return judge({"": pair})[""].word


def judge_families(name: str, n_draws: int, n_searches: int = 8) -> list[Said]:
    """Draw commits that change all searches, and none of them truly. All nets are scored on the same rows.

    Says whether any search is called better or worse: each `by itself`, or as a family; and by its scores alone.
    """
    fits, rng = FITS[name], np.random.default_rng((list(FITS).index(name), 29))
    truth, found = np.full(2 * n_searches, BEFORE), []
    for size in batches(n_draws):
        hits, folds, of_fits, _ = draw_fits(truth, fits, fits.stuck[0], size, rng)
        for right, scores in zip(hits, of_fits, strict=True):
            two, own = (
                each.reshape(n_searches, 2, *each.shape[1:]) for each in (scores, right)
            )
            pairs = {
                str(i): pair_of(two[i][0], two[i][1], by_unit=by_row(own[i], folds))
                for i in range(n_searches)
            }
            alone = {name: replace(pair, by_unit=None) for name, pair in pairs.items()}
            said = {"by itself": any(claims(word_of(pair)) for pair in pairs.values())}
            for name, family in (("as a family", pairs), ("scores alone", alone)):
                said[name] = any(verdict.claims for verdict in judge(family).values())
            found.append(said)
    return found


def claims(word: str) -> bool:
    """Return whether a word says that two nets differ."""
    return word in (BETTER, WORSE)
