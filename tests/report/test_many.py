"""The report of many searches: a table of all follows the ranking, and leads to each of them."""

from argparse import Namespace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from stages import report as stage
from stages.lib.report import page
from tests.report.opened import Opened


@pytest.fixture(scope="module")
def opened(browser: Browser, report: Path) -> Opened:
    """The report of the sample, as if its eight searches were many and many stages were stale."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(report.parent)
        patch.setattr(stage, "REPORT", Path("many.html"))
        patch.setattr(stage, "stale_stages", lambda: [f"search@{i}" for i in range(200)])
        patch.setattr(page, "_MANY", 7)
        stage.main(Namespace(revision=None))
    return Opened(browser.new_page(viewport={"width": 1400, "height": 900}), report.parent / "many.html")


def test_a_table_of_all_searches_follows_the_ranking(opened: Opened) -> None:
    sections = opened("[...document.querySelectorAll('header[id], section[id]')].map(s => s.id)")
    assert sections[:3] == ["answer", "glance", "leaderboard"]
    assert sections == opened("[...document.querySelectorAll('nav a')].map(a => a.hash.slice(1))")
    first = "document.querySelector('#leaderboard table')"
    names = opened(f"[...{first}.tBodies[0].rows].map(row => row.cells[0].querySelector('a').hash.slice(1))")
    assert sorted(names) == sorted(each for each in sections if each.startswith("experiment-"))
    for _ in range(2):
        opened(f"{first}.tHead.rows[0].cells[1].firstElementChild.click()")
    counts = opened(f"[...{first}.tBodies[0].rows].map(row => row.cells[1].textContent)")
    assert counts == sorted(counts, key=int, reverse=True)
    opened(f"{first}.querySelector('a[href$=neurons]').click()")
    assert abs(opened("document.querySelector('#experiment-neurons').getBoundingClientRect().top")) < 100
    assert not opened.complaints


def test_what_grows_with_the_searches_is_folded(opened: Opened) -> None:
    closed = "document.querySelectorAll('section:not(.search) details:not([open])')"
    assert opened(f"[...{closed}].map(each => each.closest('section').id)") == ["leaderboard", "evaluation"]
    assert opened("document.querySelectorAll('#leaderboard tbody tr, #glance tbody tr').length") > 20
    assert opened("[...document.querySelectorAll('#glance tbody tr')].filter(r => r.checkVisibility()).length") == 12
    assert not opened("document.querySelector('#evaluation details img').checkVisibility()")
    opened("document.querySelector('#evaluation summary').click()")
    assert opened("document.querySelector('#evaluation details img').checkVisibility()")
    assert opened("document.querySelector('p.note').textContent").startswith("Not up to date: search@0, ")
    assert "search@7 and 192 more." in opened("[...document.querySelectorAll('p.note')].map(p => p.textContent).join()")
