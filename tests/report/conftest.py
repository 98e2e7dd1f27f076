"""Fixtures of the report's tests: one browser for all of them, and the report of the committed results."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.project import Project, made_once


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the committed results."""

    def make(folder: Path) -> None:
        project = Project.copied(folder)
        project.commit_first()
        project.stage("report")
        assert "report.html" not in project.git("status", "--short")

    return made_once(tmp_path_factory, "report", make) / "report.html"
