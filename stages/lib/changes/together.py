"""Several searches that changed, taken as one: over the candidates that both sides have, and over their picks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from resampled.means.ttest import ALPHA
from resampled.pairs.pair import Pair, average


@dataclass(frozen=True)
class Together:
    """What several searches gain together.

    `candidates` has, on each split of the searches, the mean over the searches, with equal weights, of the mean over
    all of their candidates that both sides have; `n_candidates` counts these. `picks` has the mean of their picks on
    each fresh split. Searches share their rows, so they are no independent witnesses; but the mean of each split
    varies as the rows do, and less with the luck of single fits. So the error is Nadeau and Bengio's.
    """

    n_searches: int
    n_candidates: int
    candidates: Pair
    picks: Pair

    @classmethod
    def of(cls, candidates: Sequence[Sequence[Pair]], picks: Sequence[Pair]) -> "Together | None":
        """Take searches as one, from what their candidates and their picks score on both sides.

        None if fewer than two have candidates on both sides, all of these score the same, or nothing is tested.
        """
        if len(candidates) < 2:
            return None
        mean = average([average(pairs) for pairs in candidates])
        if mean.is_same or not mean.is_tested:
            return None
        return cls(len(candidates), sum(map(len, candidates)), mean, average(picks))

    def agrees(self, kept: Pair | None) -> bool:
        """Whether the picks gain, or lose, as well, and the kept net hardly does the contrary.

        Candidates that nobody would pick often gain most, and a change that costs the kept net is no gain. The picks
        follow if the 90 % interval of their mean difference excludes 0, which is a one-sided test at the 5 % level, and
        the difference is larger than the rope. The kept net may not be more than the rope on the other side, even if it
        is off by one standard error.
        """
        side, rope = np.sign(self.candidates.difference), self.picks.rope
        picked = side * self.picks.difference > np.maximum(rope, self.picks.half_width(1 - 2 * ALPHA))
        return bool(picked and (kept is None or side * kept.difference - kept.error >= -rope))
