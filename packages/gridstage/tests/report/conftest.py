"""Fixtures: a browser, a page with what it requested, and the report of the sample's results."""

import os
import shutil
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gridstage.commands import report as stage
from packages.gridstage.tests.project import Project, made_once
from stages import charts


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if chromium is None and "CI" not in os.environ:
        pytest.skip("no Chromium on the path; Debian's package is called chromium")
    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    quiet += ["--disable-sync", "--no-first-run", "--disable-quic"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=quiet)
        yield started
        started.close()


@pytest.fixture(autouse=True)
def no_page_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close the pages that a test opens: one behind another draws nothing, and is told of no scrolling."""
    if "browser" not in request.fixturenames:
        yield
        return
    browser: Browser = request.getfixturevalue("browser")
    before = {*browser.contexts}
    yield
    for each in {*browser.contexts} - before:
        each.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the sample's results."""

    def make(folder: Path) -> None:
        project = Project.copied(folder)
        project.commit_first()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.setattr(
                stage, "stale_stages", lambda: []
            )  # the sample has no dvc.lock
            charts.main()
            stage.main(Namespace(revision=None))
        assert "report.html" not in project.git("status", "--short")

    return made_once(tmp_path_factory, "report", make) / "report.html"


class Opened:
    """A page, what it requested, and its complaints."""

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
