"""The contenders of the evaluation, and what can be asked about two of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from resampled.means.differences import paired_error
from resampled.means.ttest import ALPHA, p_values
from resampled.pairs.equivalence import beyond
from resampled.resampling import Resampling
from stages.lib.common import format_interval, format_score, net_in_words, score_decimals
from stages.lib.scores import in_words, mean_of_others
from stages.lib.scores.reached import Reached
from stages.lib.search.result import SCORE

# A model is used in the place of a simpler one if it is better by more than the rope with this probability. See "Is a
# net advised?" in docs/simulations.md: more would miss most nets that gain 0.03, and less would advise equal ones.
NEEDED = 0.8


@dataclass(frozen=True)
class Contest:
    """The contenders of the evaluation, and what is asked about two of them; `kept` is the net that is saved.

    Attributes
    ----------
    reached : mapping of Reached
        By contender. Those of which it is known where they are stuck are nets.
    rope : float
        The difference below which two settings are as good as each other.
    corrected : mapping of (float, float, float)
        By net, what it is worth, free of the luck of its choice, and the ends of the 95 % interval; without those of
        which this is not known.
    """

    reached: Mapping[str, Reached]
    kept: str
    resampling: Resampling
    rope: float
    corrected: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def tested(self) -> bool:
        """Whether there are intervals and tests."""
        return self.resampling.is_tested

    def is_net(self, name: str) -> bool:
        """Whether a contender is a net."""
        return self.reached[name].stuck is not None

    def scores(self, name: str) -> np.ndarray:
        """Return a contender's scores on the splits, by the scorer that selects."""
        return self.reached[name].scores[SCORE]

    def mean(self, name: str) -> float:
        """Return a contender's mean score."""
        return float(self.scores(name).mean())

    def worth(self, name: str) -> float:
        """Return a contender's score without the luck of its choice; its mean where that is not known."""
        return self.corrected[name][0] if name in self.corrected else self.mean(name)

    def best(self, names: Collection[str]) -> str | None:
        """Return the one with the highest mean, the first of several; None if there are none."""
        return max(names, key=self.mean, default=None)

    def gain(self, one: str, other: str) -> float:
        """Return by how much one contender is better than the other, without luck; below 0 if it is worse.

        All nets owe luck to the rows, and of some it is not known how much, so two nets are compared by their means.
        """
        score = self.mean if self.is_net(one) and self.is_net(other) else self.worth
        return score(one) - score(other)

    def chance(self, one: str, other: str) -> float:
        """Return the probability that one contender is better than the other by more than the rope.

        As in `equivalence`, but around the difference without luck, and with the error of `best_set`, which is that of
        the verdict on two commits.
        """
        pair = self.scores(one), self.scores(other)
        error = paired_error(*pair, self.resampling)
        return float(beyond(np.array(self.gain(one, other) - self.rope), np.array(error), len(pair[0]) - 1))

    def surpasses(self, one: str, other: str) -> bool:
        """Whether one contender is surely enough better than another to be used in its place, though less simple."""
        if self.tested:
            return self.chance(one, other) >= NEEDED
        return self.gain(one, other) > self.rope

    def is_apart(self, one: str, other: str) -> bool:
        """Whether one contender scores higher than the other beyond chance, or, without a test, at all."""
        gain = self.gain(one, other)
        # The differences on the splits, moved to the one without luck.
        differences = self.scores(one) - self.scores(other)
        differences = differences + (gain - differences.mean())
        p = p_values(np.stack([np.zeros_like(differences), differences]), 0, self.resampling)[1]
        return gain > 0 and (not self.tested or p < ALPHA)

    @property
    def decimals(self) -> int:
        """How many decimals show the scores."""
        return score_decimals(map(self.mean, self.reached))

    def name_in_words(self, name: str) -> str:
        """Return a contender's name, and that it is a net."""
        return net_in_words(name) if self.is_net(name) else name

    def number_in_words(self, score: float) -> str:
        """Return a score, or a difference of two, as text."""
        return format_score(score, self.decimals)

    def score_in_words(self, name: str) -> str:
        """Return a mean score with its interval, and in parentheses how many fits of a net are stuck."""
        reached = self.reached[name]
        words = format_interval(self.mean(name), reached.ci95, self.decimals)
        if reached.stuck is None or not reached.stuck.any():
            return words
        others = self.number_in_words(mean_of_others(self.scores(name), reached.stuck))
        return f"{words} ({in_words(int(reached.stuck.sum()), len(reached.stuck), others)})"
