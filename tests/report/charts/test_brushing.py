"""The parallel coordinates of a search of many keys, as a reader brushes them."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.read_sample import SAMPLE
from tests.report.charts.svg import read
from tests.report.opened import Opened

ROWS = read(SAMPLE / "metrics/compared/joint.csv")
IN_COLOUR = (
    "[...document.querySelectorAll('#parallel-joint polyline')].filter(l => !l.classList.contains('out')).length"
)


def count(*optimizers: str) -> int:
    return sum(row["optimizer"] in optimizers for row in ROWS)


def test_only_a_search_of_many_keys_has_them_and_they_need_no_script(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert [figure.get_attribute("id") for figure in page.locator("figure.parallel").all()] == ["parallel-joint"]
    lines = page.locator("#parallel-joint polyline")
    assert lines.count() == len(ROWS) == 50
    assert page.locator("#parallel-joint g.axis").count() == 11
    box = lines.last.bounding_box()
    assert box is not None
    assert box["width"] > 500
    assert not page.locator("#parallel-joint .brushed").is_visible()
    context.close()


def test_brushing_by_pointer_and_by_keys(browser: Browser, report: Path) -> None:
    opened = Opened(browser.new_page(viewport={"width": 1400, "height": 900}), report)
    page = opened.page
    told = page.locator("#parallel-joint output")
    assert (opened(IN_COLOUR), told.inner_text()) == (50, "50 of 50 candidates.")

    page.locator("#parallel-joint").scroll_into_view_if_needed()
    axis = page.locator("#parallel-joint g.axis[data-name=optimizer] line").bounding_box()
    assert axis is not None
    page.mouse.move(axis["x"], axis["y"] + 5)
    page.mouse.down()
    page.mouse.move(axis["x"] + 1, axis["y"] + 0.45 * axis["height"], steps=3)
    page.mouse.up()
    both = count("Adam", "AdamW")
    assert (opened(IN_COLOUR), told.inner_text()) == (both, f"{both} of 50 candidates: optimizer AdamW to Adam.")

    lower = page.get_by_role("slider", name="optimizer, lower end")
    lower.focus()
    page.keyboard.press("ArrowUp")
    assert lower.get_attribute("aria-valuetext") == "Adam"
    assert (opened(IN_COLOUR), told.inner_text()) == (
        count("Adam"),
        f"{count('Adam')} of 50 candidates: optimizer Adam.",
    )
    page.keyboard.press("ArrowUp")  # it can't pass the other end
    assert lower.get_attribute("aria-valuetext") == "Adam"
    page.get_by_role("slider", name="score, lower end").focus()
    for _ in range(49):
        page.keyboard.press("ArrowUp")
    assert opened(IN_COLOUR) == 1
    page.get_by_role("button", name="Show all", exact=True).click()
    assert (opened(IN_COLOUR), told.inner_text()) == (50, "50 of 50 candidates.")

    page.mouse.move(axis["x"], axis["y"] + 5)
    page.mouse.down()
    page.mouse.up()
    assert opened(IN_COLOUR) == 50, "a click brushes nothing"
    assert opened.complaints == []
    page.close()
