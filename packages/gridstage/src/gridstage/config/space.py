"""The space that a search draws candidates from: lists and distributions, by key."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Literal, get_args

from gridstage.common import format_value, join_words

Family = Literal["uniform", "loguniform", "int", "logint"]
FAMILIES: tuple[Family, ...] = get_args(Family)

# Significant digits of a number that is drawn, or of the width of its distribution if that is smaller.
_DIGITS = 3

# The largest bound, up to which whole numbers are exact, and the smallest of a logarithm.
_LARGEST, _SMALLEST = 1e15, 1e-300

# Points to draw for each candidate of a small space before the rest is taken in order, and for any space.
_POINTS_EACH = 16
_MOST_POINTS = 2**20
# The first points that are drawn at once, as a power of two.
_FIRST_POINTS = 6


@dataclass(frozen=True)
class Distribution:
    """Numbers from `low` to `high`, such as `{loguniform: [0.001, 0.1]}`; `int` and `logint` are of whole numbers."""

    kind: Family
    low: float
    high: float

    @property
    def whole(self) -> bool:
        """Whether its numbers are whole."""
        return self.kind.endswith("int")

    @property
    def logarithmic(self) -> bool:
        """Whether equal ratios, rather than equal differences, are equally likely."""
        return self.kind.startswith("log")

    @property
    def size(self) -> float:
        """How many numbers it has."""
        return self.high - self.low + 1 if self.whole else math.inf

    def at(self, share: float) -> float:
        """Return the number below which `share`, from 0 to 1, of the distribution lies, rounded to be readable."""
        end, width = self._end, self.high - self.low
        value = self.low + (end - self.low) * share
        if self.logarithmic:
            value = self.low * (end / self.low) ** share
        if self.whole:
            value = math.floor(value)
        else:
            size = min(abs(value), width) or width
            value = round(value, _DIGITS - 1 - math.floor(math.log10(size)))
        return min(max(value, self.low), self.high)

    def share(self, value: float) -> float:
        """Return the share of the distribution that lies below a number."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self._end / self.low)
        return (value - self.low) / (self._end - self.low)

    @property
    def _end(self) -> float:
        # Each whole number stands for what lies between it and the next one.
        return self.high + 1 if self.whole else self.high

    def __str__(self) -> str:
        return f"{self.kind} {format_value(self.low)} to {format_value(self.high)}"


Values = Sequence[Any] | Distribution
Space = Mapping[str, Values]


def to_distribution(described: Any) -> Distribution:
    """Return the distribution that a mapping such as `{uniform: [0.0, 0.5]}` describes; raises `ValueError` if none."""
    if isinstance(described, Distribution):
        return described
    kind, bounds = next(iter(described.items()), (None, None))
    if len(described) != 1 or kind not in FAMILIES:
        raise ValueError(
            f"it should be {join_words(FAMILIES, 'or')}, with two bounds, such as {{uniform: [0.0, 0.5]}}"
        )
    if not isinstance(bounds, list) or [*map(is_number, bounds)] != [True, True]:
        raise ValueError(
            f"{kind} takes two numbers, the low and the high bound, such as {{{kind}: [1, 10]}}"
        )
    drawn = Distribution(kind, *bounds)
    if drawn.whole and not all(float(bound).is_integer() for bound in bounds):
        raise ValueError(
            f"{kind} is of whole numbers, so its bounds are whole numbers too"
        )
    least = _SMALLEST if drawn.logarithmic else -_LARGEST
    if not least <= drawn.low < drawn.high <= _LARGEST:
        raise ValueError(
            f"the low bound comes first and is below the high one; both lie in {least:g} to {_LARGEST:g}"
        )
    return Distribution(kind, *map(int if drawn.whole else float, bounds))


def _axis(values: Values) -> Distribution:
    """Return a distribution, or that of the positions in a list, because its values need not be hashable."""
    if isinstance(values, Distribution):
        return values
    return Distribution("int", 0, len(values) - 1)


def space_size(space: Space) -> float:
    """Return how many candidates a space has; infinite if a distribution is not of whole numbers."""
    return math.prod(_axis(values).size for values in space.values())


def all_candidates(space: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """List the candidates of lists in scikit-learn's order: keys sorted, the last one varying fastest."""
    keys = sorted(space)
    lists = (space[key] for key in keys)
    return [dict(zip(keys, values, strict=True)) for values in product(*lists)]


def drawn_candidates(
    space: Space, n_candidates: int, seed: int
) -> list[dict[str, Any]]:
    """Draw candidates, each of them once, from a scrambled Sobol' sequence, at most as many as the space has.

    It fills a space more evenly than independent numbers do (Owen 1998, "Scrambling Sobol' and Niederreiter-Xing
    points"). Its first points do not depend on how many are drawn. Each key, in sorted order, is a dimension.
    """
    from scipy.stats import qmc  # its import takes most of a second

    keys = sorted(space)
    axes = [_axis(space[key]) for key in keys]
    sampler = qmc.Sobol(len(keys), rng=seed)
    size = space_size(space)
    points: dict[tuple[float, ...], None] = {}
    # A power of two at a time, because the sequence is balanced there.
    exponent, drawn = _FIRST_POINTS, 0
    while len(points) < n_candidates and drawn < min(_POINTS_EACH * size, _MOST_POINTS):
        for point in sampler.random_base2(exponent):
            shares = zip(axes, point.tolist(), strict=True)
            points.setdefault(tuple(axis.at(share) for axis, share in shares))
        drawn += 2**exponent
        exponent += drawn > 2**_FIRST_POINTS
    if len(points) < n_candidates and size < math.inf:
        ranges = (range(int(axis.low), int(axis.high) + 1) for axis in axes)
        points |= dict.fromkeys(product(*ranges))
    candidates = []
    for point in islice(points, n_candidates):
        places = zip(keys, point, strict=True)
        candidates.append({key: _value(space[key], at) for key, at in places})
    return candidates


def _value(values: Values, at: float) -> Any:
    return at if isinstance(values, Distribution) else values[int(at)]


def is_number(value: Any) -> bool:
    """Whether a value of params.yaml is a finite number; true and false are not."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (isinstance(value, float) and math.isfinite(value))
