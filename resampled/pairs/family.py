"""Judges all that changed between two commits as one family: better, worse, level, undecided, unchanged."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from resampled.means.ttest import ALPHA
from resampled.pairs.apart import Apart
from resampled.pairs.equivalence import holm
from resampled.pairs.pair import Pair

BETTER, WORSE, LEVEL = "better", "worse", "level"
UNDECIDED, UNCHANGED, UNTESTED = "undecided", "unchanged", "not tested"
# Of two runs apart, which are never called better or level.
NO_CHANCE, CHANCE = "more than chance", "could be chance"
# The words that claim something, which is wrong in at most 5 % of families without any true difference, unless single
# rows decide what a learner does.
CLAIMS = (BETTER, WORSE, NO_CHANCE)


class Verdict(NamedTuple):
    """A word on a difference, and the p-value that it rests on, by Holm for the family; NaN where there is no test."""

    word: str
    p: float
    of: Pair | Apart

    @property
    def claims(self) -> bool:
        """Whether it says that there is a difference."""
        return self.word in CLAIMS


def judge(pairs: Mapping[str, Pair | Apart]) -> dict[str, Verdict]:
    """Return the verdict on each pair of a family, such as of what changed between two commits.

    *Better* and *worse*: the p-value, by Holm for the number of pairs that differ, is below 0.05, and the difference is
    more likely than not larger than the rope. *Level*: the 90 % interval lies inside the rope. *Unchanged*: the scores
    are the same on every split. *Undecided* is the rest, and *not tested* what has no error. Of runs apart, only
    whether the difference could be chance is said.
    """
    adjusted = map(float, holm(np.array([pair.p_value for pair in pairs.values()])))
    judged = zip(pairs.items(), adjusted, strict=True)
    return {name: Verdict(_word(pair, p), p, pair) for (name, pair), p in judged}


def _word(pair: Pair | Apart, p: float) -> str:
    if isinstance(pair, Apart):
        return UNTESTED if np.isnan(p) else NO_CHANCE if p < ALPHA else CHANCE
    if pair.is_same:
        return UNCHANGED
    if np.isnan(p):
        return UNTESTED
    if p < ALPHA and pair.share_beyond > 1 / 2:
        return BETTER if pair.difference > 0 else WORSE
    return LEVEL if pair.is_level else UNDECIDED
