"""What a user may import: what the stages import, the `__all__` of a room names, and an example shows that it runs."""

import ast
import inspect
from contextlib import chdir
from importlib import import_module
from pathlib import Path
from shutil import copyfile, copytree
from typing import Any

import pytest

import gridstage
from packages.gridstage.tests.project import ROOT, Project, text_of
from packages.resampled.tests.docstrings import (
    described,
    parameters,
    ran,
    returns,
    sections,
)

ROOMS = [
    each.parent.name for each in Path(gridstage.__file__).parent.glob("*/__init__.py")
]
PUBLIC = {
    f"gridstage.{room}.{name}": getattr(module, name)
    for room in sorted(ROOMS)
    for module in [import_module(f"gridstage.{room}")]
    for name in getattr(module, "__all__", [])
}
# A constant has no docstring of its own.
DOCUMENTED = {path: each for path, each in PUBLIC.items() if not isinstance(each, str)}


def imports_of(script: Path) -> set[str]:
    """Return the names that a stage imports from the packages, with the modules that they are from."""
    names = set()
    for node in ast.walk(ast.parse(text_of(script))):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{each.name}" for each in node.names}
    packages = "gridstage", "lockstep", "resampled"
    return {name for name in names if name.startswith(packages)}


def test_public_is_what_the_stages_import_and_nothing_else() -> None:
    imported = {"gridstage"}  # by the package of the stages, which pins the environment
    for script in (ROOT / "stages").glob("*.py"):
        imported |= imports_of(script)
    assert imported == {"gridstage", *PUBLIC}


def test_no_two_rooms_give_a_name_to_different_things() -> None:
    names = [path.rpartition(".")[2] for path in PUBLIC]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", DOCUMENTED)
def test_a_docstring_says_what_goes_in_and_what_comes_out(path: str) -> None:
    public = DOCUMENTED[path]
    found = sections(public)
    assert "Examples" in found
    assert bool({"Returns", "Yields"} & {*found}) == returns(public)
    if not inspect.ismodule(public):
        assert described(found.get("Parameters", "")) == parameters(public)


def copied(project: Project, folder: Path) -> Path:
    """Copy what is a user's of a project."""
    for name in (".dvc/plots", "data", "metrics"):
        copytree(project.folder / name, folder / name)
    for name in ("dvc.yaml", "params.yaml"):
        copyfile(project.folder / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def names(
    reproduced: Project, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What examples may name: all that is public, and what the library's own example makes with it."""
    names = {path.rpartition(".")[2]: public for path, public in PUBLIC.items()}
    names["__name__"] = __name__
    with chdir(copied(reproduced, tmp_path_factory.mktemp("face"))):
        assert not ran(gridstage, names)
    return names


@pytest.mark.parametrize("path", DOCUMENTED)
def test_an_example_runs(
    path: str,
    names: dict[str, Any],
    reproduced: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(copied(reproduced, tmp_path))
    monkeypatch.setattr("sys.argv", ["stage"])
    assert not ran(DOCUMENTED[path], dict(names))
