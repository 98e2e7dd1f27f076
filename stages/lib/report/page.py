"""Reads the content of the report from params.yaml and metrics/."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.lib.common import format_params, format_value, read_json, read_text, reading
from stages.lib.config import Params
from stages.lib.report.subject import class_counts
from stages.lib.report.tables import AGAIN, Table, read_table
from stages.lib.winners.comparison import verdict

CHARTS = Path("metrics/charts")


@dataclass(frozen=True)
class Section:
    """A chart, as a `data:` URL, and the table behind it."""

    name: str
    chart: str | None
    table: Table
    fixed: str = ""


def read_verdict() -> str:
    """Return the result of the stage evaluate as a sentence; raises `UserError` if there is none."""
    path = Path("metrics/evaluation.json")
    again = "Run `dvc repro evaluate`."
    found = read_json(path, again)
    with reading(path, "not what the stage evaluate writes", again):
        return verdict(found)


def data_address(svg: str | None) -> str | None:
    """Return an SVG as a `data:` URL, which a page shows without a request; None for None."""
    return svg and f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def sections(params: Params) -> dict[str, Any]:
    """Return the leaderboard, the evaluation, and every experiment's grid, each with its chart.

    Raises
    ------
    UserError
        If a stage has not run.
    """

    def chart(name: str) -> str | None:
        return data_address(read_text(CHARTS / f"{name}.svg", AGAIN))

    leaderboard = read_table(Path("metrics/leaderboard.csv"), by_score=True)
    evaluation = read_table(Path("metrics/candidates/evaluation.csv"), ["rank_test_score"], unscored="no score")
    return {
        "leaderboard": Section("leaderboard", chart("leaderboard"), leaderboard),
        "evaluation": Section("evaluation", chart("evaluation"), evaluation),
        "experiments": [
            Section(
                name,
                chart(name),
                read_table(Path(f"metrics/candidates/{name}.csv"), without=["params"]),
                format_params(experiment.fixed),
            )
            for name, experiment in params.experiments.items()
        ],
    }


def facts(params: Params, counts: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the facts of the run by heading, as params.yaml writes them: the seed, the data, the settings.

    Parameters
    ----------
    params : Params
    counts : dict
        What the stage fetch counted.
    """
    with reading(params.data.path, "not a file", AGAIN):
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
        "Every search starts from": _written(params.model.model_dump()),
    }


def _written(settings: dict[str, Any]) -> dict[str, str]:
    return {key: format_value(value) for key, value in settings.items()}
