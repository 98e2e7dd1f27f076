"""Compares the results of two commits: the picks of the searches and the kept net on fresh splits, and candidates."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from stages.lib.changes.origins import Causes, causes, hindrances
from stages.lib.changes.results import Results, Scored
from stages.lib.changes.verdict import Pair, adjusted_p, judge
from stages.lib.common import UserError

# The name of the kept net's pair, unless a search has the same one; no experiment is called so.
_KEPT = "the kept net"


class Common(NamedTuple):
    """Candidates that both sides have, after halving trained to the end, and how many of them score otherwise.

    The pair has the means over those that differ, on the splits of the search.
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


class SearchChange(NamedTuple):
    """What changed in a search: its pick on the fresh splits, and its candidates.

    `old` and `new` are the pick, None on a side without an evaluation of it, and `pair` is both, None if they are not
    in pairs. `word` is what `judge` says of the pair, "" if there is none, and `p_holm` the p-value that it says it by.
    `n_added` and `n_removed` count the candidates that one side alone has. `common` is None if those of both
    sides score alike, or are not in pairs, and `best_sets` if one is not known.
    """

    name: str
    old: Scored | None
    new: Scored | None
    pair: Pair | None
    word: str
    p_holm: float
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
    kept, kept_word : Pair, optional, and str
        The kept net on both sides, and what `judge` says of it; None and "" if it is not in pairs.
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
    kept: Pair | None
    kept_word: str
    others: dict[str, Pair]
    causes: Causes


def compare(old: Results, new: Results) -> Comparison:
    """Compare what two commits, or a commit and the working tree, have committed; nothing is trained.

    Raises `UserError` if one side has no results.
    """
    hindered = hindrances(old, new)
    # What also decides the splits of a search; those of the evaluation are always shuffled.
    searches_hindered = hindered or old.evaluated.get("cv.shuffle") != new.evaluated.get("cv.shuffle")
    for side in (old, new):
        if not side.searches and not side.fresh:
            raise UserError(
                f"{side.snapshot.name} has no results: there is no metrics/candidates in it. Run `dvc repro`, or name "
                "a commit that has them."
            )

    def fresh_pair(before: str | None, after: str | None) -> Pair | None:
        return None if hindered else _pair(old.fresh.get(str(before)), new.fresh.get(str(after)), new)

    shared = [name for name in new.searches if name in old.searches]
    unchanged = [name for name in shared if _content(old, name) == _content(new, name)]
    pairs = {name: pair for name in shared if name not in unchanged and (pair := fresh_pair(name, name))}
    # A search whose pick is kept on both sides is the same pair, and counts once.
    kept = new.kept if new.kept and new.kept == old.kept and new.kept in pairs else _KEPT
    if kept == _KEPT and (pair := fresh_pair(old.kept, new.kept)):
        pairs[_KEPT] = pair
    words, p_holm = judge(pairs), adjusted_p(pairs)
    changed = [
        SearchChange(
            name,
            old.fresh.get(name),
            new.fresh.get(name),
            pairs.get(name),
            words.get(name, ""),
            p_holm.get(name, np.nan),
            n_added=len({*new.searches[name]} - {*old.searches[name]}),
            n_removed=len({*old.searches[name]} - {*new.searches[name]}),
            common=None if searches_hindered else _common(old.searches[name], new.searches[name], new),
            best_sets=_best_sets(old.best_set(name), new.best_set(name)),
        )
        for name in shared
        if name not in unchanged
    ]
    # The headline names a net that is kept on one side only; what it scores otherwise is still to be said.
    elsewhere = {*old.searches, *new.searches} | ({old.kept} & {new.kept})
    others = {name: fresh_pair(name, name) for name in new.fresh if name not in elsewhere}
    return Comparison(
        old,
        new,
        hindered,
        changed,
        unchanged,
        added=[name for name in new.searches if name not in old.searches],
        removed=[name for name in old.searches if name not in new.searches],
        kept=pairs.get(kept),
        kept_word=words.get(kept, ""),
        others={name: pair for name, pair in others.items() if pair and not pair.is_same},
        causes=causes(old, new),
    )


def _content(side: Results, name: str) -> list[object]:
    """Return what a search has in common on two sides where nothing changed: its candidates, and its pick anew."""
    scored = (*side.searches[name].values(), side.fresh.get(name))
    return [each and (each.params, each.scores.tobytes()) for each in scored]


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
    pooled = replace(differing[0], old=before, new=after, old_stuck=none, new_stuck=none)
    return Common(len(shared), len(differing), pooled)


def _best_sets(old: dict[str, bool] | None, new: dict[str, bool] | None) -> BestSets | None:
    if old is None or new is None:
        return None
    shared = [params for params in old if params in new]
    left = [params for params in shared if old[params] and not new[params]]
    joined = [params for params in shared if new[params] and not old[params]]
    return BestSets(sum(old.values()), sum(new.values()), left, joined)
