"""Projects of one's own write the same bytes, whatever kernel numpy multiplies matrices by."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cross_cpu.machine import WRITTEN, Machine, hashes
from packages.gridstage.tests.kernels import openblas_kernels, variables
from packages.gridstage.tests.project import Project, set_at
from tests.tables import tables

# Few epochs: the kernel of the engine, which trains, does not multiply by OpenBLAS.
QUICK = {"model.max_epochs": 3}
IN_TIME = {
    "cv.splitter": "time",
    "cv.order": "date",
    "cv.n_repeats": 1,
    "cv.shuffle": False,
}
OF_PERSONS = {
    "cv.groups": "person",
    "cv.splitter": "stratified_group",
    "evaluate.costs": {"false_positive": 1, "false_negative": 5},
    "model.class_weight": "balanced",
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("write", "target", "settings"),
    [
        pytest.param(tables.penguins, "species", {}, id="three classes, missing cells"),
        pytest.param(tables.orders, "Profit", {}, id="regression, missing cells"),
        pytest.param(tables.sales, "sold", IN_TIME, id="in the order of time"),
        pytest.param(tables.visits, "paid", OF_PERSONS, id="groups, costs, weights"),
    ],
)
def test_the_bytes_do_not_depend_on_the_kernel(
    tmp_path: Path,
    write: Callable[[Path], None],
    target: str,
    settings: dict[str, Any],
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    project = Project.copied(made)
    project.commit_first()
    write(made / "data/table.csv")
    project.stage("adopt", "data/table.csv", target)
    params = project.params()
    for place, value in (QUICK | settings).items():
        set_at(params, place, value)
    project.write_params(params)
    for name in WRITTEN:
        shutil.rmtree(made / name, ignore_errors=True)
    found = {}
    for kernel in openblas_kernels():
        folder = tmp_path / kernel
        shutil.copytree(made, folder, symlinks=True)
        machine = Machine(kernel, [sys.executable], variables(kernel))
        assert machine.ended(folder, machine.start(folder))
        found[kernel] = hashes(folder)
    first, *others = found.values()
    assert len(first) > 10
    assert others == [first] * len(others)
