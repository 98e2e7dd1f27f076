"""Reads learning curves: whether a net still improves at its last epoch, or has long been getting worse."""

import math

import numpy as np
import pandas as pd

from stages.lib.common import counted, format_score, score_decimals
from stages.lib.config import Params

# With fewer epochs, a curve has no course.
_FEWEST = 5
# A curve may still rise in this part of its epochs, at the end, and have long been falling outside of the other.
_END, _LONG = 1 / 5, 1 / 3
# What counts as a change: this part of the curve's range, and this many times its noise from epoch to epoch. The first
# epochs, in which a net leaves its initial weights behind, say nothing about the last.
_PART, _NOISE = 0.1, 2.0
# A fall of the score counts if it exceeds this many standard errors of a difference between two epochs.
_ERRORS = 2.0
# Of normal values, the middle half is as wide as this many standard deviations; and the standard error of their median
# is as many times that of their mean.
_WIDTH, _OF_MEDIAN = 1.349, 1.253


def stops_early(params: Params, name: str) -> bool:
    """Return whether skorch's EarlyStopping ends the trainings of an experiment; it may restore the best epoch, too."""
    callbacks = params.settings(name).get("callbacks") or {}
    return any(place.rpartition(".")[2] == "EarlyStopping" for place in callbacks)


def course(values: np.ndarray) -> tuple[str, int, float]:
    """Return how a learning curve ends, since which epoch, and how far it has gone since; more is better.

    The curve is smoothed by a moving mean over a fifth of its epochs. A change counts if it exceeds a tenth of the
    smoothed curve's range, and twice its noise, which is estimated from second differences; both after the first third.
    The end is `rising` if the curve is highest in its last fifth, and has risen there; `falling` if it is highest
    before its last third, and has fallen since; `level`; or `unknown` with fewer than 5 epochs, or without values.
    """
    n = len(values)
    if n < _FEWEST or not np.isfinite(values).all():
        return "unknown", n, 0.0
    smooth = (
        pd.Series(values)
        .rolling(2 * (n // 10) + 1, center=True, min_periods=1)
        .mean()
        .to_numpy()
    )
    first = int(n * _LONG)
    noise = math.sqrt(np.mean(np.diff(values[first:], 2) ** 2) / 6)
    least = max(_PART * np.ptp(smooth[first:]), _NOISE * noise)
    top, start = int(smooth.argmax()), n - max(1, round(n * _END)) - 1
    if top + 1 <= n * (1 - _LONG) and smooth[top] - smooth[-1] > least:
        return "falling", top + 1, smooth[-1] - smooth[top]
    if top > start and smooth[-1] - smooth[start] > least:
        return "rising", start + 1, smooth[-1] - smooth[start]
    return "level", n, 0.0


def describe_course(curves: pd.DataFrame, stops_early: bool, n_nets: int) -> str:
    """Say of the best candidate of a search whether more or fewer epochs are worth a try.

    A fall of the score counts if it is more than the noise of the hold-outs: more than twice the standard error of a
    difference between two epochs, √2 · 1.253 · std / √n_nets for medians of n_nets nets, with the standard deviation by
    the band. That takes the epochs for independent; they are not, so the error is rather smaller.
    """
    best = curves[curves["setting"] == "best"]
    scores, losses = best["valid_score"].to_numpy(), best["valid_loss"].to_numpy()
    epochs = counted(len(best), "epoch")
    if not np.isfinite([scores, losses]).any():
        return "No rows are held out of the training, so its loss is all there is, and says little about new rows."
    score, since, change = course(scores)
    loss, loss_since, loss_change = course(-losses)
    if stops_early:
        return f"EarlyStopping decides when the training of each net ends; the longest of the best took {epochs}."
    spread = (best["valid_score_high"] - best["valid_score_low"]).max() / _WIDTH
    is_noise = -change <= _ERRORS * _OF_MEDIAN * spread * math.sqrt(2 / n_nets)
    if score == "falling" and is_noise:
        score = "level"
    sentences = []
    if score == "rising":
        sentences.append(
            f"The best still improves at its last epoch: of {epochs}, those after epoch {since} raised its score on "
            f"the hold-out by {_size(change, scores)}. More epochs may help."
        )
    if score == "falling":
        sentences.append(
            f"The best has long been getting worse: its score on the hold-out fell by {_size(change, scores)} after "
            f"epoch {since} of {len(best)}. Fewer epochs may help."
        )
    if loss == "falling":
        sentences.append(
            f"The loss on the hold-out rose by {_size(loss_change, losses)} after epoch {loss_since}: the net learns "
            "its training rows by heart."
        )
    if sentences:
        return " ".join(sentences)
    if score == loss == "unknown":
        return f"After {epochs}, the curves say little."
    return f"The best has levelled off by its last epoch, of {epochs}."


def _size(change: float, values: np.ndarray) -> str:
    return format_score(abs(change), score_decimals(values))
