"""A stage reruns when code it uses changes, and only then: dvc.yaml lists what each script imports."""

from pathlib import Path
from typing import Any

import pytest

from stages.lib import yaml12
from stages.lib.imports import file_of, own_closure
from tests.conftest import ROOT, real_params

STAGES: dict[str, Any] = yaml12.load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def closure(*files: str) -> set[str]:
    """Return the files of the project that files import, themselves included; empty ones hold no code."""
    return {str(file) for file in own_closure(map(Path, files)) if file != Path("stages/lib/__init__.py")}


@pytest.mark.parametrize("stage", list(STAGES))
def test_a_stage_depends_on_the_code_it_imports(stage: str) -> None:
    definition = STAGES[stage].get("do", STAGES[stage])
    files = [f"stages/{stage}.py"]
    source = real_params()["model"]["source"]
    if stage in {"search", "evaluate"}:  # named in params.yaml, not imported
        files.append(source)
    listed = [dep.replace("${model.source}", source) for dep in definition["deps"]]
    assert sorted(dep for dep in listed if dep.startswith("stages/")) == sorted(closure(*files))


def test_the_source_is_the_modules() -> None:
    model = real_params()["model"]
    assert model["source"] == str(file_of(model["module"].rpartition(".")[0]))
    assert "${model.source}" in STAGES["search"]["do"]["deps"]


def test_the_charts_depend_on_every_template() -> None:
    listed = {dep for dep in STAGES["charts"]["deps"] if dep.startswith(".dvc/")}
    assert listed == {f".dvc/plots/{file.name}" for file in (ROOT / ".dvc/plots").iterdir()}


def test_the_library_never_imports_a_stage() -> None:
    scripts = {str(file) for file in Path("stages").glob("*.py")} - {"stages/__init__.py"}
    for file in Path("stages/lib").rglob("*.py"):
        assert not closure(str(file)) & scripts, file


@pytest.mark.parametrize("stage", ["fetch", "best_params", "charts"])
def test_a_stage_that_needs_no_torch_does_not_import_it(stage: str) -> None:
    for file in closure(f"stages/{stage}.py"):
        assert "import torch" not in (ROOT / file).read_text(encoding="utf-8"), file
