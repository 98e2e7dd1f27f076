"""What changed since another commit, for the report and as Markdown: verdicts, metrics, and charts."""

import math
import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stages.lib.common import format_score, score_decimals
from stages.lib.diff.comparison import Comparison, compare
from stages.lib.diff.output import facts
from stages.lib.diff.side import Side
from stages.lib.report.charts import render, stand_alone, suited
from stages.lib.report.page import Chart, as_chart
from stages.lib.report.specs import compared_specs
from stages.lib.report.templating import fill
from stages.lib.repository.recorded import differing
from stages.lib.repository.revisions import merge_base
from stages.lib.repository.snapshot import Snapshot
from stages.lib.results.files import CHARTS

# In characters, as .github/workflows/comment.yml expects, which adds a line.
LONGEST = 19_900
# How many searches, charts, metrics and causes are listed: fewer if the text gets too long.
_MOST = (30, 10, 3)


@dataclass(frozen=True)
class Since:
    """What changed from a commit to another one, or to the working tree, beside the scores."""

    comparison: Comparison

    @property
    def base(self) -> str:
        """The hash of the commit that is compared with."""
        return str(self._sides[0].snapshot.commit)

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self.comparison.sides.old, self.comparison.sides.new

    @property
    def metrics(self) -> list[list[str]]:
        """The metrics of DVC that differ, in the digits that are shown: name, before, and now."""
        sides = [side.metrics for side in self._sides]
        decimals = score_decimals([*sides[0].values(), *sides[1].values()])
        rows = []
        for name in differing(*sides):
            scores = [side.get(name, math.nan) for side in sides]
            before, now = (format_score(score, decimals) for score in scores)
            if before != now:
                rows.append([name, before, now])
        return rows

    @cached_property
    def _charts(self) -> list[dict[str, str | None]]:
        """The charts of both sides, as text by name."""
        charts = []
        for side in self._sides:
            paths = side.snapshot.files(CHARTS, ".svg")
            texts = {name: side.snapshot.text(path) for name, path in paths.items()}
            charts.append(texts)
        return charts

    @property
    def charts(self) -> list[str]:
        """The charts that differ."""
        return differing(*self._charts)

    def apart(self, charts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the charts of the searches that changed, and the others."""
        changed = [search.name for search in self.comparison.changed]
        own = {name: charts[name] for name in changed if name in charts}
        return own, {name: chart for name, chart in charts.items() if name not in own}

    def drawn(self) -> dict[str, Chart]:
        """Return each chart that differs, drawn for both commits on the same axes, by its name."""
        old = self.comparison.sides.old.snapshot
        specs = compared_specs(old, self.base[:7]) if self.charts else {}
        return {
            name: as_chart(stand_alone(render(suited(specs[name]))))
            for name in self.charts
            if name in specs
        }

    def pictures(self) -> dict[str, list[str]]:
        """Return each chart that differs, as Markdown for the picture on each side, by its name."""
        pictures: dict[str, list[str]] = {name: [] for name in self.charts}
        for side, charts in zip(self._sides, self._charts, strict=True):
            for name, both in pictures.items():
                both.append(_picture(name, side) if name in charts else "–")
        return pictures


def _picture(name: str, side: Side) -> str:
    path, commit = f"{CHARTS}/{name}.svg", side.snapshot.commit
    if commit is None:
        return f"`{path}`"
    # Without a workflow of GitHub, a file in a commit has no URL.
    home = os.environ.get("GITHUB_REPOSITORY")
    if not home:
        return f"`git show {commit[:7]}:{path}`"
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return f"![{name}]({server}/{home}/raw/{commit}/{path})"


def changes_of(against: str) -> dict[str, Any]:
    """Return the content of the report's section on changes since HEAD left a branch: facts, charts, and metrics.

    Raises `UserError` as `compare` does.
    """
    base = merge_base(against)  # the branch itself may have gone on since
    old = Side(Snapshot(f"{against} at {base[:7]}", base))
    since = Since(compare(old, Side(Snapshot.of(None))))
    found = facts(since.comparison)
    charts, others = since.apart(since.drawn())
    details = [
        f"{name}: {told}" for name, each in found["details"].items() for told in each
    ]
    metrics = [f"{name}: {before} → {now}" for name, before, now in since.metrics]
    return found | {
        "against": against,
        "base": base[:7],
        "charts": charts,
        "other_charts": others,
        "folded": {
            "More on these searches": details,
            "Metrics that differ": metrics,
            "What the runs differ in, by dvc.lock": found["causes"],
        },
    }


def as_markdown(comparison: Comparison) -> str:
    """Return what changed: the verdict, the searches, the charts of those that changed, and the rest folded.

    Charts that do not fit are named.
    """
    since, new = Since(comparison), comparison.sides.new
    pictures, metrics = since.pictures(), since.metrics
    names = [name for charts in since.apart(pictures) for name in charts]
    text = ""
    for most in _MOST:
        charts, others = since.apart({name: pictures[name] for name in names[:most]})
        text = fill(
            "changes.md.j2",
            old=comparison.sides.old.snapshot.title,
            new=new.snapshot.title,
            of=new.evaluated,
            n_rows=new.counted and new.counted.rows,
            most=most,
            **facts(comparison),
            metrics=metrics[:most],
            n_metrics=len(metrics),
            charts=charts,
            other_charts=others,
            left_out=names[most:],
        )
        if len(text) <= LONGEST:
            break
    return text[:LONGEST]
