"""A chart's SVG: drawn from a table, and read."""

import csv
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from dvc_render import VegaRenderer

from gridstage.report.charts import render
from packages.gridstage.tests.project import ROOT

SVG = "{http://www.w3.org/2000/svg}"
NAN = float("nan")


def texts(svg: str) -> list[str]:
    """Return the texts of a chart, in the order they are drawn in."""
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def read(path: Path, rev: str = "workspace") -> list[dict[str, str]]:
    """Return a table as DVC hands it to a template: strings, with the revision."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row | {"rev": rev} for row in csv.DictReader(file)]


def candidates(scores: dict[str, float], half: float = 0.1) -> list[dict[str, str]]:
    """Return a table of candidates with these scores by their settings."""
    ranked = sorted(
        scores,
        key=lambda params: (
            -scores[params] if scores[params] == scores[params] else 1e99
        ),
    )
    return [
        {
            "params": params,
            "mean_test_score": str(score),
            "ci95": str(half if score == score else NAN),
            "rank_test_score": str(ranked.index(params) + 1),
            "in_best_set": "false",
            "simplest": "false",
            "rev": "workspace",
        }
        for params, score in scores.items()
    ]


def fill(
    template: str,
    rows: list[dict[str, str]],
    x_label: str = "the score",
    y_label: str = "accuracy",
) -> dict[str, Any]:
    """Return a template that DVC has filled with a table, of the workspace where it names no revision."""
    rows = [{"rev": "workspace"} | row for row in rows]
    labels = {"title": "name", "x_label": x_label, "y_label": y_label}
    filled: dict[str, Any] = VegaRenderer(
        rows, "name", template=template, template_dir=str(ROOT / ".dvc/plots"), **labels
    ).get_filled_template()
    return filled


def draw(rows: list[dict[str, str]]) -> list[str]:
    """Return the texts of a chart of candidates."""
    return texts(render(fill("candidates", rows)))
