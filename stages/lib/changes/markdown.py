"""Writes a comparison of two commits as Markdown, as GitHub shows it."""

from stages.lib.changes.comparison import Comparison
from stages.lib.changes.sentences import causes_told, details, headline, others_told, row

HEADINGS = ("search", "pick", "before", "now", "difference", "verdict")
# A longer value of a param is cut.
_LONGEST = 200


def as_markdown(changes: Comparison, most: int) -> str:
    """Return what changed, the verdict first, then a table of the searches, and the rest folded.

    Parameters
    ----------
    most : int
        How many searches, and how many causes, are listed.
    """
    lines = [f"**{cell(headline(changes))}**", ""]
    searches = changes.changed[:most]
    if searches:
        lines += [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
        lines += [f"| {' | '.join(map(cell, row(search, changes)))} |" for search in searches]
        lines += [*_more(len(changes.changed) - most, "searches"), ""]
    lines += [*(f"- {cell(each)}" for each in others_told(changes)), ""]
    sentences = [f"- {search.name}: {cell(each)}" for search in searches for each in details(search, changes)]
    lines += folded("More on these searches", sentences)
    causes = causes_told(changes)
    differences = [f"- {code(each[:_LONGEST] + '…' * (len(each) > _LONGEST))}" for each in causes[:most]]
    lines += folded("What the runs differ in, by dvc.lock", differences + _more(len(causes) - most, "differences"))
    return "\n".join(lines).rstrip() + "\n"


def folded(summary: str, lines: list[str]) -> list[str]:
    """Return lines under a heading that a reader opens; none if there are none."""
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>", ""] if lines else []


def _more(n: int, what: str) -> list[str]:
    return ["", f"and {n} more {what}"] if n > 0 else []


def cell(text: str) -> str:
    """Write a text so that it stays inside one cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    """Write a text as Markdown code in a table cell."""
    inside = cell(text).replace("`", "'")
    return f"`{inside}`"
