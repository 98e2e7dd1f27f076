"""Draws changes that are tried in turn against the same fresh splits, and picks that were chosen on the same rows."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from packages.resampled.tests.simulation.drawing import Said
from packages.resampled.tests.simulation.pairs import changes
from packages.resampled.tests.simulation.pairs.changes import (
    FITS,
    claims,
    pair_of,
    word_of,
)
from packages.resampled.tests.simulation.searches import by_row
from resampled.pairs.family import BETTER, judge
from resampled.pairs.pair import Pair


def wear_out(name: str, n_tried: int, n_draws: int) -> list[Said]:
    """Try changes, of which none does anything, against the same fresh splits, and look at the best one on others.

    Says the gain of the best looking one; whether any is called better, each judged by itself or all as one family; and
    what is said of the best one anew.
    """
    found = []
    for fresh, others in draw_twice(name, n_tried + 1, n_draws, 30):
        pairs = {str(i - 1): two(fresh, 0, i) for i in range(1, n_tried + 1)}
        best = 1 + int(fresh[0][1:].mean(axis=1).argmax())
        again = two(others, 0, best)
        found.append(
            {
                "gain": pairs[str(best - 1)].difference,
                "better": any(word_of(pair) == BETTER for pair in pairs.values()),
                "family": any(
                    verdict.word == BETTER for verdict in judge(pairs).values()
                ),
                "gain anew": again.difference,
                "better anew": word_of(again) == BETTER,
            }
        )
    return found


def judge_picks(name: str, n_before: int, n_now: int, n_draws: int) -> list[Said]:
    """Let two searches pick the best of equal candidates, on other splits of the same rows, and judge the picks."""
    found = []
    for search, fresh in draw_twice(name, n_before + n_now, n_draws, 31):
        means = search[0].mean(axis=1)
        old, new = (
            int(means[:n_before].argmax()),
            n_before + int(means[n_before:].argmax()),
        )
        pair = two(fresh, old, new)
        found.append({"gain": pair.difference, "claimed": claims(word_of(pair))})
    return found


# The scores of nets, (n_nets, n_splits), whether they predict each row rightly, (n_nets, n_repeats, n_rows), and folds.
Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


def two(drawn: Drawn, old: int, new: int) -> Pair:
    """Return the pair of two of the nets."""
    scores, hits, folds = drawn
    return pair_of(scores[old], scores[new], by_unit=by_row(hits[[old, new]], folds))


def draw_twice(
    name: str, n_nets: int, n_draws: int, seed: int
) -> Iterator[list[Drawn]]:
    """Yield what equal nets reach on the splits of two seeds."""
    rng = np.random.default_rng((list(FITS).index(name), n_nets, seed))
    fits = replace(FITS[name], n_repeats=2 * changes.N_REPEATS)
    for size in changes.batches(n_draws):
        hits, folds = changes.draw_hits(
            np.full(n_nets, changes.BEFORE), fits, size, rng
        )
        for each, scores in zip(hits, changes.scores_of(hits, folds), strict=True):
            yield list(
                zip(
                    np.split(scores, 2, axis=1),
                    np.split(each, 2, axis=1),
                    np.split(folds, 2),
                    strict=True,
                )
            )
