"""Whether the scores of two commits can be compared, in pairs or as two runs apart."""

from typing import NamedTuple

from stages.lib.changes.results import EVALUATE, Results
from stages.lib.common import format_value

# What a score is of; without the same, a difference has no unit or no meaning.
_OF_SCORES = ("data.target", "cv.scoring")
# What decides which rows a split tests.
_OF_SPLITS = ("seed", "data.sample", "data.header", "cv.splitter", "cv.groups", "cv.order", "cv.n_splits")
# What also decides the splits of a search; those of the evaluation are always shuffled.
_SHUFFLE = "cv.shuffle"


class Hindrances(NamedTuple):
    """Why scores can't be compared, and why they are not in pairs, such as `seed: 7 → 8`; empty if they are.

    `of_searches` says why those of the searches are not, though those on the fresh splits are.
    """

    refused: list[str]
    apart: list[str]
    of_searches: list[str]


def hindrances(old: Results, new: Results) -> Hindrances:
    """Return what keeps the scores of two commits from being compared, or from being compared in pairs.

    Packages and code do not: they are what a comparison is about. Nor does the number of repeats, because the splits
    of the first repeats are the same.
    """
    lacking = [side.snapshot.name for side in (old, new) if not side.evaluated]
    if lacking:
        return Hindrances([f"dvc.lock of {' and of '.join(lacking)} does not say what the scores are of"], [], [])
    before, after = old.evaluated, new.evaluated

    def differing(*keys: str) -> list[str]:
        values = {key: (before.get(key), after.get(key)) for key in keys}
        return [f"{key}: {format_value(one)} → {format_value(two)}" for key, (one, two) in values.items() if one != two]

    kinds = ["numbers" if "Regressor" in str(side.get("model.wrapper")) else "classes" for side in (before, after)]
    predicted = [f"{kinds[0]} were predicted, now {kinds[1]} are"] if kinds[0] != kinds[1] else []
    paths = [str(side.evaluated.get("data.path")) for side in (old, new)]
    same_rows = old.hashes(EVALUATE).get(paths[0]) == new.hashes(EVALUATE).get(paths[1])
    data = [] if same_rows else [f"{paths[1]} has other bytes"]
    return Hindrances(differing(*_OF_SCORES) + predicted, data + differing(*_OF_SPLITS), differing(_SHUFFLE))
