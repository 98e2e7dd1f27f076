"""Whether the scores of two commits can be compared, in pairs or as two runs apart; and which name is which."""

from collections import Counter
from typing import NamedTuple

from stages.lib.changes.results import EVALUATE, Results
from stages.lib.common import UserError, counted, format_value

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

    def differing(keys: tuple[str, ...]) -> list[str]:
        values = {key: (before.get(key), after.get(key)) for key in keys}
        return [f"{key}: {format_value(one)} → {format_value(two)}" for key, (one, two) in values.items() if one != two]

    kinds = ["numbers" if "Regressor" in str(side.get("model.wrapper")) else "classes" for side in (before, after)]
    predicted = [f"{kinds[0]} were predicted, now {kinds[1]} are"] if kinds[0] != kinds[1] else []
    apart = _data(old, new) + differing(_OF_SPLITS)
    return Hindrances(differing(_OF_SCORES) + predicted, apart, differing((_SHUFFLE,)))


def _data(old: Results, new: Results) -> list[str]:
    """Say that the data differ, and in how many rows, if git has them."""
    paths = [str(side.evaluated.get("data.path")) for side in (old, new)]
    if old.hashes(EVALUATE).get(paths[0]) == new.hashes(EVALUATE).get(paths[1]):
        return []
    one, two = (_rows(side, path) for side, path in zip((old, new), paths, strict=True))
    if one is None or two is None:
        return [f"{paths[1]} has other bytes"]
    before, after = Counter(one), Counter(two)
    gone, come, n = (before - after).total(), (after - before).total(), before.total()
    if before == after:  # how a line ends is not read
        return [] if one == two else [f"the rows of {paths[1]} are in another order"]
    if gone == come:
        return [f"{gone:,} of {counted(n, 'row')} of {paths[1]} {'differs' if gone == 1 else 'differ'}"]
    parts = [f"{k:,} {what}" for k, what in ((gone, "gone"), (come, "new")) if k]
    return [f"of {counted(n, 'row')} of {paths[1]}, {' and '.join(parts)}"]


def _rows(side: Results, path: str) -> list[str] | None:
    """Return the lines of a data file but for its header; None if there is none, or it is not UTF-8."""
    try:
        text = side.snapshot.text(path)
    except UserError:
        return None
    if text is None:
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[1:] if side.evaluated.get("data.header") else lines


def renamed(old: Results, new: Results) -> dict[str, str]:
    """Return the experiments that have another name now, new name to old.

    They are recognised by what they hold: the same grid, `fixed` and search, or the same candidates and scores.
    """
    # After a swap, a name stands for what another one held.
    others = {
        name
        for name in {*old.searches} & {*new.searches}
        if (section := _section(new, name)) and section != _section(old, name)
        if any(section == _section(old, one) for one in old.searches)
    }
    gone = [name for name in old.searches if name not in new.searches or name in others]
    names: dict[str, str] = {}
    for held in (_section, _candidates):
        for name in new.searches:
            if (name not in old.searches or name in others) and name not in names and (content := held(new, name)):
                same = [one for one in gone if one not in names.values() and held(old, one) == content]
                names |= {name: same[0]} if same else {}
    return {name: was for name, was in names.items() if was not in new.searches or was in names}


def _section(side: Results, name: str) -> dict[str, object]:
    """Return an experiment's settings in params.yaml by key."""
    prefix = f"experiments.{name}."
    return {key.removeprefix(prefix): value for key, value in side.evaluated.items() if key.startswith(prefix)}


def _candidates(side: Results, name: str) -> dict[str, bytes]:
    return {params: scored.scores.tobytes() for params, scored in side.searches[name].items()}
