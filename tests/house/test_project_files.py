"""The files that pip, GitHub and citation tools look for are in their places, and in their form.

constraints.txt: every package that `make` installs has one version, and no other one is installed.
"""

import re
import tomllib
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.constraints import BENCH, FILE
from tests.project import ROOT

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


def test_the_changelog_is_dated_and_sorted() -> None:
    headings = re.findall(r"^## (.*)$", read("CHANGELOG.md"), re.MULTILINE)
    dates = [heading for heading in headings if re.fullmatch(r"\d{4}-\d\d-\d\d", heading)]
    assert headings == dates == sorted(set(dates), reverse=True)


# What `make repro` and `make test` install.
DIRECT = ("requirements.txt", "requirements-dask.txt", "requirements-parquet.txt", "requirements-dev.txt")


def pinned(text: str) -> dict[str, str]:
    """Return the versions by package."""
    found = re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE)
    return {str(canonicalize_name(name)): version for name, version in found}


def needed() -> set[str]:
    """Return the packages that the requirements name, and what those need in turn on this machine.

    Left out is what torch itself ties to one version, as that depends on the machine: the libraries of a GPU.
    """
    lines = [line.partition("#")[0].strip() for name in DIRECT for line in read(name).splitlines()]
    waiting = [(Requirement(line), "") for line in lines if line and not line.startswith("-r ")]
    done: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = str(canonicalize_name(requirement.name))
        for chosen in {"", *requirement.extras} - {extra for known, extra in done if known == name}:
            done.add((name, chosen))
            of_it = map(Requirement, requires(name) or ())
            waiting += [(each, chosen) for each in of_it if name != "torch" or "==" not in str(each.specifier)]
    return {name for name, _ in done}


# What twine needs on Linux alone, where constraints.txt is made.
OF_LINUX = {"jeepney", "secretstorage"}
EVERY, OF_BENCH = map(pinned, read(str(FILE)).split(BENCH))


def test_every_package_that_is_needed_is_pinned_and_no_other() -> None:
    assert set(EVERY) - OF_LINUX == needed() - OF_LINUX
    assert not set(EVERY) & set(OF_BENCH)


def test_the_oldest_versions_that_are_tried_are_those_that_the_engine_asks_for() -> None:
    oldest = pinned(read("requirements-oldest.txt"))
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert sorted(project["dependencies"]) == [f"{name}>={version}" for name, version in sorted(oldest.items())]
