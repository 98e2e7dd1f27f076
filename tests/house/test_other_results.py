"""The tests pass whatever is in the files that this project's users change."""

import shutil
import subprocess
from pathlib import Path

import pytest

from stages.lib.merge.upstream import YOURS
from tests.project import IDENTITY, ROOT, environment, working_tree

# All of these read the sample, and none takes a minute.
QUICK = (
    "config",
    "data",
    "scores",
    "comparison",
    "fetch",
    "handover",
    "refine",
    "adopt",
    "doctor",
    "docs/test_said.py",
)


@pytest.mark.long
@pytest.mark.parametrize("content", [None, "experiments: [\n"], ids=["nothing", "nonsense"])
def test_the_tests_do_not_read_what_is_the_users(tmp_path: Path, content: str | None) -> None:
    """In a clone in which params.yaml, the data, results and README.md are gone, or are nonsense.

    What passes there passes with any grids, table and results. All tests are collected, and quick ones run.
    """
    for name in working_tree():
        path, is_users = tmp_path / name, name.startswith(YOURS)
        if not is_users or content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path)
        if is_users and content is not None:
            path.write_text(content, encoding="utf-8")

    def run(*command: str) -> None:
        variables = environment() | IDENTITY
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-10_000:]}\n{done.stderr[-2000:]}"

    run("git", "init", "--quiet")
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "Start")
    pytest_here = ("python", "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-p", "no:xdist")
    run(*pytest_here, "--collect-only")
    run(*pytest_here, *(f"tests/{name}" for name in QUICK))
