"""Compares the results of two commits: the picks of the searches and the kept net on fresh splits, and candidates."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stages.lib.changes.causes import Causes, causes
from stages.lib.changes.conditions import hindrances, test_share
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

    Parameters
    ----------
    name : str
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

    Parameters
    ----------
    old, new : Results
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
    causes : Causes
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

    @property
    def kept_word(self) -> str | None:
        """What is said of the kept net; None if the two are not in pairs."""
        return self.words.get(KEPT)


def compare(old: Results, new: Results) -> Comparison:
    """Compare two commits, or a commit and the working tree, by what they have committed; nothing is trained.

    Raises
    ------
    UserError
        If one side has no results.
    """
    for side in (old, new):
        if not side.searches and not side.fresh:
            raise UserError(
                f"{side.snapshot.name} has no results: there is no metrics/candidates in it. Run `dvc repro`, or name "
                "a commit that has them."
            )
    hindered, searches_hindered = hindrances(old, new), hindrances(old, new, of_searches=True)
    shared = [name for name in new.searches if name in old.searches]
    differing = [name for name in shared if _differs(old, new, name)]
    changed = [_search(old, new, name, bool(hindered), bool(searches_hindered)) for name in differing]
    pairs = {search.name: search.pair for search in changed if search.pair}
    if not hindered and old.kept in old.fresh and new.kept in new.fresh:
        pairs[KEPT] = _pair(old.fresh[str(old.kept)], new.fresh[str(new.kept)], new)
    # A search whose pick is kept on both sides is the same pair, and counts once.
    twice = KEPT in pairs and old.kept == new.kept and old.kept in pairs
    family = {name: pair for name, pair in pairs.items() if not (twice and name == KEPT)}
    words = judge(family)
    if twice:
        words[KEPT] = words[str(new.kept)]
    return Comparison(
        old,
        new,
        hindered,
        changed,
        unchanged=[name for name in shared if name not in differing],
        added=[name for name in new.searches if name not in old.searches],
        removed=[name for name in old.searches if name not in new.searches],
        pairs=pairs,
        words=words,
        adjusted=adjusted_p(family),
        others={} if hindered else _others(old, new),
        causes=causes(old, new),
    )


def _others(old: Results, new: Results) -> dict[str, Pair]:
    # A net that is kept on one side only is told there; what it scores otherwise is still to be said.
    told = {*old.searches, *new.searches} | ({old.kept} & {new.kept})
    names = [name for name in new.fresh if name in old.fresh and name not in told]
    pairs = {name: _pair(old.fresh[name], new.fresh[name], new) for name in names}
    return {name: pair for name, pair in pairs.items() if not pair.is_same}


def _differs(old: Results, new: Results, name: str) -> bool:
    """Return whether a search has other candidates or scores, or its pick has on the fresh splits."""
    one, other = old.candidates(name), new.candidates(name)
    same = list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    return not (same and _same(old.fresh.get(name), new.fresh.get(name)))


def _same(one: Scored | None, other: Scored | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.params == other.params and np.array_equal(one.scores, other.scores, equal_nan=True)


def _search(old: Results, new: Results, name: str, hindered: bool, searches_hindered: bool) -> SearchChange:
    before, after = old.fresh.get(name), new.fresh.get(name)
    one, other = old.candidates(name), new.candidates(name)
    pair = None if hindered or before is None or after is None else _pair(before, after, new)
    return SearchChange(
        name,
        before,
        after,
        pair,
        n_added=len({*other} - {*one}),
        n_removed=len({*one} - {*other}),
        common=None if searches_hindered else _common(one, other, new),
        best_sets=_best_sets(old.best_set(name), new.best_set(name)),
    )


def _pair(before: Scored, after: Scored, new: Results) -> Pair:
    """Return the scores on the splits that both have: with other numbers of repeats, those of the first ones."""
    n = min(len(before.scores), len(after.scores))
    parts = (before.scores[:n], after.scores[:n], before.stuck[:n], after.stuck[:n])
    return Pair(*parts, test_share(new), new.one_row, new.rope)


def _common(one: dict[str, Scored], other: dict[str, Scored], new: Results) -> Common | None:
    # One that left earlier on one side was trained for fewer epochs there, which is why it scores otherwise.
    both = [params for params in one if params in other and one[params].to_the_end and other[params].to_the_end]
    shared = [_pair(one[params], other[params], new) for params in both]
    differing = [pair for pair in shared if not pair.is_same and np.isfinite(pair.difference)]
    if not differing:
        return None
    before, after = (np.mean([getattr(pair, side) for pair in differing], axis=0) for side in ("old", "new"))
    none = np.zeros(len(before), dtype=bool)
    pooled = Pair(before, after, none, none, test_share(new), new.one_row, new.rope)
    return Common(len(shared), len(differing), pooled)


def _best_sets(old: dict[str, bool] | None, new: dict[str, bool] | None) -> BestSets | None:
    if old is None or new is None:
        return None
    shared = [params for params in old if params in new]
    left = [params for params in shared if old[params] and not new[params]]
    joined = [params for params in shared if new[params] and not old[params]]
    return BestSets(sum(old.values()), sum(new.values()), left, joined)
