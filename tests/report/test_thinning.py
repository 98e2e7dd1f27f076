"""Charts in a report are shorter than the renderer's, and the same to the pixel."""

from pathlib import Path

import vl_convert

from stages.lib.report.thinning import thinned

# One of each template.
CHARTS = "curves/dropout diagnostics dropout evaluation importance/joint inputs leaderboard".split()


def test_the_picture_is_the_same_to_the_pixel(report: Path) -> None:
    for name in CHARTS:
        svg = (report.parent / f"metrics/charts/{name}.svg").read_text(encoding="utf-8")
        thin = thinned(svg)
        assert len(thin) < 0.75 * len(svg)
        assert vl_convert.svg_to_png(thin) == vl_convert.svg_to_png(svg)
        assert thin.count('fill="white"') == svg.count('fill="white"'), "a dark page finds hollow marks by their fill"


def test_what_differs_inside_of_a_group_stays_where_it_is() -> None:
    lines = '<line x2="1" stroke="red"/><line x2="2" stroke="red" stroke-width="3"/>'
    root = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{}</svg>'
    empty = '<path class="background" d="M0,0h0v0h0Z"/><g role="x"/>'
    expected = '<g stroke="red"><line x2="1" /><line x2="2" stroke-width="3" /></g>'
    assert thinned(root.format(f'<g opacity="1">{empty}{lines}</g>')) == root.format(expected)
