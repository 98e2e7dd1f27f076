"""`make wheels` builds the packages to the same bytes wherever it runs, each for the systems that it says."""

import os
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from benchmarks.cross_cpu.machine import hashes
from packages.gridstage.tests.project import ROOT

ADDRESS = "https://example.org/owner/name"


def built_in(folder: Path) -> Path:
    """Build the packages in a clone, and return the folder with their files."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    command = ["bash", str(folder / "packages/build.sh"), ADDRESS]
    temporary = folder / ".git/temporary"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return folder / "dist"


@pytest.mark.long
def test_two_builds_have_the_same_bytes(tmp_path: Path) -> None:
    first = built_in(tmp_path / "first")
    second = built_in(tmp_path / "anderswo é/second")
    assert hashes(first, ["."]) == hashes(second, ["."])
    wheels = list(first.glob("*.whl"))
    assert len(wheels) == 7
    for wheel in wheels:
        with ZipFile(wheel) as packed:
            libraries = [name for name in packed.namelist() if name.endswith(".so")]
            (about,) = [name for name in packed.namelist() if name.endswith("/WHEEL")]
            (facts,) = [
                name for name in packed.namelist() if name.endswith("/METADATA")
            ]
            said = packed.read(about).decode()
            assert f"Project-URL: Homepage, {ADDRESS}\n" in packed.read(facts).decode()
            # A Mac's library has its name in it, which was the path that it was built at.
            for library in libraries:
                assert str(tmp_path).encode() not in packed.read(library)
        is_pure = "-any" in wheel.name
        assert bool(libraries) is not is_pure
        assert f"Root-Is-Purelib: {str(is_pure).lower()}\n" in said
        assert f"Tag: {wheel.stem.split('-', 2)[2]}\n" in said
    assert len(list(first.glob("*.tar.gz"))) == 3
