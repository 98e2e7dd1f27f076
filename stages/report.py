"""Writes report.html, everything on one page that opens offline: `make report`, or `make report AGAINST=main`."""

import sys
from pathlib import Path
from typing import Any

from stages.lib.errors import UserError, run
from stages.lib.outputs import write_text
from stages.lib.params import load_params
from stages.lib.report import CHARTS, data_address, facts, read_verdict, sections
from stages.lib.revisions import changes, commit_of, describe_head, differing, files, stale_stages
from stages.lib.templating import fill

REPORT = Path("report.html")


def changed_since(against: str) -> dict[str, Any]:
    """Return the params, metrics and charts that differ between a revision and the working tree."""
    commit = commit_of(against)
    before = files(commit, str(CHARTS))
    after = {str(path): path.read_text(encoding="utf-8") for path in CHARTS.glob("*.svg")}
    charts = [
        {"name": Path(path).stem, "old": data_address(before.get(path)), "new": data_address(after.get(path))}
        for path in differing(before, after)
    ]
    return {
        "against": against,
        "params": changes("params", commit),
        "metrics": changes("metrics", commit),
        "charts": charts,
    }


def main() -> None:
    if len(sys.argv) > 2:
        raise UserError("one argument at most, a branch or commit to compare with: python -m stages.report main")
    params = load_params()
    changed = changed_since(sys.argv[1]) if len(sys.argv) == 2 else None
    page = fill(
        "report.html.j2",
        target=params.data.target,
        scoring=params.cv.scoring,
        commit=describe_head(),
        stale=stale_stages(),
        verdict=read_verdict(),
        changed=changed,
        facts=facts(params),
        **sections(params),
    )
    write_text(REPORT, page)
    print(f"{REPORT}: open it in a browser; it needs no network")


if __name__ == "__main__":
    run(main)
