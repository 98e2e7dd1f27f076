"""What changed since another commit, for the report and the comment on a pull request, and whether a run repeats it."""

import math
import os
import shutil
import subprocess
import sys
from contextlib import chdir
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from stages.lib.common import UserError, format_score, score_decimals
from stages.lib.diff.comparison import Comparison, compare
from stages.lib.diff.output import facts
from stages.lib.diff.side import Side
from stages.lib.report.charts import render, stand_alone, suited
from stages.lib.report.page import CHARTS, Chart, as_chart
from stages.lib.report.specs import compared_specs
from stages.lib.report.templating import fill
from stages.lib.repository import PIPELINE
from stages.lib.repository.dvc import dvc, rerun
from stages.lib.repository.dvc_file import dvc_file_of, pull
from stages.lib.repository.git import git
from stages.lib.repository.recorded import differing
from stages.lib.repository.revisions import differing_results, merge_base
from stages.lib.repository.snapshot import Snapshot
from stages.lib.repository.staleness import stale_stages
from stages.lib.told.scores import processor_told

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
        old = Side(Snapshot(f"{self.against} at {self.base[:7]}", self.base))
        return compare(
            old, Side(Snapshot("HEAD", self.head) if self.head else Snapshot.of(None))
        )

    @property
    def metrics(self) -> list[list[str]]:
        """The metrics of DVC that differ, in the digits that are shown: name, before, and now."""
        sides = [
            side.metrics
            for side in (self.comparison.sides.old, self.comparison.sides.new)
        ]
        decimals = score_decimals([*sides[0].values(), *sides[1].values()])
        names = differing(*sides)
        rows = [
            [
                name,
                *(format_score(side.get(name, math.nan), decimals) for side in sides),
            ]
            for name in names
        ]
        return [row for row in rows if row[1] != row[2]]

    @cached_property
    def _charts(self) -> list[dict[str, str | None]]:
        """The charts of both sides, as text by name."""
        sides = [
            side.snapshot
            for side in (self.comparison.sides.old, self.comparison.sides.new)
        ]
        return [
            {name: side.text(path) for name, path in side.files(CHARTS, ".svg").items()}
            for side in sides
        ]

    @property
    def charts(self) -> list[str]:
        """The charts that differ."""
        return differing(*self._charts)

    def apart(self, charts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the charts of the searches that changed, and the others."""
        own = {
            search.name: charts[search.name]
            for search in self.comparison.changed
            if search.name in charts
        }
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
        """Return each chart that differs, as Markdown for the picture in each commit, by its name."""
        # Without a workflow of GitHub, a file in a commit has no URL.
        home = os.environ.get("GITHUB_REPOSITORY")
        url = f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{home}/raw"

        def picture(name: str, commit: str, charts: dict[str, str | None]) -> str:
            path = f"{CHARTS}/{name}.svg"
            if name not in charts:
                return "–"
            return (
                f"![{name}]({url}/{commit}/{path})"
                if home
                else f"`git show {commit[:7]}:{path}`"
            )

        sides = [*zip((self.base, self.head or "HEAD"), self._charts, strict=True)]
        return {name: [picture(name, *side) for side in sides] for name in self.charts}


def changes_of(since: Since) -> dict[str, Any]:
    """Return the content of the report's section on changes: the facts, the charts, and the metrics."""
    found = facts(since.comparison)
    charts, others = since.apart(since.drawn())
    return found | {
        "against": since.against,
        "base": since.base[:7],
        "charts": charts,
        "other_charts": others,
        "folded": {
            "More on these searches": [
                f"{name}: {told}"
                for name, each in found["details"].items()
                for told in each
            ],
            "Metrics that differ": [
                f"{name}: {old} → {new}" for name, old, new in since.metrics
            ],
            "What the runs differ in, by dvc.lock": found["causes"],
        },
    }


class FreshRun(NamedTuple):
    """The result of a run in a clone of HEAD.

    `stale` are stages whose params, code or outputs no longer match dvc.lock; if there are any, nothing was run.
    `failed` says whether a stage failed, or nothing could be run; and `differing` are the outputs whose bytes differ
    from the committed ones.
    """

    stale: list[str]
    failed: bool = False
    differing: tuple[str, ...] = ()


def run_fresh() -> FreshRun:
    """Clone HEAD into a temporary folder, and run every stage there; its output goes to standard error."""
    with TemporaryDirectory() as folder:
        subprocess.run(
            ["git", "clone", "--quiet", ".", folder], check=True
        )  # git itself says why it fails
        try:
            _bring_data(folder)
            with chdir(folder):
                stale = stale_stages()
        except UserError as error:
            print(error, file=sys.stderr)
            return FreshRun([], failed=True)
        if stale:
            return FreshRun(stale)
        if rerun(folder).returncode:
            return FreshRun([], failed=True)
        return FreshRun([], differing=tuple(differing_results(folder)))


def _bring_data(folder: str) -> None:
    """Let DVC put into a clone what it tracks and stages read; raises `UserError` if it can't."""
    if not git("-C", folder, "ls-files", "*.dvc"):
        return
    # What git does not have: settings of this machine, such as passwords, and the files that DVC has here.
    if (settings := Path(".dvc/config.local")).is_file():
        shutil.copy(settings, Path(folder, settings))
    (cache := dvc("cache", "dir")).check_returncode()
    dvc(
        "config", "--local", "cache.dir", cache.stdout.strip(), folder=folder
    ).check_returncode()
    pull("--with-deps", PIPELINE, folder=folder)


def comment(since: Since, fresh: FreshRun | None) -> str:
    """Return the comment: the verdict, what changed, the charts of the searches that changed, and the rest folded.

    Charts that do not fit are named. Without a fresh run, the comment says so.
    """
    pictures, metrics, new = since.pictures(), since.metrics, since.comparison.sides.new
    table = str((new.settings or {}).get("data", {}).get("path"))
    tracked = dvc_file_of(table)
    names = [name for charts in since.apart(pictures) for name in charts]
    text = ""
    for most in _MOST:
        charts, others = since.apart({name: pictures[name] for name in names[:most]})
        text = fill(
            "pr_comment.md.j2",
            against=since.against,
            base=since.base[:7],
            of=new.evaluated,
            n_rows=new.counted and new.counted.rows,
            table=[str(tracked), str(tracked.parent / ".gitignore")]
            if tracked
            else [table],
            fresh=fresh,
            processor=processor_told(new) if fresh and fresh.differing else [],
            most=most,
            **facts(since.comparison),
            metrics=metrics[:most],
            n_metrics=len(metrics),
            charts=charts,
            other_charts=others,
            left_out=names[most:],
        )
        if len(text) <= LONGEST:
            break
    return text[:LONGEST]
