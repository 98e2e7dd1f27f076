"""Compares the results of two commits: the picks of the searches and the kept net on fresh splits, and candidates."""

from dataclasses import dataclass
from typing import NamedTuple

from resampled.pairs.family import UNDECIDED, Verdict, judge
from resampled.pairs.pair import Pair
from stages.lib.common import UserError
from stages.lib.diff.differences import Causes, causes
from stages.lib.diff.pairing import Common, Sides, Together
from stages.lib.diff.side import Scored, Side

# The names of members of a family that are not searches; no experiment is called so.
KEPT, TOGETHER = "the kept net", "all together"


class SearchChange(NamedTuple):
    """What changed in a search: its pick on the fresh splits, and its candidates.

    `old` and `new` are the pick, None on a side without an evaluation of it. `verdict` is on their difference, and
    `second` by the second scorer; both, and `common`, are None where there is nothing to compare in pairs.
    """

    name: str
    old: Scored | None
    new: Scored | None
    verdict: Verdict | None
    second: Verdict | None
    common: Common | None


@dataclass(frozen=True)
class Comparison:
    """What changed between two commits.

    `kept` and `second` judge the kept net, by the scorer that selects and by the second one; None if it has no scores.
    `together` takes several searches as one, None if there are not several in pairs. Its verdict is undecided as well
    where the picks or the kept net do not agree. `others` are contenders that are neither picks nor the kept net, such
    as models without a net, and that score otherwise.
    """

    sides: Sides
    changed: list[SearchChange]
    unchanged: list[str]
    added: list[str]
    removed: list[str]
    kept: Verdict | None
    second: Verdict | None
    together: Together | None
    together_verdict: Verdict | None
    others: dict[str, Pair]
    causes: Causes


def compare(old: Side, new: Side) -> Comparison:
    """Compare what two commits, or a commit and the working tree, have committed; nothing is trained.

    Raises `UserError` if one side has no results.
    """
    for side in (old, new):
        if not side.searches and not side.fresh:
            raise UserError(
                f"{side.snapshot.name} has no results in metrics/search/. Run `dvc repro`, or name a commit that has "
                "them. Those of commits before 582375e, of 2026-11-29, lie elsewhere, and can't be compared: take the "
                "settings to a branch, by `git checkout COMMIT -- params.yaml`, change there what `make check` names, "
                "run `dvc repro`, commit, and compare with that branch."
            )
    shared = [name for name in new.searches if name in old.searches]
    sides = Sides(old, new)
    unchanged = [name for name in shared if sides.is_unchanged(name)]
    changed = [name for name in shared if name not in unchanged]
    # A search whose pick is kept on both sides is the same pair, and counts once.
    kept = new.kept if new.kept in changed and new.kept == old.kept else KEPT
    contenders: dict[str, tuple[str | None, str | None]] = {
        name: (name, name) for name in changed
    }
    contenders |= {KEPT: (old.kept, new.kept)} if kept == KEPT else {}
    family = {
        name: pair
        for name, both in contenders.items()
        if (pair := sides.difference(*both))
    }
    common = {name: sides.common(name) for name in changed}
    pairs = {name: pair for name, pair in family.items() if isinstance(pair, Pair)}
    shared_by = {
        name: each.pairs for name, each in common.items() if each and name in pairs
    }
    together = Together.of(
        list(shared_by.values()), [pairs[name] for name in shared_by]
    )
    verdicts = judge(family | ({TOGETHER: together.candidates} if together else {}))
    if together and not together.agrees(pairs.get(kept)):
        verdicts[TOGETHER] = verdicts[TOGETHER]._replace(word=UNDECIDED)
    seconds = judge(
        {
            name: pair
            for name, both in contenders.items()
            if (pair := sides.second(*both))
        }
    )
    # The headline names a net that is kept on one side only; what it scores otherwise is still to be said.
    elsewhere = {*old.searches, *new.searches} | ({old.kept} & {new.kept})
    others = {
        name: sides.difference(name, name)
        for name in new.fresh
        if name not in elsewhere
    }
    return Comparison(
        sides,
        [
            SearchChange(
                name,
                old.fresh.get(name),
                new.fresh.get(name),
                verdicts.get(name),
                seconds.get(name),
                common[name],
            )
            for name in changed
        ],
        unchanged,
        added=[name for name in new.searches if name not in shared],
        removed=[name for name in old.searches if name not in shared],
        kept=verdicts.get(kept),
        second=seconds.get(kept),
        together=together,
        together_verdict=verdicts.get(TOGETHER),
        others={
            name: pair
            for name, pair in others.items()
            if isinstance(pair, Pair) and not pair.is_same
        },
        causes=causes(old, new),
    )
