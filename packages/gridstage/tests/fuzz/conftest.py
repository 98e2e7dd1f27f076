"""A folder to work in that has what a stage reads, and bounds for what a mutation may take."""

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from packages.gridstage.tests.read_sample import SAMPLE

# Memory that a mutation may take beyond what the process has; a net of 2**31 neurons must not slow down the machine.
_MEMORY = 4 * 2**30


@pytest.fixture(scope="module", autouse=True)
def _bounded() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(
        resource.RLIMIT_AS, (psutil.Process().memory_info().vms + _MEMORY, before[1])
    )
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Work in a folder with sixty rows of the committed CSV, and the committed params, model, metric and net."""
    folder = tmp_path_factory.mktemp("fuzz")
    for name in ("params.yaml", "models/best.onnx", "metrics/best_params.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(SAMPLE / name, folder / name)
    rows = (
        (SAMPLE / "data/pima-indians-diabetes.csv")
        .read_text(encoding="utf-8")
        .splitlines(keepends=True)[:60]
    )
    (folder / "data").mkdir()
    (folder / "data/rows.csv").write_text("".join(rows), encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)
