"""Writes a comparison of two commits as text for a terminal, as Markdown for GitHub, and as JSON."""

import math
from typing import Any

from stages.lib.changes.comparison import Comparison
from stages.lib.changes.sentences import HEADINGS, causes_told, details, headline, others_told, row, search_in_words
from stages.lib.changes.verdict import Pair

# A longer value of a param is cut in Markdown.
_LONGEST = 200


def as_text(changes: Comparison) -> str:
    """Return what changed, the verdict first, as lines for a terminal."""
    lines = [headline(changes), "", f"{changes.old.snapshot.title} → {changes.new.snapshot.title}", ""]
    for search in changes.changed:
        sentence, verdict = search_in_words(search), search.word and f": {search.word}"
        # The headline has said it of the only one.
        lines.append(f"- {search.name}:" if sentence in lines[0] else f"- {sentence}{verdict}")
        lines += [f"  {each}" for each in details(search)]
    lines += others_told(changes)
    if causes := causes_told(changes):
        lines += ["", "What the runs differ in, by dvc.lock:", *(f"- {each}" for each in causes)]
    return "\n".join(lines)


def as_markdown(changes: Comparison, most: int) -> str:
    """Return what changed, the verdict first, then a table of the searches, and the rest folded.

    Of the searches, and of the causes, at most `most` are listed.
    """
    lines = [f"**{cell(headline(changes))}**", ""]
    searches, causes = changes.changed[:most], causes_told(changes)
    if searches:
        lines += [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
        lines += [f"| {' | '.join(map(cell, row(search)))} |" for search in searches]
        lines += [*_more(len(changes.changed) - most, "searches"), ""]
    lines += [*(f"- {cell(each)}" for each in others_told(changes)), ""]
    differences = [f"- {code(each[:_LONGEST] + '…' * (len(each) > _LONGEST))}" for each in causes[:most]]
    folded = {
        "More on these searches": [f"- {search.name}: {cell(each)}" for search in searches for each in details(search)],
        "What the runs differ in, by dvc.lock": differences + _more(len(causes) - most, "differences"),
    }
    for summary, inside in folded.items():
        if inside:
            lines += [f"<details><summary>{summary}</summary>", "", *inside, "", "</details>", ""]
    return "\n".join(lines).rstrip() + "\n"


def _more(n: int, what: str) -> list[str]:
    return ["", f"and {n} more {what}"] if n > 0 else []


def cell(text: str) -> str:
    """Write a text so that it stays inside one cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    """Write a text as Markdown code in a table cell."""
    inside = cell(text).replace("`", "'")
    return f"`{inside}`"


def as_json(changes: Comparison) -> dict[str, Any]:
    """Return what changed as values for JSON; null for a number that there is not."""
    searches = {
        search.name: {
            "verdict": search.word or None,
            "old": search.old and {"params": search.old.params, "score": _number(search.old.mean)},
            "new": search.new and {"params": search.new.params, "score": _number(search.new.mean)},
            **_pair(search.pair),
            "p_holm": _number(search.p_holm),
            "n_added": search.n_added,
            "n_removed": search.n_removed,
            "candidates": search.common and {"n_differing": search.common.n_differing, **_pair(search.common.pair)},
            "best_set": search.best_sets and search.best_sets._asdict(),
        }
        for search in changes.changed
    }
    kept = {"old": changes.old.kept, "new": changes.new.kept, "verdict": changes.kept_word or None}
    return {
        "verdict": headline(changes),
        "old": changes.old.snapshot.commit,
        "new": changes.new.snapshot.commit,
        "in_pairs": not changes.hindrances,
        "hindrances": changes.hindrances,
        "use": {"old": changes.old.answer.get("use"), "new": changes.new.answer.get("use")},
        "kept": kept | _pair(changes.kept),
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
