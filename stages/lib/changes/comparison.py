"""Compares the results of two commits: the picks of the searches and the kept net on fresh splits, and candidates."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stages.lib.changes.origins import Causes, causes, hindrances
from stages.lib.changes.results import Results, Scored
from stages.lib.changes.verdict import Pair, adjusted_p, judge
from stages.lib.common import UserError

# The name of the kept net's pair among those of the searches; no experiment is called so.
KEPT = "the kept net"


class Common(NamedTuple):
    """Candidates that both sides have and that score otherwise, taken together.

    Attributes
    ----------
    n_shared, n_differing : int
        How many candidates both sides have, after halving trained to the end, and how many of these score otherwise.
    pair : Pair
        The means over those that differ, on the splits of the search.
    """

    n_shared: int
    n_differing: int
    pair: Pair


class BestSets(NamedTuple):
    """How many candidates may be the best on each side, and which have left or joined of those that both have."""

    old: int
    new: int
    left: list[str]
    joined: list[str]


@dataclass(frozen=True)
class SearchChange:
    """What changed in a search.

    Attributes
    ----------
    old, new : Scored, optional
        Its pick on the fresh splits; None on a side that has no such search, or no evaluation.
    pair : Pair, optional
        None where the two are not in pairs.
    n_added, n_removed : int
        Candidates that one side alone has.
    common : Common, optional
        None if those of both sides score alike, or are not in pairs.
    best_sets : BestSets, optional
        None if one is not known.
    """

    name: str
    old: Scored | None
    new: Scored | None
    pair: Pair | None
    n_added: int
    n_removed: int
    common: Common | None
    best_sets: BestSets | None


@dataclass(frozen=True)
class Comparison:
    """What changed between two commits.

    Attributes
    ----------
    hindrances : list of str
        Why scores are not in pairs; empty if they are.
    changed : list of SearchChange
        The searches of both sides that differ.
    unchanged, added, removed : list of str
        Searches that are the same, and those of one side alone.
    pairs : dict of Pair
        Those that are judged: the searches that changed, and the kept net, under `KEPT`.
    words : dict of str
        What `judge` says of each.
    adjusted : dict of float
        The p-values that this is said by, of all pairs once.
    others : dict of Pair
        The contenders that are neither picks nor the kept net, such as models without a net, and that score otherwise.
    """

    old: Results
    new: Results
    hindrances: list[str]
    changed: list[SearchChange]
    unchanged: list[str]
    added: list[str]
    removed: list[str]
    pairs: dict[str, Pair]
    words: dict[str, str]
    adjusted: dict[str, float]
    others: dict[str, Pair]
    causes: Causes


def compare(old: Results, new: Results) -> Comparison:
    """Compare two commits, or a commit and the working tree, by what they have committed; nothing is trained.

    Raises
    ------
    UserError
        If one side has no results.
    """
    hindered, searches_hindered = hindrances(old, new), hindrances(old, new, of_searches=True)
    for side in (old, new):
        if not side.searches and not side.fresh:
            raise UserError(
                f"{side.snapshot.name} has no results: there is no metrics/candidates in it. Run `dvc repro`, or name "
                "a commit that has them."
            )
    shared = [name for name in new.searches if name in old.searches]
    changed = [
        SearchChange(
            name,
            old.fresh.get(name),
            new.fresh.get(name),
            None if hindered else _pair(old.fresh.get(name), new.fresh.get(name), new),
            n_added=len({*new.searches[name]} - {*old.searches[name]}),
            n_removed=len({*old.searches[name]} - {*new.searches[name]}),
            common=None if searches_hindered else _common(old.searches[name], new.searches[name], new),
            best_sets=_best_sets(old.best_set(name), new.best_set(name)),
        )
        for name in shared
        if _content(old, name) != _content(new, name)
    ]
    pairs = {search.name: search.pair for search in changed if search.pair}
    if not hindered and (kept := _pair(old.fresh.get(str(old.kept)), new.fresh.get(str(new.kept)), new)):
        pairs[KEPT] = kept
    # A search whose pick is kept on both sides is the same pair, and counts once.
    twice = KEPT in pairs and old.kept == new.kept and old.kept in pairs
    family = {name: pair for name, pair in pairs.items() if not (twice and name == KEPT)}
    words = judge(family)
    differing = {search.name for search in changed}
    return Comparison(
        old,
        new,
        hindered,
        changed,
        unchanged=[name for name in shared if name not in differing],
        added=[name for name in new.searches if name not in old.searches],
        removed=[name for name in old.searches if name not in new.searches],
        pairs=pairs,
        words=words | ({KEPT: words[str(new.kept)]} if twice else {}),
        adjusted=adjusted_p(family),
        others={} if hindered else _others(old, new),
        causes=causes(old, new),
    )


def _others(old: Results, new: Results) -> dict[str, Pair]:
    # The headline names a net that is kept on one side only; what it scores otherwise is still to be said.
    elsewhere = {*old.searches, *new.searches} | ({old.kept} & {new.kept})
    pairs = {name: _pair(old.fresh.get(name), scored, new) for name, scored in new.fresh.items()}
    return {name: pair for name, pair in pairs.items() if pair and not pair.is_same and name not in elsewhere}


def _content(side: Results, name: str) -> list[object]:
    """Return what a search has in common on two sides where nothing changed: its candidates, and its pick anew."""
    return [each and each.content for each in (*side.searches[name].values(), side.fresh.get(name))]


def _pair(before: Scored | None, after: Scored | None, new: Results) -> Pair | None:
    """Return the scores on the splits that both have: with other numbers of repeats, those of the first ones."""
    if before is None or after is None:
        return None
    n = min(len(before.scores), len(after.scores))
    parts = (before.scores[:n], after.scores[:n], before.stuck[:n], after.stuck[:n])
    return Pair(*parts, new.test_share, new.one_row, new.rope)


def _common(one: dict[str, Scored], other: dict[str, Scored], new: Results) -> Common | None:
    # One that left earlier on one side was trained for fewer epochs there, which is why it scores otherwise.
    ended = [params for params in one if params in other and one[params].to_the_end and other[params].to_the_end]
    shared = [pair for params in ended if (pair := _pair(one[params], other[params], new))]
    differing = [pair for pair in shared if not pair.is_same and np.isfinite(pair.difference)]
    if not differing:
        return None
    before, after = (np.mean([getattr(pair, side) for pair in differing], axis=0) for side in ("old", "new"))
    none = np.zeros(len(before), dtype=bool)
    pooled = Pair(before, after, none, none, new.test_share, new.one_row, new.rope)
    return Common(len(shared), len(differing), pooled)


def _best_sets(old: dict[str, bool] | None, new: dict[str, bool] | None) -> BestSets | None:
    if old is None or new is None:
        return None
    shared = [params for params in old if params in new]
    left = [params for params in shared if old[params] and not new[params]]
    joined = [params for params in shared if new[params] and not old[params]]
    return BestSets(sum(old.values()), sum(new.values()), left, joined)
