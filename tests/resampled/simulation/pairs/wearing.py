"""Draws changes that are tried in turn against the same fresh splits, and picks that were chosen on the same rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from resampled.pairs.family import BETTER, judge
from tests.resampled.simulation.pairs.changes import (
    BEFORE,
    FITS,
    N_REPEATS,
    batches,
    claims,
    corrected_word,
    draw_scores,
    pair_of,
    word_of,
)
from tests.resampled.simulation.searches import N_FOLDS

N_SPLITS = N_REPEATS * N_FOLDS


@dataclass(frozen=True)
class Worn:
    """What is said of the best looking one of several changes, none of which does anything.

    Attributes
    ----------
    gain : float
        Its difference to what was there before.
    better : bool
        Whether it or another one is called better, each judged by itself.
    family : bool
        The same, with all of them as one family.
    gain_anew, better_anew
        What is said of it on the splits of another seed.
    """

    gain: float
    better: bool
    family: bool
    gain_anew: float
    better_anew: bool


def wear_out(name: str, n_tried: int, n_draws: int) -> list[Worn]:
    """Try changes against the same fresh splits, and look at the best one again on others."""
    found = []
    for fresh, others in draw_twice(name, n_tried + 1, n_draws, 30):
        pairs = {str(i): pair_of(fresh[0], new) for i, new in enumerate(fresh[1:])}
        best = 1 + int(fresh[1:].mean(axis=1).argmax())
        again = pair_of(others[0], others[best])
        found.append(
            Worn(
                gain=pairs[str(best - 1)].difference,
                better=any(word_of(pair) == BETTER for pair in pairs.values()),
                family=any(verdict.word == BETTER for verdict in judge(pairs).values()),
                gain_anew=again.difference,
                better_anew=word_of(again) == BETTER,
            )
        )
    return found


@dataclass(frozen=True)
class Picked:
    """What is said of the picks of two searches of which all candidates are equal; `corrected`: Nadeau and Bengio's."""

    gain: float
    claimed: bool
    corrected: bool


def judge_picks(name: str, n_before: int, n_now: int, n_draws: int) -> list[Picked]:
    """Let two searches pick the best of so many candidates, on other splits of the same rows, and judge the picks."""
    found = []
    for search, fresh in draw_twice(name, n_before + n_now, n_draws, 31):
        means = search.mean(axis=1)
        old, new = int(means[:n_before].argmax()), n_before + int(means[n_before:].argmax())
        pair = pair_of(fresh[old], fresh[new])
        found.append(Picked(pair.difference, claims(word_of(pair)), claims(corrected_word(pair))))
    return found


def draw_twice(name: str, n_nets: int, n_draws: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the scores of equal nets on the splits of two seeds, each of shape (n_nets, n_splits)."""
    rng = np.random.default_rng((list(FITS).index(name), n_nets, seed))
    fits = replace(FITS[name], n_repeats=2 * N_REPEATS)
    for size in batches(n_draws):
        for scores in draw_scores(np.full(n_nets, BEFORE), fits, size, rng):
            yield scores[:, :N_SPLITS], scores[:, N_SPLITS:]
