"""Reads the content of the report from params.yaml and metrics/."""

import base64
import hashlib
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

from stages.lib.common import Output, format_params, format_value, reading
from stages.lib.config import Params
from stages.lib.config.schema import rope_of
from stages.lib.report.course import WATCHED_REPEATS, describe_course, stopping
from stages.lib.report.parallel.chart import parallel_coordinates
from stages.lib.report.records import records
from stages.lib.report.subject import class_counts
from stages.lib.report.summary import CONTENDERS, read_losses
from stages.lib.report.tables import read_table
from stages.lib.scores import read_search

CHARTS = Path("metrics/charts")
# Of a table of more candidates, tables.css and tables.js show as many rows at once.
MOST = 12


class Chart(NamedTuple):
    """A chart, as a `data:` URL, and its size in pixels."""

    address: str
    width: int
    height: int


def as_chart(svg: str) -> Chart:
    """Return an SVG as a `data:` URL, which a page shows without a request; raises `IndexError` if it has no size."""
    sizes = (re.findall(rf'^<svg [^>]*?\b{side}="([\d.]+)"', svg)[0] for side in ("width", "height"))
    width, height = (math.ceil(float(size)) for size in sizes)
    return Chart(f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}", width, height)


def sections(params: Params) -> dict[str, Any]:
    """Return the charts, the tables of the leaderboard, the contenders and the inputs, and every experiment.

    Raises `UserError` if a stage has not run.
    """
    names = ["leaderboard", "evaluation"]
    names += [f"{kind}{name}" for name in params.experiments for kind in ("", "curves/", "importance/")]
    # A net that diverged on every split predicts nothing, and has no such chart.
    optional = [name for name in ("diagnostics", "answer_diagnostics", "inputs") if (CHARTS / f"{name}.svg").exists()]
    return {
        "charts": {name: _chart(CHARTS / f"{name}.svg") for name in [*names, *optional]},
        "leaderboard": read_table(Path("metrics/leaderboard.csv"), without=["best_std", "n_fits"]),
        "evaluation": read_table(CONTENDERS, without=["rank_test_score", "std_test_score"]),
        "inputs": read_losses(rope_of(params)),
        "experiments": [_search(params, name) for name in params.experiments],
    }


def _chart(path: Path) -> Chart:
    with Output(path, "a chart").as_text() as svg:
        return as_chart(svg)


def _search(params: Params, name: str) -> dict[str, Any]:
    """Return an experiment: what was found, which settings mattered, its learning curves, and its candidates."""
    constant_loss = read_search(name).get("constant_loss", math.inf)
    output = Output(f"metrics/compared/{name}.json", "the result of a comparison", f"compare@{name}")
    with output.as_json() as comparison:
        *findings, what_mattered = comparison["findings"]
    compared = Path(f"metrics/compared/{name}.csv")
    with records(f"metrics/importance/{name}.csv", "a table of importances") as rows:
        keys = [row["key"] for row in rows]
        _ = [float(row["p_value"]) for row in rows]  # which a table that is cut off lacks
    with records(compared, "a table of scores") as rows:
        ends = stopping(params, name, min(rows, key=lambda row: int(row["rank_test_score"])))
        parallel = parallel_coordinates(rows, keys)
    n_nets = min(WATCHED_REPEATS, params.cv.n_repeats) * params.cv.n_splits
    with records(f"metrics/curves/{name}.csv", "a table of learning curves") as rows:
        course = describe_course(rows, ends, n_nets, constant_loss)
    return {
        "name": name,
        "kind": params.experiments[name].search,
        "fixed": format_params(params.experiments[name].fixed),
        "findings": findings,
        "what_mattered": what_mattered,
        "course": course,
        "parallel": parallel,
        "table": read_table(compared, without=["params", "p_value_holm"]),
    }


def facts(params: Params, counts: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the facts of the run by heading, as params.yaml writes them, with what the stage fetch counted."""
    with reading(params.data.path, "not a file", "Run `dvc repro`."):
        sha256 = hashlib.sha256(Path(params.data.path).read_bytes()).hexdigest()
    classes = {f"class {label}": str(n) for label, n in class_counts(params, counts).items()}
    return {
        "Run": {"seed": str(params.seed), "engine": params.engine},
        "Data": {
            "file": params.data.path,
            "sha256": sha256,
            "target": params.data.target,
            "rows": str(counts.get("rows", "")),
            **classes,
            "sample": format_value(params.data.sample),
        },
        "Preparation": _written(params.prepare.model_dump()),
        "Folds and score": _written(params.cv.model_dump()),
        "Conclusions": _written(params.statistics.model_dump() | params.evaluate.model_dump()),
        "Every search starts from": _written(params.model.model_dump()),
    }


def _written(settings: dict[str, Any]) -> dict[str, str]:
    return {key: format_value(value) for key, value in settings.items()}
