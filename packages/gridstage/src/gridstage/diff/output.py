"""Lists what a comparison of two commits found, and writes the list for a terminal."""

from typing import Any

from gridstage.diff.comparison import Comparison
from gridstage.diff.headline import causes_told, others_told, parts, second_told
from gridstage.diff.picks import HEADINGS, details, row, search_in_words


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
