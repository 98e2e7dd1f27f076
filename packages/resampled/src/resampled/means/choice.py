"""What the winner of several searches is worth, free of the luck of being chosen among all their candidates."""

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtri

from resampled.means.corrected import Corrected
from resampled.means.ttest import ALPHA
from resampled.resampling import Bounds


def whole_choice(
    searches: Mapping[str, Corrected | None], bounds: Bounds
) -> Corrected | None:
    """Return the corrected score of the choice among all searches, with the ends of its 95 % interval.

    The same rows and splits are left out in all searches. So each draw takes the search whose selected candidate has
    the best mean on what selects, and scores it on what was left out. The mean over the draws is the corrected score.
    Its variance is the mean of the searches' own, as often as they were taken, and that of their corrected scores.

    The result is None if a search has no corrected score, or they do not share their draws.
    """
    found = [each for each in searches.values() if each is not None]
    kinds = {(each.over, len(each.draws.selecting)) for each in found}
    if len(found) < len(searches) or len(kinds) != 1:
        return None
    selecting = np.stack([each.draws.selecting for each in found])
    left_out = np.stack([each.draws.left_out for each in found])
    taken = np.nan_to_num(selecting, nan=-np.inf).argmax(axis=0)
    score = float(np.nanmean(left_out[taken, np.arange(len(taken))]))
    share = np.bincount(taken, minlength=len(found)) / len(taken)
    scores, lows, highs = np.transpose(
        [(each.score, each.low, each.high) for each in found]
    )
    mean = (share * scores).sum()
    among = (share * (scores - mean) ** 2).sum()
    between = ndtri(1 - ALPHA / 2) ** 2 * among
    squares = [(share * (end - scores) ** 2).sum() + between for end in (lows, highs)]
    below, above = np.sqrt(squares)
    low, high = np.clip([score - below, score + above], *bounds)
    return Corrected(score, float(low), float(high), found[0].over)
