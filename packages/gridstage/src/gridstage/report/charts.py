"""Draws filled Vega-Lite specs as SVG, without a browser."""

import hashlib
import json
import math
import os
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import vl_convert

from gridstage.common import UserError
from gridstage.report.specs import Spec

# Raise it if this code would draw a spec as other bytes, or suit it otherwise; then all charts are drawn again.
_VERSION = 2

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
    # Where a reader has none of these fonts, DejaVu Sans takes a sixth more.
    "padding": {"left": 21, "right": 21, "top": 5, "bottom": 5},
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
_HALO = 'stroke="white"'
_STYLE_OF_HALO = "text[stroke=white]{fill:#0d1117;stroke:#0d1117}"


def suited(spec: Spec, unit: str = "") -> Spec:
    """Return a filled spec whose words suit its table; a template can't choose its titles and legends by its data.

    If the table has no intervals, as with splits in time order, words on intervals and tests are removed. If the scores
    have a unit, their axis names it.
    """
    rows = spec["data"]["values"]
    halves = [row.get(key) or "nan" for row in rows for key in ("ci95", "best_ci95")]
    tested = any(math.isfinite(float(half)) for half in halves)

    def without_tests(part: Spec) -> Spec:
        of_tests = not tested and "scale" in part and part.get("field") == "standing"
        return part | {"legend": None} if of_tests else part

    words = json.dumps(spec | {"data": None})
    if unit:
        words = words.replace(", mean of ", f" in {json.dumps(unit)[1:-1]}, mean of ")
    if not tested:
        words = words.replace(", 95 % interval", "")
    return json.loads(words, object_hook=without_tests) | {"data": spec["data"]}


def render(spec: Spec) -> str:
    """Draw a Vega-Lite spec as SVG for embedding in an HTML page; text has the page's `color`.

    Specs that differ only in their rows and their title, as those of many searches do, are compiled once. Raises
    `UserError` if the spec is not Vega-Lite.
    """
    rows, title = spec["data"]["values"], spec.get("title") or {}
    alike = spec | {"data": {"values": []}}
    if "text" in title:
        alike["title"] = title | {"text": _TITLE}
    try:
        # No longer than here, because processes that are started later need their own fonts.
        with patch.dict(os.environ, _FONTS):
            compiled = _compiled(json.dumps(alike))
            titled = compiled.replace(json.dumps(_TITLE), json.dumps(title.get("text")))
            vega = json.loads(titled)
            for source in vega["data"]:
                if source.get("values") == []:
                    source["values"] = rows
            return vl_convert.vega_to_svg(vega)
    except ValueError as error:
        problem = str(error).splitlines()[1]  # the library's stack trace follows
        raise UserError(
            f"A template in .dvc/plots is not Vega-Lite: {problem[:200]}"
        ) from None


@lru_cache(maxsize=64)
def _compiled(spec: str) -> str:
    """Return a Vega-Lite spec, which is JSON, as one of Vega."""
    vega = vl_convert.vegalite_to_vega(
        json.loads(spec), vl_version=VEGA_LITE, config=THEME
    )
    return json.dumps(vega)


def stand_alone(svg: str) -> str:
    """Give an SVG its own colours, which follow the light or dark mode of the reader's system."""
    style = _STYLE % (_STYLE_OF_HALO if _HALO in svg else "")
    return svg.replace(">", f">{style}", 1) + "\n"


def drawn_by() -> str:
    """Return a hash of all that draws a spec: the renderer and this code, by their versions, and the fonts."""
    versions = f"{_VERSION} {version('vl-convert-python')}"
    fonts = Path(_FONTS["FONTCONFIG_FILE"]).read_bytes()
    return _hash(versions.encode(), fonts)


def digest_of(by: str, spec: Spec, svg: bytes) -> str:
    """Return a hash of what draws, a spec, its rows included, and the SVG that was drawn from it."""
    return _hash(by.encode(), json.dumps(spec).encode(), svg)


def _hash(*parts: bytes) -> str:
    digests = [hashlib.sha256(part).digest() for part in parts]
    return hashlib.sha256(b"".join(digests)).hexdigest()
