"""How the report is laid out: on a wide screen, on a phone, on paper, and with many searches."""

import re
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gridstage.commands import report as stage
from gridstage.report import page
from packages.gridstage.tests.report.conftest import Opened

# The paper of A4 between its margins, in pixels.
PAPER = 718
WIDTHS = (390, 1400)


@pytest.fixture(scope="module", params=WIDTHS)
def opened(
    browser: Browser, report: Path, request: pytest.FixtureRequest
) -> Iterator[Opened]:
    """The report on a phone and on a wide screen."""
    page = browser.new_page(viewport={"width": request.param, "height": 900})
    yield Opened(page, report)
    page.close()


def width(opened: Opened) -> int:
    return int(opened("innerWidth"))


CUT = "[...document.querySelectorAll('.table')].filter(t => t.scrollWidth > t.clientWidth).map(t => t.ariaLabel)"


def test_the_answer_and_the_kept_net_have_one_mark_each(opened: Opened) -> None:
    marked = opened("""[...document.querySelectorAll('main tbody tr.answer, main tbody tr.kept')].map(row => [
        row.closest('section').id, row.className, row.cells[0].textContent.replace(/\\s/, ' ')])""")
    answer, kept = ["answer", "★ logistic_regression"], ["kept", "◆ joint"]
    both = [
        ["glance", *answer],
        ["glance", *kept],
        ["evaluation", *kept],
        ["evaluation", *answer],
    ]
    assert marked == [*both, ["leaderboard", *kept]]
    # Screen readers read what the marks mean.
    read = opened(
        "[...document.querySelectorAll('main [role=img]')].map(e => [e.textContent, e.ariaLabel])"
    )
    assert {tuple(pair) for pair in read} == {
        ("★", "the answer"),
        ("◆", "the kept net"),
    }


def test_the_contents_stay_in_sight(opened: Opened) -> None:
    assert (
        opened(
            "[...document.querySelectorAll('nav a')].filter(a => !document.querySelector(a.hash)).length"
        )
        == 0
    )
    named = opened("[...document.querySelectorAll('nav a')].map(a => a.hash.slice(1))")
    assert (
        opened(
            "[...document.querySelectorAll('header[id], section[id]')].map(s => s.id)"
        )
        == named
    )
    for hash in ("#experiment-joint", "#answer"):
        opened(f"document.querySelector(\"nav a[href='{hash}']\").click()")
        # A busy browser draws no frame for long, and tells no scrolling without one.
        opened.page.wait_for_function(
            "hash => { dispatchEvent(new Event('scroll'));"
            " return document.querySelector('nav [aria-current]').hash === hash }",
            arg=hash,
            polling=100,
        )
        box = opened(
            "(() => { const b = document.querySelector('nav').getBoundingClientRect(); return [b.top, b.height] })()"
        )
        assert box[0] == 0
        assert 20 < box[1] < (60 if width(opened) == 390 else 900)
        top = opened(f"document.querySelector('{hash}').getBoundingClientRect().top")
        assert top >= (box[1] if width(opened) == 390 else 0), (
            "the contents hide the heading"
        )


def test_nothing_scrolls_sideways_but_tables(opened: Opened) -> None:
    assert not opened(
        "[...document.querySelectorAll('#glance .table')].some(t => t.scrollWidth > t.clientWidth)"
    )
    opened("document.querySelectorAll('details').forEach(each => (each.open = true))")
    assert opened("document.documentElement.scrollWidth") == width(opened)
    assert len(opened(CUT)) == 0 or width(opened) == 390
    assert (
        min(opened("[...document.images].map(i => i.clientWidth / i.naturalWidth)"))
        > 0.85
    ), "too small to read"


def test_on_paper_no_table_is_cut(browser: Browser, report: Path) -> None:
    opened = Opened(browser.new_page(viewport={"width": PAPER, "height": 1040}), report)
    opened.page.emulate_media(media="print", color_scheme="dark")
    assert opened(CUT) == []
    assert (
        opened("getComputedStyle(document.body).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    assert not opened(
        "[...document.querySelectorAll('nav, button.fold, .handle')].some(e => e.checkVisibility())"
    )
    assert opened(
        "[...document.querySelectorAll('#evaluation table, .search img')].every(e => e.checkVisibility())"
    )
    pages = opened.page.pdf(
        format="A4", print_background=True, prefer_css_page_size=True
    )
    assert 8 <= len(re.findall(rb"/Type\s*/Page\b", pages)) <= 12


@pytest.fixture(scope="module")
def many(browser: Browser, report: Path) -> Opened:
    """The report of the sample, as if its eight searches were many and many stages were stale."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(report.parent)
        patch.setattr(stage, "REPORT", Path("many.html"))
        patch.setattr(
            stage, "stale_stages", lambda: [f"search@{i}" for i in range(200)]
        )
        patch.setattr(page, "_MANY", 7)
        stage.main(Namespace(revision=None))
    return Opened(
        browser.new_page(viewport={"width": 1400, "height": 900}),
        report.parent / "many.html",
    )


def test_a_table_of_all_searches_follows_the_ranking(many: Opened) -> None:
    sections = many(
        "[...document.querySelectorAll('header[id], section[id]')].map(s => s.id)"
    )
    assert sections[:3] == ["answer", "glance", "leaderboard"]
    assert sections == many(
        "[...document.querySelectorAll('nav a')].map(a => a.hash.slice(1))"
    )
    first = "document.querySelector('#leaderboard table')"
    names = many(
        f"[...{first}.tBodies[0].rows].map(row => row.cells[0].querySelector('a').hash.slice(1))"
    )
    assert sorted(names) == sorted(
        each for each in sections if each.startswith("experiment-")
    )
    for _ in range(2):
        many(f"{first}.tHead.rows[0].cells[1].firstElementChild.click()")
    counts = many(f"[...{first}.tBodies[0].rows].map(row => row.cells[1].textContent)")
    assert counts == sorted(counts, key=int, reverse=True)
    many(f"{first}.querySelector('a[href$=neurons]').click()")
    assert (
        abs(
            many(
                "document.querySelector('#experiment-neurons').getBoundingClientRect().top"
            )
        )
        < 100
    )
    assert not many.complaints


def test_what_grows_with_the_searches_is_folded(many: Opened) -> None:
    closed = "document.querySelectorAll('section:not(.search) details:not([open])')"
    assert many(f"[...{closed}].map(each => each.closest('section').id)") == [
        "leaderboard",
        "evaluation",
        "settings",
    ]
    assert (
        many(
            "document.querySelectorAll('#leaderboard tbody tr, #glance tbody tr').length"
        )
        > 20
    )
    assert (
        many(
            "[...document.querySelectorAll('#glance tbody tr')].filter(r => r.checkVisibility()).length"
        )
        == 12
    )
    assert not many(
        "document.querySelector('#evaluation details img').checkVisibility()"
    )
    many("document.querySelector('#evaluation summary').click()")
    assert many("document.querySelector('#evaluation details img').checkVisibility()")
    assert many("document.querySelector('p.note').textContent").startswith(
        "Not up to date: search@0, "
    )
    assert "search@7 and 192 more." in many(
        "[...document.querySelectorAll('p.note')].map(p => p.textContent).join()"
    )
