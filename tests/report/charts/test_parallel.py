"""The parallel coordinates of a search of many keys: where they stand, and how a reader brushes them."""

from pathlib import Path

import pandas as pd
from playwright.sync_api import Browser

from stages.lib.report.parallel import (
    BOTTOM,
    TOP,
    Parallel,
    make_axis,
    parallel_coordinates,
)
from tests.read_sample import SAMPLE
from tests.report.charts.svg import read
from tests.report.conftest import Opened

NAN = float("nan")


def test_values_have_bands_in_their_order_with_none_below() -> None:
    axis = make_axis("scale", 0, ["robust", "none", "robust", "2", "10", "standard"])
    assert [text for _, text in axis.ticks] == ["robust", "standard", "10", "2", "none"]
    assert axis.at == [0, 4, 0, 3, 2, 1]
    # Two lines with the same value do not hide each other, and stay in its band.
    assert axis.stops[0][0] < axis.places[0] < axis.places[2] < axis.stops[0][1]
    assert (axis.stops[0][0], axis.stops[-1][1]) == (TOP, BOTTOM)
    many = make_axis("lr", 0, [str(i / 100) for i in range(50)])
    assert (len(many.stops), len(many.ticks), many.ticks[0][1]) == (50, 10, "0.49")


def test_a_name_breaks_at_underscores_and_blanks() -> None:
    names = ("weight_decay", "lr", "max_epochs", "EarlyStopping patience")
    assert [make_axis(name, 0, ["1", "2"]).words for name in names] == [
        ["weight_", "decay"],
        ["lr"],
        ["max_epochs"],
        ["EarlyStopping", "patience"],
    ]


def laid_out(scores: list[float], keys: str = "ba-c") -> Parallel | None:
    """Lay out candidates that differ in all keys but one."""
    table = pd.DataFrame(
        {
            "mean_test_score": scores,
            "in_best_set": [i == 1 for i in range(len(scores))],
            "-": "1",
        }
    )
    ranks = (
        table["mean_test_score"]
        .rank(ascending=False, method="first", na_option="bottom")
        .astype(int)
    )
    table = table.assign(
        rank_test_score=ranks, params=[f"module__a={i}, lr=1" for i in table.index]
    )
    return parallel_coordinates(
        table.assign(**{key: table.index.astype(str) for key in "abc"}), list(keys)
    )


def test_the_best_is_on_top_and_axes_go_by_importance() -> None:
    chart = laid_out([0.5, 0.7, 0.75, NAN])
    assert chart is not None
    assert [axis.name for axis in chart.axes] == ["score", "b", "a", "c"]
    assert [(line.kind, line.shade) for line in chart.lines] == [
        ("other", 0),
        ("in-set", 0.5),
        ("best", 1),
    ]
    assert chart.lines[-1].text == "rank 1: 0.7500; a=2, lr=1"
    assert (len(chart.lines), chart.n_candidates) == (3, 4)
    assert all(
        len(line.points.split()) == len(line.at.split()) == 4 for line in chart.lines
    )


def test_few_keys_or_scores_have_no_chart_and_many_lines_are_cut() -> None:
    assert laid_out([0.1, 0.2], keys="ab-") is None
    assert laid_out([0.1, NAN]) is None
    many = laid_out([i / 1000 for i in range(400)])
    assert many is not None
    assert (len(many.lines), many.n_candidates) == (300, 400)
    assert many.lines[0].text.startswith("rank 300")


ROWS = read(SAMPLE / "metrics/compared/joint.csv")
IN_COLOUR = (
    "[...document.querySelectorAll('#parallel-joint polyline')]"
    ".filter(l => !l.classList.contains('out')).length"
)


def count(*optimizers: str) -> int:
    return sum(row["optimizer"] in optimizers for row in ROWS)


def test_brushing_by_pointer_and_by_keys(browser: Browser, report: Path) -> None:
    opened = Opened(browser.new_page(viewport={"width": 1400, "height": 900}), report)
    page = opened.page
    told = page.locator("#parallel-joint output")
    page.locator("#experiment-joint summary").click()
    assert opened(
        "[...document.querySelectorAll('figure.parallel')].map(each => each.id)"
    ) == ["parallel-joint"]
    assert opened("document.querySelectorAll('#parallel-joint g.axis').length") == 11
    assert (opened(IN_COLOUR), told.inner_text()) == (50, "50 of 50 candidates.")

    page.locator("#parallel-joint").scroll_into_view_if_needed()
    axis = page.locator(
        "#parallel-joint g.axis[data-name=optimizer] line"
    ).bounding_box()
    assert axis is not None
    page.mouse.move(axis["x"], axis["y"] + 5)
    page.mouse.down()
    page.mouse.move(axis["x"] + 1, axis["y"] + 0.45 * axis["height"], steps=3)
    page.mouse.up()
    both = count("Adam", "AdamW")
    assert (opened(IN_COLOUR), told.inner_text()) == (
        both,
        f"{both} of 50 candidates: optimizer AdamW to Adam.",
    )

    lower = page.get_by_role("slider", name="optimizer, lower end")
    lower.focus()
    page.keyboard.press("ArrowUp")
    assert lower.get_attribute("aria-valuetext") == "Adam"
    assert (opened(IN_COLOUR), told.inner_text()) == (
        count("Adam"),
        f"{count('Adam')} of 50 candidates: optimizer Adam.",
    )
    page.get_by_role("button", name="Show all", exact=True).click()
    assert (opened(IN_COLOUR), told.inner_text()) == (50, "50 of 50 candidates.")

    page.mouse.move(axis["x"], axis["y"] + 5)
    page.mouse.down()
    page.mouse.up()
    assert opened(IN_COLOUR) == 50, "a click brushes nothing"
    assert opened.complaints == []
    page.close()
