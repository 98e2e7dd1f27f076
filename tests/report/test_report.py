"""The report, as headless Chromium shows it: with the committed results, and against another commit."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from stages import report as stage
from stages.lib.config import load_params
from stages.lib.report.summary import read_answer
from tests.conftest import Changed, Command
from tests.project import Project, real_params
from tests.read_sample import SAMPLE
from tests.report.charts.colours import contrast, luminance
from tests.report.opened import Opened

PARAMS = load_params(SAMPLE / "params.yaml")
EXPERIMENTS = PARAMS.experiments


def test_charts_are_drawn_without_a_request_or_a_complaint(browser: Browser, report: Path) -> None:
    opened = Opened(browser.new_page(), report)
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [report.as_uri()]
    drawn = opened("[...document.images].map(i => [i.alt, i.complete && i.naturalWidth > 100])")
    # The leaderboard, the evaluation, the predictions of the net and of the answer, the inputs; and of each search, its
    # candidates, curves and importances.
    assert len(drawn) == 3 * len(EXPERIMENTS) + 5
    assert all(complete for _, complete in drawn), drawn
    assert all(alt for alt, _ in drawn)
    opened.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_it_is_readable(browser: Browser, report: Path, width: int, scheme: Any) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened = Opened(context.new_page(), report)
    assert opened("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
    shrunk = opened("[...document.images].map(i => i.clientWidth / i.naturalWidth)")
    assert min(shrunk) > 0.85, "the text of a chart would be too small"
    sizes = opened(
        "[...document.querySelectorAll('p, td, th, dd, dt')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12
    if width == 390:
        heights = opened("[...document.querySelectorAll('#evaluation tbody tr')].map(r => r.clientHeight)")
        assert max(heights) < 40, "a setting off the edge makes its row tall"
    text, page = (opened(f"getComputedStyle(document.body).{name}") for name in ("color", "backgroundColor"))
    assert contrast(text, page) > 7  # WCAG's AAA
    assert (luminance(page) < 0.1) == (scheme == "dark")
    context.close()


def test_every_grid_is_there_in_full_and_sorts(browser: Browser, report: Path) -> None:
    opened = Opened(browser.new_page(), report)
    for name, experiment in EXPERIMENTS.items():
        rows = opened(f"document.querySelectorAll('#experiment-{name} tbody tr').length")
        assert rows == len(experiment.candidates(PARAMS.seed))

    table = "#experiment-lr_momentum table"

    def column(heading: str) -> list[str]:
        headings = opened(f"[...document.querySelectorAll('{table} th')].map(th => th.textContent)")
        position = headings.index(heading) + 1
        cells: list[str] = opened(
            f"[...document.querySelectorAll('{table} td:nth-child({position})')].map(td => td.textContent)"
        )
        return cells

    before = column("mean")
    heading = opened.page.locator(f"{table} th button", has_text="mean")
    heading.click()
    assert column("mean") == sorted(before, key=float)
    heading.click()
    assert column("mean") == sorted(before, key=float, reverse=True)
    assert opened(f"document.querySelector('{table} th[aria-sort]').ariaSort") == "descending"
    opened(f"document.querySelector('{table} tbody tr:nth-child(2) td:nth-child(2)').innerText = 'diverged'")
    for _ in range(2):
        heading.click()
        assert column("mean")[-1] == "diverged"
        assert column("mean").count("diverged") == 1
    heading.click()
    heading.click()
    assert "best" in opened(f"document.querySelector('{table} tbody tr').className")
    opened.page.close()


def test_numbers_of_any_size_and_bounds_sort_by_value(browser: Browser, report: Path) -> None:
    opened = Opened(browser.new_page(), report)
    written = ["-1,234,567.5", "< 0.0001", "1.0000", "–", "-9,999", "2,000", "0.0302"]
    written += [str(3000 + i) for i in range(len(EXPERIMENTS) - len(written))]
    opened(f"document.querySelectorAll('#leaderboard td:nth-child(2)').forEach((td, i) => td.innerText = {written}[i])")
    heading = opened.page.locator("#leaderboard th button", has_text="corrected")
    by_value = ["-1,234,567.5", "-9,999", "< 0.0001", "0.0302", "1.0000", "2,000", *written[7:]]
    for order in (by_value, by_value[::-1]):
        heading.click()
        found = opened("[...document.querySelectorAll('#leaderboard td:nth-child(2)')].map(td => td.textContent)")
        assert found == [*order, "–"]
    opened.page.close()


def test_of_many_candidates_the_first_are_shown_until_all_are_asked_for(browser: Browser, report: Path) -> None:
    opened = Opened(browser.new_page(), report)
    shown = "[...document.querySelectorAll('#experiment-dropout tbody tr')].filter(r => r.checkVisibility())"
    ranks = f"{shown}.map(row => Number(row.cells[0].textContent))"
    assert opened(ranks) == [1, 1, 1, 4, 5, 6, 7, 8, 9, 9, 11, 12]
    # Also of a table that is sorted by something else: here from the worst.
    for _ in range(2):
        opened.page.locator("#experiment-dropout th button", has_text="rank").click()
    assert (len(opened(ranks)), opened(ranks)[0]) == (12, 50)
    button = opened.page.locator("#experiment-dropout .fold")
    assert button.inner_text() == "Show all 50"
    button.click()
    assert len(opened(ranks)) == 50
    assert button.get_attribute("aria-expanded") == "true"
    button.click()
    assert len(opened(ranks)) == 12
    opened.page.close()


def test_the_first_screen_is_the_answer(browser: Browser, report: Path) -> None:
    for width in (390, 1440):
        opened = Opened(browser.new_page(viewport={"width": width, "height": 900}), report)
        for part in (".answer", "#glance tr.answer"):
            assert 0 < opened(f"document.querySelector('{part}').getBoundingClientRect().bottom") < 900, part
        opened.page.close()


def test_it_says_what_was_run_and_found(browser: Browser, report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened(browser.new_page(), report)
    shown = opened("document.body.innerText")
    monkeypatch.chdir(report.parent)
    assert f"Predicting diabetes in pima-indians-diabetes.csv\n\n{read_answer()['headline']}\n" in shown
    assert f"is {read_answer()['brier_score']}; 0 would be perfect." in shown
    params = real_params()
    assert params["data"]["sha256"] in shown
    for text in ("seed", "NAdam", "logistic_regression", "n_repeats", "blood_pressure", "mm Hg"):
        assert text in shown
    assert opened("document.title") == "Grid search: diabetes in pima-indians-diabetes.csv"
    assert "768 rows of data/pima-indians-diabetes.csv" in shown
    assert "The score is accuracy:" in shown
    assert "Not up to date" not in shown
    opened.page.close()


def test_what_changed_against_another_commit(
    browser: Browser, changed: Changed, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = changed.project
    assert "not up to date" not in project.make("report", "AGAINST=main").stderr
    first = (project.folder / "report.html").read_bytes()
    opened = Opened(browser.new_page(), project.folder / "report.html")
    sections = opened("[...document.querySelectorAll('section')].map(section => section.id)")
    assert sections[:2] == ["changes", "glance"]
    assert opened("document.querySelector('#changes h2').getBoundingClientRect().bottom") < 500
    changes = opened("document.querySelector('#changes').innerText")
    base = project.git("rev-parse", "main").strip()[:7]
    assert f"Compared with {base}, the commit at which this branch left main." in changes
    assert re.search(r"on the same 6 fresh splits|the same pick scores the same", changes)
    assert "1 search unchanged: dropout." in changes
    folded = opened("[...document.querySelectorAll('#changes details')].map(each => each.textContent).join()")
    assert "experiments.neurons.grid.module__n_neurons: [1, 5] → [4, 8, 16]" in folded
    assert "neurons.corrected: 0." in folded
    drawn = opened("[...document.querySelectorAll('#changes img')].map(each => each.alt)")
    assert f"neurons at {base} and here" in drawn
    assert not any(alt.startswith("dropout") for alt in drawn)
    assert opened.complaints == []

    monkeypatch.chdir(project.folder)
    assert in_process(stage, "main").returncode == 0
    assert (project.folder / "report.html").read_bytes() == first
    params = project.params()
    params["experiments"]["neurons"]["grid"]["module__n_neurons"] = [2]
    project.write_params(params)
    done = in_process(stage, "main")
    assert "note: not up to date: " in done.stderr
    assert "search@neurons" in done.stderr.split("report.html shows an earlier")[0]
    opened = Opened(browser.new_page(), project.folder / "report.html")
    note = opened("document.querySelector('.note').innerText.replace(/\\s+/g, ' ')")
    assert re.match(r"Not up to date: [^.]*search@neurons", note)


def test_mistakes_end_with_a_sentence(project: Project, in_process: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)
    done = in_process(stage, "nonsuch")
    assert done.returncode == 1
    assert "error: git has no revision 'nonsuch'" in done.stderr
    (project.folder / "metrics/compared/dropout.csv").unlink()
    done = in_process(stage)
    assert done.returncode == 1
    assert "error: metrics/compared/dropout.csv is missing. Run `dvc repro`." in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.folder / "report.html").exists()
