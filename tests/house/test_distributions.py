"""What would be uploaded to a package index: both packages are built as there, and their pages pass its checks."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from lockstep.kernel.build import compiler
from tests.project import ROOT

# By folder: the name of the distribution, and files that a user needs, of the source and of the wheel.
PACKAGES = {
    ".": ("skorch_lockstep", {"LICENSE", "lockstep/kernel/kernel.c", "pyproject.toml"}, {"lockstep/py.typed"}),
    "resampled": ("resampled", {"LICENSE", "README.md", "pyproject.toml"}, {"resampled/face.py"}),
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
    for name in ("pyproject.toml", "lockstep", "resampled"):  # as they are here, committed or not
        subprocess.run(["cp", "-r", str(ROOT / name), str(source)], check=True)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(source / package)]
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
        assert {each.split("/")[0].split("-")[0] for each in names} == {package.replace(".", "lockstep"), name}


@pytest.mark.parametrize("package", ["lockstep", "resampled"])
def test_a_page_has_no_link_that_a_package_index_could_not_follow(package: str) -> None:
    page = (ROOT / package / "README.md").read_text(encoding="utf-8")
    assert [link for link in re.findall(r"\]\(([^)\s]+)\)", page) if not link.startswith("https://")] == []
