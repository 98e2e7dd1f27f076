"""How many jobs are run at once, what is shown of a long stage without a terminal, and what a cluster has to have."""

import importlib
import importlib.metadata
import re
import sys
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from torch import optim

from gridstage.common import write_text
from gridstage.config import Runtime
from gridstage.search import doing
from gridstage.search.aside import progress
from gridstage.search.inventory import (
    Inventory,
    asked_for,
    differences,
    inventory,
    modules_of,
)
from gridstage.search.jobs import Jobs, jobs
from nets.network import PimaClassifier
from packages.gridstage.tests.refusals import refused


@pytest.mark.parametrize(
    ("n_jobs", "max_memory_mb", "jobs_run", "each"),
    [
        *(
            (1, 2048, 1, 2048),
            (3, 2048, 3, 512),
            (-1, 4096, 4, 819),
            (500, 4096, 4, 819),
            (4, 1024, 1, 1024),
        ),
        *((1, None, 1, None), (-1, None, 3, None)),  # the engine shares what is free
    ],
)
def test_jobs_are_no_more_than_cores_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch,
    n_jobs: int,
    max_memory_mb: int | None,
    jobs_run: int,
    each: int | None,
) -> None:
    monkeypatch.setattr("gridstage.search.jobs.cpu_count", lambda: 4)
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: SimpleNamespace(available=2048 * 2**20)
    )
    with jobs(Runtime(n_jobs=n_jobs, max_memory_mb=max_memory_mb)) as given:
        assert given == Jobs("loky", jobs_run, each)


def test_a_scheduler_that_does_not_answer_is_named() -> None:
    runtime = Runtime(
        backend="dask", dask_scheduler="tcp://127.0.0.1:9", dask_timeout=1
    )
    sentence = (
        "params.yaml: runtime.dask_scheduler: no scheduler answers at tcp://127.0.0.1:9"
    )
    with refused(re.escape(sentence)), jobs(runtime):
        pass


def test_dask_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    sentence = "params.yaml: runtime.backend is dask, which is not installed. Run `pip install distributed`"
    with (
        refused(re.escape(sentence)),
        jobs(Runtime(backend="dask")),
    ):
        pass


def test_each_part_of_the_work_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_FIRST", 0.0)
    with doing("mine: planning", "nets") as shown:
        shown.advance(300, 3000)
        assert capsys.readouterr().err.startswith(
            "mine: planning: 300 of 3,000 nets done, about "
        )
        shown.advance(300, 3000)
        assert capsys.readouterr().err == ""  # ten seconds have not gone by
        shown.next_line = 0.0
        shown.begin("mine: training", "net-epochs")
        shown.advance(2700, 2700)
        assert (
            capsys.readouterr().err
            == "mine: training: 2,700 of 2,700 net-epochs done, about 0 s left\n"
        )


def test_no_time_is_estimated_from_the_first_nets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_FIRST", 0.0)
    with doing("mine: planning", "nets") as shown:
        for more, told in ((1, "1"), (73, "74")):
            shown.advance(more, 1500)
            assert (
                capsys.readouterr().err
                == f"mine: planning: {told} of 1,500 nets done\n"
            )
            shown.next_line = 0.0
        shown.advance(1, 1500)
        assert capsys.readouterr().err.startswith(
            "mine: planning: 75 of 1,500 nets done, about "
        )


HERE: Inventory = {
    "torch": "2.13.0",
    "module lockstep": "a",
    "module nets": "b",
    "kernel": "",
}


def test_modules_are_those_that_a_pickle_names() -> None:
    found = modules_of([PimaClassifier, {"optimizer": optim.Adamax}])
    assert {"nets.network", "torch.optim.adamax"} <= {*found}
    assert found[0] == "gridstage.engine"  # which pins the numerics


def test_an_inventory_has_versions_and_hashes_of_own_files() -> None:
    modules, packages, own = asked_for(["nets.table_net", "rtdl_num_embeddings"])
    assert {"nets", "gridstage", "lockstep"} <= {*own}
    assert "torch" not in own
    found = inventory(modules, packages, own)
    for package in ("torch", "rtdl_num_embeddings"):
        assert found[package] == importlib.metadata.version(package)
    file = sys.modules["nets.table_net"].__file__
    assert (
        found["module nets.table_net"]
        == sha256(Path(str(file)).read_bytes()).hexdigest()
    )
    assert differences(found, found) == []


def test_code_that_was_loaded_counts_and_not_what_the_file_has_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "edited_net.py"
    write_text(file, "A = 1\n")
    arguments: tuple[list[str], list[str], list[str]] = (
        ["edited_net"],
        [],
        ["edited_net"],
    )
    before = inventory(*arguments)
    write_text(file, "A = 2\n")
    assert inventory(*arguments)["module edited_net"] == before["module edited_net"]
    del sys.modules["edited_net"]
    assert inventory(*arguments)["module edited_net"] != before["module edited_net"]
    del sys.modules["edited_net"]


@pytest.mark.parametrize("name", ["net_in_a_file", "nets_in_a_folder.net"])
def test_code_of_another_folder_is_compared(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / f"{name.replace('.', '/')}.py"
    file.parent.mkdir(exist_ok=True)
    write_text(file, "A = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module(name)
    modules, packages, own = asked_for([name])
    assert name.partition(".")[0] in own
    assert (
        inventory(modules, packages, own)[f"module {name}"]
        == sha256(b"A = 1\n").hexdigest()
    )
    del sys.modules[name]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"torch": "2.12.0"}, ["has torch 2.12.0 instead of 2.13.0"]),
        ({"torch": ""}, ["has torch (missing) instead of 2.13.0"]),
        (
            {"module lockstep": "c", "module nets": "c"},
            ["has other code in lockstep, nets"],
        ),
        ({"module further": "c"}, []),
        ({"kernel": "It is not built."}, ["has another kernel (It is not built.)"]),
        (
            {
                "import nets.mine": "ModuleNotFoundError: No module named 'nets'",
                "torch": "",
            },
            ["can't import nets.mine (ModuleNotFoundError: No module named 'nets')"],
        ),
    ],
)
def test_each_difference_is_told(changes: Inventory, expected: list[str]) -> None:
    assert differences(HERE, HERE | changes) == expected


def test_a_module_that_fails_is_in_the_inventory() -> None:
    assert (
        inventory(["no_such_module"], [], [])
        .get("import no_such_module", "")
        .startswith("ModuleNotFoundError")
    )
