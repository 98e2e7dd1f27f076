"""The site of the documentation is built without warnings, all its links lead somewhere, and it needs no network."""

import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser

import lockstep
import resampled
from benchmarks.cross_cpu.machine import hashes
from gridstage.common import write_text
from packages.gridstage.tests import test_face
from packages.gridstage.tests.project import ROOT, text_of
from packages.gridstage.tests.report.conftest import Opened
from tests.docs.links import wrong_links

# By package: its public names, as they stand in its page of reference.
PUBLIC = {
    "gridstage": [*test_face.PUBLIC],
    "lockstep": [f"lockstep.{name}" for name in lockstep.__all__],
    "resampled": [f"resampled.{name}" for name in resampled.__all__],
}


def built(folder: Path) -> Path:
    """Build the site in a folder, by the command that `make site` runs."""
    makefile = text_of(ROOT / "Makefile").splitlines()
    (line,) = (line for line in makefile if line.startswith("\tsphinx-build "))
    _, *arguments, _ = line.replace(".venv/doctrees", str(folder / "kept")).split()
    command = [sys.executable, "-m", "sphinx", *arguments, str(folder / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder / "site"


def page_of(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_bytes(), "html.parser")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("site"))


def test_each_link_leads_somewhere_and_no_page_loads_from_a_network(site: Path) -> None:
    assert (site / "docs/engine.html").is_file()
    assert wrong_links(site) == []


def test_a_wrong_link_is_found(tmp_path: Path) -> None:
    wrong = ["lost.html", "#lost", "b.html#lost", "c/", "http:b.html"]
    loaded = ["https://a.example/x.js", "//a.example/y.js", "lost.js"]
    right = [
        "b.html",
        "b.html#here",
        "#there",
        "style.css",
        "https://a.example/",
        "%62.html",
    ]
    links = "".join(f'<a href="{url}">' for url in wrong + right)
    scripts = "".join(f'<script src="{url}"></script>' for url in loaded)
    write_text(tmp_path / "a.html", f'<p id="there">{links}{scripts}</p>')
    write_text(tmp_path / "b.html", '<p id="here">')
    style = 'a {background: url("data:,")} b {background: url(http://a.example/z.png)}'
    write_text(tmp_path / "style.css", style)
    found = [f"a.html: {url}" for url in loaded + wrong]
    assert wrong_links(tmp_path) == [*found, "style.css: http://a.example/z.png"]


@pytest.mark.parametrize("package", PUBLIC)
def test_each_public_name_has_its_place(site: Path, package: str) -> None:
    page = page_of(site / f"docs/reference/{package}.html")
    places = {each["id"] for each in page.select("[id]")}
    of_modules = {f"module-{name}" for name in PUBLIC[package]} & places
    named = places | {place.removeprefix("module-") for place in of_modules}
    assert {*PUBLIC[package]} <= named


@pytest.mark.parametrize("package", PUBLIC)
def test_what_one_may_see_also_is_a_link(site: Path, package: str) -> None:
    page = page_of(site / f"docs/reference/{package}.html")
    named = page.select(".seealso dt code")
    assert len(named) == len(page.select(".seealso dt a code"))


def test_the_contents_are_those_of_the_first_page(site: Path) -> None:
    page = page_of(site / "docs/README.html")
    listed = page.select("#all-pages section li a:first-child")
    beside = page.select(".sidebar-tree a")
    assert [link["href"] for link in beside] == [link["href"] for link in listed]
    assert "engine.html" in [link["href"] for link in listed]


def test_a_diagram_is_drawn(site: Path) -> None:
    for name in ("architecture", "engine"):
        assert page_of(site / f"docs/{name}.html").select_one(".mermaid svg")


def test_the_search_finds_without_a_network(site: Path, browser: Browser) -> None:
    opened = Opened(browser.new_page(), site / "index.html")
    opened.page.wait_for_url("**/docs/README.html")
    opened.page.fill(".sidebar-search", "rope")
    opened.page.press(".sidebar-search", "Enter")
    found = '#search-results a[href^="docs/statistics.html"]'
    opened.page.wait_for_selector(found)
    assert all(url.startswith(("file:", "data:")) for url in opened.requests)
    assert opened.complaints == []


@pytest.mark.long
def test_two_builds_have_the_same_bytes(site: Path, tmp_path: Path) -> None:
    assert hashes(site, ["."]) == hashes(built(tmp_path), ["."])
