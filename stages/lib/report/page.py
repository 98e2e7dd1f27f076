"""Reads the content of the report from params.yaml and metrics/."""

import base64
import csv
import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.lib.common import format_params, format_value, read_json, read_text, reading
from stages.lib.config import Params
from stages.lib.winners.comparison import verdict
from stages.lib.winners.leaderboard import COMBINED

CHARTS = Path("metrics/charts")

_AGAIN = "Run `dvc repro`."

# The headings of columns in the committed tables, in display order. Columns that identify a row come before these.
_HEADINGS = {
    "mean_test_score": "mean",
    "best_score": "mean",
    "ci95": "± 95 %",
    "best_ci95": "± 95 %",
    "difference": "to combined",
    "difference_ci95": "± 95 %",
    "p_value": "p",
    "tied_with_best": "tied",
    "tied_with_combined": "tied",
    "n_tied": "tied",
    "n_candidates": "candidates",
    "n_fits": "fits",
    "std_test_score": "std",
    "best_std": "std",
    "rank_test_score": "rank",
    "params": "params",
    "best_params": "best params",
}
_ORDER = list(_HEADINGS)
_WHOLE = {"rank_test_score", "n_tied", "n_candidates", "n_fits"}
_TIED = {"tied_with_best", "tied_with_combined"}
_TEXT = {"params", "best_params"}
_SCORES = set(_HEADINGS) - _WHOLE - _TIED - _TEXT
_COMPARED = {"difference", "difference_ci95", "p_value", "tied_with_combined"}
_MEANS = {"mean_test_score", "best_score"}


@dataclass(frozen=True)
class Table:
    """Text by column and row, and which row is the best."""

    headings: list[str]
    rows: list[list[str]]
    best: int


@dataclass(frozen=True)
class Section:
    """A chart, as a `data:` URL, and the table behind it."""

    name: str
    chart: str | None
    table: Table
    fixed: str = ""


def read_table(path: Path, without: Iterable[str] = (), unscored: str = "diverged", by_score: bool = False) -> Table:
    """Read a committed CSV as text, without the scores of single splits; numbers to 4 decimals.

    Parameters
    ----------
    path : Path
    without : iterable of str
        Columns to leave out.
    unscored : str
        The text for a missing mean.
    by_score : bool
        Whether to sort by score, best first, rather than keep the file's order.

    Raises
    ------
    UserError
        If the file is missing, or is not a table of scores.
    """
    text = read_text(path, _AGAIN)
    with reading(path, "not a table of scores", _AGAIN):
        rows = list(csv.DictReader(text.splitlines(), strict=True))
        return _table(rows, {*without}, unscored, by_score)


def _table(rows: list[dict[str, str]], without: set[str], unscored: str, by_score: bool) -> Table:
    left_out = without | {key for key in rows[0] if key.startswith("split")}
    keys = [key for key in rows[0] if key not in left_out]
    keys.sort(key=lambda key: _ORDER.index(key) if key in _ORDER else -1)
    (mean,) = _MEANS & set(keys)
    scores = {i: -math.inf if math.isnan(score := float(row[mean])) else score for i, row in enumerate(rows)}
    order = sorted(scores, key=lambda i: -scores[i])
    if by_score:
        rows = [rows[i] for i in order]
    best = 0 if by_score else order[0]
    shown = [[_shown(key, row, unscored) for key in keys] for row in rows]
    # As in the charts, headings leave out prefixes such as `module__`.
    return Table([_HEADINGS.get(key, key.rpartition("__")[2]) for key in keys], shown, best)


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
        return data_address(read_text(CHARTS / f"{name}.svg", _AGAIN))

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


def facts(params: Params) -> dict[str, dict[str, str]]:
    """Return the facts of the run by heading: the seed, the data, the folds and score, and the starting settings."""
    data = read_json("metrics/data.json", _AGAIN)
    data = data if isinstance(data, dict) else {}
    with reading(params.data.path, "not a file", _AGAIN):
        sha256 = hashlib.sha256(Path(params.data.path).read_bytes()).hexdigest()
    counted = {key: value for key, value in data.items() if not isinstance(value, dict)}
    counted |= {
        f"{key}: {name}": n for key, value in data.items() if isinstance(value, dict) for name, n in value.items()
    }
    settings = params.model.model_dump()
    return {
        "Run": {"seed": str(params.seed), "engine": params.engine},
        "Data": {
            "file": params.data.path,
            "sha256": sha256,
            "target": params.data.target,
            **{key.replace("_", " "): str(value) for key, value in counted.items()},
            "scale": format_value(params.data.scale),
            "sample": format_value(params.data.sample),
        },
        "Folds and score": {key: format_value(value) for key, value in params.cv.model_dump().items()},
        "Every search starts from": {key: format_value(value) for key, value in settings.items()},
    }


def _shown(key: str, row: dict[str, str], unscored: str) -> str:
    text = row[key]
    if key in _COMPARED and row.get("setting") == COMBINED:
        return ""
    if key in _TIED and text == "nan":
        return "–"
    if key not in _SCORES:
        return text
    number = float(text)
    if math.isnan(number):
        return unscored if key in _MEANS else "–"
    return f"{number:+.4f}" if key == "difference" else f"{number:.4f}"
