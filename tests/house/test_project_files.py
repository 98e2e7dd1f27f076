"""The files that pip, GitHub, citation tools and a package index look for are in their places, and in their form.

constraints.txt: every package that `make` installs has one version, and no other one is installed."""

import csv
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from importlib.metadata import requires
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from benchmarks.simulate import CSV, TABLES
from benchmarks.simulate import main as simulate
from gridstage.project.pins import differences
from lockstep.kernel.build import compiler
from packages.gridstage.tests.constraints import BENCH, FILE
from packages.gridstage.tests.project import ROOT, text_of


def read(name: str) -> str:
    return text_of(ROOT / name)


def test_the_changelog_is_dated_and_sorted() -> None:
    headings = re.findall(r"^## (.*)$", read("CHANGELOG.md"), re.MULTILINE)
    dates = [
        heading for heading in headings if re.fullmatch(r"\d{4}-\d\d-\d\d", heading)
    ]
    assert headings == dates == sorted(set(dates), reverse=True)


@pytest.mark.parametrize("package", ["gridstage", "lockstep", "resampled"])
def test_the_changelog_of_a_package_begins_with_its_version(package: str) -> None:
    project = tomllib.loads(read(f"packages/{package}/pyproject.toml"))["project"]
    changelog = read(f"packages/{package}/CHANGELOG.md")
    versions = re.findall(r"^## (\d+\.\d+\.\d+)$", changelog, re.MULTILINE)
    assert versions[0] == project["version"]
    assert versions == sorted(set(versions), key=Version, reverse=True)


# What `make repro` and `make test` install.
DIRECT = (
    "requirements.txt",
    "requirements-dask.txt",
    "requirements-parquet.txt",
    "requirements-site.txt",
    "requirements-dev.txt",
)


def pinned(text: str) -> dict[str, str]:
    """Return the versions by package."""
    found = re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE)
    return {str(canonicalize_name(name)): version for name, version in found}


def needed() -> set[str]:
    """Return the packages that the requirements name, and what those need in turn on this machine.

    Left out is what torch itself ties to one version, as that depends on the machine: the libraries of a GPU.
    """
    lines = [
        line.partition("#")[0].strip()
        for name in DIRECT
        for line in read(name).splitlines()
    ]
    waiting = [
        (Requirement(line), "") for line in lines if line and not line.startswith("-")
    ]
    done: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = str(canonicalize_name(requirement.name))
        for chosen in {"", *requirement.extras} - {
            extra for known, extra in done if known == name
        }:
            done.add((name, chosen))
            of_it = map(Requirement, requires(name) or ())
            waiting += [
                (each, chosen)
                for each in of_it
                if name != "torch" or "==" not in str(each.specifier)
            ]
    return {name for name, _ in done}


# What twine needs on Linux alone, where constraints.txt is made.
OF_LINUX = {"jeepney", "secretstorage"}
EVERY, OF_BENCH = map(pinned, read(str(FILE)).split(BENCH))


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11),
    reason="constraints.txt is made for Python 3.11; newer ones need other packages",
)
def test_every_package_that_is_needed_is_pinned_and_no_other() -> None:
    assert set(EVERY) - OF_LINUX == needed() - OF_LINUX
    assert not set(EVERY) & set(OF_BENCH)


def test_the_environment_is_that_of_the_requirements() -> None:
    assert differences(read("requirements.txt")) == []


def test_the_oldest_versions_that_are_tried_are_those_that_the_engine_asks_for() -> (
    None
):
    oldest = pinned(read("requirements-oldest.txt"))
    project = tomllib.loads(read("packages/lockstep/pyproject.toml"))["project"]
    assert sorted(project["dependencies"]) == [
        f"{name}>={version}" for name, version in sorted(oldest.items())
    ]


# By folder: the name of the distribution, and files that a user needs, of the source and of the wheel.
PACKAGES = {
    "lockstep": (
        "skorch_lockstep",
        {"LICENSE", "src/lockstep/kernel/kernel.c", "pyproject.toml"},
        {"lockstep/py.typed"},
    ),
    "resampled": (
        "resampled",
        {"LICENSE", "README.md", "pyproject.toml"},
        {"resampled/face/scores.py", "resampled/py.typed"},
    ),
    "gridstage": (
        "gridstage",
        {"LICENSE", "README.md", "pyproject.toml"},
        {
            "gridstage/adopt/recipe.yaml",
            "gridstage/py.typed",
            "gridstage/report/templates/report.css",
        },
    ),
}


@pytest.mark.long
@pytest.mark.skipif(compiler() is None, reason="needs a C compiler")
@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_built_from_its_source_alone_and_its_page_can_be_shown(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFLAGS", "-O0")  # to build in less time
    source, dist = tmp_path / "source", tmp_path / "dist"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    subprocess.run(
        ["cp", "-r", str(ROOT / "packages"), str(source)], check=True
    )  # as they are here, committed or not
    build = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        str(dist),
        str(source / "packages" / package),
    ]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    shutil.rmtree(source)
    files = sorted(dist.iterdir())
    checked = [sys.executable, "-m", "twine", "check", "--strict", *map(str, files)]
    done = subprocess.run(checked, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    name, of_source, of_wheel = PACKAGES[package]
    wheel, archive = files
    assert wheel.name.startswith(f"{name}-")
    with tarfile.open(archive) as packed:
        assert of_source <= {each.partition("/")[2] for each in packed.getnames()}
    with ZipFile(wheel) as packed_wheel:
        names = packed_wheel.namelist()
        assert of_wheel <= set(names)
        assert [each for each in names if each.endswith("/licenses/LICENSE")]
        assert {each.split("/")[0].split("-")[0] for each in names} == {
            package,
            name,
        }


@pytest.mark.parametrize("package", ["lockstep", "resampled"])
def test_a_page_has_no_link_that_a_package_index_could_not_follow(package: str) -> None:
    page = text_of(ROOT / "packages" / package / "README.md")
    assert [
        link
        for link in re.findall(r"\]\(([^)\s]+)\)", page)
        if not link.startswith("https://")
    ] == []


def titles(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(row["table"] for row in csv.DictReader(file)))


def test_parts_of_titles_choose_tables_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "simulations.csv"
    simulate(path, 2, "halving")
    simulate(path, 3, "Corners")
    assert titles(path) == [
        title for title in TABLES if title in ("Corners", "Halving")
    ]
    assert (
        "Halving,halved candidates 81; a fit's noise 0.1,best thrown out,"
        in text_of(path)
    )


def test_the_committed_file_has_all_tables() -> None:
    assert titles(CSV) == list(TABLES)


@pytest.mark.long
def test_all_tables_are_drawn(tmp_path: Path) -> None:
    simulate(tmp_path / "simulations.csv", 1)
    assert titles(tmp_path / "simulations.csv") == list(TABLES)
