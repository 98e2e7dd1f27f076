"""Writes report.html, a page with all results that opens offline.

Example: gridstage report main
"""

import sys
from argparse import Namespace
from pathlib import Path

from gridstage.common import Arguments, first_of, run, write_text
from gridstage.config import PARAMS_FILE, load_params
from gridstage.config.schema import rope_of
from gridstage.report.changes import changes_of
from gridstage.report.page import MOST, describe_head, packages, sections
from gridstage.report.subject import describe, title
from gridstage.report.templating import fill
from gridstage.repository.staleness import stale_stages
from gridstage.results import Results, files
from gridstage.told.scores import NOT_TESTED

REPORT = Path("report.html")
# The most stages that a note lists.
_MOST_STALE = 8

ARGUMENTS = Arguments("gridstage report", __doc__)
ARGUMENTS.add_argument(
    "revision",
    metavar="REVISION",
    nargs="?",
    help="a branch or commit to compare the results with",
)


def main(arguments: Namespace) -> None:
    params = load_params()
    changed = changes_of(arguments.revision) if arguments.revision else None
    results = Results()
    counts = results.read(files.DATA)
    commit = describe_head()
    stale = first_of(stale_stages() if commit else [], _MOST_STALE)
    page = fill(
        "report.html.j2",
        title=title(params),
        about=describe(params, counts),
        scoring=params.cv.scoring,
        rope=rope_of(params),
        classifies=params.model.classifies,
        n_repeats=params.cv.n_repeats,
        most=MOST,
        tested=not params.cv.keeps_time,
        not_tested=NOT_TESTED,
        commit=commit,
        packages=packages(),
        stale=stale,
        changed=changed,
        settings=Path(PARAMS_FILE).read_text(encoding="utf-8"),
        **sections(results, params),
    )
    write_text(REPORT, page)
    if stale:
        print(
            f"note: not up to date: {stale}. {REPORT} shows an earlier run; run `dvc repro`.",
            file=sys.stderr,
        )
    print(f"{REPORT}: open it in a browser; it needs no network")


if __name__ == "__main__":
    run(main, ARGUMENTS)
