"""import-linter keeps the floors: `make test` runs it, and these tests show that it fails where it should."""

import ast
from pathlib import Path

from tests.conftest import MakeProject
from tests.project import ROOT

# A file, what is planted into it, and the direction that is forbidden.
PLANTED = [
    ("data/csv_file.py", "stages.lib.report.page", "up"),
    ("data/dataset.py", "stages.lib.search", "same floor"),
    ("scores/told.py", "lockstep.backend", "room to engine"),
    ("../../lockstep/search.py", "stages.lib.common", "engine to room"),
    ("../../resampled/means/ttest.py", "stages.lib.common", "statistics to room"),
    ("../../resampled/means/rows.py", "lockstep", "statistics to engine"),
    ("../../resampled/means/pooling.py", "resampled.pairs", "mean to pair"),
    ("../../lockstep/members/rows.py", "lockstep.stacks", "member to stack"),
    ("../../lockstep/fits/tasks.py", "lockstep.grouping", "fit to group"),
    ("winners/leaderboard.py", "stages.best_params", "library to stage"),
    ("scores/scorer.py", "benchmarks.engine", "room to benchmark"),
    ("../../lockstep/backend.py", "benchmarks.engine", "engine to benchmark"),
    ("../../resampled/face.py", "benchmarks.simulate", "statistics to benchmark"),
]


def test_planted_imports_are_named_by_file_and_line(make_project: MakeProject) -> None:
    project = make_project()
    for file, planted, _ in PLANTED:
        code = project.folder / "stages/lib" / file
        code.write_text(f"import {planted}\n{code.read_text(encoding='utf-8')}", encoding="utf-8")
    done = project.run("lint-imports", "--no-cache", ok=False)
    assert done.returncode == 1
    for file, planted, direction in PLANTED:
        place = file.removesuffix(".py").replace("/", ".")
        module = place.removeprefix("......") if place.startswith(".") else f"stages.lib.{place}"
        assert f"{module} -> {planted} (l.1)" in done.stdout, direction


def test_a_room_without_a_floor_is_noticed(make_project: MakeProject) -> None:
    project = make_project()
    (project.folder / "stages/lib/attic").mkdir()
    (project.folder / "stages/lib/attic/__init__.py").touch()
    done = project.run("lint-imports", "--no-cache", ok=False)
    assert done.returncode == 1
    assert "attic" in done.stdout


def others(folder: Path) -> list[str]:
    """Return the modules of this project that tests of the statistics import, but for these statistics and tests."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            found += [name for name in names if name.split(".")[0] in ("stages", "lockstep", "benchmarks", "tests")]
    return [name for name in found if not f"{name}.".startswith("tests.resampled.")]


def test_tests_of_the_statistics_can_go_with_them(tmp_path: Path) -> None:
    assert others(ROOT / "tests/resampled") == []
    planted = "import stages.lib, benchmarks\nfrom lockstep import backend\ndef a():\n    from tests import project\n"
    (tmp_path / "test_planted.py").write_text(planted, encoding="utf-8")
    assert others(tmp_path) == ["stages.lib", "benchmarks", "lockstep", "tests"]


def test_folders_are_small() -> None:
    stages, places = ROOT / "stages", ("stages", "lockstep", "resampled", "benchmarks", "tests/resampled/simulation")
    for folder in {file.parent for place in places for file in (ROOT / place).rglob("*.py")}:
        # stages/stages.py is no stage: it answers whoever runs a stage as a file.
        modules = {file.stem for file in folder.glob("[!_]*.py")} - {"stages"}
        assert len(modules) <= (20 if folder == stages else 12), folder
