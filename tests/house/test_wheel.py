"""The package that is distributed has the files of a project, where this repository has links to its own."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from packages.gridstage.tests.project import ROOT

TEMPLATE = "src/gridstage/template"


@pytest.mark.long
def test_wheel_and_source_have_every_file_of_a_project(tmp_path: Path) -> None:
    source, dist = tmp_path / "source", tmp_path / "dist"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    package = source / "packages/gridstage"
    shutil.rmtree(package)
    # As it is here, committed or not.
    shutil.copytree(ROOT / "packages/gridstage", package, symlinks=True)
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist))
    subprocess.run([*build, str(package)], check=True, capture_output=True)
    template = package / TEMPLATE
    files = {
        f"gridstage/template/{path.relative_to(template)}": path.read_bytes()
        for folder in (template, *filter(Path.is_dir, template.rglob("*")))
        for path in folder.iterdir()
        if path.is_file()
    }
    assert len(files) > 30
    wheel, archive = sorted(dist.iterdir())
    with ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if "/template/" in name}
        assert {name: packed.read(name) for name in names} == files
    with tarfile.open(archive) as source_of_it:
        source_of_it.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.glob("gridstage-*/src")
    assert {name: (unpacked / name).read_bytes() for name in files} == files
