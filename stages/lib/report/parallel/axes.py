"""Places the values of one key on an axis: numbers by size, names and few numbers in bands."""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

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
        """The lines that its name is written in, about ten characters each, broken at `_` and spaces."""
        lines = [""]
        for part in self.name.replace("_", "_\n").replace(" ", " \n").split("\n"):
            if lines[-1] and len(lines[-1] + part) > _LINE:
                lines.append("")
            lines[-1] += part
        return [line.strip() for line in lines]


def make_axis(name: str, x: float, values: Sequence[str]) -> Axis:
    """Place a key's values, one for each line, the best candidate first."""
    numbers = {value: float(value) for value in {*values} if _is_number(value)}
    if len(numbers) == len({*values}) > _MOST_BANDS:
        return _by_size(name, x, values, numbers, -math.inf)
    return _in_bands(name, x, values, numbers)


def score_axis(x: float, values: Sequence[str], floor: float) -> Axis:
    """Place the scores by size, however few they are; those below the floor are placed there."""
    numbers = {value: float(value) for value in values}
    if len(numbers) == 1:
        return _in_bands("score", x, values, numbers)
    return _by_size("score", x, values, numbers, floor)


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _in_bands(name: str, x: float, values: Sequence[str], numbers: dict[str, float]) -> Axis:
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


def _by_size(name: str, x: float, values: Sequence[str], numbers: dict[str, float], floor: float) -> Axis:
    low, high = max(min(numbers.values()), floor), max(numbers.values())

    def share(number: float, logarithmic: bool) -> float:
        number = max(number, low)
        return math.log(number / low) / math.log(high / low) if logarithmic else (number - low) / (high - low)

    # Half of the lines are to be in either half of the axis, as far as one of the two scales can do that.
    middle = median(numbers[value] for value in values)
    logarithmic = (
        low > 0 and high / low >= _LOG_FROM and abs(share(middle, True) - 0.5) < abs(share(middle, False) - 0.5)
    )

    def place(number: float) -> float:
        return round(BOTTOM - share(number, logarithmic) * (BOTTOM - TOP), 1)

    order = sorted(numbers, key=lambda value: -numbers[value])
    stops = [(place(numbers[value]), place(numbers[value]), value) for value in order]
    marked = _powers(low, high) if logarithmic else round_numbers(low, high)
    ticks = [*zip(map(place, marked), map(_short, marked) if logarithmic else as_text(marked), strict=True)]
    at = [order.index(value) for value in values]
    return Axis(name, x, ticks, stops, [stops[i][0] for i in at], at)


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
