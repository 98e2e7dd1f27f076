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


def test_brushing_by_pointer_and_by_keys(browser: Browser, report: Path) -> None:
    opened = Opened(browser.new_page(viewport={"width": 1400, "height": 900}), report)
    page = opened.page
    told = page.locator("#parallel-joint output")
    page.locator("#experiment-joint summary").click()
    assert opened("[...document.querySelectorAll('figure.parallel')].map(each => each.id)") == ["parallel-joint"]
    assert opened("document.querySelectorAll('#parallel-joint g.axis').length") == 11
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
    page.get_by_role("button", name="Show all", exact=True).click()
    assert (opened(IN_COLOUR), told.inner_text()) == (50, "50 of 50 candidates.")

    page.mouse.move(axis["x"], axis["y"] + 5)
    page.mouse.down()
    page.mouse.up()
    assert opened(IN_COLOUR) == 50, "a click brushes nothing"
    assert opened.complaints == []
    page.close()
