"""Several scores by name: which pairs differ, and which search is the best."""

from collections.abc import Mapping

from resampled.face.scores import Scores, pair_of
from resampled.means.choice import whole_choice
from resampled.means.corrected import Corrected
from resampled.pairs.family import Verdict, judge


def verdicts(pairs: Mapping[str, Scores]) -> dict[str, Verdict]:
    """Judge a family of pairs (old, new) as `Scores.verdict` does.

    All claims together are wrong in at most 5 %, by Holm (1979), "A simple sequentially rejective multiple test
    procedure", Scandinavian Journal of Statistics 6. Of a learner that few rows sway, they are a hint.

    Parameters
    ----------
    pairs : dict of Scores
        By name, the scores of two candidates each: the old and the new one.

    Returns
    -------
    dict of Verdict
        By the same names.

    Raises
    ------
    ValueError
        If one of them is not a pair with all scores.

    Examples
    --------
    Two changes, of which only the first has an effect:

    >>> import numpy as np
    >>> from resampled import Scores, verdicts
    >>> rng = np.random.default_rng(0)
    >>> pairs = {}
    >>> for change, share in {"wider": 0.8, "deeper": 0.6}.items():
    ...     accuracies = rng.binomial(100, [[0.6], [share]], size=(2, 30)) / 100
    ...     pairs[change] = Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy")
    >>> for change, verdict in verdicts(pairs).items():
    ...     print(change, verdict.word)
    wider better
    deeper undecided
    """
    return judge({name: pair_of(scores) for name, scores in pairs.items()})


def choose(searches: Mapping[str, Scores], seed: int = 0) -> tuple[str, Corrected]:
    """Choose among searches on the same splits by their corrected scores, and correct the best one for that, too.

    Parameters
    ----------
    searches : dict of Scores
        The searches by name.
    seed : int, default=0
        The seed of the draws.

    Returns
    -------
    name : str
        The name of the best search.
    worth : Corrected
        What its best candidate is worth, without the luck of the choice among all candidates.

    Raises
    ------
    ValueError
        If the searches have different splits, or none can be corrected.

    See Also
    --------
    Scores.corrected : Corrects a single search.

    Examples
    --------
    >>> import numpy as np
    >>> from resampled import Scores, choose
    >>> rng = np.random.default_rng(0)
    >>> searches = {}
    >>> for name, share in {"trees": 0.7, "nets": 0.8}.items():
    ...     accuracies = rng.binomial(100, share, size=(5, 30)) / 100
    ...     searches[name] = Scores(accuracies, n_folds=3, n_rows=300, metric="accuracy")
    >>> name, worth = choose(searches)
    >>> print(f"{name}: {worth.score:.2f}")
    nets: 0.80
    """
    splits = {
        (each.scores.shape[1], each.resampling.test_share) for each in searches.values()
    }
    if len(splits) != 1:
        raise ValueError(
            f"The searches are to share their splits, but have (splits, test_share): {sorted(splits)}."
        )
    corrected = {name: each.corrected(seed) for name, each in searches.items()}
    winner = max(corrected, key=lambda name: corrected[name].score)
    bounds = searches[winner].resampling.bounds
    return winner, whole_choice(corrected, bounds) or corrected[winner]
