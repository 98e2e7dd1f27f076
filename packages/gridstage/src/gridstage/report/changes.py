"""What changed since another commit, for the report and as Markdown: verdicts, metrics, and charts."""

import math
import os
import shlex
from typing import Any, TypeVar
from urllib.parse import quote

from gridstage.common import format_score, score_decimals
from gridstage.diff.comparison import Comparison, compare
from gridstage.diff.output import facts
from gridstage.diff.side import Side
from gridstage.report.charts import render, stand_alone, suited
from gridstage.report.page import as_chart
from gridstage.report.specs import compared_specs
from gridstage.report.templating import fill
from gridstage.repository.git import place
from gridstage.repository.recorded import differing
from gridstage.repository.revisions import merge_base
from gridstage.repository.snapshot import Snapshot
from gridstage.results.files import CHARTS

# In characters, as .github/workflows/comment.yml expects, which adds a line.
LONGEST = 19_900
# How many searches, charts, metrics and causes are listed.
_MOST = 10

T = TypeVar("T")


def changes_of(against: str) -> dict[str, Any]:
    """Return the content of the report's section on changes since HEAD left a branch: facts, charts, and metrics.

    Raises `UserError` as `compare` does.
    """
    base = merge_base(against)  # the branch itself may have gone on since
    old = Side(Snapshot(f"{against} at {base[:7]}", base))
    comparison = compare(old, Side(Snapshot.of(None)))
    found = facts(comparison)
    specs = compared_specs(old.snapshot, base[:7])
    drawn = {}
    for name in _pictures(comparison):
        if name in specs:
            drawn[name] = as_chart(stand_alone(render(suited(specs[name]))))
    charts, others = _apart(comparison, drawn)
    details = [
        f"{name}: {told}" for name, each in found["details"].items() for told in each
    ]
    metrics = _metrics(comparison)
    return found | {
        "against": against,
        "base": base[:7],
        "charts": charts,
        "other_charts": others,
        "folded": {
            "More on these searches": details,
            "Metrics that differ": [f"{name}: {a} → {b}" for name, a, b in metrics],
            "What the runs differ in, by dvc.lock": found["causes"],
        },
    }


def as_markdown(comparison: Comparison) -> str:
    """Return what changed: the verdict, the searches, the charts of those that changed, and the rest folded.

    Charts that do not fit are named.
    """
    new = comparison.sides.new
    pictures, metrics = _pictures(comparison), _metrics(comparison)
    names = [name for charts in _apart(comparison, pictures) for name in charts]
    shown = {name: pictures[name] for name in names[:_MOST]}
    charts, others = _apart(comparison, shown)
    text = fill(
        "changes.md.j2",
        old=comparison.sides.old.snapshot.title,
        new=new.snapshot.title,
        of=new.evaluated,
        n_rows=new.counted and new.counted.rows,
        most=_MOST,
        **facts(comparison),
        metrics=metrics[:_MOST],
        n_metrics=len(metrics),
        charts=charts,
        other_charts=others,
        left_out=names[_MOST:],
    )
    return text[:LONGEST]


def _metrics(comparison: Comparison) -> list[list[str]]:
    """Return the metrics of DVC that differ, in the digits that are shown: name, before, and now."""
    sides = [comparison.sides.old.metrics, comparison.sides.new.metrics]
    decimals = score_decimals([*sides[0].values(), *sides[1].values()])
    rows = []
    for name in differing(*sides):
        scores = [side.get(name, math.nan) for side in sides]
        before, now = (format_score(score, decimals) for score in scores)
        if before != now:
            rows.append([name, before, now])
    return rows


def _pictures(comparison: Comparison) -> dict[str, list[str]]:
    """Return each chart that differs, as Markdown for the picture on each side, by its name."""
    snapshots = comparison.sides.old.snapshot, comparison.sides.new.snapshot
    charts = []
    for snapshot in snapshots:
        paths = snapshot.files(CHARTS, ".svg")
        charts.append({name: snapshot.text(path) for name, path in paths.items()})
    pictures: dict[str, list[str]] = {name: [] for name in differing(*charts)}
    folder = place().folder
    for snapshot, texts in zip(snapshots, charts, strict=True):
        for name, both in pictures.items():
            both.append(_picture(name, snapshot, folder) if name in texts else "–")
    return pictures


def _picture(name: str, snapshot: Snapshot, folder: str) -> str:
    """Return a chart of a snapshot in Markdown; `folder` is where the project is in its repository."""
    path, commit = f"{CHARTS}/{name}.svg", snapshot.commit
    if commit is None:
        return f"`{path}`"
    from_top = f"{folder}{path}"
    # Without a workflow of GitHub, a file in a commit has no URL.
    home = os.environ.get("GITHUB_REPOSITORY")
    if not home:
        file = shlex.quote(f"{commit[:7]}:{from_top}")
        return f"`git show {file}`"
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return f"![{name}]({server}/{home}/raw/{commit}/{quote(from_top)})"


def _apart(
    comparison: Comparison, charts: dict[str, T]
) -> tuple[dict[str, T], dict[str, T]]:
    """Return the charts of the searches that changed, and the others."""
    changed = [search.name for search in comparison.changed]
    own = {name: charts[name] for name in changed if name in charts}
    return own, {name: chart for name, chart in charts.items() if name not in own}
