"""Compares the results of two commits: the picks of the searches and the kept net on fresh splits, and candidates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gridstage.common import UserError
from gridstage.diff.differences import Causes, causes
from gridstage.diff.pairing import Common, Sides, Together
from gridstage.diff.side import Scored, Side
from gridstage.results.search import Settings
from resampled.pairs.apart import Apart
from resampled.pairs.family import UNDECIDED, Verdict, judge
from resampled.pairs.pair import Pair

# The names of members of a family that are not searches; no experiment is called so.
KEPT, TOGETHER = "the kept net", "all together"
# The names of what is compared on both sides.
Contenders = tuple[str | None, str | None]


class SearchChange(NamedTuple):
    """What changed in a search: its pick on the fresh splits, and its candidates.

    `picks` are the settings before and after, None on a side that knows none, and `old` and `new` their scores, None on
    a side without an evaluation of it. `verdict` is on their difference, and `second` by the second scorer; both, and
    `common`, are None where there is nothing to compare in pairs.
    """

    name: str
    picks: tuple[Settings | None, Settings | None]
    old: Scored | None
    new: Scored | None
    verdict: Verdict | None
    second: Verdict | None
    common: Common | None


@dataclass(frozen=True)
class Comparison:
    """What changed between two commits.

    `of_kept` and `second_of_kept` judge the kept net, by the scorer that selects and by the second one; None if it has
    no scores.
    `together` takes several searches as one, None if there are not several in pairs. Its verdict is undecided as well
    where the picks or the kept net do not agree. `others` are contenders that are neither picks nor the kept net, such
    as models without a net, and that score otherwise.
    """

    sides: Sides
    changed: list[SearchChange]
    unchanged: list[str]
    added: list[str]
    removed: list[str]
    of_kept: Verdict | None
    second_of_kept: Verdict | None
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
                "them. Those of a commit that has them elsewhere can't be compared: take the settings to a branch, by "
                "`git checkout COMMIT -- params.yaml`, change there what `gridstage check` names, run `dvc repro`, "
                "commit, and compare with that branch."
            )
    sides = Sides(old, new)
    shared = [name for name in new.searches if name in old.searches]
    unchanged = list(filter(sides.is_unchanged, shared))
    changed = [name for name in shared if name not in unchanged]
    # A search whose pick is kept on both sides is the same pair, and counts once.
    member = new.kept if new.kept in changed and new.kept == old.kept else KEPT
    contenders: dict[str, Contenders] = {name: (name, name) for name in changed}
    if member == KEPT:
        contenders[KEPT] = old.kept, new.kept
    common = {name: sides.common(name) for name in changed}
    together, verdicts = _judged(sides, contenders, common, member)
    seconds = {name: sides.second(*both) for name, both in contenders.items()}
    second_verdicts = judge({name: each for name, each in seconds.items() if each})
    searches = []
    for name in changed:
        change = SearchChange(
            name,
            picks=(old.picks.get(name), new.picks.get(name)),
            old=old.fresh.get(name),
            new=new.fresh.get(name),
            verdict=verdicts.get(name),
            second=second_verdicts.get(name),
            common=common[name],
        )
        searches.append(change)
    return Comparison(
        sides,
        searches,
        unchanged,
        added=[name for name in new.searches if name not in shared],
        removed=[name for name in old.searches if name not in shared],
        of_kept=verdicts.get(member),
        second_of_kept=second_verdicts.get(member),
        together=together,
        together_verdict=verdicts.get(TOGETHER),
        others=_others(sides),
        causes=causes(old, new),
    )


def _judged(
    sides: Sides,
    contenders: Mapping[str, Contenders],
    common: Mapping[str, Common | None],
    member: str,
) -> tuple[Together | None, dict[str, Verdict]]:
    """Return what several searches gain as one, and the verdicts on all, which are one family."""
    family: dict[str, Pair | Apart] = {}
    for name, both in contenders.items():
        difference = sides.difference(*both)
        if difference:
            family[name] = difference
    pairs = {name: each for name, each in family.items() if isinstance(each, Pair)}
    candidates, picks = [], []
    for name, each in common.items():
        if each and name in pairs:
            candidates.append(each.pairs)
            picks.append(pairs[name])
    together = Together.of(candidates, picks)
    if together is None:
        return None, judge(family)
    verdicts = judge(family | {TOGETHER: together.candidates})
    if not together.agrees(pairs.get(member)):
        verdicts[TOGETHER] = verdicts[TOGETHER]._replace(word=UNDECIDED)
    return together, verdicts


def _others(sides: Sides) -> dict[str, Pair]:
    """Return the differences of contenders that are neither picks nor the kept net, and that score otherwise."""
    old, new = sides.old, sides.new
    # The headline names a net that is kept on one side only; what it scores otherwise is still to be said.
    elsewhere = {*old.searches, *new.searches} | ({old.kept} & {new.kept})
    others = {}
    for name in new.fresh:
        difference = sides.difference(name, name)
        if name in elsewhere or not isinstance(difference, Pair):
            continue
        if not difference.is_same:
            others[name] = difference
    return others
