"""Which code in the repository DVC does not watch."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from stages.lib.model import resolve
from stages.lib.model.source import unnoticed_sources

NET = "from torch import nn\nclass Net(nn.Linear):\n    pass\nshared = Net(1, 1)\nlambda_ = lambda: nn.ReLU()\n"


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to a folder with nets."""
    (tmp_path / "own_package").mkdir()
    for name in ("own_net.py", "own_layers.py", "own_package/deep.py"):
        (tmp_path / name).write_text(NET, encoding="utf-8")
    (tmp_path / "own_package/__init__.py").write_text("from own_package.deep import Net\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("own_net", "own_layers", "own_package", "own_package.deep"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def unnoticed(source: str, **names: str) -> list[str]:
    imported: dict[str, tuple[str, Any]] = {place: (name, resolve("module__x", name)) for place, name in names.items()}
    return unnoticed_sources(imported, source)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("own_net.Net", "own_net.py"),
        ("own_net.Net", "./own_net.py"),
        ("own_net.Net", "."),
        ("own_package.deep.Net", "own_package/deep.py"),
        ("own_package.Net", "own_package"),
        ("torch.nn.ReLU", "own_net.py"),
        ("torch.float64", "own_net.py"),
    ],
)
def test_code_in_the_source_or_installed_is_noticed(name: str, source: str) -> None:
    assert unnoticed(source, place=name) == []


def test_an_environment_in_the_repository_is_installed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert torch.__file__ is not None
    monkeypatch.chdir(Path(torch.__file__).parents[4])
    assert unnoticed(str(repository / "own_net.py"), place="torch.nn.ReLU") == []


@pytest.mark.parametrize("thing", ["Net", "shared", "lambda_"])
def test_code_elsewhere_is_not(thing: str) -> None:
    assert unnoticed("own_layers.py", **{"model.module": f"own_net.{thing}"}) == [
        f"model.module: own_net.{thing} is defined in own_net.py, but model.source is own_layers.py, "
        "so DVC would not notice changes to it. Set model.source to own_net.py."
    ]


def test_a_name_is_reached_through_a_file_that_is_watched() -> None:
    assert unnoticed("own_package/deep.py", place="own_package.Net") == [
        "place: own_package.Net is imported from own_package/__init__.py, but model.source is own_package/deep.py, so "
        "DVC would not notice changes to it. Put the code into one folder, and set model.source to that."
    ]


def test_code_in_two_places_needs_a_folder() -> None:
    found = unnoticed("own_net.py", **{"model.module": "own_net.Net", "model.module__x": "own_layers.Net"})
    assert found == [
        "model.module__x: own_layers.Net is defined in own_layers.py, but model.source is own_net.py, "
        "so DVC would not notice changes to it. Put the code into one folder, and set model.source to that."
    ]


def test_a_source_that_is_missing() -> None:
    assert unnoticed("own_nets.py", place="own_net.Net") == [
        "model.source is 'own_nets.py', but there is no such file or folder; name the one with the module's code"
    ]


def test_code_that_the_source_imports_is_told(repository: Path) -> None:
    for name, line in {
        "own_net.py": "from own_package import helper",
        "own_layers.py": "import stages.lib.common.errors, stages.lib.network",
        "own_package/deep.py": "from . import helper",
    }.items():
        (repository / name).write_text(f"{line}\n{NET}", encoding="utf-8")
    (repository / "own_package/helper.py").write_text("import math\n", encoding="utf-8")
    (repository / "stages/lib/common").mkdir(parents=True)
    for name in ("common/errors", "network"):
        (repository / f"stages/lib/{name}.py").touch()
    told = "but DVC would not notice changes to that file. Put the code into one folder, and set model.source to that."
    assert unnoticed("own_net.py", place="own_net.Net") == [
        f"model.source is own_net.py, which imports own_package/{name}.py, {told}"
        for name in ("__init__", "deep", "helper")
    ]
    assert unnoticed("own_layers.py", place="own_layers.Net") == [
        f"model.source is own_layers.py, which imports stages/lib/network.py, {told}"
    ]
    assert unnoticed("own_package", place="own_package.deep.Net") == []
    assert unnoticed(".", place="own_net.Net") == []
