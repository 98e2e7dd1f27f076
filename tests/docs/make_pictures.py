"""The pictures of the first page, docs/README.md: `python -m tests.docs.make_pictures` draws them again."""

import io
from typing import Any

import matplotlib

from gridstage.common import write_text
from packages.gridstage.tests.pages import DOCS, blocks, table
from packages.gridstage.tests.project import ROOT, text_of

_FOLDER = ROOT / "docs/pictures"
# Without a salt, and with a date, the same drawing has other bytes each time. Text stays text.
_STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": ""}
_NAMELESS = {"Creator": None, "Date": None}


def _svg(axes: Any) -> str:
    """Return what was drawn, as the text of an SVG."""
    written = io.StringIO()
    axes.figure.savefig(written, format="svg", metadata=_NAMELESS)
    return written.getvalue()


def _engine() -> Any:
    """Draw the gains of everyday searches, as the page on benchmarks has them."""
    from matplotlib import pyplot

    rows = table(text_of(ROOT / "benchmarks/README.md"), "search, candidates × folds")
    gains = {search: float(ratio) for search, _, _, ratio, _ in rows[:-1]}
    _, axes = pyplot.subplots(figsize=(7.5, 5), layout="constrained")
    bars = axes.barh([*gains], [*gains.values()])
    axes.invert_yaxis()
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.set_xlabel("CPU seconds of plain skorch for one of lockstep")
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _statistics() -> Any:
    """Draw what the page's own example draws."""
    names: dict[str, Any] = {}
    _, example = blocks(DOCS["README.md"], "python")
    exec(example, names)
    return names["summary"].plot()


def pictures() -> dict[str, str]:
    """Return each picture by the name of its file."""
    matplotlib.use("agg")
    with matplotlib.rc_context(_STYLE):
        return {"engine.svg": _svg(_engine()), "statistics.svg": _svg(_statistics())}


if __name__ == "__main__":
    for name, picture in pictures().items():
        write_text(_FOLDER / name, picture)
