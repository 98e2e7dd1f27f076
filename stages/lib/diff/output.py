"""Lists what a comparison of two commits found, and writes the list for a terminal and as JSON."""

import math
from typing import Any

from resampled.pairs.family import Verdict
from stages.lib.diff.comparison import KEPT, TOGETHER, Comparison
from stages.lib.diff.headline import causes_told, others_told, parts, second_told
from stages.lib.diff.picks import HEADINGS, details, row, search_in_words


def facts(changes: Comparison) -> dict[str, Any]:
    """Return what changed, in words: the verdict first, then a row for each search, and the rest."""
    return {
        "headline": parts(changes),
        "second": second_told(changes),
        "headings": HEADINGS,
        "rows": [row(search) for search in changes.changed],
        "details": {search.name: [*details(search)] for search in changes.changed},
        "others": others_told(changes),
        "causes": causes_told(changes),
    }


def as_text(changes: Comparison) -> str:
    """Return what changed, the verdict first, as lines for a terminal."""
    told = facts(changes)
    old, new = changes.sides.old.snapshot, changes.sides.new.snapshot
    lines = [" ".join(told["headline"]), *told["second"]]
    lines += ["", f"{old.title} → {new.title}", ""]
    for search in changes.changed:
        word = f": {search.verdict.word}" if search.verdict else ""
        lines.append(f"- {search_in_words(search)}{word}")
        lines += [f"  {each}" for each in told["details"][search.name]]
    lines += told["others"]
    if told["causes"]:
        lines += ["", "What the runs differ in, by dvc.lock:"]
        lines += [f"- {each}" for each in told["causes"]]
    return "\n".join(lines)


def as_json(changes: Comparison) -> dict[str, Any]:
    """Return the facts with the numbers of each verdict, null for one that there is not."""
    verdicts = {search.name: search.verdict for search in changes.changed}
    verdicts |= {KEPT: changes.of_kept, TOGETHER: changes.together_verdict}
    numbers = {name: _numbers(each) for name, each in verdicts.items() if each}
    old, new = changes.sides.old.snapshot, changes.sides.new.snapshot
    commits = {"old": old.commit, "new": new.commit}
    return commits | facts(changes) | {"verdicts": numbers}


def _numbers(verdict: Verdict) -> dict[str, Any]:
    of = verdict.of
    return {
        "verdict": verdict.word,
        "difference": _or_null(of.difference),
        "ci95": _or_null(of.half_width()),
        "p_value": _or_null(of.p_value),
        "p_holm": _or_null(verdict.p),
        "n_splits": of.n_splits,
    }


def _or_null(number: float) -> float | None:
    return None if math.isnan(number) else number
