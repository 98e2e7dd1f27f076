"""Commands that are run as a file, without the environment, beside a file that hides a package, or without git."""

import os
import subprocess
import sys
from pathlib import Path

from tests.project import ROOT, Project


def test_a_stage_that_is_run_as_a_file_says_how_to_run_it() -> None:
    done = subprocess.run([sys.executable, "stages/search.py", "neurons"], cwd=ROOT, capture_output=True, text=True)
    told = "error: run it from the top of the repository as a module: `python -m stages.search neurons`.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)


def test_a_file_that_hides_a_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("x = 1\n", encoding="utf-8")
    command = [sys.executable, "-m", "stages.check"]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    told = "error: torch.py here hides the module torch, which the stages import. Rename the file.\n"
    assert (done.returncode, done.stderr) == (1, told)


def test_without_the_environment_a_command_says_how_to_activate_it(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    # Without site, Python finds no installed package.
    command = [sys.executable, "-S", "-m", "stages.search"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    way_out = "Run `make check` once, which makes the environment, then activate it: `source .venv/bin/activate`.\n"
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("error: The package ")
    assert done.stderr.endswith(f" is missing. {way_out}")


def test_without_git_or_in_a_repository_of_another_user_a_comparison_says_so(tmp_path: Path) -> None:
    project = Project.copied(tmp_path)
    done = project.run(sys.executable, "-m", "stages.diff", "main", variables={"PATH": str(tmp_path)}, ok=False)
    told = "error: git is not installed, or not in PATH. Install it, then run the command again.\n"
    assert (done.returncode, done.stderr) == (1, told)
    project.git("init", "--quiet")
    different = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}  # as git's own tests do it
    done = project.stage("diff", "main", ok=False, variables=different)
    assert done.returncode == 1
    assert "git reads nothing here, because the repository belongs to another user. If you trust it" in done.stderr
    assert f"`git config --global --add safe.directory {project.folder}`" in done.stderr
