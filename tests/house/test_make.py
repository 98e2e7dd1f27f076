"""Commands: targets of make hide no failure; what is run wrongly, as a file or without its environment, says so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gridstage.common import write_text
from packages.gridstage.tests.project import ROOT, Project, text_of

# In place of Python, pip and gridstage: notes what is run, and fails where it is told to.
COMMAND = """\
#!/usr/bin/env bash
echo "${0##*/} $*" >> called
[ "$1" != "${FAILS:-}" ]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A folder with the Makefile, where commands only note how they are called."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name in ("gridstage", "pip", "python"):
        write_text(tmp_path / ".venv/bin" / name, COMMAND)
        (tmp_path / ".venv/bin" / name).chmod(0o755)
    for needed in (
        "constraints.txt",
        *(path.name for path in ROOT.glob("requirements*.txt")),
    ):
        (tmp_path / needed).touch()
    return Project(tmp_path)


def test_a_folder_is_no_target_and_hides_none(project: Project) -> None:
    helped = [line.split()[1] for line in project.make("help").stdout.splitlines()]
    assert {"help", "check", "repro", "test", "clean"} <= {*helped}
    for name in ("tests", "a b", "a:b", "50%", "#1", "$x", "test", "check"):
        (project.folder / name).mkdir()
    assert project.make("check").stderr == ""
    assert "to be done" not in project.make("--dry-run", "test").stdout
    done = project.make("tests", ok=False)
    assert (done.returncode, done.stdout) == (2, "")
    told = "error: tests is a folder, not a target. Did you mean `make test`? `make help` lists the targets."
    assert done.stderr.splitlines()[0] == told


@pytest.mark.parametrize(
    ("failing", "called"),
    [("none", 3), ("check", 1), ("rerun", 2)],
)
def test_make_repro_ends_where_a_command_fails(
    project: Project, failing: str, called: int
) -> None:
    done = project.make("repro", "SEARCHES=3", ok=False, variables={"FAILS": failing})
    assert done.returncode == (0 if failing == "none" else 2)
    commands = [f"gridstage {each}" for each in ("check", "rerun 3", "reproduced")]
    assert project.read("called").decode().splitlines() == commands[:called]


def test_the_kernel_is_built_again_when_its_source_changes(project: Project) -> None:
    source = project.folder / "packages/lockstep/src/lockstep/kernel/kernel.c"
    source.parent.mkdir(parents=True)
    source.touch()
    called = project.folder / "called"
    project.make("check")
    installed = "pip install --quiet --constraint constraints.txt --requirement requirements.txt"
    made = [installed, "python -m lockstep.kernel.build", "gridstage check"]
    assert text_of(called).splitlines() == made[-1:]
    later = (project.folder / ".venv/repro").stat().st_mtime + 1000
    os.utime(source, (later, later))
    said, command, *_ = project.make("check").stdout.splitlines()
    assert said.startswith("Installing packages into .venv: the first time, ")
    assert command.startswith("pip install --quiet")
    assert text_of(called).splitlines()[1:] == made


def test_a_file_that_hides_a_package_is_named(tmp_path: Path) -> None:
    write_text(tmp_path / "torch.py", "x = 1\n")
    command = [sys.executable, "-m", "gridstage.commands.check"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    told = "error: torch.py here hides the module torch, which the stages import. Rename the file.\n"
    assert (done.returncode, done.stderr) == (1, told)


def test_without_the_environment_a_command_says_how_to_activate_it(
    tmp_path: Path,
) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    # Without site, Python finds no installed package.
    command = [sys.executable, "-S", "-m", "stages.search"]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True
    )
    way_out = "Activate the environment that has it, such as by `source .venv/bin/activate`.\n"
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("error: The package ")
    assert done.stderr.endswith(f" is missing. {way_out}")


def test_without_git_or_in_a_repository_of_another_user_a_comparison_says_so(
    tmp_path: Path,
) -> None:
    project = Project.copied(tmp_path)
    done = project.run(
        sys.executable,
        "-m",
        "gridstage.commands.diff",
        "main",
        variables={"PATH": str(tmp_path)},
        ok=False,
    )
    told = "error: git is not installed, or not in PATH. Install it, then run the command again.\n"
    assert (done.returncode, done.stderr) == (1, told)
    project.git("init", "--quiet")
    different = {
        "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }  # as git's own tests do it
    done = project.stage("diff", "main", ok=False, variables=different)
    assert done.returncode == 1
    assert (
        "git reads nothing here, because the repository belongs to another user. If you trust it"
        in done.stderr
    )
    assert f"`git config --global --add safe.directory {project.folder}`" in done.stderr
