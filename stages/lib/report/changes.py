"""Collects the params, metrics and charts that changed, for the report and the pull request comment."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from stages.lib.report.page import CHARTS, data_address
from stages.lib.report.revisions import changes, commit_of, differing, files


def changed_since(against: str) -> dict[str, Any]:
    """Return the params, metrics and charts that differ between a revision and the working tree."""
    commit = commit_of(against)
    before = files(commit, str(CHARTS))
    after = {str(path): path.read_text(encoding="utf-8") for path in CHARTS.rglob("*.svg")}
    charts = [
        {"name": _name(path), "old": data_address(before.get(path)), "new": data_address(after.get(path))}
        for path in differing(before, after)
    ]
    return {
        "against": against,
        "params": changes("params", commit),
        "metrics": changes("metrics", commit),
        "charts": charts,
    }


def _name(path: str) -> str:
    return str(Path(path).relative_to(CHARTS).with_suffix(""))


def repository() -> str | None:
    """Return the URL of the repository on GitHub, from a workflow's variables or the remote `origin`, or None."""
    if "GITHUB_REPOSITORY" in os.environ:
        return f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}"
    remote = subprocess.run(["git", "remote", "get-url", "origin"], capture_output=True, text=True).stdout.strip()
    found = re.search(r"github\.com[:/](.+?)(\.git)?$", remote)
    return f"https://github.com/{found[1]}" if found else None


def changed_charts(old: str, new: str) -> list[dict[str, str | None]]:
    """Return the charts whose SVG differs, with Markdown for the picture in each commit."""
    home = repository()
    before, after = (files(commit, str(CHARTS)) for commit in (old, new))

    def picture(commit: str, path: str, there: dict[str, str]) -> str | None:
        if path not in there:
            return None
        # Without GitHub, a file in a commit has no URL.
        return f"![{path}]({home}/raw/{commit}/{path})" if home else f"`git show {commit[:7]}:{path}`"

    return [
        {"name": _name(path), "old": picture(old, path, before), "new": picture(new, path, after)}
        for path in differing(before, after)
    ]
