"""What the report shows, read from params.yaml and metrics/."""

import base64
import csv
import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.lib.comparison import verdict
from stages.lib.errors import UserError
from stages.lib.formatting import format_params, format_value
from stages.lib.leaderboard import COMBINED
from stages.lib.params import Params

CHARTS = Path("metrics/charts")

# How columns of the committed tables are headed, and in which order they stand: after what tells a row, before what
# takes up room.
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
    """A chart, as an address that holds the picture itself, and the table behind it."""

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
        What stands for a mean that is missing.
    by_score : bool
        Whether the best row comes first, rather than the file's.

    Raises
    ------
    UserError
        Where the file is missing, or is no table of scores.
    """
    try:
        rows = list(csv.DictReader(_text(path).splitlines(), strict=True))
        return _table(rows, {*without}, unscored, by_score)
    except (ValueError, LookupError, TypeError, AttributeError, csv.Error):
        raise UserError(f"{path} is no table of scores. Run `dvc repro`.") from None


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
    # As in the charts, a setting goes without the part of the net that it belongs to.
    return Table([_HEADINGS.get(key, key.rpartition("__")[2]) for key in keys], shown, best)


def read_verdict() -> str:
    """Return what the stage evaluate found, in a sentence; raises `UserError` where there is nothing of the kind."""
    path = Path("metrics/evaluation.json")
    found = _json(path)
    try:
        return verdict(found)
    except (ValueError, LookupError, TypeError):
        raise UserError(f"{path} is not what the stage evaluate writes. Run `dvc repro evaluate`.") from None


def data_address(svg: str | None) -> str | None:
    """Return an SVG as a `data:` address, which a page shows without a request; None for None."""
    return svg and f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def sections(params: Params) -> dict[str, Any]:
    """Return the leaderboard, the evaluation, and every experiment's grid, each with its chart.

    Raises
    ------
    UserError
        Where a stage has not run.
    """

    def chart(name: str) -> str | None:
        return data_address(_text(CHARTS / f"{name}.svg"))

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
    """Return what was run, by heading: the seed, the data, the folds and score, and what every search starts from."""
    data = _json(Path("metrics/data.json"))
    sha256 = hashlib.sha256(_read(Path(params.data.path))).hexdigest()
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


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} is missing. Run `dvc repro`.") from None


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_text(path))
    except ValueError:
        raise UserError(f"{path} is no JSON. Run `dvc repro`.") from None
    return content if isinstance(content, dict) else {}


def _text(path: Path) -> str:
    try:
        return _read(path).decode()
    except UnicodeDecodeError:
        raise UserError(f"{path} is no text. Run `dvc repro`.") from None


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
