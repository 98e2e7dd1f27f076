"""What docs/ and README.md show is what a reader gets: links, files, keys and stages."""

import re

import pytest

from gridstage.config import yaml12
from packages.gridstage.tests.pages import DOCS, PAGES, table
from packages.gridstage.tests.project import ROOT, Project, text_of


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def links(text: str) -> list[str]:
    """Return where the links and pictures of a page lead to."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(text))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str, reproduced: Project) -> None:
    for link in links(PAGES[page]):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / path if path else ROOT / page).resolve()
        assert target.is_relative_to(ROOT), f"{page}: {link}"
        is_drawn = (
            reproduced.folder / target.relative_to(ROOT)
        ).is_file()  # a chart of every run
        assert target.is_file() or is_drawn, f"{page}: {link}"
        if anchor:
            assert anchor in anchors(text_of(target)), f"{page}: {link}"


def test_every_stage_is_explained() -> None:
    stages = yaml12.load(text_of(ROOT / "dvc.yaml"))["stages"]
    assert [
        row[0].strip("`").partition("@")[0]
        for row in table(DOCS["architecture.md"], "stage")
    ] == list(stages)


def test_every_room_is_explained() -> None:
    rooms = {
        path.parent.name
        for path in (ROOT / "packages/gridstage/src/gridstage").glob("*/__init__.py")
    }
    listed = [row[1].strip("`") for row in table(DOCS["architecture.md"], "floor")]
    assert sorted(listed) == sorted(rooms)


@pytest.mark.parametrize("page", list(DOCS))
def test_files_that_are_named_exist(page: str, reproduced: Project) -> None:
    folders = r"stages|packages|benchmarks|tests|docs|metrics|\.dvc|\.github"
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", prose(DOCS[page]))
    for path in named:
        folder = (
            reproduced.folder if path.startswith("metrics/") else ROOT
        )  # results are what a run writes
        assert (folder / path).exists() or "NAME" in path, f"{page}: {path}"
