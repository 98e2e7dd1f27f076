"""The contenders of the evaluation, what can be asked about two of them, and which one to use."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from resampled.means.by_unit import ByUnit
from resampled.means.differences import Errors, errors_of_pairs
from resampled.means.equivalence import beyond
from resampled.means.ttest import ALPHA
from resampled.resampling import Resampling
from stages.lib.results import SCORE
from stages.lib.scores.reached import Reached

# A model is used in the place of a simpler one if it is better by more than the rope with this probability. See "Is a
# net advised?" in docs/simulations.md: more would miss most nets that gain 0.03, and less would advise equal ones.
NEEDED = 0.8
# The baselines that ignore the inputs, and those that are simpler than any other model; for classes and for numbers.
IGNORANT = ("majority_class", "mean")
LINEAR = ("logistic_regression", "linear_regression")


@dataclass(frozen=True)
class Contest:
    """The contenders of the evaluation, and what is asked about two of them; `kept` is the net that is saved.

    The contenders that are `reached` of which it is known where they are stuck are nets. Two settings are as good as
    each other below the `rope`. `corrected` has what a net is worth, free of the luck of its choice, and the ends of
    the 95 % interval, where this is known.
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

    def has_scores(self, name: str) -> bool:
        """Whether a contender has a score on each split."""
        return bool(np.isfinite(self.scores(name)).all())

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
        """Return by how much one is better than the other, without luck; two nets are compared by their means."""
        score = self.mean if self.is_net(one) and self.is_net(other) else self.worth
        return score(one) - score(other)

    @property
    def by_unit(self) -> ByUnit | None:
        """What rows make of the scores of the contenders of which that is known."""
        by_unit = {}
        for place, each in enumerate(self.reached.values()):
            if each.by_unit is not None:
                by_unit[place] = each.by_unit
        if not by_unit:
            return None
        together = ByUnit.together([*by_unit.values()])
        return together.among(len(self.reached), np.array([*by_unit]))

    @cached_property
    def errors(self) -> Errors:
        """The errors of all differences, as those of `best_set`."""
        scores = np.stack(list(map(self.scores, self.reached)))
        return errors_of_pairs(scores, self.resampling, self.by_unit)

    def chance(self, one: str, other: str, rope: float | None = None) -> float:
        """Return the probability that one is better by more than the rope, or another one."""
        names = list(self.reached)
        place = names.index(one), names.index(other)
        excess = self.gain(one, other) - (self.rope if rope is None else rope)
        error, degrees = self.errors.error[place], self.errors.degrees[place]
        return float(beyond(np.array(excess), error, degrees))

    def surpasses(self, one: str, other: str) -> bool:
        """Whether one contender is surely enough better than another to be used in its place, though less simple."""
        if self.tested:
            return self.chance(one, other) >= NEEDED
        return self.gain(one, other) > self.rope

    def is_apart(self, one: str, other: str) -> bool:
        """Whether one contender scores higher than the other beyond chance, or, without a test, at all."""
        if self.tested:
            return self.chance(one, other, 0.0) > 1 - ALPHA / 2
        return self.gain(one, other) > 0


@dataclass(frozen=True)
class Choice:
    """What to use, and what that was chosen from.

    `use` and `constant` are as those of `Answer`. `handed_over` is what was asked for, else the one to use, else a
    constant, and the kept net where there is not even that. `useful` are the models that are better than the constant
    beyond chance; `considered`, of these, the linear ones and who speaks for the trees and for the nets, from the
    simplest on; `rising`, of those, each that scores higher than all that are simpler; `net` speaks for the nets.
    """

    use: str | None
    handed_over: str
    constant: str | None
    useful: list[str]
    considered: list[str]
    rising: list[str]
    net: str | None


def choose(contest: Contest, requested: str | None = None) -> Choice:
    """Choose what to use: the simplest model that no other one surpasses.

    Linear models are the simplest, then trees, then nets. The forest or the boosting, whichever scores higher, speaks
    for the trees; the kept net, which was chosen before the evaluation, for the nets, unless another one surpasses it.
    A model that scores no higher than a simpler one is not considered, and a contender that may be no better than a
    constant is never used. The one that is requested is handed over, whatever is advised.
    """
    scored = list(filter(contest.has_scores, contest.reached))
    constant = next((name for name in scored if name in IGNORANT), None)
    useful = [name for name in scored if name not in IGNORANT]
    if constant:
        useful = [name for name in useful if contest.is_apart(name, constant)]
    net = _speaker(contest, [name for name in useful if contest.is_net(name)])
    plain = [name for name in useful if not contest.is_net(name)]
    linear = [name for name in plain if name in LINEAR]
    trees = contest.best([name for name in plain if name not in LINEAR])
    considered = [name for name in (*linear, trees, net) if name]
    rising: list[str] = []
    for name in considered:
        if not rising or contest.gain(name, rising[-1]) > 0:
            rising.append(name)
    use = _unsurpassed(contest, rising)
    handed_over = requested or use or constant or contest.kept
    return Choice(use, handed_over, constant, useful, considered, rising, net)


def _speaker(contest: Contest, nets: Collection[str]) -> str | None:
    """Return the net that speaks for all."""
    best = contest.best(nets)
    if best is None or contest.kept not in nets:
        return best
    return best if contest.surpasses(best, contest.kept) else contest.kept


def _unsurpassed(contest: Contest, rising: list[str]) -> str | None:
    """Return the first one that none behind it surpasses."""
    for place, name in enumerate(rising, start=1):
        if not any(contest.surpasses(each, name) for each in rising[place:]):
            return name
    return None
