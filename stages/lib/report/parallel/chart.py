"""Makes a line of each candidate across the axes of all keys that the candidates differ in."""

import math
from collections.abc import Sequence
from statistics import quantiles
from typing import NamedTuple

from stages.lib.common import format_score, score_decimals, short_key, short_params
from stages.lib.report.parallel.axes import BOTTOM, TOP, Axis, make_axis, score_axis
from stages.lib.report.records import Record, number

# From this many keys on there is a chart, and of more candidates than this, it has the best.
_LEAST_KEYS, _MOST_LINES = 3, 300
# In pixels: the usual width, the least distance of two axes, and the room before the first and after the last one.
_WIDTH, _LEAST_STEP, _LEFT, _RIGHT = 1130.0, 84.0, 52.0, 72.0


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


def parallel_coordinates(rows: Sequence[Record], keys: Sequence[str]) -> Parallel | None:
    """Lay out the candidates of a search; None if they differ in fewer than three keys, or if none or one has a score.

    The rows are as in metrics/compared/joint.csv, and the keys are columns there, in the order of their axes.
    """
    varied = [key for key in keys if len({row[key] for row in rows}) > 1]
    scored = [row for row in rows if math.isfinite(number(row["mean_test_score"]))]
    if len(varied) < _LEAST_KEYS or len({row["mean_test_score"] for row in scored}) < 2:
        return None
    drawn = sorted(scored, key=lambda row: int(row["rank_test_score"]))[:_MOST_LINES]
    step = max(_LEAST_STEP, (_WIDTH - _LEFT - _RIGHT) / len(varied))
    scores = [number(row["mean_test_score"]) for row in drawn]
    floor, decimals = _floor(scores), score_decimals(scores)
    axes = [score_axis(_LEFT, [row["mean_test_score"] for row in drawn], floor)]
    for place, key in enumerate(varied, start=1):
        values = ["none" if row[key] == "null" else row[key] for row in drawn]
        axes.append(make_axis(short_key(key), _LEFT + place * step, values))
    lines = [
        Line(
            " ".join(f"{axis.x:.1f},{axis.places[i]:.1f}" for axis in axes),
            " ".join(str(axis.at[i]) for axis in axes),
            round((max(score, floor) - floor) / (scores[0] - floor), 3) if scores[0] > floor else 1.0,
            "best" if i == 0 else "in-set" if row.get("in_best_set") == "true" else "other",
            f"rank {row['rank_test_score']}: {format_score(score, decimals)}; {short_params(row['params'])}",
        )
        for i, (row, score) in enumerate(zip(drawn, scores, strict=True))
    ]
    width = _LEFT + len(varied) * step + _RIGHT
    return Parallel(width, BOTTOM + 16, TOP, BOTTOM, axes, lines[::-1], len(rows))


def _floor(scores: list[float]) -> float:
    """Return the score that the axis starts at: some are so low that all others would be one line."""
    top = max(scores)
    quarter = quantiles(scores, n=4, method="inclusive")[0]
    return max(min(scores), top - 5 * (top - quarter)) if top > quarter else min(scores)
