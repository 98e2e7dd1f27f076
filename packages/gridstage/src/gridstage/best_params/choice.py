"""What the choice among all searches says: which of them chance may have ordered, and what the winner is worth."""

from collections.abc import Mapping

from gridstage.best_params.leaderboard import ties
from gridstage.config import Params
from gridstage.results import Results
from gridstage.results.search import RankedSearch
from gridstage.scores.score_table import read_corrected
from resampled.means.choice import whole_choice
from resampled.means.corrected import Corrected
from resampled.scorers import bounds_of


def judge_choice(
    results: Results, params: Params, searches: Mapping[str, RankedSearch]
) -> tuple[dict[str, bool], Corrected | None]:
    """Say of each search whether it is tied with the next better one, and what the winner of all is worth.

    Parameters
    ----------
    results : Results
        Where the draws of each search are read.
    params : Params
        What params.yaml says.
    searches : mapping of str to RankedSearch
        As `read_searches` returns them.

    Returns
    -------
    tied : dict of str to bool
        Whether chance in the draws alone may have put a search below the next better one.
    corrected : Corrected or None
        The winner's score without the luck of being chosen among all, and its 95 % interval; None if it is not known.

    Raises
    ------
    UserError
        If a file of draws is missing or broken.

    Examples
    --------
    >>> tied, corrected = judge_choice(results, params, read_searches(results, params))
    >>> list(tied), corrected.low < corrected.score < corrected.high
    (['dropout', 'neurons'], True)
    """
    own = {}
    for name, search in searches.items():
        own[name] = read_corrected(results, name, search)
    return ties(own), whole_choice(own, bounds_of(params.cv.scoring))
