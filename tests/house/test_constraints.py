"""constraints.txt: every package that `make` installs has one version, and no other one is installed."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.constraints import BENCH, FILE
from tests.project import ROOT

TEXT = (ROOT / FILE).read_text(encoding="utf-8")
# What `make repro` and `make test` install.
DIRECT = ("requirements.txt", "requirements-dask.txt", "requirements-dev.txt")


def pinned(text: str) -> dict[str, str]:
    """Return the versions by package."""
    found = re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE)
    return {str(canonicalize_name(name)): version for name, version in found}


def installed(name: str) -> str | None:
    """Return a package's version, without the kind of machine that it was built for, or None if it is not there."""
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return None


def needed() -> set[str]:
    """Return the packages that the requirements name, and what those need in turn on this machine.

    Left out is what torch itself ties to one version, as that depends on the machine: the libraries of a GPU.
    """
    lines = [line.partition("#")[0].strip() for name in DIRECT for line in (ROOT / name).read_text().splitlines()]
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


EVERY, OF_BENCH = map(pinned, TEXT.split(BENCH))


def test_what_is_installed_is_what_is_pinned() -> None:
    assert {name: installed(name) for name in EVERY} == EVERY
    there = {name: found for name in OF_BENCH if (found := installed(name))}  # `make bench-joint` brings them
    assert there == {name: OF_BENCH[name] for name in there}


def test_every_package_that_is_needed_is_pinned_and_no_other() -> None:
    assert set(EVERY) == needed()
    assert not set(EVERY) & set(OF_BENCH)


def test_the_pins_suit_every_machine() -> None:
    assert all(re.fullmatch(r"# .*|[\w.-]+==[\w.]+", line) for line in TEXT.splitlines()), "names and plain versions"
    assert not [name for name in pinned(TEXT) if name.startswith(("nvidia", "triton", "cuda"))]


def test_every_install_is_constrained() -> None:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", ".ci/run", ".github/workflows/ci.yml")]
    found = [line for text in texts for line in re.findall(r".*pip install.*", text)]
    assert len(found) == 4
    assert all("--constraint constraints.txt" in line for line in found)


def test_the_oldest_versions_that_are_tried_are_those_that_the_engine_asks_for() -> None:
    oldest = pinned((ROOT / "requirements-oldest.txt").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sorted(project["dependencies"]) == [f"{name}>={version}" for name, version in sorted(oldest.items())]
    assert oldest.keys() <= EVERY.keys()
    assert all(Version(version) <= Version(EVERY[name]) for name, version in oldest.items())
