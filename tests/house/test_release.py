"""The workflow of a release, step by step: what does not fit the tag, or is not the same twice, is not published."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gridstage.common import write_text
from packages.gridstage.tests.project import ROOT, text_of
from tests.house.test_workflow import JOBS, run_step

NAMES = ["gridstage", "lockstep", "resampled"]
NEWS = "- A first thing.\n\n### Fixed\n\n- A second one."
CHANGELOG = f"# Changelog\n\n## 0.3.0 (2026-12-03)\n\n{NEWS}\n\n## 0.2.0\n\n- Old.\n\n## 0.1.0\n"
# Writes down what it is called with.
NOTE = 'echo "$@" >> calls'


def check(
    folder: Path, tag: str, version: str = "0.3.0"
) -> subprocess.CompletedProcess[str]:
    """Check a tag in a copy of packages/ with one package."""
    packages = folder / "packages"
    (packages / "lockstep").mkdir(parents=True)
    shutil.copy(ROOT / "packages/check_tag.py", packages)
    project = f'[project]\nname = "skorch-lockstep"\nversion = "{version}"\n'
    write_text(packages / "lockstep/pyproject.toml", project)
    write_text(packages / "lockstep/CHANGELOG.md", CHANGELOG)
    command = [sys.executable, str(packages / "check_tag.py"), tag]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_tag_that_fits_has_news(tmp_path: Path) -> None:
    done = check(tmp_path, "lockstep-v0.3.0")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{NEWS}\n", "")


@pytest.mark.parametrize(
    ("tag", "version", "says"),
    [
        ("lockstep-v0.4.0", "0.3.0", "has version 0.3.0, but the tag is lockstep-v0.4"),
        ("lockstep-v0.3.0", "0.3.0.dev1", "has version 0.3.0.dev1, but the tag is"),
        ("lockstep-v0.3", "0.3", "CHANGELOG.md has nothing under `## 0.3`"),
        ("lockstep-v0.1.0", "0.1.0", "CHANGELOG.md has nothing under `## 0.1.0`"),
        ("skorch-lockstep-v0.3.0", "0.3.0", "which are lockstep-vVERSION"),
        ("v0.3.0", "0.3.0", "'v0.3.0' is not a tag of a release"),
        ("", "0.3.0", "'' is not a tag of a release"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused(
    tmp_path: Path, tag: str, version: str, says: str
) -> None:
    done = check(tmp_path, tag, version)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_the_versions_of_this_commit_can_be_released(name: str, tmp_path: Path) -> None:
    project = tomllib.loads(text_of(ROOT / f"packages/{name}/pyproject.toml"))
    version = project["project"]["version"]
    (tmp_path / "packages").symlink_to(ROOT / "packages")
    summary = tmp_path / "summary"
    variables = {
        "GITHUB_REF_NAME": f"{name}-v{version}",
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    assert run_step(tmp_path, "release/check", "Check", {}, **variables) == 0
    assert text_of(tmp_path / "output") == f'packages=["{name}"]\n'
    assert text_of(summary) == text_of(tmp_path / "notes.md") != ""


def files_of(name: str) -> list[str]:
    """Return some of the files of a package that are built."""
    stem = "skorch_lockstep" if name == "lockstep" else name
    return [f"{stem}-0.3.0-py3-none-any.whl", f"{stem}-0.3.0.tar.gz"]


@pytest.mark.parametrize("kept", [["lockstep"], ["gridstage"], NAMES])
def test_what_the_tag_names_is_kept(tmp_path: Path, kept: list[str]) -> None:
    for name in NAMES:
        (tmp_path / "packages" / name).mkdir(parents=True)
    files = " ".join(file for name in NAMES for file in files_of(name))
    make = f"{NOTE}\nmkdir dist\ncd dist\ntouch {files}"
    packages = json.dumps(kept)
    variables = {"GITHUB_SERVER_URL": "https://example.com", "PACKAGES": packages}
    assert run_step(tmp_path, "wheels/build", "Build", {"make": make}, **variables) == 0
    called = text_of(tmp_path / "calls")
    assert called == "wheels REPOSITORY=https://example.com/someone/project\n"
    found = sorted(path.name for path in (tmp_path / "dist").iterdir())
    assert found == sorted(file for name in kept for file in files_of(name))


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"a.whl": "1", "a.tar.gz": "2"}, 0),
        ({"a.whl": "1", "a.tar.gz": "3"}, 1),
        ({"a.whl": "1"}, 1),
        ({"a.whl": "1", "a.tar.gz": "2", "b.whl": "3"}, 1),
    ],
)
def test_two_builds_that_differ_are_refused(
    tmp_path: Path, other: dict[str, str], status: int
) -> None:
    builds = {"x86_64": {"a.whl": "1", "a.tar.gz": "2"}, "arm64": other}
    for machine, files in builds.items():
        (tmp_path / f"dist-{machine}").mkdir()
        for name, content in files.items():
            write_text(tmp_path / f"dist-{machine}" / name, content)
    summary = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    assert run_step(tmp_path, "wheels/compare", "Compare", {}, **summary) == status
    one = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    assert f"{one}  ./a.whl\n" in text_of(tmp_path / "summary")


@pytest.mark.parametrize(
    ("package", "built", "installed"),
    [
        ("lockstep", ["lockstep"], "skorch_lockstep"),
        ("lockstep", NAMES, "skorch_lockstep"),
        ("resampled", NAMES, "resampled"),
        ("gridstage", ["gridstage"], "gridstage"),
        ("gridstage", NAMES, "gridstage resampled skorch_lockstep"),
    ],
)
def test_what_was_built_is_installed_before_its_requirements(
    tmp_path: Path, package: str, built: list[str], installed: str
) -> None:
    """What a package needs is that of the same commit where this was built, otherwise what PyPI has."""
    (tmp_path / "dist").mkdir()
    for name in built:
        for file in files_of(name):
            (tmp_path / "dist" / file).touch()
    tests = {"python": NOTE}
    assert run_step(tmp_path, "wheels/test", "Install", tests, PACKAGE=package) == 0
    _, own, rest = text_of(tmp_path / "calls").splitlines()
    assert "--no-index --no-deps" in own
    assert own.endswith(f" --find-links dist {installed}")
    group = f"--group packages/{package}/pyproject.toml:test"
    assert rest == f"-m pip install {installed} {group}"


def test_nothing_is_published_before_its_tests() -> None:
    assert JOBS["release/publish"]["needs"] == "wheels"
    assert JOBS["release/announce"]["needs"] == "publish"
    for name in ("wheels/test", "wheels/test-kernel"):
        assert JOBS[name]["needs"] == "compare"
    assert JOBS["release/publish"]["environment"] == "pypi"
    pypi = [name for name, job in JOBS.items() if job["permissions"].get("id-token")]
    assert pypi == ["release/publish"]
