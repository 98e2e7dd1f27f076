"""Writes a comparison of two commits as text for a terminal, and as JSON."""

import math
from typing import Any

from stages.lib.changes.comparison import KEPT, Comparison
from stages.lib.changes.sentences import causes_told, details, headline, others_told, search_in_words
from stages.lib.changes.verdict import Pair


def as_text(changes: Comparison) -> str:
    """Return what changed, the verdict first, as lines for a terminal."""
    lines = [headline(changes), "", f"{changes.old.snapshot.title} → {changes.new.snapshot.title}", ""]
    for search in changes.changed:
        sentence, word = search_in_words(search), changes.words.get(search.name)
        # The headline has said it of the only one.
        lines.append(f"- {search.name}:" if sentence in lines[0] else f"- {sentence}{f': {word}' if word else ''}")
        lines += [f"  {each}" for each in details(search, changes)]
    lines += others_told(changes)
    if causes := causes_told(changes):
        lines += ["", "What the runs differ in, by dvc.lock:", *(f"- {each}" for each in causes)]
    return "\n".join(lines)


def as_json(changes: Comparison) -> dict[str, Any]:
    """Return what changed as values for JSON; null for a number that there is not."""
    searches = {
        search.name: {
            "verdict": changes.words.get(search.name),
            "old": search.old and {"params": search.old.params, "score": _number(search.old.mean)},
            "new": search.new and {"params": search.new.params, "score": _number(search.new.mean)},
            **_pair(search.pair),
            "p_holm": _number(changes.adjusted.get(search.name, math.nan)),
            "n_added": search.n_added,
            "n_removed": search.n_removed,
            "candidates": search.common and {"n_differing": search.common.n_differing, **_pair(search.common.pair)},
            "best_set": search.best_sets and search.best_sets._asdict(),
        }
        for search in changes.changed
    }
    kept = changes.pairs.get(KEPT)
    return {
        "verdict": headline(changes),
        "old": changes.old.snapshot.commit,
        "new": changes.new.snapshot.commit,
        "in_pairs": not changes.hindrances,
        "hindrances": changes.hindrances,
        "use": {"old": changes.old.answer.get("use"), "new": changes.new.answer.get("use")},
        "kept": {"old": changes.old.kept, "new": changes.new.kept, "verdict": changes.words.get(KEPT), **_pair(kept)},
        "searches": searches,
        "others": {name: _pair(pair) for name, pair in changes.others.items()},
        "unchanged": changes.unchanged,
        "added": changes.added,
        "removed": changes.removed,
        "causes": {**changes.causes._asdict(), "params": [param._asdict() for param in changes.causes.params]},
    }


def _pair(pair: Pair | None) -> dict[str, Any]:
    if pair is None:
        return {}
    numbers = {"difference": pair.difference, "ci95": pair.half_width(), "p_value": pair.p_value}
    counts = {"n_splits": pair.n_splits, "n_stuck": [int(each.sum()) for each in (pair.old_stuck, pair.new_stuck)]}
    return {key: _number(value) for key, value in numbers.items()} | counts


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
