"""Draws changes that are tried in turn against the same fresh splits, and picks that were chosen on the same rows."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from resampled.pairs.family import BETTER, judge
from tests.resampled.simulation.drawing import Said
from tests.resampled.simulation.pairs import changes
from tests.resampled.simulation.pairs.changes import FITS, claims, corrected_word, pair_of, word_of


def wear_out(name: str, n_tried: int, n_draws: int) -> list[Said]:
    """Try changes, of which none does anything, against the same fresh splits, and look at the best one on others.

    Says the gain of the best looking one; whether any is called better, each judged by itself or all as one family; and
    what is said of the best one anew.
    """
    found = []
    for fresh, others in draw_twice(name, n_tried + 1, n_draws, 30):
        pairs = {str(i): pair_of(fresh[0], new) for i, new in enumerate(fresh[1:])}
        best = 1 + int(fresh[1:].mean(axis=1).argmax())
        again = pair_of(others[0], others[best])
        found.append(
            {
                "gain": pairs[str(best - 1)].difference,
                "better": any(word_of(pair) == BETTER for pair in pairs.values()),
                "family": any(verdict.word == BETTER for verdict in judge(pairs).values()),
                "gain anew": again.difference,
                "better anew": word_of(again) == BETTER,
            }
        )
    return found


def judge_picks(name: str, n_before: int, n_now: int, n_draws: int) -> list[Said]:
    """Let two searches pick the best of equal candidates, on other splits of the same rows, and judge the picks."""
    found = []
    for search, fresh in draw_twice(name, n_before + n_now, n_draws, 31):
        means = search.mean(axis=1)
        old, new = int(means[:n_before].argmax()), n_before + int(means[n_before:].argmax())
        pair = pair_of(fresh[old], fresh[new])
        said = {"claimed": claims(word_of(pair)), "corrected": claims(corrected_word(pair))}
        found.append({"gain": pair.difference} | said)
    return found


def draw_twice(name: str, n_nets: int, n_draws: int, seed: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield the scores of equal nets on the splits of two seeds, each of shape (n_nets, n_splits)."""
    rng = np.random.default_rng((list(FITS).index(name), n_nets, seed))
    fits = replace(FITS[name], n_repeats=2 * changes.N_REPEATS)
    for size in changes.batches(n_draws):
        for scores in changes.draw_scores(np.full(n_nets, changes.BEFORE), fits, size, rng):
            yield tuple(np.split(scores, 2, axis=1))
