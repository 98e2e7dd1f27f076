"""The report, as headless Chromium shows it: with the committed results, and against another commit."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from stages.lib.errors import UserError
from stages.lib.params import load_params
from stages.lib.report import read_table, read_verdict
from stages.lib.templating import breakable
from tests.colours import contrast, luminance
from tests.conftest import ROOT, Project, real_params

EXPERIMENTS = load_params(ROOT / "params.yaml").experiments


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None and "CI" not in os.environ:
        pytest.skip("no Chromium on the path; Debian's package is called chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    quiet += ["--disable-sync", "--no-first-run", "--disable-quic"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=quiet)
        yield started
        started.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the committed results."""
    project = Project(tmp_path_factory.mktemp("report"), real_params())
    shutil.copy2(ROOT / "params.yaml", project.folder)
    project.git("init", "--quiet")
    project.commit_all("Start")
    project.stage("report")
    assert "report.html" not in project.git("status", "--short")
    return project.folder / "report.html"


class Opened:
    """A page with what it asked for and complained of."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())

    def __call__(self, script: str) -> Any:
        return self.page.evaluate(script)


def test_charts_are_drawn_without_a_request_or_a_complaint(browser: Browser, report: Path) -> None:
    opened = Opened(browser.new_page(), report)
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [report.as_uri()]
    drawn = opened("[...document.images].map(i => [i.alt, i.complete && i.naturalWidth > 100])")
    assert len(drawn) == len(EXPERIMENTS) + 2
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
        candidates = 1
        for values in experiment.grid.values():
            candidates *= len(values)
        assert rows == candidates

    def column(heading: str) -> list[str]:
        headings = opened("[...document.querySelectorAll('#experiment-dropout th')].map(th => th.textContent)")
        position = headings.index(heading) + 1
        cells: list[str] = opened(
            f"[...document.querySelectorAll('#experiment-dropout td:nth-child({position})')].map(td => td.textContent)"
        )
        return cells

    before = column("mean")
    heading = opened.page.locator("#experiment-dropout th button", has_text="mean")
    heading.click()
    assert column("mean") == sorted(before, key=float)
    heading.click()
    assert column("mean") == sorted(before, key=float, reverse=True)
    assert opened("document.querySelector('#experiment-dropout th[aria-sort]').ariaSort") == "descending"
    opened("document.querySelector('#experiment-dropout tbody tr:nth-child(2) td:nth-child(3)').innerText = 'diverged'")
    for _ in range(2):
        heading.click()
        assert column("mean")[-1] == "diverged"
        assert column("mean").count("diverged") == 1
    heading.click()
    heading.click()
    assert "best" in opened("document.querySelector('#experiment-dropout tbody tr').className")
    opened.page.close()


def test_it_says_what_was_run_and_found(browser: Browser, report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened(browser.new_page(), report)
    shown = opened("document.body.innerText")
    monkeypatch.chdir(report.parent)
    assert f"On folds drawn anew, {read_verdict()}" in shown
    params = real_params()
    assert params["data"]["sha256"] in shown
    for text in ("seed", "NAdam", "logistic_regression", "n_repeats", "pima-indians-diabetes.csv"):
        assert text in shown
    assert "Not up to date" not in shown
    opened.page.close()


def test_what_changed_against_another_commit(browser: Browser, project: Project) -> None:
    params = project.params()
    params["experiments"]["dropout"]["grid"]["module__dropout_rate"] = [0.2, 0.4]
    project.write_params(params)
    project.stage("report", "main")
    opened = Opened(browser.new_page(), project.folder / "report.html")
    assert "Not up to date: best_params, evaluate, search@dropout." in opened(
        "document.querySelector('.note').innerText.replace(/\\s+/g, ' ')"
    )
    project.run("dvc", "repro")
    project.make("report", "AGAINST=main")
    first = (project.folder / "report.html").read_bytes()
    project.stage("report", "main")
    assert (project.folder / "report.html").read_bytes() == first

    opened = Opened(browser.new_page(), project.folder / "report.html")
    changes = opened("document.querySelector('#changes').innerText")
    assert "experiments.dropout.grid.module__dropout_rate" in changes
    # Below the name of the file, before that of another.
    assert re.search(r"metrics/search/dropout\.json(?:(?!metrics/)[\s\S])*?\bn_candidates\s+2\s+4\s+\+2", changes)
    assert opened("[...document.querySelectorAll('#changes img')].filter(i => i.alt.startsWith('dropout')).length") == 2
    assert opened.complaints == []


def test_what_has_no_score_is_told(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.csv"
    path.write_text(
        "setting,mean_test_score,ci95,difference,tied_with_combined,split0_test_score\n"
        "combined,nan,nan,nan,nan,nan\nlinear_regression,0.25,0.125,nan,nan,0.5\n",
        encoding="utf-8",
    )
    table = read_table(path, unscored="no score")
    assert table.headings == ["setting", "mean", "± 95 %", "to combined", "tied"]
    assert table.rows == [["combined", "no score", "–", "", ""], ["linear_regression", "0.2500", "0.1250", "–", "–"]]
    assert table.best == 1
    best_first = read_table(path, unscored="no score", by_score=True)
    assert (best_first.rows, best_first.best) == (table.rows[::-1], 0)


def test_long_names_break_at_their_joints_alone() -> None:
    shown = breakable("<b>, module__n_neurons=5, lr=0.05, my_.Net")
    assert shown == "&lt;b&gt;, module__<wbr>n_<wbr>neurons=5, lr=0.05, my_.<wbr>Net"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is no table of scores"),
        (b"params,mean_test_score\n", "is no table of scores"),
        (b"<<<<<<< HEAD\nparams,mean_test_score\na=1,0.5\n", "is no table of scores"),
        (b"params,mean_test_score\na=1,0.5\n<<<<<<< HEAD\n", "is no table of scores"),
        (b"params,mean_test_score\na=1,high\n", "is no table of scores"),
        (b"params,rank_test_score\na=1,1\n", "is no table of scores"),
        (b"params,mean_test_score\na=\xff,0.5\n", "is no text"),
        (None, "is missing"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, content: bytes | None, fault: str) -> None:
    path = tmp_path / "neurons.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=f"neurons.csv {fault}. Run `dvc repro`"):
        read_table(path)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "is no JSON"),
        ("{}", "is not what the stage evaluate writes"),
        ('{"best_setting": "combined", "combined_score": 0.5}', "is not what the stage evaluate writes"),
        ('{"best_setting": "a", "combined_score": 0.5, "combined_ci95": 1, "a_score": 1}', "is not what the stage"),
    ],
)
def test_a_broken_evaluation_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, fault: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/evaluation.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=f"metrics/evaluation.json {fault}"):
        read_verdict()


def test_mistakes_end_with_a_sentence(project: Project) -> None:
    done = project.stage("report", "nonsuch", ok=False)
    assert done.returncode == 1
    assert "error: git knows no revision 'nonsuch'" in done.stderr
    (project.folder / "metrics/candidates/dropout.csv").unlink()
    done = project.stage("report", ok=False)
    assert done.returncode == 1
    assert "error: metrics/candidates/dropout.csv is missing. Run `dvc repro`." in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.folder / "report.html").exists()
