"""Builds the experiment that refines a search: a finer grid around its best candidate, or a narrower space."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from gridstage.common import UserError, format_params
from gridstage.config import PARAMS_FILE, Distribution, Experiment, Params
from gridstage.config.params_file import broken_rule
from gridstage.config.space import is_number, space_size

# Two values alone don't show their spacing; from this ratio on, it is assumed to be logarithmic.
_WIDE = 10
# Significant digits of a new value; it gets more if they are needed to tell it from its neighbours.
_DIGITS = 3
# How often a step beyond the old grid may be halved until the value is allowed.
_HALVINGS = 8
# Settings for which torch accepts 1 and above when a net is built; the net then fails, diverges or learns nothing.
_BELOW_ONE = (
    "label_smoothing",
    "dropout",
    "dropout_rate",
    "alpha",
    "dampening",
    "momentum",
    "rho",
)
# How far new bounds lie beyond the candidates of a random search that are left, as a share of the old range.
_MARGIN = 0.1


def next_name(params: Params, name: str) -> str:
    """Return `dropout_2` for `dropout`, and `dropout_3` for that; `UserError` if it exists, or `name` does not."""
    params.experiment(name)
    numbered = re.fullmatch(r"(.+)_([0-9]+)", name)
    new = f"{numbered[1]}_{int(numbered[2]) + 1}" if numbered else f"{name}_2"
    if new in params.experiments:
        raise UserError(
            f"{PARAMS_FILE}: experiments already has {new!r}. Refine that one, or remove it first."
        )
    return new


def refine(params: Params, name: str, best: dict[str, Any]) -> Experiment:
    """Return an experiment with a finer grid around the best candidate of another, which had `search: grid`.

    Its `fixed` has the best values of the settings without new ones. Raises `UserError` if no setting has new ones.
    """
    old = params.experiment(name)
    grid: dict[str, Any] = {}
    for key, values in old.lists.items():
        if all(map(is_number, values)):
            finer = finer_values(values, best[key], partial(_is_allowed, key))
            if not set(finer) <= set(values):
                grid[key] = finer
    if not grid:
        raise UserError(
            f"{PARAMS_FILE}: experiments.{name}.grid has nothing to refine: no number lies between the best, "
            f"{format_params(best)}, and its neighbours. Refine an experiment with numbers that leave room."
        )
    kept = {key: best[key] for key in old.grid if key not in grid}
    return Experiment(grid=grid, fixed=old.fixed | kept)


def finer_values(
    values: list[float], best: float, allowed: Callable[[float], bool]
) -> list[float]:
    """Return the best value, its neighbours, and the midpoints between them: five values, in the order of the old ones.

    If the best is the first or last, the missing neighbour is one step beyond. A step that is not `allowed` is halved
    until it is, so it approaches any limit without reaching it. New values never get a sign, or a 0, that the old ones
    don't span. They are integers if all old ones are. There are fewer than five if there is no room.
    """
    numbers = sorted(set(values))
    if len(numbers) < 2:
        return [best]
    at = numbers.index(best)
    first = max(0, min(at - 1, len(numbers) - 3))
    steps = _Steps(
        best,
        logarithmic=_is_logarithmic(*numbers[first : first + 3]),
        whole=all(isinstance(value, int) for value in values),
        signs={_sign(value) for value in numbers},
        allowed=allowed,
    )
    is_last = at + 1 == len(numbers)
    lower = numbers[at - 1] if at else steps.beyond(numbers[1])
    upper = steps.beyond(numbers[-2]) if is_last else numbers[at + 1]
    ends = [end for end in (lower, upper) if end is not None]
    between = [middle for middle in map(steps.halfway, ends) if middle is not None]
    falls = values == sorted(values, reverse=True)
    return sorted({best, *ends, *between}, reverse=falls)


@dataclass(frozen=True)
class _Steps:
    """Where new values may lie around the best: how the old ones are spaced, of which kind, and with which signs."""

    best: float
    logarithmic: bool
    whole: bool
    signs: set[int]
    allowed: Callable[[float], bool]

    def beyond(self, neighbour: float) -> float | None:
        """Return a number on the other side of the best than its neighbour, one step away or part of one, if any."""
        rises = self.best > neighbour
        low, high = (self.best, math.inf) if rises else (-math.inf, self.best)
        for halvings in range(_HALVINGS + 1):
            value = self._toward(neighbour, -(0.5**halvings))
            number = self._readable(value, low, high)
            if number is not None:
                return number
        return None

    def halfway(self, end: float) -> float | None:
        """Return the number halfway between the best and another one, if there is one."""
        low, high = sorted((self.best, end))
        return self._readable(self._toward(end, 0.5), low, high)

    def _toward(self, end: float, share: float) -> float:
        """Return what lies at a share of the way from the best to another number; below 0, on the other side."""
        if self.logarithmic:
            return self.best * (end / self.best) ** share
        return self.best + (end - self.best) * share

    def _readable(self, value: float, low: float, high: float) -> float | None:
        """Round to the fewest digits that leave the number between `low` and `high`, both exclusive."""
        for digits in range(_DIGITS, 18):
            rounded = float(f"{value:.{digits}g}")
            number = round(rounded) if self.whole else rounded
            if low < number < high:
                return number if self._is_permitted(number) else None
        return None

    def _is_permitted(self, value: float) -> bool:
        spanned = _sign(value) in self.signs or {-1, 1} <= self.signs
        return spanned and self.allowed(value)


def _is_logarithmic(low: float, *rest: float) -> bool:
    """Whether of three sorted values the middle one is nearer to the midpoint on a logarithmic scale."""
    *middle, high = rest
    if low <= 0 or not middle:
        return 0 < low * _WIDE <= high
    linear = (middle[0] - low) / (high - low)
    logarithmic = math.log(middle[0] / low) / math.log(high / low)
    return abs(logarithmic - 0.5) < abs(linear - 0.5)


def _is_allowed(key: str, value: float) -> bool:
    """Whether a setting may have a value, by the rules of params.yaml and the limits known here."""
    is_too_large = key.rpartition("__")[2] in _BELOW_ONE and value >= 1
    return not is_too_large and not broken_rule(key, value)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def narrow(params: Params, name: str, around: list[dict[str, Any]]) -> Experiment:
    """Return an experiment that draws as many candidates as another one from the space around some of its candidates.

    A distribution reaches from the smallest of the candidates' numbers to the largest, and a tenth of the old range
    further within the old bounds. A list has the values that occur; a value that is alone there is `fixed`. Raises
    `UserError` if nothing is left out, or nothing is left.
    """
    old = params.experiment(name)
    grid: dict[str, Any] = {}
    alone: dict[str, Any] = {}
    for key, values in old.grid.items():
        used = [candidate[key] for candidate in around]
        if isinstance(values, Distribution):
            grid[key] = _narrowed(values, used)
            continue
        grid[key] = [value for value in values if value in used]
        if len(grid[key]) == 1:
            alone[key] = grid[key][0]
    left = {key: values for key, values in grid.items() if key not in alone}
    if grid == old.grid or not left:
        raise UserError(
            f"{PARAMS_FILE}: experiments.{name}.grid has nothing to refine: the candidates that can't be told from the "
            "best fill the whole of it, or are a single one. Raise cv.n_repeats, or refine an experiment with "
            "distributions."
        )
    n_candidates = old.n_candidates and int(min(old.n_candidates, space_size(left)))
    return Experiment(
        search=old.search, n_candidates=n_candidates, grid=left, fixed=old.fixed | alone
    )


def _narrowed(values: Distribution, used: list[float]) -> Distribution:
    # A whole number stands for what lies between it and the next one.
    first, last = values.share(min(used)), values.share(max(used) + values.whole)
    low = values.at(first - _MARGIN) if first > _MARGIN else values.low
    high = values.at(last + _MARGIN) if last + _MARGIN < 1 else values.high
    return Distribution(values.kind, low, high)
