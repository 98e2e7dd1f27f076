"""Says what one decides by: what is used, which changes are more than chance, and what caused them; then the rest."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from gridstage.common import (
    counted,
    first_of,
    format_score,
    format_value,
    kept_in_words,
    score_decimals,
)
from gridstage.diff.comparison import Comparison
from gridstage.diff.picks import (
    MOST,
    amount,
    compared,
    search_in_words,
    signed,
    verdict_in_words,
)
from gridstage.repository.revisions import commit_of
from gridstage.repository.staleness import stale_in_words
from resampled.pairs.family import (
    CHANCE,
    LEVEL,
    UNCHANGED,
    UNDECIDED,
    UNTESTED,
    Verdict,
)

_LIST_OF_GRID = re.compile(r"experiments\.[^.]+\.grid\.[^.]+")
_AGAINST = "This compares with HEAD; `gridstage diff main` says it of main, and with HEAD~1 of the commit before"
_NOT_COMPARED = "not compared"


def parts(changes: Comparison) -> list[str]:
    """Return the sentences of the headline, each with its full stop.

    First what makes all that follows doubtful, then whether what is used changes, then the verdicts, then the cause.
    """
    stale = [*stale_in_words(changes.sides.old, changes.sides.new)]
    if stale:  # then what is unchanged is so because nothing has run
        stale.append("Until then, nothing can be said of what these change.")
    same = changes.unchanged and not (
        changes.changed or changes.others or changes.sides.hindrances.refused
    )
    verdict = [] if stale and same else _verdict(changes)
    return [*stale, f"{_use(changes, bool(stale))}.", *verdict, *_cause(changes)]


def _use(changes: Comparison, stale: bool) -> str:
    """Say what is used before and after; that is not tested, because the answer is chosen on these very splits."""
    before, after = changes.sides.old.use, changes.sides.new.use
    if not before or not after:
        sides = changes.sides.old, changes.sides.new
        lacking = " and ".join(side.snapshot.name for side in sides if not side.use)
        answer = f"There is no answer to what to use in {lacking}"
    elif before == after:
        answer = f"Use {after}, as before"
    else:
        answer = f"Use {after}, before {before}"
    if stale and changes.of_kept and changes.of_kept.word == UNCHANGED:
        return answer
    kept = _kept(changes)
    return f"{answer}; {kept}" if kept else answer


def _kept(changes: Comparison) -> str:
    before, after = changes.sides.old.kept, changes.sides.new.kept
    verdict = changes.of_kept
    if not before or not after:
        return ""
    name = after if before == after else f"{before} → {after}"
    if verdict is None:
        return "" if before == after else kept_in_words(name)
    if verdict.word == UNCHANGED:
        second = changes.second_of_kept
        same = before == after and (second is None or second.word == UNCHANGED)
        return f"{kept_in_words(name, ',')} {'is unchanged' if same else 'scores the same'}"
    return f"{kept_in_words(name)}: {verdict_in_words(verdict)}, {amount(verdict.of)}"


def _verdict(changes: Comparison) -> Iterator[str]:
    refused, apart, _ = changes.sides.hindrances
    if refused:
        yield f"Not comparable: {'; '.join(refused)}."
        return
    if apart:
        yield f"Not in pairs ({'; '.join(apart)}), so compared as two independent runs."
    if len(changes.changed) != 1:
        yield f"{_several(changes)}."
        return
    search = changes.changed[0]
    if search.verdict is None:
        yield f"1 search changed: {search.name}, {_NOT_COMPARED}."
    elif (
        search.verdict is not changes.of_kept or search.verdict.word == UNCHANGED
    ):  # which has been said
        word = verdict_in_words(search.verdict)
        yield f"{word[0].upper()}{word[1:]}: {search_in_words(search)}."


def _several(changes: Comparison) -> str:
    if not (changes.changed or changes.unchanged):
        return "No search is in both"
    both = " that both have" if changes.added or changes.removed else ""
    if not changes.changed and changes.others:
        score = "scores" if len(changes.others) == 1 else "score"
        return f"No search{both} changed, but {first_of(list(changes.others), MOST)} {score} otherwise"
    if not changes.changed:
        same = f"Unchanged: all scores{both} are the same"
        old, new = (
            side.snapshot.commit or commit_of("HEAD")
            for side in (changes.sides.old, changes.sides.new)
        )
        return f"{same}. {_AGAINST}" if old == new else same
    verdicts = {search.name: search.verdict for search in changes.changed}
    n = counted(len(verdicts), "search", "searches")
    return f"{n} changed: {', '.join([*_together(changes), *tally(verdicts)])}"


def _together(changes: Comparison) -> Iterator[str]:
    """Say what several searches gain as one, on the candidates that both sides have and by their picks."""
    together, verdict = changes.together, changes.together_verdict
    if together and verdict:
        gain = f"{signed(together.candidates)}, p {compared(verdict.p)}"
        picks = f"their picks {signed(together.picks)} on the same {together.picks.n_splits} fresh splits"
        shared = counted(together.n_candidates, "shared candidate")
        yield f"{verdict.word} on average over {shared} ({gain}; {picks})"


def tally(verdicts: Mapping[str, Verdict | None]) -> list[str]:
    """List verdicts by the names of searches: those that claim something, the surest first, and how many others."""
    known = [(name, verdict) for name, verdict in verdicts.items() if verdict]
    sure = [(name, verdict) for name, verdict in known if verdict.claims]
    sure.sort(key=lambda each: each[1].p)
    told = [f"{name} {verdict_in_words(verdict)}" for name, verdict in sure]
    counts = Counter(verdict.word for _, verdict in known)
    counts[_NOT_COMPARED] = len(verdicts) - len(known)
    for word in (LEVEL, UNDECIDED, CHANCE, UNCHANGED, UNTESTED, _NOT_COMPARED):
        if counts[word]:
            told.append(f"{counts[word]} {word}")
    return told


def _cause(changes: Comparison) -> Iterator[str]:
    """Say what caused the changes, or what differs though nothing changed."""
    said = {*changes.sides.hindrances.refused, *changes.sides.hindrances.apart}
    causes = causes_told(changes)
    causes = [each for each in causes if each.removeprefix("data: ") not in said]
    differing = changes.changed or changes.others or changes.added or changes.removed
    if causes:
        what = "Cause" if len(causes) == 1 else "Causes"
        if not differing:
            what = "Differs"
        yield f"{what}: {first_of(causes, MOST, '; ')}."


def second_told(changes: Comparison) -> list[str]:
    """Say what the second scorer says, which is judged by itself; empty if the kept net is the same, and none is sure.

    What is undecided of other searches stands beside them.
    """
    searches = [search for search in changes.changed if search.second]
    verdicts = {search.name: search.second for search in searches}
    kept = changes.second_of_kept
    if kept and kept.word == UNCHANGED:
        kept = None
    if not kept and not any(each and each.claims for each in verdicts.values()):
        return []
    names = [scored.second_name for scored in changes.sides.new.fresh.values()]
    name = next(filter(None, names))
    sentences = []
    if kept:
        sentences.append(f"the kept net {verdict_in_words(kept)}, {signed(kept.of)}")
    if verdicts:
        sentences.append(", ".join(tally(verdicts)))
    return [f"By {name}, the second metric, judged by itself: {'; '.join(sentences)}."]


def others_told(changes: Comparison) -> list[str]:
    """Say which searches did not change, and what else differs."""
    others = []
    for name, of in changes.others.items():
        decimals = score_decimals(of.means)
        means = [format_score(mean, decimals) for mean in of.means]
        others.append(f"{name} {' → '.join(means)}")
    lists = {
        f"{counted(len(changes.unchanged), 'search', 'searches')} unchanged": changes.unchanged,
        "Other contenders on the fresh splits, not tested": others,
        "Added": changes.added,
        "Removed": changes.removed,
    }
    return [f"{what}: {', '.join(names)}." for what, names in lists.items() if names]


def causes_told(changes: Comparison) -> list[str]:
    """Say what caused the changes, by dvc.lock, a line each."""
    experiments, params, code, data, packages = changes.causes
    told = [*experiments]
    for key, before, after in params:
        told.append(f"{key}: {_differing(key, before, after)}")
    told += [f"data: {path} has other bytes" for path in data]
    told += [f"package: {line}" for line in packages]
    for path, stages in code.items():
        told.append(f"code: {path} ({counted(len(stages), 'stage')})")
    return told


def _differing(key: str, before: Any, after: Any) -> str:
    """Say what differs between two settings: the values of a grid's list that came and went, else old → new."""
    one, two = before or [], after or []
    told = ""
    if _LIST_OF_GRID.fullmatch(key) and isinstance(one, list) and isinstance(two, list):
        told = _came_and_went(one, two)
    return told or f"{format_value(before)} → {format_value(after)}"


def _came_and_went(before: list[Any], after: list[Any]) -> str:
    old, new = Counter(map(format_value, before)), Counter(map(format_value, after))
    told = []
    for values, what in ((new - old, "added"), (old - new, "removed")):
        if values:
            told.append(f"{first_of([*values.elements()], MOST)} {what}")
    return "; ".join(told)
