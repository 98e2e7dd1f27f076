"""The files that GitHub, pip and citation tools look for are in their places, and in their form."""

import re
import tomllib
from typing import Any

import pytest

from stages.lib.config import yaml12
from tests.project import ROOT

# https://github.com/citation-file-format/citation-file-format/blob/1.2.0/schema.json, the top level.
CFF_REQUIRED = {"authors", "cff-version", "message", "title"}
CFF_KEYS = CFF_REQUIRED | {
    *("abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license", "license-url"),
    *("preferred-citation", "references", "repository", "repository-artifact", "repository-code", "type", "url"),
    "version",
}
# https://keepachangelog.com/en/1.1.0/
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
# Those that no other test reads; the last is the user's, who may have none.
PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", ".github/pull_request_template.md", "data/README.md")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [page for page in PAGES if (ROOT / page).exists()])
def test_links_and_commands_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)\s#]+)\)", read(page)):
        assert "://" in link or ((ROOT / page).parent / link).is_file(), link
    targets = set(re.findall(r"^([a-z-]+): .*## ", read("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", read(page), re.MULTILINE)) <= targets


def test_the_package_has_the_licence_of_the_repository() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert (project["license"], project["license-files"]) == ("MIT", ["LICENSE"])
    assert read("LICENSE").startswith("MIT License\n\nCopyright (c) ")


@pytest.mark.skipif(not (ROOT / "CITATION.cff").exists(), reason="a project of one's own may have none")
def test_the_citation_is_one() -> None:
    citation: dict[str, Any] = yaml12.load(read("CITATION.cff"))
    assert CFF_REQUIRED <= citation.keys() <= CFF_KEYS
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"]
    for author in citation["authors"]:
        assert {"name", "family-names", "given-names", "alias"} & author.keys()


def test_the_changelog_is_dated_and_sorted() -> None:
    headings = re.findall(r"^## (.*)$", read("CHANGELOG.md"), re.MULTILINE)
    dates = [heading for heading in headings if re.fullmatch(r"\d{4}-\d\d-\d\d", heading)]
    assert headings == dates == sorted(set(dates), reverse=True)
    kinds = re.findall(r"^### (.*)$", read("CHANGELOG.md"), re.MULTILINE)
    assert set(kinds) <= KINDS


def test_dependabot_leaves_the_packages_that_decide_the_bytes() -> None:
    updates = yaml12.load(read(".github/dependabot.yml"))["updates"]
    assert [update["package-ecosystem"] for update in updates] == ["github-actions"]
