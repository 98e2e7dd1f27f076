"""What changed since another commit, for the report and the comment on a pull request."""

import math
import os
import re
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stages.lib.changes.comparison import Comparison, compare
from stages.lib.changes.headline import parts, second_told
from stages.lib.changes.output import as_markdown
from stages.lib.changes.results import Results, differing
from stages.lib.changes.revisions import merge_base
from stages.lib.changes.sentences import HEADINGS, causes_told, details, others_told, row
from stages.lib.changes.snapshot import Snapshot
from stages.lib.common import format_score, score_decimals
from stages.lib.common.git import git
from stages.lib.report.charts import compared_specs, render, suited
from stages.lib.report.fresh_run import FreshRun
from stages.lib.report.page import CHARTS, Chart, as_chart
from stages.lib.report.templating import fill

# In characters, as .github/workflows/comment.yml expects.
LONGEST = 20_000
# How many searches, charts, metrics and causes are listed: fewer if the comment gets too long.
_MOST = (30, 10, 3)


@dataclass(frozen=True)
class Since:
    """What changed since HEAD left a branch, up to the commit `head`, or up to the working tree if that is None."""

    against: str
    head: str | None = None

    @cached_property
    def base(self) -> str:
        """The hash of the commit that both have in common."""
        return merge_base(self.against)

    @cached_property
    def comparison(self) -> Comparison:
        """The comparison of both; raises `UserError` as `compare` does."""
        # The branch itself may have gone on since.
        old = Results(Snapshot(f"{self.against} at {self.base[:7]}", self.base))
        return compare(old, Results(Snapshot("HEAD", self.head) if self.head else Snapshot.of(None)))

    @property
    def metrics(self) -> list[list[str]]:
        """The metrics of DVC that differ: name, before, now, and change."""
        before, after = (side.metrics for side in (self.comparison.old, self.comparison.new))
        decimals = score_decimals([*before.values(), *after.values()])
        rows = []
        for name in differing(before, after):
            old, new = (side.get(name, math.nan) for side in (before, after))
            scores = [format_score(score, decimals) for score in (old, new)]
            if scores[0] != scores[1]:  # in the digits that are shown
                rows.append([name, *scores, format_score(new - old, decimals, "+")])
        return rows

    @cached_property
    def _charts(self) -> list[dict[str, str | None]]:
        """The charts of both sides, as text by name."""
        sides = [side.snapshot for side in (self.comparison.old, self.comparison.new)]
        return [{name: side.text(path) for name, path in side.files(CHARTS, ".svg").items()} for side in sides]

    @property
    def charts(self) -> list[str]:
        """The charts that differ."""
        return differing(*self._charts)

    def apart(self, charts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the charts of the searches that changed, and the others."""
        searches = {search.name for search in self.comparison.changed}
        apart: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        for name, chart in charts.items():
            apart[name not in searches][name] = chart
        return apart

    def drawn(self) -> dict[str, Chart]:
        """Return each chart that differs, drawn for both commits on the same axes, by its name."""
        specs = compared_specs(self.base) if self.charts else {}
        return {name: as_chart(render(suited(specs[name]))) for name in self.charts if name in specs}

    def pictures(self) -> dict[str, list[str]]:
        """Return each chart that differs, as Markdown for the picture in each commit, by its name."""
        home = repository()

        def picture(name: str, commit: str, charts: dict[str, str | None]) -> str:
            path = f"{CHARTS}/{name}.svg"
            if name not in charts:
                return "–"
            # Without GitHub, a file in a commit has no URL.
            return f"![{name}]({home}/raw/{commit}/{path})" if home else f"`git show {commit[:7]}:{path}`"

        sides = [*zip((self.base, self.head or "HEAD"), self._charts, strict=True)]
        return {name: [picture(name, *side) for side in sides] for name in self.charts}


def changes_of(since: Since) -> dict[str, Any]:
    """Return the content of the report's section on changes: the verdict, the searches, their charts, and the rest."""
    comparison = since.comparison
    charts, others = since.apart(since.drawn())
    return {
        "against": since.against,
        "base": since.base[:7],
        "headline": parts(comparison),
        "headings": HEADINGS,
        "rows": [row(search) for search in comparison.changed],
        "second": second_told(comparison),
        "sentences": others_told(comparison),
        "charts": charts,
        "other_charts": others,
        "folded": {
            "More on these searches": [f"{each.name}: {told}" for each in comparison.changed for told in details(each)],
            "Metrics that differ": [f"{name}: {old} → {new} ({change})" for name, old, new, change in since.metrics],
            "What the runs differ in, by dvc.lock": causes_told(comparison),
        },
    }


def comment(since: Since, fresh: FreshRun) -> str:
    """Return the comment: the verdict, what changed, the charts of the searches that changed, and the rest folded.

    Charts that do not fit are named.
    """
    pictures, metrics = since.pictures(), since.metrics
    names = [name for charts in since.apart(pictures) for name in charts]
    text = ""
    for most in _MOST:
        charts, others = since.apart({name: pictures[name] for name in names[:most]})
        text = fill(
            "pr_comment.md.j2",
            against=since.against,
            base=since.base[:7],
            fresh=fresh,
            changes=as_markdown(since.comparison, most),
            metrics=metrics[:most],
            n_metrics=len(metrics),
            charts=charts,
            others=others,
            left_out=names[most:],
        )
        if len(text) <= LONGEST:
            break
    return text[:LONGEST]


def repository() -> str | None:
    """Return the URL of the repository on GitHub, from a workflow's variables or the remote `origin`, or None."""
    if "GITHUB_REPOSITORY" in os.environ:
        return f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{os.environ['GITHUB_REPOSITORY']}"
    remote = ""
    with suppress(subprocess.CalledProcessError):  # there is none
        remote = git("remote", "get-url", "origin").strip()
    match = re.search(r"github\.com[:/](.+?)(\.git)?$", remote)
    return f"https://github.com/{match[1]}" if match else None
