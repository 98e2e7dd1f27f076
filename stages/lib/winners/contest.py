"""The contenders of the evaluation, and what can be asked about two of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from stages.lib.common import format_score
from stages.lib.comparison.equivalence import equivalence
from stages.lib.scores import ALPHA, p_values
from stages.lib.scores.stuck import in_words, mean_of_others


@dataclass(frozen=True)
class Contest:
    """The contenders of the evaluation, and what is asked about two of them.

    Parameters
    ----------
    scores : dict of arrays of shape (n_splits,)
        By contender; NaN if a net diverged or the scorer failed.
    nets : mapping of arrays of bool, shape (n_splits,)
        Which contenders are nets, and on which splits each is stuck.
    kept : str
        The net that is saved.
    test_share : float
        Test rows per training row, for the statistics; NaN where they do not hold.
    rope : float
        The difference below which two settings are as good as each other.
    ci95 : mapping of float
        Half the width of the 95 % interval of each contender's mean; NaN where there is none.
    one_row : float
        As in `corrected_error`.
    corrected : (float, float, float), optional
        What the kept net is worth, free of the luck of its choice, and the ends of its 95 % interval.
    """

    scores: dict[str, np.ndarray]
    nets: Mapping[str, np.ndarray]
    kept: str
    test_share: float
    rope: float
    ci95: Mapping[str, float]
    one_row: float = 0.0
    corrected: tuple[float, float, float] | None = None

    @property
    def tested(self) -> bool:
        """Whether there are intervals and tests."""
        return bool(np.isfinite(self.test_share))

    def mean(self, name: str) -> float:
        """Return a contender's mean score."""
        return float(self.scores[name].mean())

    def best(self, names: Collection[str]) -> str | None:
        """Return the one with the highest mean, the first of several; None if there are none."""
        return max(names, key=self.mean, default=None)

    def told_stuck(self, name: str, decimals: int) -> str:
        """Say how many fits of a contender are stuck, in parentheses; "" if none is."""
        stuck = self.nets.get(name)
        if stuck is None or not stuck.any():
            return ""
        others = format_score(mean_of_others(self.scores[name], stuck), decimals)
        return f" ({in_words(int(stuck.sum()), len(stuck), others)})"

    def shares(self, one: str, other: str) -> dict[str, float]:
        """Return the probabilities that one contender is worse, equal or better than the other."""
        found = equivalence(self.scores[one] - self.scores[other], self.test_share, self.rope, self.one_row)
        return dict(zip(("worse", "equal", "better"), map(float, found), strict=True))

    def is_apart(self, one: str, other: str) -> bool:
        """Whether one contender scores higher than the other beyond chance, or, without a test, at all."""
        p = p_values(np.stack([self.scores[other], self.scores[one]]), 0, self.test_share, self.one_row)[1]
        return self.mean(one) > self.mean(other) and (not self.tested or p < ALPHA)

    def gains(self, one: str, other: str) -> bool:
        """Whether one contender is more likely than not better than the other by more than the rope."""
        if self.tested:
            return self.shares(one, other)["better"] > 1 / 2
        return self.mean(one) - self.mean(other) > self.rope
