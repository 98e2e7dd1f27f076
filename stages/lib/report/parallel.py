"""Lays out the candidates of a search of many keys as parallel coordinates, a line each across an axis for each key."""

import math
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from stages.lib.common import format_score, score_decimals, short_key, short_params

# From this many keys on there is a chart, and of more candidates than this, it has the best.
_LEAST_KEYS, _MOST_LINES = 3, 300
# In pixels: the usual width, the least distance of two axes, and the room before the first and after the last one.
_WIDTH, _LEAST_STEP, _LEFT, _RIGHT = 1130.0, 84.0, 52.0, 72.0
# The ends of every axis, in pixels from the top, and the most labels there.
TOP, BOTTOM, _MOST_LABELS = 64.0, 324.0, 12
# The part of a value's band that its lines spread over, and the most pixels between two of them.
_FILLED, _APART = 0.7, 4.0
# The characters of a name that fit above an axis.
_LINE = 10


class Axis(NamedTuple):
    """An axis of the chart, `x` pixels from the left.

    `ticks` are the place and the text of each label, and `stops` the upper and the lower end and the text of each
    value, from the top down, because brushes cover whole values. `places` says where each line crosses the axis, and
    `at` its value, as an index of `stops`.
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
        lines = textwrap.wrap(
            self.name.replace("_", "-"), _LINE, break_long_words=False
        )
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
    drawn = (
        table.dropna(subset=["mean_test_score"])
        .sort_values("rank_test_score", kind="stable")
        .head(_MOST_LINES)
    )
    step = max(_LEAST_STEP, (_WIDTH - _LEFT - _RIGHT) / len(varied))
    decimals = score_decimals(drawn["mean_test_score"])
    scores = [
        format_score(score, decimals).replace(",", "")
        for score in drawn["mean_test_score"]
    ]
    axes = [make_axis("score", _LEFT, scores)]
    for place, key in enumerate(varied, start=1):
        axes.append(
            make_axis(
                short_key(key),
                _LEFT + place * step,
                list(drawn[key].replace("null", "none")),
            )
        )
    lines = []
    for i, row in enumerate(drawn.to_dict("records")):
        points = " ".join(f"{axis.x:.1f},{axis.places[i]:.1f}" for axis in axes)
        kind = "best" if i == 0 else "in-set" if row["in_best_set"] is True else "other"
        text = (
            f"rank {row['rank_test_score']}: {scores[i]}; {short_params(row['params'])}"
        )
        shade = round(1 - i / (len(drawn) - 1), 3)
        lines.append(
            Line(points, " ".join(str(axis.at[i]) for axis in axes), shade, kind, text)
        )
    width = _LEFT + len(varied) * step + _RIGHT
    return Parallel(width, BOTTOM + 16, TOP, BOTTOM, axes, lines[::-1], len(table))


def make_axis(name: str, x: float, values: list[str]) -> Axis:
    """Place a key's values, one for each line, the best candidate first; each value has a band, of equal heights.

    From the bottom up: none, numbers by size, names in the order of the alphabet from the top down.
    """
    parsed = {value: pd.to_numeric(value, errors="coerce") for value in {*values}}
    numbers = {
        value: number for value, number in parsed.items() if math.isfinite(number)
    }
    names = sorted({*values} - {*numbers} - {"none"})
    order = [
        *names,
        *sorted(numbers, key=lambda value: -numbers[value]),
        *(["none"] if "none" in values else []),
    ]
    height = (BOTTOM - TOP) / len(order)
    stops = [
        (TOP + i * height, TOP + (i + 1) * height, value)
        for i, value in enumerate(order)
    ]
    at = [order.index(value) for value in values]
    places = [0.0] * len(values)
    for i, (top, bottom, _) in enumerate(stops):
        lines = [line for line, stop in enumerate(at) if stop == i]
        apart = min(_APART, _FILLED * height / max(len(lines) - 1, 1))
        for place, line in enumerate(lines):
            places[line] = (top + bottom) / 2 + (place - (len(lines) - 1) / 2) * apart
    labelled = stops[:: math.ceil(len(stops) / _MOST_LABELS)]
    return Axis(
        name,
        x,
        [((top + bottom) / 2, value) for top, bottom, value in labelled],
        stops,
        places,
        at,
    )
