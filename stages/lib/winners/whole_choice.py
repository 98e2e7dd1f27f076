"""What the winner of all searches is worth, free of the luck of being chosen among all their candidates."""

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import norm

from stages.lib.common import Output
from stages.lib.scores import ALPHA, CORRECTED, Bounds, Draws
from stages.lib.scores.score_table import read_cells


def read_draws(name: str) -> Draws:
    """Read the draws of a search; raises `UserError` if the file is missing or broken."""
    with Output(f"metrics/draws/{name}.csv", "the draws of a search", f"search@{name}").as_text() as text:
        table = read_cells(text).astype(float)
        return Draws(table["selecting"].to_numpy(), table["left_out"].to_numpy())


def whole_choice(
    searches: dict[str, dict[str, Any]], draws: dict[str, Draws], bounds: Bounds
) -> tuple[float, float, float] | None:
    """Return the corrected score of the choice among all searches, and the ends of its 95 % interval.

    The draws are the same in all searches: the same rows and splits are left out. So each draw can choose among the
    searches too: it takes the one whose selected candidate has the best mean on what selects, and scores it on what was
    left out. The mean over the draws is the corrected score. Its variance is the mean of the searches' own, as often as
    they were taken, and the variance of their corrected scores. The interval does not pass the scorer's bounds.

    The result is None if a search has no corrected score, or they do not share their draws: where a large search is
    corrected over splits alone, or with other numbers of rows.
    """
    over = {str(search.get("corrected_over")).partition(",")[0] for search in searches.values()}
    sizes = {len(each.selecting) for each in draws.values()}
    if len(over) > 1 or len(sizes) > 1 or not all("best_score_corrected" in each for each in searches.values()):
        return None
    taken = np.nan_to_num(np.stack([draws[name].selecting for name in searches]), nan=-np.inf).argmax(axis=0)
    left_out = np.stack([draws[name].left_out for name in searches])[taken, np.arange(len(taken))]
    share = np.bincount(taken, minlength=len(searches)) / len(taken)
    scores, lows, highs = (np.array([search[key] for search in searches.values()]) for key in CORRECTED)
    score, among = float(np.nanmean(left_out)), share @ (scores - share @ scores) ** 2
    between = norm.ppf(1 - ALPHA / 2) ** 2 * among
    below, above = (float(np.sqrt(share @ (end - scores) ** 2 + between)) for end in (lows, highs))
    low, high = np.clip([score - below, score + above], *bounds)
    return score, float(low), float(high)


def ties(searches: dict[str, dict[str, Any]]) -> dict[str, bool]:
    """Return for each search whether chance in the draws alone may have put it below the next better one.

    That is so if their corrected scores differ by less than two standard errors of the draws.
    """
    ranked = sorted(searches, key=lambda name: -searches[name].get("best_score_corrected", np.nan))
    tied = dict.fromkeys(searches, False)
    for better, name in pairwise(ranked):
        one, other = searches[better], searches[name]
        if "corrected_noise" in one and "corrected_noise" in other:
            gap = one["best_score_corrected"] - other["best_score_corrected"]
            tied[name] = bool(gap <= 2 * np.hypot(one["corrected_noise"], other["corrected_noise"]))
    return tied
