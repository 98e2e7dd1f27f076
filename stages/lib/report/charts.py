"""Draws the plots of dvc.yaml as SVG, from the specs that DVC fills, without a browser."""

import csv
import hashlib
import io
import json
import math
from importlib.metadata import version
from pathlib import Path
from typing import Any

import vl_convert
from dvc.render.match import match_defs_renderers
from dvc.repo import Repo
from dvc_render.exceptions import DvcRenderError

from stages.lib.common import UserError

# The version that the templates use; the renderer's newest version would lay out some charts differently.
VEGA_LITE = "5.21"

# Text takes the colour of the page. The renderer measures text in Liberation Sans, which it includes, so the bytes
# don't depend on the installed fonts; Arial and Helvetica have the same widths.
THEME: dict[str, Any] = {
    "background": "transparent",
    "font": "Liberation Sans, Arial, Helvetica, sans-serif",
    "aria": False,
    "axis": {
        "domainColor": "currentColor",
        "gridColor": "currentColor",
        "gridOpacity": 0.15,
        "labelColor": "currentColor",
        "tickColor": "currentColor",
        "titleColor": "currentColor",
    },
    "header": {"labelColor": "currentColor"},
    "legend": {"labelColor": "currentColor"},
    "text": {"color": "currentColor"},
    "title": {"color": "currentColor"},
}

# For a stand-alone SVG, as in a README: it follows the reader's colour scheme, not the page around it. Open points are
# filled with white, so that the line behind them ends at their edge.
STYLE = (
    "<style>svg{color:#1f2328;background:#fff}@media (prefers-color-scheme:dark)"
    "{svg{color:#e6edf3;background:#0d1117}path[fill=white]{fill:#0d1117}}</style>"
)


# Charts of these folders are called by the experiment alone.
_SCORES = {"metrics", "candidates", "compared"}


def chart_name(path: str) -> str:
    """Return the name of the chart of a table: `dropout` for its scores, `curves/dropout` for what else it has."""
    parts = Path(path).with_suffix("").parts
    return "/".join([*(part for part in parts[:-1] if part not in _SCORES), parts[-1]])


def read_specs(against: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the Vega-Lite spec of every plot in dvc.yaml, filled by DVC from the current files, by `chart_name`.

    A table without rows has none.

    Parameters
    ----------
    against : str, optional
        A commit whose files are drawn as well, on the same axes. A plot that it does not have is drawn without it.

    Raises
    ------
    UserError
        If a plot's file or template is missing or invalid.
    """
    specs: dict[str, dict[str, Any]] = {}
    try:
        with Repo() as repo:
            shown = repo.plots.show(revs=[against[:7], "workspace"] if against else None)
            found = match_defs_renderers(shown, templates_dir=repo.plots.templates_dir)
    except (DvcRenderError, ValueError) as error:
        raise UserError(f"A template in .dvc/plots is missing or is not JSON: {error}") from None
    for renderer, source_errors, definition_errors in found:
        path, name = renderer.name, chart_name(renderer.name)
        if not against:
            _check_whole(path)
        errors = bool(source_errors or definition_errors) and not against
        if not errors and not renderer.datapoints and _has_header_alone(path):
            continue  # there is nothing to draw, as of a net that diverged on every split
        if against and not renderer.datapoints:
            continue
        if errors or not renderer.datapoints:
            raise UserError(f"{path} is missing, or is not the table that its plot draws. Run `dvc repro {path}`.")
        if against and name in specs and not any(row.get("rev") == "workspace" for row in renderer.datapoints):
            continue  # an older commit may have drawn it of another table
        if name in specs and not against:
            raise UserError(f"{path} and another plot are both called {name}. Rename one of them.")
        specs[name] = renderer.get_filled_template()
    if not specs:
        raise UserError("DVC finds no plot in dvc.yaml. `dvc status` says what is wrong with the file.")
    return specs


def _check_whole(path: str) -> None:
    """Raise `UserError` if a table is cut off, so that a chart that is there is not lost for it."""
    file = Path(path)
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else "\n"
    widths = {len(row) for row in csv.reader(io.StringIO(text))}
    # A search has at least the curves of its best.
    lacks_rows = file.parent.name == "curves" and text.count("\n") < 2
    if text and (not text.endswith("\n") or len(widths) > 1 or lacks_rows):
        raise UserError(f"{path} is cut off. Run `dvc repro {path}`, or restore it: `git checkout -- {path}`.")


def _has_header_alone(path: str) -> bool:
    return len(Path(path).read_text(encoding="utf-8").splitlines()) == 1


def suited(spec: dict[str, Any], unit: str = "") -> dict[str, Any]:
    """Return a filled spec whose words suit its table; a template can't choose its titles and legends by its data.

    Parameters
    ----------
    spec : dict
        If its table has no intervals, as with splits in time order, words on intervals and tests are removed.
    unit : str
        The unit of the scores, which their axis then names.
    """
    halves = [row.get(key) for row in spec["data"]["values"] for key in ("ci95", "best_ci95") if row.get(key)]
    tested = any(math.isfinite(float(half)) for half in halves)

    def adapted(part: Any) -> Any:
        if isinstance(part, list):
            return [adapted(item) for item in part]
        if isinstance(part, dict):
            untested = part.get("field") == "standing" and "scale" in part and not tested
            legend = {"legend": None} if untested else {}
            return {key: value if key == "data" else adapted(value) for key, value in part.items()} | legend
        if isinstance(part, str):
            part = part.replace(", mean of ", f" in {unit}, mean of ") if unit else part
            return part if tested else part.replace(", 95 % interval", "")
        return part

    return spec if tested and not unit else adapted(spec)


def render(spec: dict[str, Any]) -> str:
    """Draw a Vega-Lite spec as SVG for embedding in an HTML page; text has the page's `color`.

    Raises
    ------
    UserError
        If the spec is not Vega-Lite.
    """
    try:
        return vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, config=THEME)
    except ValueError as error:
        problem = str(error).splitlines()[1]  # the library's stack trace follows
        raise UserError(f"A template in .dvc/plots is not Vega-Lite: {problem[:200]}") from None


def stand_alone(svg: str) -> str:
    """Give an SVG its own colours, which follow the light or dark mode of the reader's system."""
    head, bracket, rest = svg.partition(">")
    return f"{head}{bracket}{STYLE}{rest}\n"


def chart_of(spec: dict[str, Any], path: str) -> str:
    """Return the stand-alone chart of a spec: as it stands in its file if it was drawn of the same, or drawn now.

    Drawing takes a tenth of a second, and a changed grid changes a few of the charts. The last line of a chart is a
    hash of what it was drawn of, and of the chart, so one that was changed by hand is drawn anew.
    """
    file = Path(path)
    if file.is_file():
        text = file.read_text(encoding="utf-8", errors="replace")
        if text == _signed(spec, text[: text.rfind("<!--")]):
            return text
    return _signed(spec, stand_alone(render(spec)))


def _signed(spec: dict[str, Any], chart: str) -> str:
    drawn_of = json.dumps([spec, THEME, VEGA_LITE, version("vl-convert-python")])
    return f"{chart}<!--{hashlib.sha256((drawn_of + chart).encode()).hexdigest()[:16]}-->\n"
