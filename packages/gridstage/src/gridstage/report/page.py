"""Reads the content of the report from params.yaml and metrics/."""

import math
import platform
import re
import subprocess
from importlib.metadata import version
from typing import Any, NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from gridstage.common import (
    format_params,
    format_score,
    score_decimals,
    short_params,
)
from gridstage.compare.parallel import MOST_CANDIDATES
from gridstage.config import SIMPLEST, Params
from gridstage.config.schema import rope_of
from gridstage.report import tables
from gridstage.repository.git import NoGitError, git
from gridstage.repository.revisions import is_committed
from gridstage.results import Results, files
from gridstage.results.files import CHARTS
from gridstage.told.answer import glossary, ranking, sentences
from gridstage.told.candidates import text_table
from gridstage.told.evaluation import (
    class_names,
    errors_told,
    inputs_told,
    paragraphs,
    read_note,
    read_threshold,
)
from gridstage.told.findings import findings
from gridstage.told.printed import leaderboard
from gridstage.told.scores import not_by_kernel_told
from gridstage.told.tables import TextTable

# The packages that results depend on most; requirements.txt pins all.
_PACKAGES = (
    "torch",
    "skorch",
    "scikit-learn",
    "numpy",
    "scipy",
    "pandas",
    "joblib",
    "dvc",
)
# Of a table of more candidates, tables.css and tables.js show as many rows at once.
MOST = 12
# What stands for itself in a `data:` URL between double quotation marks.
_PLAIN = " !$'()*+,-./:;<=>?@[]^_`{|}~"
# What the table of contenders leaves out, because others say it.
_SAID_OF_CONTENDERS = ("rank_test_score", "std_test_score")
# With more searches than these, their table comes second, and the charts of all are folded.
_MANY = 20


class Chart(NamedTuple):
    """A chart, as a `data:` URL, and its size in pixels."""

    address: Markup
    width: int
    height: int


def as_chart(svg: str) -> Chart:
    """Return an SVG as a `data:` URL, which a page shows without a request; raises `ValueError` if it has no size."""
    width, height = (_size(svg, side) for side in ("width", "height"))
    # Shorter than base64; the ampersand, quotes and number signs, which mean something in a page or a URL, are quoted.
    picture = quote(svg, safe=_PLAIN)
    return Chart(Markup(f"data:image/svg+xml,{picture}"), width, height)


def _size(svg: str, side: str) -> int:
    (size,) = re.findall(rf'^<svg [^>]*?\b{side}="([\d.]+)"', svg)
    return math.ceil(float(size))


def sections(results: Results, params: Params) -> dict[str, Any]:
    """Return the answer, the charts, the tables, and every experiment; raises `UserError` if a stage has not run."""
    evaluation, answer = results.read(files.EVALUATION), results.read(files.ANSWER)
    first, *others = sentences(answer)
    _, *more, named = paragraphs(results, params, answer)
    brier = evaluation.kept_brier_score
    why = [" ".join(others)] if others else []
    contenders = results.table(files.CONTENDERS)
    charts = _charts(results, params)
    at_thresholds = None
    if "thresholds" in charts:
        at_thresholds = tables.thresholds(results.table(files.THRESHOLDS))
    return {
        "many": len(params.experiments) > _MANY,
        "answer": answer,
        "told": [first, *why, *more],
        "files": named,
        "threshold": read_threshold(results, params, answer.handed_over),
        "ranking": ranking(answer),
        "glossary": glossary(answer),
        "kept": answer.kept,
        "kept_errors": errors_told(results, params, answer.kept),
        "brier_score": None if brier is None else format_score(brier, 4),
        "note": read_note(results, params),
        "not_by_kernel": not_by_kernel_told(evaluation.not_by_kernel),
        "on_inputs": inputs_told(results, answer),
        "charts": charts,
        "leaderboard": _leaderboard(results, params, answer.kept),
        "evaluation": text_table(contenders, _SAID_OF_CONTENDERS),
        "positive": class_names(params.data.labels_of(2))[-1],
        "thresholds": at_thresholds,
        "inputs": tables.losses(results.table(files.INPUTS), rope_of(params)),
        "most_drawn": MOST_CANDIDATES,
        "experiments": [_search(results, params, name) for name in params.experiments],
    }


def _leaderboard(results: Results, params: Params, kept: str) -> TextTable:
    table = results.table(files.LEADERBOARD)
    tied = dict(zip(table["experiment"], table["tied_with_above"], strict=True))
    (details,) = results.read(files.BEST_PARAMS).details
    columns = leaderboard(params, details.experiments, tied)
    search = details.winner if kept == SIMPLEST else kept
    places = enumerate(columns["experiment"])
    marks = {place: "kept" for place, name in places if name == search}
    return TextTable.of_columns(columns, marks)


def _charts(results: Results, params: Params) -> dict[str, Chart]:
    """Return the charts by name, as `chart_name` calls them."""
    names = ["leaderboard", "evaluation"]
    for name in params.experiments:
        names += [name, f"curves/{name}", f"importance/{name}"]
    # A net that diverged on every split predicts nothing, and has no such chart; only two classes have thresholds, and
    # only searches of many keys have parallel axes.
    drawn = results.source.files(CHARTS, ".svg")
    optional = ["diagnostics", "answer_diagnostics", "thresholds", "inputs"]
    optional += [f"parallel/{name}" for name in params.experiments]
    names += [name for name in optional if name in drawn]
    return {name: _chart(results, f"{CHARTS}/{name}.svg") for name in names}


def _chart(results: Results, path: str) -> Chart:
    svg = results.source.text(path)
    if svg is None or "<svg" not in svg:
        raise results.source.refused(
            path, "is missing, or is not a chart", "Run `dvc repro charts`."
        )
    return as_chart(svg)


def _search(results: Results, params: Params, name: str) -> dict[str, Any]:
    """Return an experiment: what was found, which settings mattered, its learning curves, and its candidates."""
    *found, what_mattered = findings(results, params, name)
    compared = results.table(files.COMPARED, name)
    search = results.read(files.SUMMARY, name)
    experiment, best_score = params.experiments[name], search.best_score
    simplest = compared.loc[compared["simplest"], "params"]
    pick = simplest.item() if params.statistics.pick == SIMPLEST else search.best_params
    return {
        "name": name,
        "kind": experiment.search,
        "fixed": format_params(experiment.fixed),
        "best": format_score(best_score, score_decimals([best_score])),
        "pick": short_params(pick),
        "findings": [*found, *not_by_kernel_told(search.not_by_kernel)],
        "what_mattered": what_mattered,
        "table": text_table(compared, without=["params", "p_value_holm"]),
    }


def describe_head() -> str:
    """Return HEAD's short hash with its date, and whether the working tree differs from it; empty without a commit."""
    try:
        commit, date = git(
            "show", "--no-patch", "--format=%h %cs", "--abbrev=7", "HEAD"
        ).split()
    except (NoGitError, subprocess.CalledProcessError):
        return ""
    changes = "" if is_committed() else ", with uncommitted changes"
    return f"Commit {commit} of {date}{changes}"


def packages() -> list[str]:
    """Return Python and the main packages, each with the version that is installed here."""
    installed = [f"{name} {version(name)}" for name in _PACKAGES]
    return [f"Python {platform.python_version()}", *installed]
