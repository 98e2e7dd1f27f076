"""What a search takes of memory: estimates against a process's own peak, and what is said where that is too much."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import psutil
import pytest

from stages import adopt, check
from stages.lib.check.memory import in_mib
from tests.check.conftest import Write
from tests.conftest import Command
from tests.project import ROOT

# Prints a process's peak, in KiB, as its last line.
MEASURED = "\n".join(
    [
        "import resource, runpy, sys",
        "sys.argv = ['stages.search', 'mine']",
        "runpy.run_module('stages.search', run_name='__main__')",
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)",
    ]
)


def test_a_search_that_this_machine_has_no_memory_for_is_refused(
    write: Write, in_process: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({}, "optimizer")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=300 * 2**20))
    done = in_process(check)
    assert done.returncode == 1
    assert re.fullmatch(
        r"error: params.yaml: experiments.optimizer: takes about 4\d0 MiB of memory, and this machine has 300 MiB "
        r"left. Lower data.sample, cv.n_splits, or runtime.n_jobs. \(line \d+\)\n",
        done.stderr,
    )


def test_a_search_that_takes_more_than_its_limit_is_noted(write: Write, in_process: Command) -> None:
    write({"runtime.max_memory_mb": 512}, "dropout")
    done = in_process(check)
    assert done.returncode == 0
    assert re.match(r"note: dropout takes about 5\d0 MiB of memory. runtime.max_memory_mb limits", done.stderr)
    assert re.search(r"^dropout: 50 candidates, 1,500 fits, about \d+ s and 5\d0 MiB$", done.stdout, re.MULTILINE)


def test_amounts_are_rough() -> None:
    assert [in_mib(mib * 2**20) for mib in (434, 999, 2690)] == ["430 MiB", "1000 MiB", "2.6 GiB"]


@pytest.mark.long
@pytest.mark.parametrize(("n_rows", "n_columns"), [(500, 4), (40_000, 60)])
def test_the_estimate_is_within_a_quarter_of_the_peak(
    write: Write, in_process: Command, n_rows: int, n_columns: int
) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(n_rows, n_columns)).round(3)).add_prefix("x")
    table.assign(y=np.where(table["x0"] + rng.normal(size=n_rows) > 0, "yes", "no")).to_csv("mine.csv", index=False)
    write({"experiments": {"mine": {"grid": {"lr": [0.01, 0.02]}, "fixed": {"max_epochs": 2}}}})
    assert in_process(adopt, "mine.csv", "y", "--force").returncode == 0
    text = Path("params.yaml").read_text(encoding="utf-8")
    mine = "experiments:\n  mine:\n    grid:\n      lr: [0.01, 0.02]\n    fixed: {max_epochs: 2}\n"
    Path("params.yaml").write_text(text[: text.index("experiments:\n")] + mine, encoding="utf-8")
    promised = re.search(r"mine: .* and ([\d.]+) (MiB|GiB)", in_process(check).stdout)
    assert promised
    mib = float(promised[1]) * (1024 if promised[2] == "GiB" else 1)
    run = subprocess.run(
        [sys.executable, "-c", MEASURED], capture_output=True, encoding="utf-8", env={"PYTHONPATH": str(ROOT)}
    )
    assert run.returncode == 0, run.stderr
    assert mib == pytest.approx(int(run.stdout.splitlines()[-1]) / 1024, rel=0.25)
