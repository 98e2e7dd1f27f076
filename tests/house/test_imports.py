"""import-linter keeps the floors: `make test` runs it, and these tests show that it fails where it should."""

import ast
from typing import get_args

import lockstep
from stages.lib.config.cv import Splitter
from stages.lib.report.subject import _SPLITS
from stages.lib.scores.splits import _SPLITTERS
from tests.conftest import MakeProject
from tests.project import ROOT, text_of

# Files, and what is planted into them: up, on the same floor, and across packages.
PLANTED = [
    ("stages/lib/data/csv_text.py", "stages.lib.report.page"),
    ("stages/lib/data/dataset.py", "stages.lib.search"),
    ("stages/lib/told/scores.py", "lockstep.backend"),
    ("stages/lib/engine/numerics.py", "lockstep.turns"),
    ("nets/network.py", "lockstep.options"),
    ("lockstep/search.py", "stages.lib.common"),
    ("resampled/means/rows.py", "lockstep"),
    ("resampled/means/pooling.py", "resampled.pairs"),
    ("lockstep/fits/tasks.py", "lockstep.grouping"),
    ("stages/lib/best_params/leaderboard.py", "stages.best_params"),
    ("stages/lib/scores/scorer.py", "benchmarks.engine"),
    ("stages/lib/attic/__init__.py", "stages"),  # a room without a floor
]


def test_planted_imports_are_named_by_file_and_line(make_project: MakeProject) -> None:
    project = make_project()
    (project.folder / "stages/lib/attic").mkdir()
    (project.folder / "stages/lib/attic/__init__.py").touch()
    for file, planted in PLANTED:
        code = project.folder / file
        code.write_text(f"import {planted}\n{text_of(code)}", encoding="utf-8")
    done = project.run("lint-imports", "--no-cache", ok=False)
    assert done.returncode == 1
    for file, planted in PLANTED[:-1]:
        assert (
            f"{file.removesuffix('.py').replace('/', '.')} -> {planted} (l.1)"
            in done.stdout
        )
    assert "attic" in done.stdout


def test_tests_of_the_statistics_can_go_with_them() -> None:
    for file in (ROOT / "tests/resampled").rglob("*.py"):
        for node in ast.walk(ast.parse(text_of(file))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            own = [
                name
                for name in names
                if name.split(".")[0] in ("stages", "lockstep", "benchmarks", "tests")
            ]
            assert all(f"{name}.".startswith("tests.resampled.") for name in own), (
                file,
                own,
            )


def test_what_the_pipeline_takes_from_the_engine_is_public() -> None:
    taken = set()
    for file in (*(ROOT / "stages").rglob("*.py"), *(ROOT / "nets").rglob("*.py")):
        for node in ast.walk(ast.parse(text_of(file))):
            if isinstance(node, ast.ImportFrom) and node.module == "lockstep":
                taken |= {alias.name for alias in node.names}
    assert "LockstepWarning" in taken
    assert taken <= set(lockstep.__all__)


def test_every_splitter_draws_splits_and_is_described() -> None:
    assert set(get_args(Splitter)) == {*_SPLITTERS, "time"} == set(_SPLITS)
