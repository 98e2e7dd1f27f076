"""Two commits side by side: which scores of the one are compared with which of the other, alone and together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gridstage.config.cv import has_unit
from gridstage.config.statistics import ROPE
from gridstage.diff.differences import Hindrances, hindrances
from gridstage.diff.side import Scored, Side
from resampled.means.by_unit import ByUnit
from resampled.means.ttest import ALPHA
from resampled.pairs.apart import Apart
from resampled.pairs.pair import Pair, average


class Common(NamedTuple):
    """Candidates that both sides have and that no net diverged on, after halving trained to the end.

    `pairs` has their scores on the splits of the search, and `n_differing` counts those that score otherwise.
    """

    pairs: list[Pair]
    n_differing: int

    @property
    def mean(self) -> Pair:
        """The mean over all of the pairs."""
        return average(self.pairs)


@dataclass(frozen=True)
class Sides:
    """Two commits, or a commit and the working tree."""

    old: Side
    new: Side

    @cached_property
    def hindrances(self) -> Hindrances:
        """Why scores can't be compared, or not in pairs."""
        return hindrances(self.old, self.new)

    @property
    def paired(self) -> bool:
        """Whether the scores on the fresh splits are in pairs."""
        return not (self.hindrances.refused or self.hindrances.apart)

    def is_unchanged(self, name: str) -> bool:
        """Whether a search has the same candidates, all with the same scores, and its pick too."""
        before, after = self.old.searches[name], self.new.searches[name]
        if list(before) != list(after):
            return False
        both = zip(before.values(), after.values(), strict=True)
        return self._is_same(*self._contenders(name, name)) and all(
            self._is_same(one, two) for one, two in both
        )

    def _is_same(self, before: Scored | None, after: Scored | None) -> bool:
        if before is None or after is None:
            return before is after
        n = min(len(before.scores), len(after.scores)) if self.paired else None
        scores = [(before.scores, after.scores)]
        if before.second is not None and after.second is not None:
            scores.append((before.second, after.second))
        same = [old[:n].tobytes() == new[:n].tobytes() for old, new in scores]
        return before.params == after.params and all(same)

    def _contenders(
        self, before: str | None, after: str | None
    ) -> tuple[Scored | None, Scored | None]:
        return self.old.fresh.get(str(before)), self.new.fresh.get(str(after))

    def difference(self, before: str | None, after: str | None) -> Pair | Apart | None:
        """Return what two contenders differ by on the fresh splits; None if that can't be said."""
        one, two = self._contenders(before, after)
        if self.hindrances.refused or one is None or two is None:
            return None
        if self.paired:
            return self._pair(one, two)
        n_splits = min(len(one.scores), len(two.scores))
        return Apart((one.mean, two.mean), (one.ci95, two.ci95), n_splits)

    def second(self, before: str | None, after: str | None) -> Pair | None:
        """Return what two contenders differ by on the fresh splits by the second scorer; None if one has none."""
        one, two = self._contenders(before, after)
        if not self.paired or one is None or two is None:
            return None
        name = two.second_name
        if name is None or name != one.second_name:
            return None
        one = replace(one, scores=np.array(one.second), by_unit=None)
        two = replace(two, scores=np.array(two.second), by_unit=None)
        return self._pair(one, two, name, 0.0 if has_unit(name) else ROPE)

    def _pair(
        self, before: Scored, after: Scored, scorer: str = "", rope: float | None = None
    ) -> Pair:
        """Return the scores on the splits that both have: with other numbers of repeats, those of the first ones."""
        n = min(len(before.scores), len(after.scores))
        selecting = str(self.new.evaluated.get("cv.scoring", ""))
        resampling = self.new.resampling(scorer or selecting)
        rope = self.new.rope if rope is None else rope
        by_unit, repeats = None, resampling.n_repeats(n)
        if repeats and before.by_unit is not None and after.by_unit is not None:
            both = before.by_unit.first(repeats), after.by_unit.first(repeats)
            by_unit = ByUnit.together(both)
        return Pair(
            before.scores[:n],
            after.scores[:n],
            resampling,
            rope,
            before.stuck[:n],
            after.stuck[:n],
            by_unit,
        )

    def common(self, name: str) -> Common | None:
        """Return the candidates of a search that both sides have; None if there are none, or they are not in pairs."""
        if not self.paired or self.hindrances.of_searches:
            return None
        before, after = self.old.searches[name], self.new.searches[name]
        pairs = []
        for params, one in before.items():
            two = after.get(params)
            # One that left earlier on one side was trained for fewer epochs there, which is why it scores otherwise.
            if two and one.to_the_end and two.to_the_end:
                pairs.append(self._pair(one, two))
        pairs = [pair for pair in pairs if np.isfinite(pair.difference)]
        n_differing = sum(not pair.is_same for pair in pairs)
        return Common(pairs, n_differing) if pairs else None


@dataclass(frozen=True)
class Together:
    """What several searches gain together.

    `candidates` has, on each split of the searches, the mean over the searches, with equal weights, of the mean over
    all of their candidates that both sides have. `picks` has the mean of their picks on each fresh split. Searches
    share their rows, so they are no independent witnesses; but the mean of each split varies as the rows do, and less
    with the luck of single fits. So the error is Nadeau and Bengio's.
    """

    n_candidates: int
    candidates: Pair
    picks: Pair

    @classmethod
    def of(
        cls, candidates: Sequence[Sequence[Pair]], picks: Sequence[Pair]
    ) -> "Together | None":
        """Take searches as one, from what their candidates and their picks score on both sides.

        None if fewer than two have candidates on both sides, all of these score the same, or nothing is tested.
        """
        if len(candidates) < 2:
            return None
        mean = average([average(pairs) for pairs in candidates])
        if mean.is_same or not mean.is_tested:
            return None
        return cls(sum(map(len, candidates)), mean, average(picks))

    def agrees(self, kept: Pair | None) -> bool:
        """Whether the picks gain, or lose, as well, and the kept net hardly does the contrary.

        Candidates that nobody would pick often gain most. The picks follow if the 90 % interval of their mean
        difference excludes 0, which is a one-sided test at the 5 % level, and the difference is larger than the rope.
        The kept net may not be more than the rope on the other side, even if it is off by one standard error.
        """
        side, rope = np.sign(self.candidates.difference), self.picks.rope
        enough = np.maximum(rope, self.picks.half_width(1 - 2 * ALPHA))
        if side * self.picks.difference <= enough:
            return False
        return kept is None or bool(side * kept.difference - kept.error >= -rope)
