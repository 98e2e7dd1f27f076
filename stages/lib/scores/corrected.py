"""What the best candidate's score is worth after it was chosen from many: selection and scoring on different data."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.stats import t as student

from stages.lib.scores.draws import N_ROUNDS, NO_DRAWS, Draws, over_rows, over_splits
from stages.lib.scores.intervals import UNBOUNDED, Bounds, interval
from stages.lib.scores.rows import Rows, degrees
from stages.lib.scores.statistics import ALPHA, corrected_error

Over = Literal["rows and repeats", "rows and folds", "splits"]


@dataclass(frozen=True)
class Corrected:
    """A corrected score with the ends of its 95 % interval, what was drawn for it, and the draws' own noise.

    Attributes
    ----------
    noise : float
        The standard error that chance in the draws gives the score.
    draws : Draws
        Those of the first round.
    """

    score: float
    low: float
    high: float
    over: Over
    noise: float = 0.0
    draws: Draws = field(default=NO_DRAWS, compare=False)


def corrected_score(
    scores: np.ndarray,
    *,
    n_repeats: int,
    seed: int,
    rows: Rows | None,
    bounds: Bounds = UNBOUNDED,
    n_rounds: int = N_ROUNDS,
) -> Corrected | None:
    """Estimate the true score of the candidate with the best mean, free of the luck that made it the best.

    Each draw leaves out a third of the splits and a third of the rows, selects the candidate with the best mean score
    on what is left, and scores it on the rows and splits that were left out. A cell (a row in a split) holds the mean
    statistics of the candidates that were selected while it was left out; the corrected score is the mean over the
    splits of the scores of these cells. There are 25 rounds of 900 draws (see `over_rows`), and of 300 for splits
    alone.

    Neither the rows nor the fits that speak for a candidate score it, so the noise of training, which all rows of a
    split share, does not pass for merit. (Tsamardinos, Greasidou and Borboudakis (2018), "Bootstrapping the
    out-of-sample predictions for efficient and accurate cross-validation", Machine Learning 107, leave out rows alone.)
    The draws are without replacement: a bootstrap leaves out 37 % too, but its repeated rows make the selection as
    uncertain as on half of the data, and the result too low where one candidate is clearly the best.

    The variance of the interval has three parts, each a mean over the candidates that the draws selected: a jackknife
    over rows; the variance between splits over their number, without what the rows contribute to it (see
    `Units.variances`); and the variance of the selected candidates' plain means, as it is not certain which of them is
    the best. The interval is Student's, with Satterthwaite's degrees of freedom for the first two.

    Parameters
    ----------
    scores : array of shape (n_candidates, n_splits)
        A candidate with NaN is left out.
    n_repeats : int
        Of the cross-validation; the splits of a repeat test each row once.
    seed : int
    rows : Rows or None
        None where the scorer can't be pooled. Then only splits are left out, and what the rows contribute to a
        candidate's luck remains; the interval is that of Nadeau and Bengio for folds of equal size.
    bounds : (float, float)
        The scorer's, within which the interval stays.
    n_rounds : int
        Each has 900 draws; more of them make the result less noisy.

    Returns
    -------
    Corrected or None
        None if no candidate has a score on every split.
    """
    valid = np.flatnonzero(np.isfinite(scores).all(axis=1))
    if not len(valid):
        return None
    scores = np.asarray(scores, dtype=float)[valid]
    n_splits = scores.shape[1]
    if rows is None:
        over: Over = "splits"
        drawn = over_splits(scores, seed, n_rounds)
        variance = drawn.shares @ corrected_error(scores, 1 / (n_splits // n_repeats - 1)) ** 2
        df = float(n_splits - 1)
    else:
        over = "rows and repeats" if n_repeats > 1 else "rows and folds"
        units = rows.units(valid, np.random.default_rng(seed))
        drawn = over_rows(units, seed, n_rounds)
        by_rows, by_fits, _ = units.variances(scores, n_repeats)
        a, b = drawn.shares @ by_rows, drawn.shares @ by_fits
        variance, df = a + b, float(degrees(a, b, units.n_units, n_splits))
    means = scores.mean(axis=1)
    variance += drawn.shares @ (means - drawn.shares @ means) ** 2
    half = student.ppf(1 - ALPHA / 2, df) * np.sqrt(variance)
    return Corrected(drawn.score, *interval(drawn.score, half, bounds), over, drawn.noise, drawn.draws)
