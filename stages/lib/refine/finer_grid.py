"""Builds a finer grid around the best candidate of a search, as a new experiment."""

import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from stages.lib.common import UserError, format_params
from stages.lib.config import PARAMS_FILE, Experiment, Params
from stages.lib.config.params_file import broken_rule
from stages.lib.config.space import is_number

# Two values alone don't show their spacing; from this ratio on, it is assumed to be logarithmic.
_WIDE = 10

# Significant digits of a new value; it gets more if they are needed to tell it from its neighbours.
_DIGITS = 3

# How often a step beyond the old grid may be halved until the value is allowed.
_HALVINGS = 8

# Settings for which torch accepts 1 and above when a net is built; the net then fails, diverges or learns nothing.
_BELOW_ONE = {
    *("criterion__label_smoothing", "module__dropout", "module__dropout_rate"),
    *("optimizer__alpha", "optimizer__dampening", "optimizer__momentum", "optimizer__rho"),
}


def next_name(params: Params, name: str) -> str:
    """Return the name of the refinement of `name`: `dropout_2` after `dropout`, `dropout_3` after that.

    Raises `UserError` if there is no experiment `name`, or its refinement already exists.
    """
    params.experiment(name)
    numbered = re.fullmatch(r"(.+)_([0-9]+)", name)
    new = f"{numbered[1]}_{int(numbered[2]) + 1}" if numbered else f"{name}_2"
    if new in params.experiments:
        raise UserError(
            f"{PARAMS_FILE}: experiments already has {new!r}. Refine that one with `python -m stages.refine {new}`, "
            "or remove it first."
        )
    return new


def refine(params: Params, name: str, best: dict[str, Any]) -> Experiment:
    """Return an experiment with a finer grid around the best candidate of another, which had `search: grid`.

    The `grid` of the result has the settings with new values (see `finer_values`), its `fixed` the best values of the
    others. Raises `UserError` if no setting has a new value.
    """
    old = params.experiment(name)
    grid: dict[str, Any] = {}
    for key, values in old.lists.items():
        if all(map(is_number, values)):
            finer = finer_values(values, best[key], partial(is_allowed, key))
            if not set(finer) <= set(values):
                grid[key] = finer
    if not grid:
        raise UserError(
            f"{PARAMS_FILE}: experiments.{name}.grid has nothing to refine: no number lies between the best, "
            f"{format_params(best)}, and its neighbours. Refine an experiment with numbers that leave room."
        )
    return Experiment(grid=grid, fixed=old.fixed | {key: best[key] for key in old.grid if key not in grid})


def finer_values(values: list[float], best: float, allowed: Callable[[float], bool]) -> list[float]:
    """Return the best value, its neighbours, and the midpoints between them: five values, in the order of the old ones.

    If the best is the first or last, the missing neighbour is one step beyond. A step that is not `allowed` is halved
    until it is, so it approaches any limit without reaching it. New values never get a sign, or a 0, that the old ones
    don't span. They are integers if all old ones are, and have three significant digits, or as many as tell them apart.
    There are fewer than five if there is no room.
    """
    numbers = sorted(set(values))
    if len(numbers) < 2:
        return [best]
    at, signs = numbers.index(best), {_sign(value) for value in numbers}
    logarithmic, whole = is_logarithmic(numbers, at), all(isinstance(value, int) for value in values)

    def permitted(value: float) -> bool:
        return (_sign(value) in signs or {-1, 1} <= signs) and allowed(value)

    def readable(value: float, low: float, high: float) -> float | None:
        """Round to the fewest digits that leave the number between `low` and `high`, both exclusive."""
        for digits in range(_DIGITS, 18):
            number = float(f"{value:.{digits}g}")
            number = round(number) if whole else number
            if low < number < high:
                return number
        return None

    def middle(end: float) -> float | None:
        return readable(math.sqrt(best * end) if logarithmic else (best + end) / 2, min(best, end), max(best, end))

    def beyond(neighbour: float) -> float | None:
        limits = (best, math.inf) if best > neighbour else (-math.inf, best)
        for share in (0.5**halvings for halvings in range(_HALVINGS + 1)):
            value = best * (best / neighbour) ** share if logarithmic else best + (best - neighbour) * share
            number = readable(value, *limits)
            if number is not None and permitted(number):
                return number
        return None

    lower = numbers[at - 1] if at > 0 else beyond(numbers[1])
    upper = numbers[at + 1] if at < len(numbers) - 1 else beyond(numbers[-2])
    ends = [end for end in (lower, upper) if end is not None]
    between = [value for value in map(middle, ends) if value is not None]
    finer = [best, *{value for value in (*ends, *between) if permitted(value)}]
    return sorted(finer, reverse=values == sorted(values, reverse=True))


def is_logarithmic(numbers: list[float], at: int) -> bool:
    """Whether sorted values are spaced logarithmically around position `at`, rather than linearly.

    Looks at the value and its two neighbours, or at the last three values at that end, and finds the scale on which the
    middle one is closer to the midpoint of the others. Distances are relative to their scale, so wide and narrow ranges
    are treated alike.
    """
    first = max(0, min(at - 1, len(numbers) - 3))
    low, *middle, high = numbers[first : first + 3]
    if low <= 0:
        return False
    if not middle:
        return high / low >= _WIDE
    linear = (middle[0] - low) / (high - low)
    logarithmic = math.log(middle[0] / low) / math.log(high / low)
    return abs(logarithmic - 0.5) < abs(linear - 0.5)


def is_allowed(key: str, value: float) -> bool:
    """Whether a setting may have a value, by the rules of params.yaml and the limits known here."""
    return not broken_rule(key, value) and not (key in _BELOW_ONE and value >= 1)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
