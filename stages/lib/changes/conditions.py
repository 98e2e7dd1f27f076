"""Whether the scores of two commits are in pairs: of the same rows, split in the same way, by the same scorer."""

from collections.abc import Iterator

from stages.lib.changes.results import EVALUATE, Results
from stages.lib.common import format_value

_CV = ("cv.splitter", "cv.groups", "cv.order", "cv.n_splits", "cv.scoring")
# What decides which rows a split tests, and what a score is.
_PARAMS = ("seed", "data.target", "data.sample", "data.header", *_CV)
# What also decides the splits of a search; those of the evaluation are always shuffled.
_OF_SEARCHES = "cv.shuffle"
# What keys stood for before they were in params.yaml.
_BEFORE = {"data.sample": 1.0, "data.header": False, "cv.splitter": "stratified", "cv.scoring": "accuracy"}


def hindrances(old: Results, new: Results, of_searches: bool = False) -> list[str]:
    """Return what keeps the scores of two commits from being compared in pairs, such as `seed: 7 → 8`.

    Packages and code do not: they are what a comparison is about. Nor does the number of repeats, because the splits
    of the first repeats are the same.

    Parameters
    ----------
    old, new : Results
    of_searches : bool
        Whether the splits of the searches are meant, not the fresh ones.
    """
    lacking = [side.snapshot.name for side in (old, new) if not side.evaluated]
    if lacking:
        return [f"dvc.lock of {' and of '.join(lacking)} does not say what the scores are of"]
    return list(_differing(old, new, of_searches))


def _differing(old: Results, new: Results, of_searches: bool) -> Iterator[str]:
    before, after = (side.evaluated for side in (old, new))
    hashes = [_data(side) for side in (old, new)]
    if hashes[0] != hashes[1]:
        yield f"the data have other bytes ({before.get('data.path')})"
    for key in (*_PARAMS, *[_OF_SEARCHES] * of_searches):
        one, other = (side.get(key, _BEFORE.get(key)) for side in (before, after))
        if one != other:
            yield f"{key}: {format_value(one)} → {format_value(other)}"
    kinds = ["numbers" if "Regressor" in str(each.get("model.wrapper")) else "classes" for each in (before, after)]
    if kinds[0] != kinds[1]:
        yield f"{kinds[0]} were predicted, now {kinds[1]} are"


def _data(side: Results) -> str | None:
    return side.hashes(EVALUATE).get(str(side.evaluated.get("data.path")))


def test_share(side: Results) -> float:
    """Return the test rows per training row of a split; NaN in time order, where nothing can be tested."""
    params = side.evaluated
    if params.get("cv.splitter") == "time" or not params:
        return float("nan")
    return 1 / (int(params["cv.n_splits"]) - 1)
