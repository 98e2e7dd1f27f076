"""Says what one decides by: what is used, which changes are more than chance, and what caused them; then the rest."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from resampled.pairs.family import (
    CHANCE,
    LEVEL,
    UNCHANGED,
    UNDECIDED,
    UNTESTED,
    Verdict,
)
from stages.lib.common import (
    counted,
    first_of,
    format_score,
    format_value,
    kept_in_words,
    score_decimals,
)
from stages.lib.diff.comparison import Comparison
from stages.lib.diff.picks import (
    MOST,
    amount,
    compared,
    search_in_words,
    signed,
    verdict_in_words,
)
from stages.lib.repository.revisions import commit_of
from stages.lib.repository.staleness import stale_in_words

# A longer value is shortened to what differs, with a few signs before and behind.
_LONGEST, _AROUND = 48, 8
_LIST_OF_GRID = re.compile(r"experiments\.[^.]+\.grid\.[^.]+")
_AGAINST = "This compares with HEAD; `AGAINST=main` compares with main, and `AGAINST=HEAD~1` with the commit before"
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
        lacking = " and ".join(
            side.snapshot.name
            for side in (changes.sides.old, changes.sides.new)
            if not side.use
        )
        answer = f"There is no answer to what to use in {lacking}"
    elif before == after:
        answer = f"Use {after}, as before"
    else:
        answer = f"Use {after}, before {before}"
    kept = (
        ""
        if stale and changes.kept and changes.kept.word == UNCHANGED
        else _kept(changes)
    )
    return f"{answer}; {kept}" if kept else answer


def _kept(changes: Comparison) -> str:
    before, after, verdict = (
        changes.sides.old.kept,
        changes.sides.new.kept,
        changes.kept,
    )
    if not before or not after:
        return ""
    name = after if before == after else f"{before} → {after}"
    if verdict is None:
        return "" if before == after else kept_in_words(name)
    if verdict.word == UNCHANGED:
        same = before == after and (
            changes.second is None or changes.second.word == UNCHANGED
        )
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
        search.verdict is not changes.kept or search.verdict.word == UNCHANGED
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
    sure = {
        name: verdict
        for name, verdict in verdicts.items()
        if verdict and verdict.claims
    }
    told = [
        f"{name} {verdict_in_words(sure[name])}"
        for name in sorted(sure, key=lambda name: sure[name].p)
    ]
    counts = Counter(
        verdict.word if verdict else _NOT_COMPARED for verdict in verdicts.values()
    )
    others = [
        (counts[word], word)
        for word in (LEVEL, UNDECIDED, CHANCE, UNCHANGED, UNTESTED, _NOT_COMPARED)
    ]
    return told + [f"{n} {word}" for n, word in others if n]


def _cause(changes: Comparison) -> Iterator[str]:
    """Say what caused the changes, or what differs though nothing changed."""
    said = {*changes.sides.hindrances.refused, *changes.sides.hindrances.apart}
    causes = [
        each for each in causes_told(changes) if each.removeprefix("data: ") not in said
    ]
    if causes:
        same = not (
            changes.changed or changes.others or changes.added or changes.removed
        )
        what = "Differs" if same else "Cause" if len(causes) == 1 else "Causes"
        yield f"{what}: {first_of(causes, MOST, '; ')}."


def second_told(changes: Comparison) -> list[str]:
    """Say what the second scorer says, which is judged by itself; empty if the kept net is the same, and none is sure.

    What is undecided of other searches stands beside them.
    """
    verdicts = {
        search.name: search.second for search in changes.changed if search.second
    }
    kept = (
        changes.second if changes.second and changes.second.word != UNCHANGED else None
    )
    if not kept and not any(verdict.claims for verdict in verdicts.values()):
        return []
    name = next(
        scored.second_name
        for scored in changes.sides.new.fresh.values()
        if scored.second_name
    )
    sentences = (
        [f"the kept net {verdict_in_words(kept)}, {signed(kept.of)}"] if kept else []
    )
    sentences += [", ".join(tally(verdicts))] if verdicts else []
    return [f"By {name}, the second metric, judged by itself: {'; '.join(sentences)}."]


def others_told(changes: Comparison) -> list[str]:
    """Say which searches did not change, and what else differs."""
    others = []
    for name, of in changes.others.items():
        before, after = (
            format_score(mean, score_decimals(of.means)) for mean in of.means
        )
        others.append(f"{name} {before} → {after}")
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
    return [
        *experiments,
        *(f"{key}: {_differing(key, before, after)}" for key, before, after in params),
        *(f"data: {path} has other bytes" for path in data),
        *(f"package: {line}" for line in packages),
        *(
            f"code: {path} ({counted(len(stages), 'stage')})"
            for path, stages in code.items()
        ),
    ]


def _differing(key: str, before: Any, after: Any) -> str:
    """Say what differs between two settings: the values of a grid's list that came and went, else old → new."""
    texts = [format_value(each) for each in (before, after)]
    if _LIST_OF_GRID.fullmatch(key) and all(
        isinstance(each or [], list) for each in (before, after)
    ):
        old, new = (Counter(map(format_value, each or [])) for each in (before, after))
        lists = {
            "added": [*(new - old).elements()],
            "removed": [*(old - new).elements()],
        }
        if told := [
            f"{first_of(values, MOST)} {what}"
            for what, values in lists.items()
            if values
        ]:
            return "; ".join(told)
    if max(map(len, texts)) > _LONGEST:
        start = _shared(*texts)
        end = _shared(*(each[:start:-1] for each in texts))
        texts = [
            f"{'…' * (start > 0)}{each[start : len(each) - end]}{'…' * (end > 0)}"
            for each in texts
        ]
    return " → ".join(
        each if len(each) <= _LONGEST else f"{each[:_LONGEST].rstrip('…')}…"
        for each in texts
    )


def _shared(one: str, other: str) -> int:
    """Return how many signs two texts share at their beginning, without the last few of these."""
    most = min(len(one), len(other))
    return max(next((i for i in range(most) if one[i] != other[i]), most) - _AROUND, 0)
