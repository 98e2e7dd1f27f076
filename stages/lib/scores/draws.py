"""Draws parts of a search to choose on and parts to score on: what the choice is worth, free of its luck."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stages.lib.scores.rows import Units

N_ROUNDS, N_CUTS, N_BLOCKS = 25, 100, 100
N_PARTS = 3


@dataclass(frozen=True)
class Draws:
    """The draws of the first round, in an order that is the same in all searches with the same rows and splits.

    Attributes
    ----------
    selecting : array of shape (n_draws,)
        The selected candidate's mean score on what selects.
    left_out : array of shape (n_draws,)
        Its mean score on what was left out, shifted so that the mean over the draws is the corrected score.
    """

    selecting: np.ndarray
    left_out: np.ndarray

    def to_csv(self) -> str:
        """Write the draws as CSV, one line for each."""
        lines = [f"{one:.6g},{other:.6g}" for one, other in zip(self.selecting, self.left_out, strict=True)]
        return "\n".join(["selecting,left_out", *lines, ""])


NO_DRAWS = Draws(np.array([]), np.array([]))


@dataclass(frozen=True)
class Drawn:
    """What all draws found.

    Attributes
    ----------
    score : float
    noise : float
        The standard error of the score, from chance in the draws alone.
    shares : array of shape (n_candidates,)
        How often each candidate was selected; the sum is 1.
    draws : Draws
    """

    score: float
    noise: float
    shares: np.ndarray
    draws: Draws


@dataclass(frozen=True)
class _Round:
    selected: np.ndarray
    selecting: np.ndarray
    left_out: np.ndarray
    kept: np.ndarray  # what is left out, for each split


def over_rows(units: Units, seed: int, n_rounds: int = N_ROUNDS) -> Drawn:
    """Leave out a third of the rows and a third of the splits, choose on the rest, and score on what was left out.

    Each round puts the units into 100 blocks by chance. Each of its 100 cuts puts the blocks into three parts by
    chance, and the splits too; each of the 9 pairs of parts is left out once. So in a cut, each block of each split
    is left out once, and the draws differ by nothing but the choice.
    """
    rng = np.random.default_rng(seed)
    n_candidates = len(units.sums[0])

    def one_round() -> _Round:
        sums = units.blocks(N_BLOCKS, rng)
        return _round_over_rows(sums, units.pooling.score, rng)

    def score(kept: np.ndarray) -> float:
        return float(np.nanmean(units.pooling.score(kept)))

    return _drawn([one_round() for _ in range(n_rounds)], score, n_candidates)


def over_splits(scores: np.ndarray, seed: int, n_rounds: int = N_ROUNDS) -> Drawn:
    """Leave out a third of the splits alone, of scores of shape (n_candidates, n_splits)."""
    rng = np.random.default_rng(seed)

    def one_round() -> _Round:
        parts = _parts(scores.shape[1], rng)
        out = (parts[:, None] == np.arange(parts.max() + 1)[:, None]).astype(float)
        inside = ((1 - out) @ scores.T) / (1 - out).sum(axis=2, keepdims=True)
        selected = inside.argmax(axis=2)
        left_out = (scores[selected] * out).sum(axis=2) / out.sum(axis=2)
        return _Round(selected, inside.max(axis=2), left_out, left_out.mean(axis=0))

    return _drawn([one_round() for _ in range(n_rounds)], lambda kept: float(kept.mean()), len(scores))


def _drawn(rounds: list[_Round], score: Callable[[np.ndarray], float], n_candidates: int) -> Drawn:
    worth = score(np.sum([each.kept for each in rounds], axis=0) / len(rounds))
    noise = np.std([score(each.kept) for each in rounds], ddof=1) / len(rounds) ** 0.5
    times = np.sum([np.bincount(each.selected.ravel(), minlength=n_candidates) for each in rounds], axis=0)
    first = rounds[0]
    left_out = first.left_out + (worth - np.nanmean(first.left_out))
    return Drawn(worth, float(noise), times / times.sum(), Draws(first.selecting.ravel(), left_out.ravel()))


def _round_over_rows(
    sums: list[np.ndarray], score: Callable[[np.ndarray], np.ndarray], rng: np.random.Generator
) -> _Round:
    n_splits, (n_blocks, n_candidates, k) = len(sums), sums[0].shape
    rows, splits = _parts(n_blocks, rng), _parts(n_splits, rng)
    n_row_parts, n_split_parts = rows.max() + 1, splits.max() + 1
    rows_in = (rows[:, None] != np.arange(n_row_parts)[:, None]).astype(np.float32)
    inside = np.empty((N_CUTS, n_splits, n_row_parts * n_candidates), dtype=np.float32)
    for split, found in enumerate(sums):
        added = rows_in.reshape(-1, n_blocks) @ found.reshape(n_blocks, -1)
        inside[:, split] = score(added.reshape(-1, k)).reshape(N_CUTS, -1)
    splits_in = (splits[:, None] != np.arange(n_split_parts)[:, None]).astype(np.float32)
    known = np.isfinite(inside)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (splits_in @ np.where(known, inside, 0)) / (splits_in @ known.astype(np.float32))
    means = means.reshape(N_CUTS, n_split_parts, n_row_parts, n_candidates)
    selected = np.nan_to_num(means, nan=-np.inf).argmax(axis=3)

    cuts, blocks = np.arange(N_CUTS)[:, None], np.arange(n_blocks)
    kept = np.zeros((n_splits, k))
    total, counted = np.zeros(selected.shape), np.zeros(selected.shape)
    rows_out = 1 - rows_in
    for split, found in enumerate(sums):
        part = splits[:, split]
        left = found[blocks, selected[cuts, part[:, None], rows]]  # of each cut and block, what no choice has seen
        kept[split] = left.sum(axis=(0, 1), dtype=float) / N_CUTS
        scored = score(rows_out @ left)
        total[np.arange(N_CUTS), part] += np.nan_to_num(scored)
        counted[np.arange(N_CUTS), part] += np.isfinite(scored)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Round(selected, means.max(axis=3), total / counted, kept)


def _parts(n: int, rng: np.random.Generator) -> np.ndarray:
    """Put n things into three parts of about the same size, 100 times; shape (100, n)."""
    return (np.arange(n) % min(N_PARTS, n))[rng.random((N_CUTS, n)).argsort(axis=1)]
