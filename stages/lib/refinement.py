"""A finer grid around the best candidate of a search, as an experiment of its own."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from stages.lib.candidates import check_candidates, resolve_experiment
from stages.lib.dataset import Dataset
from stages.lib.errors import UserError
from stages.lib.formatting import format_params
from stages.lib.names import resolve
from stages.lib.params import PARAMS_FILE, Experiment, Model, Params

# Two values alone show no spacing; from this ratio on, they are taken for steps of a logarithmic one.
_WIDE = 10

# Significant digits of a new value, where they are enough to tell it from its neighbours.
_DIGITS = 3

# How often a step beyond the old grid is halved until it stays inside what the setting may be.
_HALVINGS = 8

# Shares that torch takes at 1 and above when a net is built: with them it learns nothing, or diverges, or fails then.
_BELOW_ONE = {
    "criterion__label_smoothing",
    "module__dropout",
    "module__dropout_rate",
    "optimizer__alpha",
    "optimizer__dampening",
    "optimizer__momentum",
    "optimizer__rho",
}


def next_name(params: Params, name: str) -> str:
    """Return what the refinement of `name` is called: `dropout_2` after `dropout`, `dropout_3` after that.

    Raises
    ------
    UserError
        Where there is no `name`, or its refinement is there already.
    """
    params.experiment(name)
    numbered = re.fullmatch(r"(.+)_([0-9]+)", name)
    new = f"{numbered[1]}_{int(numbered[2]) + 1}" if numbered else f"{name}_2"
    if new in params.experiments:
        raise UserError(
            f"{PARAMS_FILE}: experiments has {new!r} already. Refine that one with `python -m stages.refine {new}`, "
            "or take it out first."
        )
    return new


def refine(params: Params, name: str, best: dict[str, Any], data: Dataset) -> Experiment:
    """Return an experiment with a finer grid around the best candidate of another.

    Parameters
    ----------
    params : Params
    name : str
        The experiment that was searched.
    best : dict
        Its best candidate.
    data : Dataset
        What nets are built for, to ask torch what a setting may be.

    Returns
    -------
    Experiment
        Its grid has the settings with a new value (see `finer_values`); its `fixed` has the others at their best.

    Raises
    ------
    UserError
        Where no setting has a new value.
    """
    old = params.experiment(name)
    allowed = _make_allowed(params, name, best, data)
    finer = {
        key: finer_values(values, best[key], lambda value, key=key: allowed(key, value))  # type: ignore[misc]
        for key, values in old.grid.items()
        if all(_is_number(value) for value in values)
    }
    grid = {key: values for key, values in finer.items() if not set(values) <= set(old.grid[key])}
    if not grid:
        raise UserError(
            f"{PARAMS_FILE}: experiments.{name}.grid has nothing to refine: no number lies between the best, "
            f"{format_params(best)}, and its neighbours. Refine an experiment with numbers that leave room."
        )
    return Experiment(grid=grid, fixed=old.fixed | {key: best[key] for key in old.grid if key not in grid})


def finer_values(values: list[float], best: float, allowed: Callable[[float], bool]) -> list[float]:
    """Return the best value, its neighbours, and the middles between: five values, in the direction of the old ones.

    Parameters
    ----------
    values : list of numbers
        The old ones. Where all are whole, so are the new ones.
    best : number
        The best of them. Where it is the first or last, the neighbour it lacks is one step beyond. A step that is not
        allowed is halved until it is: that comes near a limit without reaching it, wherever the limit is.
    allowed : callable
        Whether the setting may be a number. None ever gets a sign, or a 0, that the old ones don't span.

    Returns
    -------
    list of numbers
        Fewer than five where there is no room. New values have three significant digits, or what tells them apart.
    """
    listed = sorted(set(values))
    if len(listed) < 2:
        return [best]
    at = listed.index(best)
    scale = _Scale(is_logarithmic(listed, at), all(isinstance(value, int) for value in values))
    signs = {_sign(value) for value in listed}

    def permitted(value: float) -> bool:
        return (_sign(value) in signs or {-1, 1} <= signs) and allowed(value)

    def beyond(neighbour: float) -> float | None:
        steps = (scale.beyond(best, neighbour, 0.5**halvings) for halvings in range(_HALVINGS + 1))
        return next((step for step in steps if step is not None and permitted(step)), None)

    lower = listed[at - 1] if at > 0 else beyond(listed[1])
    upper = listed[at + 1] if at < len(listed) - 1 else beyond(listed[-2])
    ends = [end for end in (lower, upper) if end is not None]
    around = {*ends, *(middle for end in ends if (middle := scale.middle(best, end)) is not None)}
    found = [best, *(value for value in around if permitted(value))]
    return sorted(found, reverse=values == sorted(values, reverse=True))


def is_logarithmic(listed: list[float], at: int) -> bool:
    """Whether sorted values are spaced logarithmically around position `at`, rather than linearly.

    Asked are the value and its two neighbours, or the three of that end. On which scale does the middle one of them
    lie nearer to the half of the way between the others? Each distance is a share of its own scale, so that wide
    ranges and narrow ones are judged alike.
    """
    first = max(0, min(at - 1, len(listed) - 3))
    low, *middle, high = listed[first : first + 3]
    if low <= 0:
        return False
    if not middle:
        return high / low >= _WIDE
    linear = (middle[0] - low) / (high - low)
    logarithmic = math.log(middle[0] / low) / math.log(high / low)
    return abs(logarithmic - 0.5) < abs(linear - 0.5)


@dataclass(frozen=True)
class _Scale:
    """Steps on a linear or a logarithmic scale, to readable numbers."""

    logarithmic: bool
    whole: bool

    def middle(self, a: float, b: float) -> float | None:
        """Return the half of the way between two numbers, or None where there is no number between."""
        return self._readable(math.sqrt(a * b) if self.logarithmic else (a + b) / 2, min(a, b), max(a, b))

    def beyond(self, start: float, neighbour: float, share: float) -> float | None:
        """Return where `share` of the step from `neighbour` to `start` leads from there, or None for nowhere new."""
        value = start * (start / neighbour) ** share if self.logarithmic else start + (start - neighbour) * share
        return self._readable(value, *((start, math.inf) if start > neighbour else (-math.inf, start)))

    def _readable(self, value: float, low: float, high: float) -> float | None:
        """Round to the fewest digits that leave the number between `low` and `high`, both exclusive."""
        for digits in range(_DIGITS, 18):
            number = float(f"{value:.{digits}g}")
            number = round(number) if self.whole else number
            if low < number < high:
                return number
        return None


def _make_allowed(params: Params, name: str, best: dict[str, Any], data: Dataset) -> Callable[[str, float], bool]:
    """Return a function that tells whether a setting may be a number, the others at their best."""
    settings, _ = resolve_experiment(params, name)
    settings |= {key: resolve(key, value) for key, value in best.items()}
    # Whatever is wrong with all of them is told here, and not taken for a limit of a setting.
    check_candidates(name, settings, {key: [settings[key]] for key in best}, data)

    def allowed(key: str, value: float) -> bool:
        if key in _BELOW_ONE and value >= 1:
            return False
        try:
            Model.model_validate(params.model.model_dump() | {"source": params.model.source, key: value})
            check_candidates(name, settings, {key: [value]}, data)
        except (ValidationError, UserError):
            return False
        return True

    return allowed


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
