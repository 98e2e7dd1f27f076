"""import-linter keeps the floors: `make test` runs it, and these tests show that it fails where it should."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import get_args

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def imported(file: Path) -> Iterator[str]:
    """Yield the names of the modules that a file imports, from anywhere in it."""
    for node in ast.walk(ast.parse(text_of(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


# What tests of a package may import of this repository, besides the package.
OF_OTHERS = {
    "gridstage": [
        "benchmarks",
        "lockstep",
        "nets",
        "packages",
        "resampled",
        "stages",
        "tests",
    ],
    "lockstep": [
        "benchmarks.engine.everyday",
        "benchmarks.engine.memory",
        "benchmarks.engine.saturation",
        "packages.lockstep.tests",
        "packages.resampled.tests.docstrings",
    ],
    "resampled": ["packages.resampled.tests"],
}
INSTALLED = packages_distributions()


def declared(package: str) -> set[str]:
    """Return the distributions that a package and its tests need by its pyproject.toml."""
    content = tomllib.loads(text_of(ROOT / f"packages/{package}/pyproject.toml"))
    lines = [*content["project"]["dependencies"], *content["dependency-groups"]["test"]]
    return {canonicalize_name(Requirement(line).name) for line in lines}


@pytest.mark.parametrize("package", OF_OTHERS)
def test_tests_import_what_their_package_says_they_need(package: str) -> None:
    """So a package's tests can go with it."""
    known = declared(package)
    own = [package, *OF_OTHERS[package]]
    helpers = [f"{each.replace('.', '/')}.py" for each in own if "." in each]
    files = [ROOT / each for each in helpers if (ROOT / each).exists()]
    files += (ROOT / "packages" / package / "tests").rglob("*.py")
    for file in [*files, ROOT / "conftest.py"]:
        for name in imported(file):
            top = name.partition(".")[0]
            if top in sys.stdlib_module_names:
                continue
            is_own = any(f"{name}.".startswith(f"{each}.") for each in own)
            found = {canonicalize_name(each) for each in INSTALLED.get(top, ())}
            assert is_own or found & known, f"{file} imports {name}"


def test_what_tests_need_has_a_version_in_the_gate() -> None:
    lines = text_of(ROOT / "constraints.txt").splitlines()
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines}
    for package in OF_OTHERS:
        assert declared(package) - {"resampled", "skorch-lockstep"} <= pinned


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
