"""import-linter keeps the floors: `make test` runs it, and these tests show that it fails where it should."""

import ast
from typing import get_args

import lockstep
from gridstage.config.cv import Splitter
from gridstage.report.subject import _SPLITS
from gridstage.scores.splits import _SPLITTERS
from packages.gridstage.tests.conftest import MakeProject
from packages.gridstage.tests.project import ROOT, text_of

# Files, and what is planted into them: up, on the same floor, and across packages.
PLANTED = [
    ("packages/gridstage/src/gridstage/data/csv_text.py", "gridstage.report.page"),
    ("packages/gridstage/src/gridstage/data/dataset.py", "gridstage.search"),
    ("packages/gridstage/src/gridstage/told/scores.py", "lockstep.backend"),
    ("packages/gridstage/src/gridstage/engine/numerics.py", "lockstep.turns"),
    ("nets/network.py", "lockstep.options"),
    ("packages/lockstep/src/lockstep/search.py", "gridstage.common"),
    ("packages/resampled/src/resampled/means/rows.py", "lockstep"),
    ("packages/resampled/src/resampled/means/pooling.py", "resampled.pairs"),
    ("packages/lockstep/src/lockstep/fits/tasks.py", "lockstep.grouping"),
    (
        "packages/gridstage/src/gridstage/best_params/leaderboard.py",
        "stages.best_params",
    ),
    ("packages/gridstage/src/gridstage/scores/scorer.py", "benchmarks.engine"),
    (
        "packages/gridstage/src/gridstage/attic/__init__.py",
        "stages",
    ),  # a room without a floor
]


def test_planted_imports_are_named_by_file_and_line(make_project: MakeProject) -> None:
    project = make_project()
    (project.folder / "packages/gridstage/src/gridstage/attic").mkdir()
    (project.folder / "packages/gridstage/src/gridstage/attic/__init__.py").touch()
    for file, planted in PLANTED:
        code = project.folder / file
        code.write_text(f"import {planted}\n{text_of(code)}", encoding="utf-8")
    done = project.run("lint-imports", "--no-cache", ok=False)
    assert done.returncode == 1
    for file, planted in PLANTED[:-1]:
        module = file.rpartition("/src/")[2].removesuffix(".py").replace("/", ".")
        assert f"{module} -> {planted} (l.1)" in done.stdout
    assert "attic" in done.stdout


def test_tests_of_the_statistics_can_go_with_them() -> None:
    for file in (ROOT / "packages/resampled/tests").rglob("*.py"):
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
                if name.split(".")[0]
                in (
                    "benchmarks",
                    "gridstage",
                    "lockstep",
                    "packages",
                    "stages",
                    "tests",
                )
            ]
            assert all(
                f"{name}.".startswith("packages.resampled.tests.") for name in own
            ), (
                file,
                own,
            )


def test_what_the_pipeline_takes_from_the_engine_is_public() -> None:
    taken = set()
    library = (ROOT / "packages/gridstage/src").rglob("*.py")
    for file in (*library, *(ROOT / "nets").rglob("*.py")):
        for node in ast.walk(ast.parse(text_of(file))):
            if isinstance(node, ast.ImportFrom) and node.module == "lockstep":
                taken |= {alias.name for alias in node.names}
    assert "LockstepWarning" in taken
    assert taken <= set(lockstep.__all__)


def test_every_splitter_draws_splits_and_is_described() -> None:
    assert set(get_args(Splitter)) == {*_SPLITTERS, "time"} == set(_SPLITS)
