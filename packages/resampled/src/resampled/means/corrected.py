"""What the best candidate's score is worth after it was chosen from many: selection and scoring on different data."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from resampled.means.exact import summable
from resampled.means.intervals import errors_of_means, interval
from resampled.means.rows import Rows, Units
from resampled.resampling import Resampling, complete

N_ROUNDS, N_CUTS, N_BLOCKS = 25, 100, 100
N_PARTS = 3


@dataclass(frozen=True)
class Draws:
    """The draws of the first round, in the same order in all searches with the same rows and splits.

    Of shape (n_draws,): the selected candidate's mean score on what is `selecting`, and on what was `left_out`, the
    latter shifted so that its mean is the corrected score.
    """

    selecting: np.ndarray
    left_out: np.ndarray


NO_DRAWS = Draws(np.array([]), np.array([]))


@dataclass(frozen=True)
class Corrected:
    """A corrected score, as `Scores.corrected` and `choose` return it.

    Attributes
    ----------
    score, low, high : float
        What the best candidate is worth without the luck of the choice, and the ends of the 95 % interval.
    over : str
        What had no say in the choice: "rows and repeats", "rows and folds", or "splits", whose rows had.
    noise : float
        The standard error that chance in the draws gives the score.
    draws : Draws
        What a choice among several searches needs.

    Examples
    --------
    >>> import numpy as np
    >>> from resampled import Scores
    >>> accuracies = np.random.default_rng(0).binomial(100, 0.8, size=(10, 30)) / 100
    >>> worth = Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy").corrected()
    >>> worth.low < worth.score < worth.high, worth.over
    (True, 'splits')
    """

    score: float
    low: float
    high: float
    over: str
    noise: float = 0.0
    draws: Draws = field(default=NO_DRAWS, compare=False, repr=False)


@dataclass(frozen=True)
class _Round:
    """What a round draws: who was selected, the scores as in `Draws`, and by split what the score is computed on."""

    selected: np.ndarray
    selecting: np.ndarray
    left_out: np.ndarray
    kept: np.ndarray


def corrected_score(
    scores: np.ndarray,
    resampling: Resampling,
    *,
    seed: int,
    rows: Rows | None,
    n_rounds: int = N_ROUNDS,
) -> Corrected | None:
    """Estimate the true score of the candidate with the best mean, free of the luck that made it the best.

    The five steps, which the functions below name, are those of docs/statistics.md. Neither the rows nor the fits that
    speak for a candidate score it, so the noise of training, which all rows of a split share, does not pass for merit.
    (Tsamardinos, Greasidou and Borboudakis (2018), "Bootstrapping the out-of-sample predictions for efficient and
    accurate cross-validation", Machine Learning 107, leave out rows alone, and draw with replacement.)

    The variance has two parts: the mean over the selected candidates of that of their means, by the rule of rows (see
    `luck`), and the variance of these means. The degrees of freedom of the interval are the mean of theirs.

    Parameters
    ----------
    scores : array of shape (n_candidates, n_splits)
        A candidate with NaN is left out; the result is None if all have one.
    rows : Rows or None
        Without these, only splits are left out, so the luck of the rows remains; the interval is Nadeau and Bengio's.
    n_rounds : int
        Each has 900 draws, or 300 for splits alone; more rounds make the result less noisy.
    """
    valid = complete(scores)
    if not len(valid):
        return None
    scores = np.asarray(scores, dtype=float)[valid]
    rng = np.random.default_rng(seed)
    n_repeats = resampling.n_repeats(scores.shape[1]) or 1
    units = rows and rows.units(valid, np.random.default_rng(seed))
    if units:
        over = "rows and repeats" if n_repeats > 1 else "rows and folds"
        rounds = [_over_rows(units, rng) for _ in range(n_rounds)]
    else:
        over = "splits"
        rounds = [_over_splits(scores, rng) for _ in range(n_rounds)]
    score, noise, draws = _worth(rounds, units.score if units else np.mean)

    # How often each candidate was selected; the sum is 1.
    selected = np.concatenate([each.selected.ravel() for each in rounds])
    times = np.bincount(selected, minlength=len(scores))
    shares = times / times.sum()
    by_unit = rows.units(valid).by_unit(resampling.n_folds) if rows else None
    error, degrees = errors_of_means(scores, resampling, by_unit)
    means = scores.mean(axis=1)
    of_means = (means - (shares * means).sum()) ** 2
    squares = np.where(shares > 0, error**2 + of_means, 0)
    variance = (shares * squares).sum()
    mean_degrees = float((shares * degrees).sum())
    ends = interval(score, float(np.sqrt(variance)), mean_degrees, resampling)
    return Corrected(score, *ends, over, noise, draws)


def _worth(
    rounds: list[_Round], score: Callable[[np.ndarray], float]
) -> tuple[float, float, Draws]:
    """Return the score of what was kept in all rounds (step 5), its standard error, and the draws of the first."""
    kept = np.sum([each.kept for each in rounds], axis=0)
    worth = float(score(kept / len(rounds)))
    noise = np.std([score(each.kept) for each in rounds], ddof=1) / len(rounds) ** 0.5
    first = rounds[0]
    left_out = first.left_out + (worth - np.nanmean(first.left_out))
    return worth, float(noise), Draws(first.selecting.ravel(), left_out.ravel())


def _over_rows(units: Units, rng: np.random.Generator) -> _Round:
    """Leave out a third of the rows and of the splits, choose on the rest, and score on what was left out.

    Each of the 9 pairs of parts of a cut is left out once, so the draws differ by nothing but the choice.
    """
    score = units.pooling.score
    sums = units.blocks(N_BLOCKS, rng)  # step 1
    n_splits = len(sums)
    n_blocks, n_candidates, k = sums[0].shape
    rows = _parts(n_blocks, rng)  # step 2
    splits = _parts(n_splits, rng)
    rows_in = _others(rows)
    splits_in = _others(splits)
    n_row_parts = rows_in.shape[1]

    # Step 3: the score of each candidate on the rows that select, then its mean over the splits that select.
    inside = np.empty((N_CUTS, n_splits, n_row_parts * n_candidates))
    for split, of_split in enumerate(sums):
        of_blocks = summable(of_split, axis=0).reshape(n_blocks, -1)
        added = rows_in.reshape(-1, n_blocks) @ of_blocks
        inside[:, split] = score(added.reshape(-1, k)).reshape(N_CUTS, -1)
    finite = np.isfinite(inside)
    n_inside = splits_in @ finite.astype(float)
    added = splits_in @ summable(np.where(finite, inside, 0), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = added / n_inside
    means = _even(means).reshape(N_CUTS, -1, n_row_parts, n_candidates)
    selected = np.nan_to_num(means, nan=-np.inf).argmax(axis=3)

    # Step 4: of each cut, split and block, the sums of the candidate that was selected without it.
    cuts = np.arange(N_CUTS)
    # By cut, part of the splits and block: where the sums of the candidate are among those of all blocks.
    chosen = np.take_along_axis(selected, rows[:, None], axis=2)
    chosen = chosen + np.arange(n_blocks) * n_candidates
    kept = np.zeros((n_splits, k))
    columns = np.tile(np.arange(k), N_CUTS * n_blocks)
    total = np.zeros(selected.shape)
    counted = np.zeros(selected.shape)
    for split, of_split in enumerate(sums):
        part = splits[:, split]
        left_out = of_split.reshape(-1, k).take(chosen[cuts, part], axis=0)
        # A sum over both axes, in its order.
        kept[split] = np.bincount(columns, left_out.ravel()) / N_CUTS
        scores = score((1 - rows_in) @ summable(left_out, axis=2))
        is_finite = np.isfinite(scores)
        total[cuts, part] += np.where(is_finite, scores, 0)
        counted[cuts, part] += is_finite
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Round(selected, means.max(axis=3), total / counted, kept)


def _over_splits(scores: np.ndarray, rng: np.random.Generator) -> _Round:
    """Leave out a third of the splits alone, of scores of shape (n_candidates, n_splits)."""
    inside = _others(_parts(scores.shape[1], rng))
    outside = 1 - inside
    added = inside @ summable(scores, axis=1).T
    means = _even(added / inside.sum(axis=2, keepdims=True))
    selected = means.argmax(axis=2)
    left_out = (scores[selected] * outside).sum(axis=2) / outside.sum(axis=2)
    return _Round(selected, means.max(axis=2), left_out, left_out.mean(axis=0))


def _even(means: np.ndarray) -> np.ndarray:
    """Return means in float32: in which order a processor adds up does not decide between candidates that are equal."""
    return means.astype(np.float32)


def _parts(n: int, rng: np.random.Generator) -> np.ndarray:
    """Put n things into three parts of about the same size, 100 times; shape (100, n)."""
    order = rng.random((N_CUTS, n)).argsort(axis=1)
    return order % min(N_PARTS, n)


def _others(parts: np.ndarray) -> np.ndarray:
    """Return 1.0 for each part where a thing is in another one, of shape (100, n_parts, n)."""
    numbers = np.arange(parts.max() + 1)
    return (parts[:, None] != numbers[:, None]).astype(float)
