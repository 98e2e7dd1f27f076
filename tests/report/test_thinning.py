"""Charts in a report are shorter than the renderer's, and the same to the pixel."""

from pathlib import Path

import vl_convert

from stages.lib.report.page import thinned

# One of each template.
CHARTS = "curves/dropout diagnostics dropout evaluation importance/joint inputs leaderboard".split()


def test_the_picture_is_the_same_to_the_pixel(report: Path) -> None:
    for name in CHARTS:
        svg = (report.parent / f"metrics/charts/{name}.svg").read_text(encoding="utf-8")
        thin = thinned(svg)
        assert len(thin) < 0.85 * len(svg)
        assert vl_convert.svg_to_png(thin) == vl_convert.svg_to_png(svg)
        assert thin.count('fill="white"') == svg.count('fill="white"'), "a dark page finds hollow marks by their fill"
