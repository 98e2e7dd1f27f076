"""The contenders of the evaluation, what can be asked about two of them, and which one to use."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gridstage.config import COMBINED
from gridstage.results import SCORE
from gridstage.scores.reached import Reached
from resampled.means.by_unit import ByUnit
from resampled.means.differences import Errors, errors_of_pairs
from resampled.means.equivalence import beyond
from resampled.means.ttest import ALPHA
from resampled.resampling import Resampling

# A model is used in the place of a simpler one if it is better by more than the rope with this probability. See "Is a
# net advised?" in docs/simulations.md: more would miss most nets that gain 0.03, and less would advise equal ones.
NEEDED = 0.8
# No number of nets makes a net impossible.
_MOST_NEEDED = 0.99
# The baselines that ignore the inputs, and those that are simpler than any other model; for classes and for numbers.
IGNORANT = ("majority_class", "mean")
LINEAR = ("logistic_regression", "linear_regression")


def needed_of_best(n_nets: int) -> float:
    """Return the probability that the best of so many nets needs, to a whole per cent.

    The 20 % that one net may lack are shared by (n + 1) / 2 choices, as Bonferroni's correction does by n: each further
    net counts half, because all are judged on the same rows, beside the same models. If it counted a quarter, which is
    87 % of three, up to 0.10 of equal nets would be advised, as docs/simulations.md shows, and not 0.065.
    """
    n_choices = (n_nets + 1) / 2
    return min(round(1 - (1 - NEEDED) / n_choices, 2), _MOST_NEEDED)


@dataclass(frozen=True)
class Contest:
    """The contenders of the evaluation, and what is asked about two of them; `named` is the net that alone may speak.

    The contenders that are `reached` of which it is known where they are stuck are nets. Two settings are as good as
    each other below the `rope`. `corrected` has what a net is worth, free of the luck of its choice, and the ends of
    the 95 % interval, where this is known.
    """

    reached: Mapping[str, Reached]
    named: str | None
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
        """Return the one that is worth most, the first of several; None if there are none."""
        return max(names, key=self.worth, default=None)

    def n_distinct(self, nets: Collection[str]) -> int:
        """Return the number of nets of which no two have the same settings."""
        return len({self.reached[name].params for name in nets})

    def gain(self, one: str, other: str) -> float:
        """Return by how much one is better than the other, without luck."""
        return self.worth(one) - self.worth(other)

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

    def surpasses(self, one: str, other: str, needed: float) -> bool:
        """Whether one contender is surely enough better than another to be used in its place, though less simple."""
        if self.tested:
            return self.chance(one, other) >= needed
        return self.gain(one, other) > self.rope

    def is_apart(self, one: str, other: str) -> bool:
        """Whether one contender scores higher than the other beyond chance, or, without a test, at all."""
        if self.tested:
            return self.chance(one, other, 0.0) > 1 - ALPHA / 2
        return self.gain(one, other) > 0


@dataclass(frozen=True)
class Choice:
    """What to use, and what that was chosen from.

    `use`, `kept` and `constant` are as those of `Answer`. `handed_over` is what was asked for, else the one to use,
    else a constant, and the kept net where there is not even that. `useful` are the models that are better than the
    constant beyond chance; `considered`, of these, the linear ones and who speaks for the trees and for the nets, from
    the simplest on; `rising`, of those, each that scores higher than all that are simpler; `net` speaks for the nets,
    as the best of `n_nets`.
    """

    use: str | None
    handed_over: str
    kept: str
    constant: str | None
    useful: list[str]
    considered: list[str]
    rising: list[str]
    net: str | None
    n_nets: int

    @property
    def net_needed(self) -> float:
        """The probability that the net needs which speaks for all."""
        return needed_of_best(self.n_nets)


def choose(contest: Contest, requested: str | None = None) -> Choice:
    """Choose what to use: the simplest model that no other one surpasses.

    Linear models are the simplest, then trees, then nets. The forest or the boosting, whichever scores higher, speaks
    for the trees; for the nets, the one that is named, or else the one that is worth most, which needs a higher
    probability: the price of the choice among them. A model that scores no higher than a simpler one is not considered,
    and a contender that may be no better than a constant is never used. The one that is requested is handed over,
    whatever is advised.
    """
    scored = list(filter(contest.has_scores, contest.reached))
    constant = next((name for name in scored if name in IGNORANT), None)
    useful = [name for name in scored if name not in IGNORANT]
    if constant:
        useful = [name for name in useful if contest.is_apart(name, constant)]
    nets = [name for name in useful if contest.is_net(name)]
    # With the settings of a pick, the combination is told by the pick's name.
    nets.sort(key=COMBINED.__eq__)
    if contest.named:
        nets = [name for name in nets if name == contest.named]
    net, n_nets = contest.best(nets), max(contest.n_distinct(nets), 1)
    plain = [name for name in useful if not contest.is_net(name)]
    linear = [name for name in plain if name in LINEAR]
    trees = contest.best([name for name in plain if name not in LINEAR])
    considered = [name for name in (*linear, trees, net) if name]
    rising: list[str] = []
    for name in considered:
        if not rising or contest.gain(name, rising[-1]) > 0:
            rising.append(name)
    needed = dict.fromkeys(rising, NEEDED)
    if net in needed:
        needed[net] = needed_of_best(n_nets)
    use = _unsurpassed(contest, rising, needed)
    kept = contest.named or net or _best_of_all(contest)
    handed_over = requested or use or constant or kept
    return Choice(
        use, handed_over, kept, constant, useful, considered, rising, net, n_nets
    )


def _best_of_all(contest: Contest) -> str:
    """Return the net that is worth most, though it may be no better than a constant, or has no score."""
    nets = list(filter(contest.is_net, contest.reached))
    return contest.best(list(filter(contest.has_scores, nets))) or nets[0]


def _unsurpassed(
    contest: Contest, rising: list[str], needed: Mapping[str, float]
) -> str | None:
    """Return the first one that none behind it surpasses."""
    for place, name in enumerate(rising, start=1):
        behind = rising[place:]
        if not any(contest.surpasses(each, name, needed[each]) for each in behind):
            return name
    return None
