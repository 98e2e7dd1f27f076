"""Several scores by name: which pairs differ, and which search is the best."""

from collections.abc import Mapping

from resampled.face.scores import Scores, pair_of
from resampled.means.choice import whole_choice
from resampled.means.corrected import Corrected
from resampled.pairs.family import Verdict, judge


def verdicts(pairs: Mapping[str, Scores]) -> dict[str, Verdict]:
    """Judge a family of pairs (old, new) as `Scores.verdict` does.

    All claims together are wrong in at most 5 %, by Holm (1979). Of a learner that few rows sway, they are a hint.
    """
    return judge({name: pair_of(scores) for name, scores in pairs.items()})


def choose(searches: Mapping[str, Scores], seed: int = 0) -> tuple[str, Corrected]:
    """Choose among searches on the same splits by their corrected scores, and correct the best one for that, too.

    Returns the name of the best and what its best candidate is worth. Raises `ValueError` for different splits.
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
