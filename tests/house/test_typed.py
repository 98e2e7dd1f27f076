"""mypy knows the types of the public names of all three packages, where their wheels are installed."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from gridstage.common import write_text
from lockstep.kernel.build import compiler
from packages.gridstage.tests.project import ROOT

# What a script of a user's own may say of the types.
RIGHT = """
from typing import Any

import numpy as np
import torch

import gridstage
import lockstep
import resampled
from gridstage.results import Results
from resampled.conformal import interval_steps

versions: str = gridstage.__version__ + lockstep.__version__ + resampled.__version__


def engine(net: Any, search: Any, X: np.ndarray, y: np.ndarray) -> str:
    foreseen: lockstep.Plan = lockstep.plan(search, X, y)
    seconds: float = foreseen.seconds
    nets: list[int] = [group.n_nets for group in foreseen.groups]
    seed: int = lockstep.fit_seed(7, 0)
    lean: type[torch.optim.Optimizer] = lockstep.lean_optimizer(torch.optim.Adam)
    return lockstep.explain(net, X, y) or f"{seconds} {nets} {seed} {lean}"


def statistics(search: Any, X: np.ndarray, y: np.ndarray) -> str:
    scores: resampled.Scores = resampled.Scores(search, rope=0.01)
    word: str = scores.verdict()[0]
    means: np.ndarray = scores.best_set()
    steps = interval_steps(y, y)
    return f"{resampled.summary(search, X, y)} {word} {means} {steps.at(y) if steps else None}"


results: Results = Results()
"""
WRONG = """
import gridstage
import lockstep
import resampled

seed: str = lockstep.fit_seed(7, 0)
lockstep.explian
resampled.sumary
gridstage.version
"""
# By line; the first one is empty.
MISTAKES = {
    6: 'Incompatible types in assignment (expression has type "int", variable has type "str")',
    7: 'Module has no attribute "explian"; maybe "explain"?',
    8: 'Module has no attribute "sumary"; maybe "summary"?',
    9: 'Module has no attribute "version"; maybe "__version__"?',
}


def run(*command: object) -> str:
    variables = {key: os.environ[key] for key in os.environ if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        capture_output=True,
        text=True,
        env=variables | {"CFLAGS": "-O0"},  # to build in less time
    )
    return done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.skipif(compiler() is None, reason="needs a C compiler")
def test_mypy_reads_the_types_of_installed_wheels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment sees what is installed here, too, but not the folders of this repository."""
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    # As they are here, committed or not.
    subprocess.run(["cp", "-r", str(ROOT / "packages"), str(source)], check=True)
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    (site,) = (tmp_path / "env").glob("lib/python*/site-packages")
    write_text(site / "there.pth", sysconfig.get_paths()["purelib"])
    install = "pip install --quiet --no-deps --no-index --no-build-isolation".split()
    folders = [
        source / "packages" / each for each in ("gridstage", "lockstep", "resampled")
    ]
    assert run(*install, "--target", site, *folders) == ""
    for package in ("gridstage", "lockstep", "resampled"):
        assert (site / package / "py.typed").exists()
    monkeypatch.chdir(tmp_path)
    python = tmp_path / "env/bin/python"
    check = ("mypy", "--strict", "--cache-dir", "cache", "--python-executable", python)
    write_text("right.py", RIGHT)
    assert run(*check, "right.py") == "Success: no issues found in 1 source file\n"
    write_text("wrong.py", WRONG)
    said = run(*check, "wrong.py").splitlines()
    assert [line.rpartition("  [")[0] for line in said[:-1]] == [
        f"wrong.py:{line}: error: {mistake}" for line, mistake in MISTAKES.items()
    ]
