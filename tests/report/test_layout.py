"""How the report is laid out: on a wide screen, on a phone, and on paper."""

import re
from itertools import pairwise
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


def test_no_table_is_cut_and_on_a_phone_its_first_column_stays(opened: Opened) -> None:
    if width(opened) == 1400:
        assert opened(CUT) == []
        return
    assert len(opened(CUT)) > 5
    assert opened("document.documentElement.scrollWidth") == 390
    moved = opened("""[...document.querySelectorAll('section:not(#changes) .table')].map(table => {
        table.scrollLeft = 150;
        const cell = table.querySelector('tbody tr').cells[0];
        const [first, last] = [table, cell].map(e => e.getBoundingClientRect().left);
        const moved = table.scrollLeft;
        table.scrollLeft = 0;
        return moved ? Math.abs(first - last) : 0;
    })""")
    assert max(moved) < 1


def test_tables_begin_with_the_score_its_interval_and_the_set(opened: Opened) -> None:
    headings = dict(
        opened("""[...document.querySelectorAll('section .table')].map(table => [
        table.closest('section').id, [...table.querySelectorAll('thead th')].map(th => th.textContent)])""")
    )
    searches = {name: found for name, found in headings.items() if name.startswith("experiment-")}
    assert len(searches) == 8
    first = ["rank", "mean", "±\u00a095\u00a0%", "may be the best"]
    assert [found[:4] for found in searches.values()] == [first] * 8
    assert headings["evaluation"][:3] == ["setting", "mean", "±\u00a095\u00a0%"]
    assert headings["leaderboard"][:6] == ["experiment", "corrected", "95 % interval", *first[1:]]


def test_columns_do_not_touch(opened: Opened) -> None:
    """Of ten settings, too: between the texts of two cells there are at least six pixels."""
    gaps = opened("""[...document.querySelectorAll('.many tr')].flatMap(row => {
        const boxes = [...row.cells].map(cell => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            return range.getBoundingClientRect();
        }).filter(box => box.width);
        return boxes.slice(1).map((box, i) => box.left - boxes[i].right);
    })""")
    assert len(gaps) > 200
    assert min(gaps) >= 6


def test_the_best_come_first_in_every_table(opened: Opened) -> None:
    scores = opened("""[...document.querySelectorAll('section:not(#changes):not(#facts) table')].map(table => {
        const names = [...table.tHead.rows[0].cells].map(cell => cell.textContent);
        const place = ['corrected', 'score', 'mean'].map(name => names.indexOf(name)).find(i => i > -1) ?? 1;
        return [...table.tBodies[0].rows].map(row => parseFloat(row.cells[place].textContent));
    })""")
    assert len(scores) == 8 + 4
    # Except in the inputs, where the losses of the second model need not be in the order of the first.
    assert all(found == sorted(found, reverse=True) for found in scores)


def test_the_box_on_top_has_one_bold_sentence(opened: Opened) -> None:
    bold = opened("[...document.querySelectorAll('.answer p')].map(p => getComputedStyle(p).fontWeight >= 600)")
    assert bold == [True, False][: len(bold)]
    if width(opened) == 1400 and len(bold) > 1:
        lines = "p => p.getBoundingClientRect().height / parseFloat(getComputedStyle(p).lineHeight)"
        assert opened(f"[...document.querySelectorAll('.answer p')].map({lines})")[1] < 3.1


def test_the_answer_and_the_kept_net_have_one_mark_each(opened: Opened) -> None:
    marked = opened("""[...document.querySelectorAll('main tbody tr.answer, main tbody tr.kept')].map(row => [
        row.closest('section').id, row.className, row.cells[0].innerText.replace(/\\s/, ' ')])""")
    answer, kept = ["answer", "★ logistic_regression"], ["kept", "◆ joint"]
    both = [["glance", *kept], ["glance", *answer], ["evaluation", *kept], ["evaluation", *answer]]
    assert marked == [*both, ["leaderboard", *kept]]
    first = opened("document.querySelector('.answer-mark').closest('section').id")
    assert first == "glance"
    explained = opened("document.querySelector('#glance p.small').innerText").replace("\u00a0", " ")
    assert explained.startswith("★ is the answer; ◆ is the kept net, which speaks for the nets")
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


def test_charts_use_the_width(opened: Opened) -> None:
    used = opened("""[...document.querySelectorAll('.findings')].map(findings => {
        const boxes = [...findings.querySelectorAll('img, .told')].map(e => e.getBoundingClientRect());
        const [left, right] = [Math.min(...boxes.map(b => b.left)), Math.max(...boxes.map(b => b.right))];
        return (right - left) / document.querySelector('main').clientWidth;
    })""")
    assert min(used) > 0.75


def test_names_break_at_underscores_alone(opened: Opened) -> None:
    broken = opened(r"""(() => {
        const found = [], texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
            if (text.parentElement.closest('dd, svg, style, script')) continue;
            for (const word of text.data.matchAll(/[A-Za-z0-9]+/g)) {
                const range = document.createRange();
                range.setStart(text, word.index);
                range.setEnd(text, word.index + word[0].length);
                if (new Set([...range.getClientRects()].map(r => r.top)).size > 1) found.push(word[0]);
            }
        }
        return found;
    })()""")
    assert broken == []


def test_headings_are_in_order_and_tables_are_labelled(opened: Opened) -> None:
    levels = opened("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert opened("[...document.querySelectorAll('table')].filter(t => !t.caption).length") == 0


def test_on_paper(browser: Browser, report: Path) -> None:
    context = browser.new_context(viewport={"width": PAPER, "height": 1040}, color_scheme="dark")
    opened = Opened(context.new_page(), report)
    opened.page.emulate_media(media="print")
    assert opened(CUT) == []
    assert opened("document.documentElement.scrollWidth") <= PAPER
    assert opened("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not opened("[...document.querySelectorAll('nav, button.fold, .handle')].some(e => e.checkVisibility())")
    scrolls = "['auto', 'scroll'].includes(getComputedStyle(e).overflowX)"
    assert opened(f"[...document.querySelectorAll('main *')].filter(e => {scrolls}).length") == 0
    # A heading stays with what follows, and with its chart.
    assert opened("[...document.querySelectorAll('h1, h2, h3')].every(h => getComputedStyle(h).breakAfter === 'avoid')")
    alone = "h => !['avoid'].includes(getComputedStyle(h.parentElement).breakInside) && h.parentElement.matches('div')"
    assert opened(f"[...document.querySelectorAll('.findings h3, .search > div > h3')].filter({alone}).length") == 0
    pages = opened.page.pdf(format="A4", print_background=True, prefer_css_page_size=True)
    assert 8 <= len(re.findall(rb"/Type\s*/Page\b", pages)) <= 12
    context.close()
