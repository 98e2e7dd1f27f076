"""The report, as headless Chromium shows it: with the committed results, and against another commit."""

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser

from gridstage.commands import report as stage
from gridstage.config import load_params
from packages.gridstage.tests.conftest import Changed, Command
from packages.gridstage.tests.project import ROOT, text_of
from packages.gridstage.tests.read_sample import SAMPLE
from packages.gridstage.tests.report.conftest import Opened

PARAMS = load_params(SAMPLE / "params.yaml")
EXPERIMENTS = PARAMS.experiments


def test_charts_are_drawn_without_a_request_or_a_complaint(
    browser: Browser, report: Path
) -> None:
    opened = Opened(browser.new_page(), report)
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [
        report.as_uri()
    ]
    drawn = opened(
        "[...document.images].map(i => [i.alt, i.complete && i.naturalWidth > 100])"
    )
    # The leaderboard, the evaluation, the predictions of the net and of the answer, thresholds, the inputs; of each
    # search, its candidates, curves and importances; and the settings of the one search of many keys.
    assert len(drawn) == 3 * len(EXPERIMENTS) + 7
    assert ["Candidates of joint, a line each across its settings", True] in drawn
    assert all(complete for _, complete in drawn), drawn
    assert all(alt for alt, _ in drawn)
    opened.page.close()


def test_every_grid_is_there_in_full_and_sorts_by_value(
    browser: Browser, report: Path
) -> None:
    opened = Opened(browser.new_page(), report)
    for name, experiment in EXPERIMENTS.items():
        rows = opened(
            f"document.querySelectorAll('#experiment-{name} tbody tr').length"
        )
        assert rows == len(experiment.candidates(PARAMS.seed))
    cells = "[...document.querySelectorAll('#leaderboard td:nth-child(4)')]"
    written = ["-1,234,567.5", "< 0.0001", "1.0000", "–", "-9,999", "2,000", "0.0302"]
    written += [str(3000 + i) for i in range(len(EXPERIMENTS) - len(written))]
    opened(f"{cells}.forEach((td, i) => td.innerText = {written}[i])")
    by_value = [
        "-1,234,567.5",
        "-9,999",
        "< 0.0001",
        "0.0302",
        "1.0000",
        "2,000",
        *written[7:],
    ]
    for order, named in ((by_value, "ascending"), (by_value[::-1], "descending")):
        opened.page.locator("#leaderboard th button", has_text="corrected").click()
        assert opened(f"{cells}.map(td => td.textContent)") == [*order, "–"]
        assert (
            opened("document.querySelector('#leaderboard th[aria-sort]').ariaSort")
            == named
        )
    opened.page.close()


def test_of_many_candidates_the_first_are_shown_until_all_are_asked_for(
    browser: Browser, report: Path
) -> None:
    opened = Opened(browser.new_page(), report)
    shown = "[...document.querySelectorAll('#experiment-dropout tbody tr')].filter(r => r.checkVisibility())"
    assert opened(f"{shown}.length") == 0
    summary = opened.page.locator("#experiment-dropout summary")
    assert re.fullmatch(
        r"dropout best 0\.7\d+, picks dropout_rate=.+", summary.inner_text()
    )
    opened.page.locator("#leaderboard a", has_text="dropout").click()
    ranks = f"{shown}.map(row => Number(row.cells[0].textContent))"
    candidates = pd.read_csv(SAMPLE / "metrics/search/dropout/candidates.csv")
    assert opened(ranks) == sorted(candidates["rank_test_score"])[:12]
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
        opened = Opened(
            browser.new_page(viewport={"width": width, "height": 900}), report
        )
        for part in (".answer", "#glance tr.answer", "#glance tr.kept"):
            assert (
                0
                < opened(
                    f"document.querySelector('{part}').getBoundingClientRect().bottom"
                )
                < 900
            ), part
        opened.page.close()


def test_the_page_says_what_predicts(report: Path) -> None:
    said = text_of(report)
    assert "<code>gridstage predict</code> predicts" in said
    (page,) = re.findall(r"docs/hand-\S+.md", said)
    assert 'type="module"' in text_of(ROOT / page)


def test_what_changed_against_another_commit(
    browser: Browser,
    changed: Changed,
    in_process: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = changed.project
    assert "not up to date" not in project.stage("report", "main").stderr
    opened = Opened(browser.new_page(), project.folder / "report.html")
    sections = opened(
        "[...document.querySelectorAll('section')].map(section => section.id)"
    )
    assert sections[:2] == ["changes", "glance"]
    assert (
        opened("document.querySelector('#changes h2').getBoundingClientRect().bottom")
        < 500
    )
    changes = opened("document.querySelector('#changes').innerText")
    base = project.git("rev-parse", "main").strip()[:7]
    assert (
        f"Compared with {base}, the commit at which this branch left main." in changes
    )
    assert re.search(
        r"on the same 6 fresh splits|the same pick scores the same", changes
    )
    assert "1 search unchanged: dropout." in changes
    folded = opened(
        "[...document.querySelectorAll('#changes details')].map(each => each.textContent).join()"
    )
    assert (
        "experiments.neurons.grid.module__n_neurons: 4, 8, 16 added; 1, 5 removed"
        in folded
    )
    assert "neurons.corrected: 0." in folded
    drawn = opened(
        "[...document.querySelectorAll('#changes img')].map(each => each.alt)"
    )
    assert f"neurons at {base} and here" in drawn
    assert not any(alt.startswith("dropout") for alt in drawn)
    assert opened.complaints == []

    monkeypatch.chdir(project.folder)
    params = project.params()
    params["experiments"]["neurons"]["grid"]["module__n_neurons"] = [2]
    project.write_params(params)
    done = in_process(stage, "main")
    assert "note: not up to date: " in done.stderr
    assert "search@neurons" in done.stderr.split("report.html shows an earlier")[0]
    opened = Opened(browser.new_page(), project.folder / "report.html")
    assert "search@neurons" in opened("document.querySelector('.note').innerText")
