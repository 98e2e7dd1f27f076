"""How the report is laid out: on a wide screen, on a phone, and on paper."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.report.opened import Opened

# The paper of A4 between its margins, in pixels.
PAPER = 718
WIDTHS = (390, 1400)


@pytest.fixture(scope="module", params=WIDTHS)
def opened(browser: Browser, report: Path, request: pytest.FixtureRequest) -> Opened:
    """The report on a phone and on a wide screen."""
    return Opened(browser.new_page(viewport={"width": request.param, "height": 900}), report)


def width(opened: Opened) -> int:
    return int(opened("innerWidth"))


CUT = "[...document.querySelectorAll('.table')].filter(t => t.scrollWidth > t.clientWidth).map(t => t.ariaLabel)"


def test_the_answer_and_the_kept_net_have_one_mark_each(opened: Opened) -> None:
    marked = opened("""[...document.querySelectorAll('main tbody tr.answer, main tbody tr.kept')].map(row => [
        row.closest('section').id, row.className, row.cells[0].textContent.replace(/\\s/, ' ')])""")
    answer, kept = ["answer", "★ logistic_regression"], ["kept", "◆ joint"]
    both = [["glance", *answer], ["glance", *kept], ["evaluation", *kept], ["evaluation", *answer]]
    assert marked == [*both, ["leaderboard", *kept]]
    # Screen readers read what the marks mean.
    read = opened("[...document.querySelectorAll('main [role=img]')].map(e => [e.textContent, e.ariaLabel])")
    assert {tuple(pair) for pair in read} == {("★", "the answer"), ("◆", "the kept net")}


def test_the_contents_stay_in_sight(opened: Opened) -> None:
    assert opened("[...document.querySelectorAll('nav a')].filter(a => !document.querySelector(a.hash)).length") == 0
    named = opened("[...document.querySelectorAll('nav a')].map(a => a.hash.slice(1))")
    assert opened("[...document.querySelectorAll('header[id], section[id]')].map(s => s.id)") == named
    opened.page.bring_to_front()  # a page behind another one draws nothing, and is told of no scrolling
    for hash in ("#experiment-joint", "#answer"):
        opened.page.locator(f"nav a[href='{hash}']").click()
        opened.page.wait_for_function(f"document.querySelector('nav [aria-current]').hash === '{hash}'")
        box = opened(
            "(() => { const b = document.querySelector('nav').getBoundingClientRect(); return [b.top, b.height] })()"
        )
        assert box[0] == 0
        assert 20 < box[1] < (60 if width(opened) == 390 else 900)
        top = opened(f"document.querySelector('{hash}').getBoundingClientRect().top")
        assert top >= (box[1] if width(opened) == 390 else 0), "the contents hide the heading"


def test_nothing_scrolls_sideways_but_tables(opened: Opened) -> None:
    assert not opened("[...document.querySelectorAll('#glance .table')].some(t => t.scrollWidth > t.clientWidth)")
    opened("document.querySelectorAll('details').forEach(each => (each.open = true))")
    assert opened("document.documentElement.scrollWidth") == width(opened)
    assert len(opened(CUT)) == 0 or width(opened) == 390
    assert min(opened("[...document.images].map(i => i.clientWidth / i.naturalWidth)")) > 0.85, "too small to read"


def test_on_paper_no_table_is_cut(browser: Browser, report: Path) -> None:
    opened = Opened(browser.new_page(viewport={"width": PAPER, "height": 1040}), report)
    opened.page.emulate_media(media="print", color_scheme="dark")
    assert opened(CUT) == []
    assert opened("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not opened("[...document.querySelectorAll('nav, button.fold, .handle')].some(e => e.checkVisibility())")
    assert opened("[...document.querySelectorAll('#evaluation table, .search img')].every(e => e.checkVisibility())")
    pages = opened.page.pdf(format="A4", print_background=True, prefer_css_page_size=True)
    assert 8 <= len(re.findall(rb"/Type\s*/Page\b", pages)) <= 12
