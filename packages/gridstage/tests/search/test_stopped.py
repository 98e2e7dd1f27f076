"""A search that is killed, or ended with Ctrl-C, goes on with what it has trained. Oracle: its metrics in one go."""

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridstage.search.checkpoint import checkpoint_of, forget, telling
from packages.gridstage.tests.project import (
    ROOT,
    environment,
    real_params,
    write_params,
)

COMMAND = [sys.executable, "-m", "stages.search", "mine"]


def write_project(folder: Path) -> None:
    """Write a project whose search trains for more than a few seconds, in many stacks."""
    for name in ("nets", "stages"):
        (folder / name).symlink_to(ROOT / name)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 4)).round(3)
    table = pd.DataFrame(x, columns=list("abcd"))
    table["label"] = np.where(x[:, 0] * x[:, 1] > rng.normal(size=len(x)), "yes", "no")
    table.to_csv(folder / "table.csv", index=False)
    params = real_params()
    params["data"] |= {
        "path": "table.csv",
        "url": None,
        "sha256": None,
        "header": True,
        "target": "label",
    }
    params["data"]["columns"] = {"label": {"classes": ["no", "yes"]}}
    params["model"] |= {"max_epochs": 6000, "batch_size": 32}
    params["cv"] |= {"n_repeats": 1}
    grid = {
        "lr": [0.001, 0.003, 0.01, 0.03],
        "module__n_neurons": [6, 12, 18, 24, 30, 36, 42, 48],
    }
    params["experiments"] = {"mine": {"grid": grid, "fixed": {}}}
    write_params(params, folder)


def metrics(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted((folder / "metrics").rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def stopped(
    folder: Path, sent: signal.Signals, n_files: int
) -> subprocess.CompletedProcess[str]:
    """Run a search until it has kept so many files, and stop it."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(COMMAND, cwd=folder, env=environment(), **pipes)  # type: ignore[call-overload]
    while (
        process.poll() is None
        and len(list((folder / ".kept").rglob("*.nets"))) < n_files
    ):
        time.sleep(0.02)
    process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(COMMAND, process.returncode, out, err)


@pytest.mark.long
@pytest.mark.usefixtures("ctrl_c")
def test_a_search_that_is_stopped_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    write_project(tmp_path)
    how = {"cwd": tmp_path, "env": environment(), "capture_output": True, "text": True}
    done = subprocess.run(COMMAND, **how)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    expected = metrics(tmp_path)
    shutil.rmtree(tmp_path / "metrics")
    assert not (tmp_path / ".kept").exists()

    assert stopped(tmp_path, signal.SIGKILL, 1).returncode == -signal.SIGKILL
    assert metrics(tmp_path) == {}
    interrupted = stopped(tmp_path, signal.SIGINT, 2)
    assert interrupted.returncode == 130
    told = re.search(
        r"^mine: (\d+) of 96 nets are from the run that was stopped$",
        interrupted.stderr,
        re.MULTILINE,
    )
    kept = re.search(
        r"^interrupted\nmine: (\d+) of 96 nets are kept for the next run$",
        interrupted.stderr,
        re.MULTILINE,
    )
    assert told, interrupted.stderr
    assert kept, interrupted.stderr
    assert 0 < int(told[1]) < int(kept[1])
    done = subprocess.run(COMMAND, **how)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    assert (
        f"mine: {kept[1]} of 96 nets are from the run that was stopped" in done.stderr
    )
    assert metrics(tmp_path) == expected
    assert not (tmp_path / ".kept").exists()


@pytest.mark.parametrize(
    ("counts", "said", "noted"),
    [
        (
            [(1380, 2100), (1400, 2100)],
            ["mine: 1,380 of 2,100 nets are from the run that was stopped"],
            ["mine: 1,400 of 2,100 nets are kept for the next run"],
        ),
        ([(0, 2100)], [], ["mine: none of 2,100 nets is kept for the next run"]),
        ([], [], []),
        (
            [(0, 2100), (16, 2100)],
            [],
            ["mine: 16 of 2,100 nets are kept for the next run"],
        ),
    ],
)
def test_what_is_told_of_kept_nets(
    counts: list[tuple[int, int]], said: list[str], noted: list[str]
) -> None:
    def interrupt() -> None:
        with telling("mine", told.append) as tell:
            for each in counts:
                tell(*each)
            raise KeyboardInterrupt

    told: list[str] = []
    with pytest.raises(KeyboardInterrupt) as raised:
        interrupt()
    assert told == said
    assert getattr(raised.value, "__notes__", []) == noted


def test_what_one_experiment_has_kept_goes_alone(here: Path) -> None:
    for name in ("mine", "yours"):
        checkpoint_of(name).mkdir(parents=True)
        (checkpoint_of(name) / "1.nets").touch()
    forget("mine")
    assert [path.name for path in Path(".kept").iterdir()] == ["yours"]
    forget("yours")
    assert not Path(".kept").exists()
    forget("yours")
