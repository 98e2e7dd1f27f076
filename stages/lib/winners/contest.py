"""The contenders of the evaluation, and what can be asked about two of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from stages.lib.common import format_interval, format_score, score_decimals, shares_in_words
from stages.lib.comparison.equivalence import equivalence
from stages.lib.scores import ALPHA, in_words, mean_of_others, p_values
from stages.lib.scores.reached import Reached
from stages.lib.search.result import SCORE


@dataclass(frozen=True)
class Contest:
    """The contenders of the evaluation, and what is asked about two of them; `kept` is the net that is saved.

    Attributes
    ----------
    reached : mapping of Reached
        By contender. Those of which it is known where they are stuck are nets.
    test_share, one_row : float
        As in `corrected_error`.
    rope : float
        The difference below which two settings are as good as each other.
    corrected : (float, float, float), optional
        What the kept net is worth, free of the luck of its choice, and the ends of its 95 % interval.
    """

    reached: Mapping[str, Reached]
    kept: str
    test_share: float
    rope: float
    one_row: float = 0.0
    corrected: tuple[float, ...] | None = None

    @property
    def tested(self) -> bool:
        """Whether there are intervals and tests."""
        return bool(np.isfinite(self.test_share))

    def is_net(self, name: str) -> bool:
        """Whether a contender is a net."""
        return self.reached[name].stuck is not None

    def scores(self, name: str) -> np.ndarray:
        """Return a contender's scores on the splits, by the scorer that selects."""
        return self.reached[name].scores[SCORE]

    def mean(self, name: str) -> float:
        """Return a contender's mean score."""
        return float(self.scores(name).mean())

    def best(self, names: Collection[str]) -> str | None:
        """Return the one with the highest mean, the first of several; None if there are none."""
        return max(names, key=self.mean, default=None)

    def shares(self, one: str, other: str) -> dict[str, float]:
        """Return the probabilities that one contender is worse, equal or better than the other."""
        shares = equivalence(self.scores(one) - self.scores(other), self.test_share, self.rope, self.one_row)
        return {key: float(share) for key, share in shares._asdict().items()}

    def is_apart(self, one: str, other: str) -> bool:
        """Whether one contender scores higher than the other beyond chance, or, without a test, at all."""
        p = p_values(np.stack([self.scores(other), self.scores(one)]), 0, self.test_share, self.one_row)[1]
        return self.mean(one) > self.mean(other) and (not self.tested or p < ALPHA)

    def gains(self, one: str, other: str) -> bool:
        """Whether one contender is more likely than not better than the other by more than the rope."""
        if self.tested:
            return self.shares(one, other)["better"] > 1 / 2
        return self.mean(one) - self.mean(other) > self.rope

    @property
    def decimals(self) -> int:
        """How many decimals show the scores."""
        return score_decimals(map(self.mean, self.reached))

    def name_in_words(self, name: str) -> str:
        """Return a contender's name, and that it is a net."""
        return f"the net {name}" if self.is_net(name) else name

    def score_in_words(self, name: str) -> str:
        """Return a mean score with its interval, and in parentheses how many fits of a net are stuck."""
        reached = self.reached[name]
        words = format_interval(self.mean(name), reached.ci95, self.decimals)
        if reached.stuck is None or not reached.stuck.any():
            return words
        others = format_score(mean_of_others(self.scores(name), reached.stuck), self.decimals)
        return f"{words} ({in_words(int(reached.stuck.sum()), len(reached.stuck), others)})"

    def compared_in_words(self, one: str, other: str) -> str:
        """Return a score and how it compares with another contender's, such as `0.77 ± 0.03 (a 93 % chance that …)`."""
        if not self.tested:
            return self.score_in_words(one)
        likeliest, *_ = shares_in_words(self.shares(one, other), f"{self.rope:g}")
        return f"{self.score_in_words(one)} ({likeliest})"
