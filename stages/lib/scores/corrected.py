"""What the best candidate's score is worth after it was chosen from many: selection and scoring on different data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import t as student

from stages.lib.scores.pooling import Pooling
from stages.lib.scores.statistics import ALPHA, corrected_error

N_DRAWS = 300
N_BLOCKS = 100
LEFT_OUT = 1 / 3

Over = Literal["rows and repeats", "rows and folds", "splits"]


@dataclass(frozen=True)
class Rows:
    """The out-of-sample predictions of a search, as statistics of rows.

    Attributes
    ----------
    statistics : list of arrays of shape (n_candidates, n_test, k)
        For each split, what `Pooling.rows` returned for each candidate. For a large table, sums over blocks of rows
        serve as well as rows.
    tests : list of arrays of shape (n_test,)
        For each split, the numbers of its test rows, or of the blocks.
    groups : array of shape (n_rows,), or None
        The groups of rows that are drawn whole.
    pooling : Pooling
    """

    statistics: Sequence[np.ndarray]
    tests: Sequence[np.ndarray]
    groups: np.ndarray | None
    pooling: Pooling


@dataclass(frozen=True)
class Corrected:
    """A corrected score with the ends of its 95 % interval, and what was drawn for it."""

    score: float
    low: float
    high: float
    over: Over


def corrected_score(scores: np.ndarray, *, n_repeats: int, seed: int, rows: Rows | None) -> Corrected | None:
    """Estimate the true score of the candidate with the best mean, free of the luck that made it the best.

    Each of 300 draws leaves out a third of the splits and a third of the rows, selects the candidate with the best mean
    score on what is left, and scores it on the rows and splits that were left out. A cell (a row in a split) holds the
    mean statistics of the candidates that were selected while it was left out; the corrected score is the mean over
    the splits of the scores of these cells.

    Neither the rows nor the fits that speak for a candidate score it, so the noise of training, which all rows of a
    split share, does not pass for merit. (Tsamardinos, Greasidou and Borboudakis (2018), "Bootstrapping the
    out-of-sample predictions for efficient and accurate cross-validation", Machine Learning 107, leave out rows alone.)
    The draws are without replacement: a bootstrap leaves out 37 % too, but its repeated rows make the selection as
    uncertain as on half of the data, and the result too low where one candidate is clearly the best.

    The variance of the interval has three parts, each a mean over the candidates that the draws selected: a jackknife
    over blocks of rows; the variance between splits over their number, without what the rows contribute to it, which is
    1 / n_repeats of the jackknife's; and the variance of the selected candidates' plain means, as it is not certain
    which of them is the best. The interval is Student's, with Satterthwaite's degrees of freedom for the first two.

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

    Returns
    -------
    Corrected or None
        None if no candidate has a score on every split.
    """
    valid = np.flatnonzero(np.isfinite(scores).all(axis=1))
    if not len(valid):
        return None
    scores = np.asarray(scores, dtype=float)[valid]
    rng = np.random.default_rng(seed)
    if rows is None:
        score, variance, df = _over_splits(scores, scores.shape[1] // n_repeats, rng)
        over: Over = "splits"
    else:
        score, variance, df = _over_rows(_sums(rows, valid, rng), rows.pooling, n_repeats, rng)
        over = "rows and repeats" if n_repeats > 1 else "rows and folds"
    half = student.ppf(1 - ALPHA / 2, df) * np.sqrt(variance)
    return Corrected(float(score), float(score - half), float(score + half), over)


def _sums(rows: Rows, valid: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Return, for each split, the sums over blocks of rows, of shape (n_candidates, n_blocks, k).

    Blocks are drawn by chance, at most 100; rows of a group are in one block.
    """
    units = [test if rows.groups is None else rows.groups[test] for test in rows.tests]
    known, numbers = np.unique(np.concatenate(units), return_inverse=True)
    n_blocks = min(N_BLOCKS, len(known))
    blocks = (rng.permutation(len(known)) % n_blocks)[numbers]
    ends = np.cumsum([len(unit) for unit in units])[:-1]
    sums = []
    for statistics, block in zip(rows.statistics, np.split(blocks, ends), strict=True):
        order = np.argsort(block, kind="stable")
        present, starts = np.unique(block[order], return_index=True)
        found = np.zeros((len(valid), n_blocks, statistics.shape[2]), dtype=np.float32)
        found[:, present] = np.add.reduceat(statistics[valid][:, order], starts, axis=1)
        sums.append(found)
    return sums


def _over_rows(
    sums: list[np.ndarray], pooling: Pooling, n_repeats: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return the corrected score, its variance and the variance's degrees of freedom."""
    n_splits, (n_candidates, n_blocks, _) = len(sums), sums[0].shape
    rows_out, splits_out = _left_out(n_blocks, rng), _left_out(n_splits, rng)
    rows_in = (~rows_out).astype(np.float32)
    total, counted = np.zeros((n_candidates, N_DRAWS)), np.zeros((n_candidates, N_DRAWS))
    for split, found in enumerate(sums):
        draws = np.flatnonzero(~splits_out[:, split])
        inside = pooling.score(np.matmul(rows_in[draws], found))
        total[:, draws] += np.nan_to_num(inside)
        counted[:, draws] += np.isfinite(inside)
    with np.errstate(divide="ignore", invalid="ignore"):
        selected = np.nan_to_num(total / counted, nan=-np.inf).argmax(axis=0)

    cells = []
    for split, found in enumerate(sums):
        draws = np.flatnonzero(splits_out[:, split])
        out = rows_out[draws][:, :, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (found[selected[draws]] * out).sum(axis=0, dtype=float) / out.sum(axis=0)
        cells.append(np.nan_to_num(mean))
    score = np.nanmean([pooling.score(cell.sum(axis=0)) for cell in cells])

    chosen, times = np.unique(selected, return_counts=True)
    chosen_sums = np.stack([found[chosen] for found in sums], axis=1).astype(float)
    whole = chosen_sums.sum(axis=2)
    scores = pooling.score(whole)
    without = np.nanmean(pooling.score(whole[:, :, None] - chosen_sums), axis=1)
    by_rows = (n_blocks - 1) * np.var(without, axis=1)
    by_fits = np.nanvar(scores, axis=1, ddof=1) / n_splits - by_rows / n_repeats
    share, means = times / N_DRAWS, np.nanmean(scores, axis=1)
    a, b = share @ by_rows, share @ np.maximum(by_fits, 0)
    degrees = (a + b) ** 2 / (a**2 / (n_blocks - 1) + b**2 / (n_splits - 1)) if a + b > 0 else 1.0
    return float(score), float(a + b + share @ (means - share @ means) ** 2), float(degrees)


def _over_splits(scores: np.ndarray, n_folds: int, rng: np.random.Generator) -> tuple[float, float, float]:
    out = _left_out(scores.shape[1], rng).astype(float)
    selected = (scores @ (1 - out).T).argmax(axis=0)
    means = (scores[selected] * out).sum(axis=0) / out.sum(axis=0)
    variance = (corrected_error(scores, 1 / (n_folds - 1))[selected] ** 2).mean() + scores.mean(axis=1)[selected].var()
    return float(means.mean()), float(variance), float(scores.shape[1] - 1)


def _left_out(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw 300 times which third of n things is left out, as an array of shape (300, n)."""
    return rng.random((N_DRAWS, n)).argsort(axis=1) < max(1, round(n * LEFT_OUT))
