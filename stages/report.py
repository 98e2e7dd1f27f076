"""Writes report.html, a page with all results that opens offline: `make report`, or `make report AGAINST=main`."""

import sys
from pathlib import Path

from stages.lib.common import UserError, run, write_text
from stages.lib.config import load_params
from stages.lib.report.changes import changed_since
from stages.lib.report.page import facts, read_verdict, sections
from stages.lib.report.revisions import describe_head, stale_stages
from stages.lib.report.templating import fill

REPORT = Path("report.html")


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
