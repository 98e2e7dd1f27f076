"""What changed since another commit, for the report and the comment on a pull request."""

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from stages.lib.changes.comparison import Comparison, compare
from stages.lib.changes.markdown import HEADINGS
from stages.lib.changes.results import Results
from stages.lib.changes.revisions import differing, files, merge_base
from stages.lib.changes.sentences import causes_told, details, headline, others_told, row
from stages.lib.changes.snapshot import Snapshot
from stages.lib.common import format_score, score_decimals
from stages.lib.report.charts import compared_specs, render, suited
from stages.lib.report.page import CHARTS, Chart, as_chart


@dataclass(frozen=True)
class Since:
    """What changed since the commit at which HEAD left a branch.

    Parameters
    ----------
    against : str
        The branch, as the user calls it.
    head : str, optional
        A commit; the working tree if None.
    """

    against: str
    head: str | None = None

    @cached_property
    def base(self) -> str:
        """The hash of the commit that both have in common."""
        return merge_base(self.against)

    @cached_property
    def found(self) -> Comparison:
        """The comparison of both; raises `UserError` as `compare` does."""
        # The branch itself may have gone on since.
        old = Results(Snapshot(f"{self.against} at {self.base[:7]}", self.base))
        return compare(old, Results(Snapshot("HEAD", self.head) if self.head else Snapshot.of(None)))

    @property
    def metrics(self) -> list[list[str]]:
        """The metrics of DVC that differ: name, before, now, and change."""
        before, after = (side.metrics for side in (self.found.old, self.found.new))
        decimals = score_decimals([*before.values(), *after.values()])
        nan = float("nan")
        rows = []
        for name in sorted({*before, *after}):
            old, new = before.get(name, nan), after.get(name, nan)
            if before.get(name) != after.get(name):
                change = format_score(new - old, decimals, "+")
                rows.append([name, format_score(old, decimals), format_score(new, decimals), change])
        return rows

    @cached_property
    def _charts(self) -> tuple[dict[str, str], dict[str, str]]:
        before = files(self.base, str(CHARTS))
        if self.head:
            return before, files(self.head, str(CHARTS))
        return before, {str(path): path.read_text(encoding="utf-8") for path in CHARTS.rglob("*.svg")}

    def drawn(self) -> dict[str, Chart]:
        """Return each chart that differs, drawn for both commits on the same axes, by its name."""
        specs = compared_specs(self.base) if self.names else {}
        return {name: as_chart(render(suited(specs[name]))) for name in self.names if name in specs}

    @cached_property
    def names(self) -> list[str]:
        """The charts that differ, those of searches that changed first."""
        changed = {search.name for search in self.found.changed}
        return sorted(map(_name, differing(*self._charts)), key=lambda name: (name not in changed, name))

    def pictures(self) -> dict[str, list[str]]:
        """Return each chart that differs, as Markdown for the picture in each commit, by its name."""
        home = repository()
        sides = [(self.base, self._charts[0]), (self.head or "HEAD", self._charts[1])]

        def picture(commit: str, path: str, there: dict[str, str]) -> str:
            if path not in there:
                return "–"
            # Without GitHub, a file in a commit has no URL.
            return f"![{_name(path)}]({home}/raw/{commit}/{path})" if home else f"`git show {commit[:7]}:{path}`"

        paths = {name: f"{CHARTS}/{name}.svg" for name in self.names}
        return {name: [picture(commit, path, there) for commit, there in sides] for name, path in paths.items()}


def changes_of(since: Since) -> dict[str, Any]:
    """Return the content of the report's section on changes: the verdict, the searches, their charts, and the rest."""
    found, drawn = since.found, since.drawn()
    changed = {search.name for search in found.changed}
    told = [f"{search.name}: {each}" for search in found.changed for each in details(search, found)]
    return {
        "against": since.against,
        "base": since.base[:7],
        "headline": headline(found),
        "headings": HEADINGS,
        "rows": [row(search, found) for search in found.changed],
        "sentences": others_told(found),
        "charts": {name: chart for name, chart in drawn.items() if name in changed},
        "other_charts": {name: chart for name, chart in drawn.items() if name not in changed},
        "folded": {
            "More on these searches": told,
            "Metrics that differ": [f"{name}: {old} → {new} ({change})" for name, old, new, change in since.metrics],
            "What the runs differ in, by dvc.lock": causes_told(found),
        },
    }


def _name(path: str) -> str:
    return str(Path(path).relative_to(CHARTS).with_suffix(""))


def repository() -> str | None:
    """Return the URL of the repository on GitHub, from a workflow's variables or the remote `origin`, or None."""
    if "GITHUB_REPOSITORY" in os.environ:
        return f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{os.environ['GITHUB_REPOSITORY']}"
    remote = subprocess.run(["git", "remote", "get-url", "origin"], capture_output=True, text=True).stdout.strip()
    found = re.search(r"github\.com[:/](.+?)(\.git)?$", remote)
    return f"https://github.com/{found[1]}" if found else None
