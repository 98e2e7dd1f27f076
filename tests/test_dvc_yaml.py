"""A stage reruns when code it uses changes, and only then: dvc.yaml lists what each script imports."""

import ast
from pathlib import Path
from typing import Any

import pytest

from stages.lib import yaml12
from tests.conftest import ROOT, real_params

STAGES: dict[str, Any] = yaml12.load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def source_of(module: str) -> Path | None:
    """Return a module's file, where it is one of the project's."""
    path = ROOT / module.replace(".", "/")
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imports(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.startswith("stages")}


def closure(*modules: str) -> set[str]:
    """Return the files of `modules` and of all that they import, packages' __init__ that hold code included."""
    files: set[Path] = set()
    waiting = [*modules, "stages"]
    while waiting:
        file = source_of(waiting.pop())
        if file and file not in files:
            files.add(file)
            waiting += imports(file)
    return {str(file.relative_to(ROOT)) for file in files} - {"stages/lib/__init__.py"}


@pytest.mark.parametrize("stage", list(STAGES))
def test_a_stage_depends_on_the_code_it_imports(stage: str) -> None:
    definition = STAGES[stage].get("do", STAGES[stage])
    modules = [f"stages.{stage}"]
    source = real_params()["model"]["source"]
    if stage in {"search", "evaluate"}:  # named in params.yaml, not imported
        modules.append(source.removesuffix(".py").replace("/", "."))
    listed = [dep.replace("${model.source}", source) for dep in definition["deps"]]
    assert sorted(dep for dep in listed if dep.startswith("stages/")) == sorted(closure(*modules))


def test_the_source_is_the_modules() -> None:
    model = real_params()["model"]
    assert model["source"] == str(source_of(model["module"].rpartition(".")[0]).relative_to(ROOT))  # type: ignore[union-attr]
    assert "${model.source}" in STAGES["search"]["do"]["deps"]


def test_the_charts_depend_on_every_template() -> None:
    listed = {dep for dep in STAGES["charts"]["deps"] if dep.startswith(".dvc/")}
    assert listed == {f".dvc/plots/{file.name}" for file in (ROOT / ".dvc/plots").iterdir()}


def test_the_library_never_imports_a_stage() -> None:
    scripts = {f"stages.{file.stem}" for file in (ROOT / "stages").glob("*.py")} - {"stages.__init__"}
    for file in (ROOT / "stages/lib").glob("*.py"):
        assert not imports(file) & scripts, file


@pytest.mark.parametrize("stage", ["fetch", "best_params", "charts"])
def test_a_stage_that_needs_no_torch_does_not_import_it(stage: str) -> None:
    for file in closure(f"stages.{stage}"):
        assert "import torch" not in (ROOT / file).read_text(encoding="utf-8"), file
