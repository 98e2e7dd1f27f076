"""Draws what two commits score on the same fresh splits, with a known true difference, and judges what changed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri
from scipy.stats import t as student

from resampled.means.ttest import ALPHA, corrected_error
from resampled.pairs.equivalence import holm
from resampled.pairs.family import BETTER, LEVEL, UNDECIDED, WORSE, judge
from resampled.pairs.pair import NOWHERE, Pair
from resampled.resampling import Resampling
from tests.resampled.simulation.drawing import Said
from tests.resampled.simulation.learners import CANDIDATES, cross_validate, draw_table, truth
from tests.resampled.simulation.searches import CALM, HARD, HARD_FOR_ONE, N_FOLDS, N_ROWS, NOISY, Search
from tests.resampled.simulation.unstable import many_pairs

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
    "0.35 in 1 of 20, now, 7680 rows": Fits(stuck=(0.0, 0.05), stuck_at=MINORITY, n_rows=10 * N_ROWS),
    "calm, 0.017, one repeat": Fits(n_repeats=1),
}


def learned(score: np.ndarray, stuck: np.ndarray | float, stuck_at: float) -> np.ndarray:
    """Return the accuracies of fits that are not stuck, so that all fits have these scores on average."""
    return np.asarray((score - stuck * stuck_at) / (1 - stuck))


def draw_scores(truth: np.ndarray, fits: Fits, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return the accuracies of nets of which no fit is stuck, shape (n_draws, n_nets, n_splits).

    The model is that of `draw_predictions`, for many tables at once. They share their folds, which is as good as folds
    of their own, because the rows are independent.
    """
    rest = max(0, 1 - HARD - fits.own - fits.by_side - fits.noise**2)
    common, alone = ((rest * part) ** 0.5 for part in (fits.alike, 1 - fits.alike))
    n_rows = fits.n_rows - fits.n_rows % fits.n_folds
    shape = (n_draws, len(truth), fits.n_folds, n_rows // fits.n_folds)
    scores = np.empty((*shape[:2], fits.n_repeats, fits.n_folds))

    def normal(deviation: float, *size: int) -> np.ndarray:
        return np.float32(deviation) * rng.standard_normal(size, dtype=np.float32)

    rows = normal(HARD**0.5, n_draws, 1, n_rows) + normal(fits.own**0.5, n_draws, len(truth), n_rows)
    if fits.by_side:  # the nets before come first
        rows += normal(fits.by_side**0.5, n_draws, 2, n_rows).repeat(len(truth) // 2, axis=1)
    rows += ndtri(truth)[:, None].astype(np.float32)
    for repeat in range(fits.n_repeats):
        latent = rows[:, :, rng.permutation(n_rows)].reshape(shape)
        latent += normal(fits.noise, *shape[:3], 1)
        if common:
            latent += normal(common, n_draws, 1, *shape[2:])
        if alone:
            latent += normal(alone, *shape)
        scores[:, :, repeat] = (latent > 0).mean(axis=3)
    return scores.reshape(*shape[:2], fits.n_repeats * fits.n_folds)


def pair_of(old: np.ndarray, new: np.ndarray, stuck: np.ndarray | None = None, n_folds: int = N_FOLDS) -> Pair:
    """Return the pair of two nets' scores; `stuck` has the shape (2, n_splits)."""
    before, now = (NOWHERE, NOWHERE) if stuck is None else stuck
    return Pair(old, new, Resampling.of_folds(n_folds, N_ROWS, (0, 1)), ROPE, before, now)


def draw_changes(fits: Fits, difference: float, n_draws: int, seed: int) -> Iterator[Pair]:
    """Yield pairs whose expected difference is this one; what is stuck counts."""
    rng = np.random.default_rng((seed, 28))
    accuracy = learned(np.array([BEFORE, BEFORE + difference]), np.array(fits.stuck), fits.stuck_at)
    for size in batches(n_draws):
        scores = draw_scores(accuracy, fits, size, rng)
        stuck = rng.random(scores.shape) < np.array(fits.stuck)[:, None]
        for (old, new), which in zip(np.where(stuck, fits.stuck_at, scores), stuck, strict=True):
            yield pair_of(old, new, which, fits.n_folds)


def batches(n_draws: int, size: int = BATCH) -> Iterator[int]:
    """Yield the sizes of batches, so that they fit into memory."""
    for start in range(0, n_draws, size):
        yield min(size, n_draws - start)


def judge_changes(name: str, difference: float, n_draws: int) -> list[Said]:
    """Judge many pairs, each of which is the only change of its commit."""
    return list(map(judged, draw_changes(FITS[name], difference, n_draws, seed=list(FITS).index(name))))


def judge_shape(name: str, n_folds: int, n_repeats: int, difference: float, n_draws: int) -> list[Said]:
    """Judge many pairs with other numbers of folds and repeats."""
    fits = replace(FITS[name], n_folds=n_folds, n_repeats=n_repeats)
    return list(map(judged, draw_changes(fits, difference, n_draws, seed=n_folds)))


def judge_learners(before: int, now: int, draw: int) -> Said:
    """Judge a pair of real learners, by their numbers in `CANDIDATES`, on a table of its own."""
    rng = np.random.default_rng((draw, before, now, 32))
    pair = [CANDIDATES[before], CANDIDATES[now]]
    seen = Search(np.empty(2), *cross_validate(pair, *draw_table(N_ROWS, rng), rng, N_REPEATS))
    return judged(pair_of(*seen.scores)) | {"true difference": truth()[now] - truth()[before]}


def judge_unstable(kind: str, n_draws: int) -> list[Said]:
    """Judge pairs of unstable learners that are equally good; without a rope, as squared errors have another unit."""
    return [judged(replace(pair_of(*scores), rope=0.0)) for scores in many_pairs(kind, n_draws)]


def judged(pair: Pair) -> Said:
    """Say what a pair is called, also with Nadeau and Bengio's error, and on the splits where neither is stuck."""
    word, rest, corrected = word_of(pair), pair.without_stuck(), corrected_word(pair)
    without = word if rest is None else word_of(rest)
    said = {each: word == each for each in (BETTER, WORSE, LEVEL)}
    said |= {f"{each} by Nadeau and Bengio": corrected == each for each in (BETTER, WORSE)}
    said |= {f"{each}, without the stuck": without == each for each in (BETTER, WORSE)}
    return said | {"counts differ": pair.p_stuck() < ALPHA}


def word_of(pair: Pair) -> str:
    """Judge a pair by itself."""
    return judge({"": pair})[""].word


def corrected_p(pair: Pair) -> float:
    """Return the p-value of a difference by Nadeau and Bengio's corrected resampled t-test."""
    error = corrected_error(pair.new - pair.old, pair.resampling)
    return float(2 * student.sf(abs(pair.difference) / error, pair.n_splits - 1)) if error else float("nan")


def corrected_word(pair: Pair) -> str:
    """Say whether a pair differs by Nadeau and Bengio's test, and by more than the rope."""
    if not corrected_p(pair) < ALPHA or abs(pair.difference) <= pair.rope:
        return UNDECIDED
    return BETTER if pair.difference > 0 else WORSE


def judge_families(name: str, n_draws: int, n_searches: int = 8) -> list[Said]:
    """Draw commits that change all searches, and none of them truly. All nets are scored on the same rows.

    Says whether any search is called better or worse: `alone`, without Holm's correction; by the rule; and by Nadeau
    and Bengio's error with Holm's correction.
    """
    fits, rng = FITS[name], np.random.default_rng((list(FITS).index(name), 29))
    accuracy, found = learned(np.full(2 * n_searches, BEFORE), fits.stuck[0], fits.stuck_at), []
    for size in batches(n_draws):
        scores = draw_scores(accuracy, fits, size, rng)
        for each in np.where(rng.random(scores.shape) < fits.stuck[0], fits.stuck_at, scores):
            pairs = {str(i): pair_of(*two) for i, two in enumerate(each.reshape(n_searches, 2, -1))}
            nadeau = holm(np.array([corrected_p(pair) for pair in pairs.values()]))
            large = np.array([abs(pair.difference) > ROPE for pair in pairs.values()])
            alone = any(claims(word_of(pair)) for pair in pairs.values())
            claimed = any(verdict.claims for verdict in judge(pairs).values())
            found.append({"alone": alone, "claimed": claimed, "corrected": bool(((nadeau < ALPHA) & large).any())})
    return found


def claims(word: str) -> bool:
    """Return whether a word says that two nets differ."""
    return word in (BETTER, WORSE)
