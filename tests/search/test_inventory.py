"""What a process of a cluster has to have, and how a difference is told."""

import importlib
import importlib.metadata
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from torch import optim

from nets.network import PimaClassifier
from stages.lib.search.inventory import Inventory, asked_for, differences, inventory, modules_of

HERE: Inventory = {"torch": "2.13.0", "module lockstep": "a", "module nets": "b", "kernel": ""}


def test_modules_are_those_that_a_pickle_names() -> None:
    found = modules_of([PimaClassifier, {"optimizer": optim.Adamax}])
    assert {"nets.network", "torch.optim.adamax"} <= {*found}
    assert found[0] == "stages.lib.engine"  # which pins the numerics


def test_an_inventory_has_versions_and_hashes_of_own_files() -> None:
    modules, packages, own = asked_for(["nets.table_net", "rtdl_num_embeddings"])
    assert {"nets", "stages", "lockstep"} <= {*own}
    assert "torch" not in own
    found = inventory(modules, packages, own)
    for package in ("torch", "rtdl_num_embeddings"):
        assert found[package] == importlib.metadata.version(package)
    file = sys.modules["nets.table_net"].__file__
    assert found["module nets.table_net"] == sha256(Path(str(file)).read_bytes()).hexdigest()
    assert differences(found, found) == []


def test_code_that_was_loaded_counts_and_not_what_the_file_has_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "edited_net.py"
    file.write_text("A = 1\n", encoding="utf-8")
    arguments: tuple[list[str], list[str], list[str]] = (["edited_net"], [], ["edited_net"])
    before = inventory(*arguments)
    file.write_text("A = 2\n", encoding="utf-8")
    assert inventory(*arguments)["module edited_net"] == before["module edited_net"]
    del sys.modules["edited_net"]
    assert inventory(*arguments)["module edited_net"] != before["module edited_net"]
    del sys.modules["edited_net"]


@pytest.mark.parametrize("name", ["net_in_a_file", "nets_in_a_folder.net"])
def test_code_of_another_folder_is_compared(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / f"{name.replace('.', '/')}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text("A = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module(name)
    modules, packages, own = asked_for([name])
    assert name.partition(".")[0] in own
    assert inventory(modules, packages, own)[f"module {name}"] == sha256(b"A = 1\n").hexdigest()
    del sys.modules[name]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"torch": "2.12.0"}, ["has torch 2.12.0 instead of 2.13.0"]),
        ({"torch": ""}, ["has torch (missing) instead of 2.13.0"]),
        ({"module lockstep": "c", "module nets": "c"}, ["has other code in lockstep, nets"]),
        ({"module further": "c"}, []),
        ({"kernel": "It is not built."}, ["has another kernel (It is not built.)"]),
        (
            {"import nets.mine": "ModuleNotFoundError: No module named 'nets'", "torch": ""},
            ["can't import nets.mine (ModuleNotFoundError: No module named 'nets')"],
        ),
    ],
)
def test_each_difference_is_told(changes: Inventory, expected: list[str]) -> None:
    assert differences(HERE, HERE | changes) == expected


def test_a_module_that_fails_is_in_the_inventory() -> None:
    assert inventory(["no_such_module"], [], []).get("import no_such_module", "").startswith("ModuleNotFoundError")
