"""A stage reruns when code it uses changes, and only then: dvc.yaml lists the rooms that each script imports."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from grimp import ImportGraph, build_graph

from gridstage.common import write_text
from gridstage.config import Data, yaml12
from packages.gridstage.tests.project import (
    ROOT,
    SEARCHED,
    Project,
    real_params,
    text_of,
)

DVC_YAML: dict[str, Any] = yaml12.load(text_of(ROOT / "dvc.yaml"))
STAGES: dict[str, Any] = {
    name: stage.get("do", stage) for name, stage in DVC_YAML["stages"].items()
}
# The modules that only refuse what is wrong, or word what is said; a room has many.
_LINES = (ROOT / ".dvcignore").read_text().splitlines()
_IGNORED = (
    place
    for line in _LINES
    if re.match("/packages/[a-z]+/src/", line)
    for place in ROOT.glob(line[1:])
)
MESSAGES = [
    str(file.relative_to(ROOT))
    for place in _IGNORED
    for file in (place.glob("*.py") if place.is_dir() else [place])
]
# Where the packages are, in this repository.
SOURCES = {
    name: Path("packages", name, "src", name)
    for name in ("gridstage", "lockstep", "resampled")
}
# One dependency each; of gridstage, each room is one.
WHOLE = ("lockstep", "resampled")
_TOLD, _OF_PAGE = "gridstage.told", ("stages/results.py",)


def closure(*files: str) -> set[str]:
    """Return the files of the project that files import, themselves and the packages that modules are in included.

    What is told is no result, so neither the room `told` nor what it alone imports is followed, but from the stage
    that writes it to a page.
    """
    graph = _graph()
    waiting, found = (
        {file.removesuffix(".py").replace("/", ".") for file in files},
        set(),
    )
    while waiting:
        module = waiting.pop()
        found.add(module)
        above = {module.rpartition(".")[0]} - {""}
        imported = {
            each
            for each in graph.find_modules_directly_imported_by(module)
            if files == _OF_PAGE or not each.startswith(_TOLD)
        }
        waiting |= (imported | above) - found
    return {str(_file_of(module)) for module in found}


def _file_of(module: str) -> Path:
    first, *rest = module.split(".")
    path = Path(SOURCES.get(first, first), *rest)
    file = path.with_suffix(".py")
    return file if file.is_file() else path / "__init__.py"


@cache
def _graph() -> ImportGraph:
    return build_graph("stages", "nets", *SOURCES, cache_dir=None)


def used(stage: str) -> list[str]:
    """Return the script of a stage and the rooms it uses, as dvc.yaml should list them."""
    files = closure(f"stages/{stage}.py") - {
        "stages/__init__.py",
        "packages/gridstage/src/gridstage/__init__.py",
    }  # no result is made there
    return sorted({_dependency(Path(file).parts) for file in files})


def _dependency(parts: tuple[str, ...]) -> str:
    """Return the dependency that a file is in: packages/NAME/src/NAME, and of gridstage the room in that folder."""
    if parts[0] != "packages":
        return str(Path(*parts))
    return str(Path(*parts[: 4 if parts[1] in WHOLE else 5]))


def listed(stage: str) -> list[str]:
    return sorted(
        dep for dep in STAGES[stage]["deps"] if dep.startswith(("stages/", "packages/"))
    )


@pytest.mark.parametrize("stage", list(STAGES))
@pytest.mark.usefixtures("in_the_repository")
def test_a_stage_depends_on_the_rooms_it_uses(stage: str) -> None:
    assert listed(stage) == used(stage)


@pytest.mark.parametrize("stage", ["search", "baselines", "evaluate"])
def test_what_a_search_reads_in_params_is_a_param(stage: str) -> None:
    listed = set(STAGES[stage]["params"])
    # How the table is read is a param of fetch, which writes its hash into metrics/data.json.
    assert {f"data.{key}" for key in set(Data.model_fields) - {"sample"}} <= {
        *STAGES["fetch"]["params"]
    }
    assert "data.sample" in listed
    # Baselines are no nets; but classes and numbers have other ones.
    net = {"model.wrapper"} if stage == "baselines" else {"engine", "model"}
    assert {"cv", "prepare", "seed"} | net <= listed
    committed = real_params()
    for place in listed - {
        "experiments.${key}"
    }:  # DVC refuses a param that params.yaml lacks
        section, _, key = place.partition(".")
        assert key in committed[section] if key else section in committed


def test_what_becomes_stale_with_the_table_waits_for_fetch() -> None:
    assert {
        stage for stage in STAGES if "metrics/data.json" not in STAGES[stage]["deps"]
    } == {"fetch", "best_params", "results"}
    assert "params.yaml" in STAGES["best_params"]["deps"]


@pytest.mark.parametrize("stage", list(STAGES))
def test_a_stage_that_fails_loses_no_output(stage: str) -> None:
    for output in (
        out
        for kind in ("outs", "metrics", "plots")
        for out in STAGES[stage].get(kind, [])
    ):
        ((name, options),) = output.items()  # a plain name has no options
        assert options["persist"], name
        assert options["cache"] is False, name


@pytest.mark.long
def test_no_result_is_made_of_what_messages_say(project: Project) -> None:
    """Every f-string of the room `told`, and of the modules of gridstage that .dvcignore names, is another one.

    The results are the same, but for the page that says them, which is not made here.
    """
    mark = "<altered>"
    told = [
        str(file.relative_to(ROOT))
        for file in ROOT.glob("packages/gridstage/src/gridstage/told/[!_]*.py")
    ]
    for module in (
        *told,
        *(each for each in MESSAGES if each.startswith("packages/gridstage/")),
    ):
        code = project.folder / module
        tree = ast.parse(text_of(code))
        formats = {
            node.format_spec
            for node in ast.walk(tree)
            if isinstance(node, ast.FormattedValue)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.JoinedStr) and node not in formats
            ):  # `.2f` in `{x:.2f}` is an f-string, too
                node.values.append(ast.Constant(mark))
        write_text(code, ast.unparse(tree))
    assert mark in project.run("python", "-m", "benchmarks.cross_cpu.pipeline").stdout
    assert project.git("status", "--short", "metrics", "models") == ""


def test_what_trains_depends_on_the_nets_that_params_name() -> None:
    assert {stage for stage in STAGES if "nets" in STAGES[stage]["deps"]} == {
        "search",
        "evaluate",
    }


def test_the_charts_depend_on_the_templates(project: Project) -> None:
    with (project.folder / ".dvc/plots/curves.json").open(
        "a", encoding="utf-8"
    ) as template:
        template.write("\n")
    assert project.stale() == {"charts"}


def test_the_file_is_short_enough_to_read() -> None:
    assert len(text_of(ROOT / "dvc.yaml").splitlines()) <= 260
    assert len(STAGES["search"]["deps"]) <= 16
    assert len(STAGES["evaluate"]["deps"]) <= 24


@pytest.mark.usefixtures("in_the_repository")
def test_an_edited_room_makes_stale_what_uses_it_and_nothing_else(
    project: Project,
) -> None:
    """One room is enough, because every stage lists the rooms that it uses, and no others.

    Prose, and the modules that only refuse what is wrong or word what is said, make nothing stale.
    """
    for room in (ROOT / "packages/gridstage/src/gridstage").glob("*/__init__.py"):
        write_text(
            project.folder
            / "packages/gridstage/src/gridstage"
            / room.parent.name
            / "README.md",
            "Prose.\n",
        )
    using = {
        stage
        for stage in STAGES
        if "packages/gridstage/src/gridstage/compare" in used(stage)
    }
    assert using not in (set(), set(STAGES))
    names = {
        f"{stage}@{name}"
        for stage in using
        if "foreach" in DVC_YAML["stages"][stage]
        for name in SEARCHED
    }
    names |= {stage for stage in using if "foreach" not in DVC_YAML["stages"][stage]}
    for edited, expected in (
        (MESSAGES, set()),
        (["packages/gridstage/src/gridstage/compare/table.py"], names),
    ):
        for module in edited:
            with (project.folder / module).open("a", encoding="utf-8") as code:
                code.write("# A comment.\n")
        assert project.stale() == expected


def test_each_model_has_a_name_for_dvc() -> None:
    for name in ("best", "answer"):
        path = f"models/{name}.onnx"
        assert DVC_YAML["artifacts"][name]["path"] == path
        assert str(Path(path).parent) in {
            str(key) for out in STAGES["evaluate"]["outs"] for key in out
        }
