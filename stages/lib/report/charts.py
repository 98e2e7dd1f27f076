"""Draws the plots of dvc.yaml as SVG, from the specs that DVC fills, without a browser."""

import hashlib
import json
import math
import os
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import vl_convert
from dvc.exceptions import DvcException
from dvc.fs import localfs
from dvc.parsing import DataResolver
from dvc.render.match import match_defs_renderers
from dvc.repo import Repo, plots
from dvc.schema import PLOT_PROPS
from dvc_render.exceptions import DvcRenderError

from stages.lib.common import UserError
from stages.lib.common.artifacts import BROKEN
from stages.lib.config import yaml12
from stages.lib.results import files

_PIPELINE, _TEMPLATES = "dvc.yaml", ".dvc/plots"

# The version that the templates use; the renderer's newest version would lay out some charts differently.
VEGA_LITE = "5.21"

# The renderer looks for fonts when it draws its first chart. Those of the system would be read from their files again
# for each text that is measured, which takes longer than all else, and could be other versions.
_FONTS = {"FONTCONFIG_FILE": str(Path(__file__).with_name("fonts.conf"))}

# Text takes the colour of the page. The renderer measures text in Liberation Sans, which it includes, so the bytes
# don't depend on the installed fonts; Arial and Helvetica have the same widths.
THEME: dict[str, Any] = {
    "background": "transparent",
    "font": "Liberation Sans, Arial, Helvetica, sans-serif",
    "aria": False,
    "axis": {
        **dict.fromkeys(("domainColor", "gridColor"), "currentColor"),
        "gridOpacity": 0.15,
        **dict.fromkeys(("labelColor", "tickColor", "titleColor"), "currentColor"),
    },
    "header": {"labelColor": "currentColor"},
    "legend": {"labelColor": "currentColor"},
    "text": {"color": "currentColor"},
    "title": {"color": "currentColor"},
}

# Stands for the title of a chart while its spec is compiled.
_TITLE = "<the title of the chart>"

# For a stand-alone SVG, as in a README: it follows the reader's colour scheme, not the page around it. Open points are
# filled with white, so that the line behind them ends at their edge, and so are halos, white texts behind others.
_STYLE = (
    "<style>svg{color:#1f2328;background:#fff}@media (prefers-color-scheme:dark)"
    "{svg{color:#e6edf3;background:#0d1117}path[fill=white]{fill:#0d1117}%s}</style>"
)
_HALO, _STYLE_OF_HALO = (
    'stroke="white"',
    "text[stroke=white]{fill:#0d1117;stroke:#0d1117}",
)


# Charts of these folders are called by the file alone.
_UNNAMED = {"metrics", "compared", "evaluation"}


def chart_name(path: str) -> str:
    """Return the name of the chart of a table: `dropout` for its scores, `curves/dropout` for what else it has."""
    if path == files.CONTENDERS.path:
        return "evaluation"
    *folders, name = Path(path).with_suffix("").parts
    return "/".join([*(folder for folder in folders if folder not in _UNNAMED), name])


def read_specs() -> dict[str, dict[str, Any]]:
    """Return the Vega-Lite spec of every plot in dvc.yaml, filled by DVC from the current files, by `chart_name`.

    A table without rows has none, such as the predictions of a net that diverged on every split. Raises `UserError` if
    a plot's file or template is missing or invalid.
    """
    specs: dict[str, dict[str, Any]] = {}
    for renderer, has_errors in _renderers():
        name = chart_name(renderer.name)
        # A table of a net that diverged on every split has a header only; an empty one is broken.
        if has_errors or not (
            renderer.datapoints or Path(renderer.name).stat().st_size
        ):
            raise UserError(
                f"{renderer.name} is not the table that its plot draws. Run `dvc repro {renderer.name}`."
            )
        if name in specs:
            raise UserError(
                f"{renderer.name} and another plot are both called {name}. Rename one of them."
            )
        if renderer.datapoints:
            specs[name] = renderer.get_filled_template()
    if not specs:
        raise UserError(
            "DVC finds no plot in dvc.yaml. `dvc status` says what is wrong with the file."
        )
    return specs


def compared_specs(commit: str) -> dict[str, dict[str, Any]]:
    """Return the specs of `read_specs`, with the files of a commit drawn as well, on the same axes.

    A plot that the commit does not have is drawn without it; those that the commit alone has are left out.
    """
    found = [renderer for renderer, _ in _renderers(commit[:7], "workspace")]
    current = [
        each
        for each in found
        if any(row.get("rev") == "workspace" for row in each.datapoints)
    ]
    return {chart_name(each.name): each.get_filled_template() for each in current}


def _renderers(*revisions: str) -> list[tuple[Any, bool]]:
    """Return DVC's renderer of each plot, and whether DVC has met an error."""
    found = _plots_of(revisions) if revisions else {"workspace": _plots_here()}
    try:
        matches = match_defs_renderers(found, templates_dir=_TEMPLATES)
    except (DvcRenderError, ValueError) as error:
        raise UserError(
            f"A template in .dvc/plots is missing, or is not JSON: {error}. Restore it: `git checkout -- .dvc/plots`."
        ) from None
    return [(renderer, any(errors)) for renderer, *errors in matches]


def _plots_of(revisions: tuple[str, ...]) -> Any:
    with Repo() as repo:
        return repo.plots.show(revs=[*revisions])


def _plots_here() -> dict[str, Any]:
    """Return what `Repo().plots.show()` does of the working tree, in a quarter of the time, because it opens no `Repo`.

    A `Repo` reads dvc.lock and makes all stages, of which plots need nothing. Empty if dvc.yaml is no pipeline.
    """
    try:
        definition = yaml12.load(Path(_PIPELINE).read_text(encoding="utf-8"))
        resolver = DataResolver(SimpleNamespace(fs=localfs, config={}), ".", definition)
        drawn: dict[str, Any] = {}
        for stage in resolver.resolve()["stages"].values():
            for path, options in _options(stage.get("plots", [])).items():
                props = {
                    key: value for key, value in options.items() if key in PLOT_PROPS
                }
                place = localfs.normpath(localfs.join(stage.get("wdir", "."), path))
                drawn |= plots.unpack_if_dir(localfs, place, props=props)["data"]
        above = plots._resolve_definitions(
            localfs, [], {}, _PIPELINE, _options(resolver.resolve_plots())
        )
    except (DvcException, OSError, *BROKEN):
        return {}
    definitions = {"data": {_PIPELINE: above, "": {"data": drawn}}}

    def read(path: str) -> Any:
        return plots.parse(
            localfs, path, props=drawn.get(path, {}), onerror=plots.onerror_collect
        )

    sources = {
        path: read(path) for path in sorted(plots._get_data_targets(definitions))
    }
    return {"definitions": definitions, "sources": {"data": sources}}


def _options(listed: list[Any]) -> dict[str, Any]:
    """Return the options of each plot of a list in dvc.yaml, in which one without options is a name alone."""
    return {
        name: own or {}
        for each in listed
        for name, own in ({each: {}} if isinstance(each, str) else each).items()
    }


def suited(spec: dict[str, Any], unit: str = "") -> dict[str, Any]:
    """Return a filled spec whose words suit its table; a template can't choose its titles and legends by its data.

    If the table has no intervals, as with splits in time order, words on intervals and tests are removed. If the scores
    have a unit, their axis names it.
    """
    rows = spec["data"]["values"]
    halves = [row[key] for row in rows for key in ("ci95", "best_ci95") if row.get(key)]
    tested = any(math.isfinite(float(half)) for half in halves)

    def without_tests(part: dict[str, Any]) -> dict[str, Any]:
        of_tests = not tested and "scale" in part and part.get("field") == "standing"
        return part | {"legend": None} if of_tests else part

    words = json.dumps(spec | {"data": None})
    if unit:
        words = words.replace(", mean of ", f" in {json.dumps(unit)[1:-1]}, mean of ")
    if not tested:
        words = words.replace(", 95 % interval", "")
    return json.loads(words, object_hook=without_tests) | {"data": spec["data"]}


def render(spec: dict[str, Any]) -> str:
    """Draw a Vega-Lite spec as SVG for embedding in an HTML page; text has the page's `color`.

    Specs that differ only in their rows and their title, as those of many searches do, are compiled once. Raises
    `UserError` if the spec is not Vega-Lite.
    """
    titled = "text" in (spec.get("title") or ())
    alike = (
        spec
        | {"data": {"values": []}}
        | ({"title": spec["title"] | {"text": _TITLE}} if titled else {})
    )
    try:
        with patch.dict(
            os.environ, _FONTS
        ):  # no longer, because processes that are started later need theirs
            compiled = _compiled(json.dumps(alike))
            vega = json.loads(
                compiled.replace(
                    json.dumps(_TITLE),
                    json.dumps(spec["title"]["text"]) if titled else "",
                )
            )
            for source in vega["data"]:
                if source.get("values") == []:
                    source["values"] = spec["data"]["values"]
            return vl_convert.vega_to_svg(vega)
    except ValueError as error:
        problem = str(error).splitlines()[1]  # the library's stack trace follows
        raise UserError(
            f"A template in .dvc/plots is not Vega-Lite: {problem[:200]}"
        ) from None


@lru_cache(maxsize=64)
def _compiled(spec: str) -> str:
    """Return a Vega-Lite spec, which is JSON, as one of Vega."""
    return json.dumps(
        vl_convert.vegalite_to_vega(
            json.loads(spec), vl_version=VEGA_LITE, config=THEME
        )
    )


def stand_alone(svg: str) -> str:
    """Give an SVG its own colours, which follow the light or dark mode of the reader's system."""
    style = _STYLE % (_STYLE_OF_HALO if _HALO in svg else "")
    return svg.replace(">", f">{style}", 1) + "\n"


def drawn_by() -> str:
    """Return a hash of all that draws a spec: the renderer, by its version, its fonts, and this code."""
    sources = (Path(__file__), Path(_FONTS["FONTCONFIG_FILE"]))
    return _hash(
        version("vl-convert-python").encode(), *(file.read_bytes() for file in sources)
    )


def digest_of(by: str, spec: dict[str, Any], svg: bytes) -> str:
    """Return a hash of what draws, a spec, its rows included, and the SVG that was drawn from it."""
    return _hash(by.encode(), json.dumps(spec).encode(), svg)


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(
        b"".join(hashlib.sha256(part).digest() for part in parts)
    ).hexdigest()
