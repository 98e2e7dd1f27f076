"""Writes a comparison of two commits as text for a terminal, as Markdown for GitHub, and as JSON."""

import math
from typing import Any

from resampled.pairs.apart import Apart
from resampled.pairs.family import Verdict
from resampled.pairs.pair import Pair
from stages.lib.changes.comparison import Comparison
from stages.lib.changes.headline import headline, parts, second_told
from stages.lib.changes.picks import search_in_words
from stages.lib.changes.sentences import HEADINGS, causes_told, details, others_told, row

# A longer value of a param is cut in Markdown.
_LONGEST = 200


def as_text(changes: Comparison) -> str:
    """Return what changed, the verdict first, as lines for a terminal."""
    lines = [headline(changes), *second_told(changes)]
    lines += ["", f"{changes.old.snapshot.title} → {changes.new.snapshot.title}", ""]
    for search in changes.changed:
        lines.append(f"- {search_in_words(search)}{f': {search.verdict.word}' if search.verdict else ''}")
        lines += [f"  {each}" for each in details(search)]
    lines += others_told(changes)
    if causes := causes_told(changes):
        lines += ["", "What the runs differ in, by dvc.lock:", *(f"- {each}" for each in causes)]
    return "\n".join(lines)


def as_markdown(changes: Comparison, most: int) -> str:
    """Return what changed, the verdict first, then a table of the searches, and the rest folded.

    Of the searches, and of the causes, at most `most` are listed.
    """
    first, *rest = map(cell, parts(changes))
    lines = [" ".join([f"**{first}**", *rest]), "", *(f"{cell(each)}\n" for each in second_told(changes))]
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
    refused, apart, _ = changes.sides.hindrances
    searches = {
        search.name: {
            "old": search.old and {"params": search.old.params, "score": _number(search.old.mean)},
            "new": search.new and {"params": search.new.params, "score": _number(search.new.mean)},
            **_verdict(search.verdict),
            "second": _second(search.second),
            "n_added": search.n_added,
            "n_removed": search.n_removed,
            "candidates": search.common
            and {"n_shared": len(search.common.pairs), "n_differing": search.common.n_differing}
            | _difference(search.common.mean),
            "n_in_best_set": search.n_in_set,
        }
        for search in changes.changed
    }
    kept = {"old": changes.old.kept, "new": changes.new.kept, **_verdict(changes.kept)}
    together = changes.together and {
        **{"n_searches": changes.together.n_searches, "n_candidates": changes.together.n_candidates},
        **_verdict(changes.together_verdict),
        "picks": _difference(changes.together.picks),
    }
    return {
        "verdict": headline(changes),
        "old": changes.old.snapshot.commit,
        "new": changes.new.snapshot.commit,
        "comparable": not refused,
        "in_pairs": changes.sides.paired,
        "hindrances": refused + apart,
        "use": {"old": changes.old.answer.get("use"), "new": changes.new.answer.get("use")},
        "kept": kept | {"second": _second(changes.second)},
        "together": together,
        "searches": searches,
        "others": {name: _difference(pair) for name, pair in changes.others.items()},
        "unchanged": changes.unchanged,
        "added": changes.added,
        "removed": changes.removed,
        "causes": {**changes.causes._asdict(), "params": [param._asdict() for param in changes.causes.params]},
    }


def _verdict(verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        return {"verdict": None}
    return {"verdict": verdict.word, **_difference(verdict.of), "p_holm": _number(verdict.p)}


def _second(verdict: Verdict | None) -> dict[str, Any] | None:
    return _verdict(verdict) if verdict else None


def _difference(of: Pair | Apart) -> dict[str, Any]:
    numbers = {"difference": of.difference, "ci95": of.half_width(), "p_value": of.p_value}
    counts: dict[str, Any] = {"n_splits": of.n_splits}
    if isinstance(of, Pair):
        counts["n_stuck"] = [int(each.sum()) for each in (of.old_stuck, of.new_stuck)]
    return {key: _number(value) for key, value in numbers.items()} | counts


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
