"""Lays out the candidates of a search of many keys as parallel coordinates, a line each across an axis for each key."""

import math
import textwrap
from collections.abc import Sequence
from statistics import median, quantiles
from typing import NamedTuple

import pandas as pd

from stages.lib.common import format_score, score_decimals, short_key, short_params

# From this many keys on there is a chart, and of more candidates than this, it has the best.
_LEAST_KEYS, _MOST_LINES = 3, 300
# In pixels: the usual width, the least distance of two axes, and the room before the first and after the last one.
_WIDTH, _LEAST_STEP, _LEFT, _RIGHT = 1130.0, 84.0, 52.0, 72.0
# The ends of every axis, in pixels from the top.
TOP, BOTTOM = 64.0, 324.0
# Numbers with more values than this are placed by size, and from this ratio on perhaps by its logarithm.
_MOST_BANDS = 6
_LOG_FROM = 10.0
# The part of a band that its lines spread over, and the most pixels between two of them.
_FILLED, _APART = 0.7, 4.0
_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_MOST_DECIMALS = 5
# The characters of a name that fit above an axis.
_LINE = 10


class Axis(NamedTuple):
    """An axis of the chart, `x` pixels from the left.

    Attributes
    ----------
    ticks : list of (float, str)
        The place and the text of each label.
    stops : list of (float, float, str)
        The upper and the lower end and the text of each value, from the top down. Brushes cover whole values.
    places, at : lists of float and int
        Where each line crosses the axis, and its value, as an index of `stops`.
    """

    name: str
    x: float
    ticks: list[tuple[float, str]]
    stops: list[tuple[float, float, str]]
    places: list[float]
    at: list[int]

    @property
    def words(self) -> list[str]:
        """The lines that its name is written in, about ten characters each, broken at `_` and blanks."""
        lines = textwrap.wrap(self.name.replace("_", "-"), _LINE, break_long_words=False)
        return [line.replace("-", "_") for line in lines]


class Line(NamedTuple):
    """A candidate: its points, its value on each axis as an index of the stops, its colour (0 to 1), and its text."""

    points: str
    at: str
    shade: float
    kind: str
    text: str


class Parallel(NamedTuple):
    """The chart: its size, axes (the score's first), and lines, the worst first, so that the best is on top."""

    width: float
    height: float
    top: float
    bottom: float
    axes: list[Axis]
    lines: list[Line]
    n_candidates: int


def parallel_coordinates(table: pd.DataFrame, keys: Sequence[str]) -> Parallel | None:
    """Lay out the candidates of a search; None if they differ in fewer than three keys, or if none or one has a score.

    The table is such as metrics/compared/joint.csv, and the keys are columns there, in the order of their axes.
    """
    varied = [key for key in keys if table[key].nunique() > 1]
    if len(varied) < _LEAST_KEYS or table["mean_test_score"].nunique() < 2:
        return None
    drawn = table.dropna(subset=["mean_test_score"]).sort_values("rank_test_score", kind="stable").head(_MOST_LINES)
    step = max(_LEAST_STEP, (_WIDTH - _LEFT - _RIGHT) / len(varied))
    scores = drawn["mean_test_score"].tolist()
    floor, texts = _floor(scores), [format_score(score, score_decimals(scores)) for score in scores]
    axes = [_by_size("score", _LEFT, scores, texts, floor)]
    for place, key in enumerate(varied, start=1):
        axes.append(make_axis(short_key(key), _LEFT + place * step, list(drawn[key].replace("null", "none"))))
    lines = [
        Line(
            " ".join(f"{axis.x:.1f},{axis.places[i]:.1f}" for axis in axes),
            " ".join(str(axis.at[i]) for axis in axes),
            round((max(row["mean_test_score"], floor) - floor) / (scores[0] - floor), 3) if scores[0] > floor else 1.0,
            "best" if i == 0 else "in-set" if row["in_best_set"] is True else "other",
            f"rank {row['rank_test_score']}: {texts[i]}; {short_params(row['params'])}",
        )
        for i, row in enumerate(drawn.to_dict("records"))
    ]
    width = _LEFT + len(varied) * step + _RIGHT
    return Parallel(width, BOTTOM + 16, TOP, BOTTOM, axes, lines[::-1], len(table))


def _floor(scores: list[float]) -> float:
    """Return the score that the axis starts at: some are so low that all others would be one line."""
    top = max(scores)
    quarter = quantiles(scores, n=4, method="inclusive")[0]
    return max(min(scores), top - 5 * (top - quarter)) if top > quarter else min(scores)


def make_axis(name: str, x: float, values: list[str]) -> Axis:
    """Place a key's values, one for each line, the best candidate first."""
    numbers = {value: float(value) for value in {*values} if _is_number(value)}
    if len(numbers) == len({*values}) > _MOST_BANDS:
        return _by_size(name, x, [numbers[value] for value in values], values)
    return _in_bands(name, x, values, numbers)


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _in_bands(name: str, x: float, values: list[str], numbers: dict[str, float]) -> Axis:
    # From the bottom up: none, numbers by size, names in the order of the alphabet from the top down.
    names = sorted({*values} - {*numbers} - {"none"})
    order = [*names, *sorted(numbers, key=lambda value: -numbers[value]), *(["none"] if "none" in values else [])]
    height = (BOTTOM - TOP) / len(order)
    stops = [(TOP + i * height, TOP + (i + 1) * height, value) for i, value in enumerate(order)]
    at = [order.index(value) for value in values]
    places = [0.0] * len(values)
    for i, (top, bottom, _) in enumerate(stops):
        lines = [line for line, stop in enumerate(at) if stop == i]
        apart = min(_APART, _FILLED * height / max(len(lines) - 1, 1))
        for place, line in enumerate(lines):
            places[line] = (top + bottom) / 2 + (place - (len(lines) - 1) / 2) * apart
    return Axis(name, x, [((top + bottom) / 2, value) for top, bottom, value in stops], stops, places, at)


def _by_size(name: str, x: float, numbers: list[float], texts: list[str], floor: float = -math.inf) -> Axis:
    """Place numbers, of which two differ at least; those below the floor are placed there."""
    low, high = max(min(numbers), floor), max(numbers)

    def share(number: float, logarithmic: bool) -> float:
        number = max(number, low)
        return math.log(number / low) / math.log(high / low) if logarithmic else (number - low) / (high - low)

    # Half of the lines are to be in either half of the axis, as far as one of the two scales can do that.
    middle = median(numbers)
    logarithmic = (
        low > 0 and high / low >= _LOG_FROM and abs(share(middle, True) - 0.5) < abs(share(middle, False) - 0.5)
    )

    def place(number: float) -> float:
        return round(BOTTOM - share(number, logarithmic) * (BOTTOM - TOP), 1)

    written = dict(zip(numbers, texts, strict=True))
    order = sorted(written, reverse=True)
    stops = [(place(number), place(number), written[number]) for number in order]
    marked = _powers(low, high) if logarithmic else round_numbers(low, high)
    ticks = [*zip(map(place, marked), map(_short, marked) if logarithmic else as_text(marked), strict=True)]
    return Axis(name, x, ticks, stops, [place(number) for number in numbers], [order.index(each) for each in numbers])


def round_numbers(low: float, high: float) -> list[float]:
    """Return three to six round numbers between two numbers."""
    step = 10 ** math.floor(math.log10((high - low) / 3))
    step *= next(factor for factor in (5, 2, 1) if (high - low) / (factor * step) >= 3 or factor == 1)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def _powers(low: float, high: float) -> list[float]:
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1,) if high / low >= 1000 else (1, 3)
    return [step * 10.0**exponent for exponent in exponents for step in steps if low <= step * 10.0**exponent <= high]


def as_text(ticks: list[float]) -> list[str]:
    """Write ticks at equal distances with as many decimals as tell them apart, short from a thousand on."""
    largest, step = max(map(abs, ticks)), ticks[-1] - ticks[-2]
    size, unit = next(((size, unit) for size, unit in _UNITS if largest >= size), (1.0, ""))
    decimals = max(0, -math.floor(math.log10(step / size) + 1e-9))
    return [f"{tick / size:.{decimals}f}{unit}" if decimals <= _MOST_DECIMALS else f"{tick:.3g}" for tick in ticks]


def _short(number: float) -> str:
    return f"{number:.4g}".replace("e-0", "e-").replace("e+0", "e+")
