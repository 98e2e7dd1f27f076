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
    lines = [" ".join(told["headline"]), *told["second"]]
    lines += [
        "",
        f"{changes.sides.old.snapshot.title} → {changes.sides.new.snapshot.title}",
        "",
    ]
    for search in changes.changed:
        lines.append(
            f"- {search_in_words(search)}{f': {search.verdict.word}' if search.verdict else ''}"
        )
        lines += [f"  {each}" for each in told["details"][search.name]]
    lines += told["others"]
    if told["causes"]:
        lines += [
            "",
            "What the runs differ in, by dvc.lock:",
            *(f"- {each}" for each in told["causes"]),
        ]
    return "\n".join(lines)


def as_json(changes: Comparison) -> dict[str, Any]:
    """Return the facts with the numbers of each verdict, null for one that there is not."""
    verdicts = {search.name: search.verdict for search in changes.changed}
    verdicts |= {KEPT: changes.kept, TOGETHER: changes.together_verdict}
    commits = {
        "old": changes.sides.old.snapshot.commit,
        "new": changes.sides.new.snapshot.commit,
    }
    return (
        commits
        | facts(changes)
        | {
            "verdicts": {
                name: _numbers(each) for name, each in verdicts.items() if each
            }
        }
    )


def _numbers(verdict: Verdict) -> dict[str, Any]:
    of = verdict.of
    numbers = {
        "difference": of.difference,
        "ci95": of.half_width(),
        "p_value": of.p_value,
        "p_holm": verdict.p,
    }
    known = {
        key: None if math.isnan(number) else number for key, number in numbers.items()
    }
    return {"verdict": verdict.word, **known, "n_splits": of.n_splits}
