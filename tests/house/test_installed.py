"""`packages/test_installed.py` runs tests against an installed package, with this checkout's sources out of the way."""

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import resampled
from gridstage.common import write_text
from packages.gridstage.tests.project import ROOT, Project

SCRIPT = "packages/test_installed.py"
TEST = """
from pathlib import Path
import resampled

def test_the_installed_package_is_imported():
    assert "site-packages" in resampled.__file__
    assert Path("packages/resampled/pyproject.toml").exists()
    assert not list(Path("packages").glob("*/src"))

def test_what_fails():
    assert False
"""


class Checkout:
    """A copy of the project, and an environment beside it, whose packages are those of this one."""

    def __init__(self, folder: Path) -> None:
        self.project = Project.copied(folder / "checkout")
        write_text(self.project.folder / "packages/resampled/tests/test_one.py", TEST)
        self.project.commit_first()
        venv.create(folder / "env", with_pip=False, symlinks=True)
        self.python = str(folder / "env/bin/python")
        (self.site,) = (folder / "env").glob("lib/python*/site-packages")
        self.see(sysconfig.get_paths()["purelib"])

    def see(self, *folders: object) -> None:
        """Let the environment import what is in these folders."""
        write_text(self.site / "there.pth", "".join(f"{each}\n" for each in folders))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.project.run(self.python, SCRIPT, *arguments, ok=False)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    folder = tmp_path_factory.mktemp("installed")
    (folder / "checkout").mkdir()
    return Checkout(folder)


def test_the_tests_of_an_installed_package_are_run(checkout: Checkout) -> None:
    shutil.copytree(Path(resampled.__file__).parent, checkout.site / "resampled")
    done = checkout.run("resampled", "-q")
    assert done.stdout.startswith(f"The tests are run against {checkout.site}")
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert done.returncode == 1
    done = checkout.run("resampled", "-q", "-k", "imported")
    assert (done.returncode, "1 passed, 1 deselected" in done.stdout) == (0, True)
    shutil.rmtree(checkout.site / "resampled")


def test_the_checkouts_own_source_is_refused(checkout: Checkout) -> None:
    source = checkout.project.folder / "packages/resampled/src"
    checkout.see(source, sysconfig.get_paths()["purelib"])
    done = checkout.run("resampled")
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {source / 'resampled'} is this checkout's source. Install a wheel: pip install ./packages/resampled\n"
    )


def test_a_package_that_is_not_installed_is_named(checkout: Checkout) -> None:
    checkout.see()
    done = checkout.run("resampled")
    assert done.returncode == 1
    assert done.stderr.startswith("error: resampled can't be imported:\n")
    assert "No module named 'resampled'" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["statistics"], ["-q"]])
def test_another_name_is_refused_with_those_that_there_are(
    arguments: list[str],
) -> None:
    command = [sys.executable, str(ROOT / SCRIPT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "gridstage|lockstep|resampled [OPTION ...]" in done.stderr
