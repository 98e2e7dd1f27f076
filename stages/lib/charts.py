"""The plots of dvc.yaml as SVG: the specs that DVC fills, drawn without a browser."""

from pathlib import Path
from typing import Any

import vl_convert
from dvc.render.match import match_defs_renderers
from dvc.repo import Repo
from dvc_render.exceptions import DvcRenderError

from stages.lib.errors import UserError

# What the templates call for; the newest that the renderer has would lay out some things in another way.
VEGA_LITE = "5.21"

# Text takes the colour of the page. Widths of text are those of Liberation Sans, which the renderer brings along, so
# the bytes don't depend on what fonts are installed; Arial and Helvetica are as wide.
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
    "legend": {"labelColor": "currentColor"},
    "text": {"color": "currentColor"},
    "title": {"color": "currentColor"},
}

# For an SVG that is a page of its own, as in a README: it sees the reader's setting, not the page around it. Open
# points are filled with white, so that the line behind them ends at their rim.
STYLE = (
    "<style>svg{color:#1f2328;background:#fff}@media (prefers-color-scheme:dark)"
    "{svg{color:#e6edf3;background:#0d1117}path[fill=white]{fill:#0d1117}}</style>"
)


def read_specs() -> dict[str, dict[str, Any]]:
    """Return the Vega-Lite spec of every plot in dvc.yaml, filled by DVC with the files as they are, by file stem.

    Raises
    ------
    UserError
        Where a plot's file or template is missing, or is not what it should be.
    """
    specs: dict[str, dict[str, Any]] = {}
    try:
        with Repo() as repo:
            found = match_defs_renderers(repo.plots.show(), templates_dir=repo.plots.templates_dir)
    except (DvcRenderError, ValueError) as error:
        raise UserError(f"A template in .dvc/plots is missing or is no JSON: {error}") from None
    for renderer, source_errors, definition_errors in found:
        path, name = renderer.name, Path(renderer.name).stem
        if source_errors or definition_errors or not renderer.datapoints:
            raise UserError(f"{path} is missing, or is not the table that its plot draws. Run `dvc repro {path}`.")
        if name in specs:
            raise UserError(f"{path} and another plot are both called {name}. Rename one of them.")
        specs[name] = renderer.get_filled_template()
    if not specs:
        raise UserError("DVC finds no plot in dvc.yaml. `dvc status` says what is wrong with the file.")
    return specs


def render(spec: dict[str, Any]) -> str:
    """Draw a Vega-Lite spec as SVG for the inside of an HTML page; text has the page's `color`.

    Raises
    ------
    UserError
        Where it is no Vega-Lite.
    """
    try:
        return vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, config=THEME)
    except ValueError as error:
        problem = str(error).splitlines()[1]  # under it stands the stack of the library
        raise UserError(f"A template in .dvc/plots is no Vega-Lite: {problem[:200]}") from None


def stand_alone(svg: str) -> str:
    """Give an SVG colours of its own, light or dark as the reader's system is."""
    head, bracket, rest = svg.partition(">")
    return f"{head}{bracket}{STYLE}{rest}\n"
