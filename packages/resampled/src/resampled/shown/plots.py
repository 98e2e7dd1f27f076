"""Draws means with their intervals, and a difference with its rope. Only what is drawn imports matplotlib, an extra."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_BEST, _OTHER, _CORRECTED, _ROPE = "#0b6fa4", "#8a8a8a", "#c2410c", "#e8e4d8"


def draw_means(
    ax: Any,
    labels: Sequence[str],
    of: Mapping[str, np.ndarray],
    corrected: Sequence[float] | None,
) -> Any:
    """Draw `mean`, from `low` to `high`, for each label, who `may_be_best`, and the corrected score with its ends."""
    ax = ax or _axes(1.5 + 0.3 * len(labels))
    in_set = of["may_be_best"]
    for drawn, color, filled, label in (
        (in_set, _BEST, _BEST, "may be the best"),
        (~in_set, _OTHER, "white", "not the best"),
    ):
        if len(own := np.flatnonzero(drawn)):
            ax.hlines(own, of["low"][own], of["high"][own], color=color)
            looks = {"color": color, "markerfacecolor": filled, "label": label}
            ax.plot(of["mean"][own], own, "o", **looks)
    if corrected is not None:
        score, *ends = corrected
        looks = {"color": _CORRECTED, "label": "without the luck of the choice"}
        ax.hlines(len(labels), *ends, color=_CORRECTED)
        ax.plot(score, len(labels), "D", **looks)
        labels = [*labels, "the best, corrected"]
    ax.set_yticks(range(len(labels)), labels)
    ax.set_xlabel("mean score, with its interval of 95 %")
    ax.invert_yaxis()
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
    return ax


def draw_difference(
    ax: Any, difference: float, halves: Mapping[int, float], rope: float, title: str
) -> Any:
    """Draw a difference, with half the widths of intervals by their levels in percent, and the rope around 0."""
    ax = ax or _axes(2)
    ax.axvspan(-rope, rope, color=_ROPE, label=f"rope, ±{rope:g}")
    ax.axvline(0, color=_OTHER)
    linewidth = 2
    for level, half in halves.items():
        looks = {"color": _BEST, "linewidth": linewidth, "label": f"{level} %"}
        ax.hlines(0, difference - half, difference + half, **looks)
        linewidth += 3
    ax.plot(difference, 0, "o", color=_BEST, markerfacecolor="white")
    ax.set(yticks=[], xlabel="new less old", title=title)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return ax


def _axes(height: float) -> Any:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError(
            "plot() needs matplotlib, which is not installed: pip install matplotlib"
        ) from None
    return pyplot.subplots(figsize=(7.5, height), layout="constrained")[1]
