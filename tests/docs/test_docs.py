"""What docs/ and README.md show is what a reader gets: links, files, keys and stages."""

import inspect
import re
from pathlib import Path

import pytest
from joblib.parallel import ParallelBackendBase

from lockstep import LockstepBackend
from stages.lib.config import Column, Experiment, Params, yaml12
from tests.pages import DOCS, README, blocks
from tests.project import ROOT, SECTIONS, Project


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> list[str]:
    """Return where the links and pictures of a page lead to."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(text))


def table(text: str, first_column: str) -> list[list[str]]:
    """Return the cells of the table whose first column has this heading, without its headings."""
    found = re.search(rf"^\| {re.escape(first_column)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert found, f"no table {first_column}"
    return [[cell.strip() for cell in row.strip("| ").split("|")] for row in found[1].splitlines()]


def test_the_index_leads_to_every_page() -> None:
    assert set(links(DOCS["README.md"])) == {*DOCS} - {"README.md"}


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{name}" for name in DOCS)])
def test_links_lead_somewhere(page: str, reproduced: Project) -> None:
    for link in links(README if page == "README.md" else DOCS[page.removeprefix("docs/")]):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / path if path else ROOT / page).resolve()
        assert target.is_relative_to(ROOT), f"{page}: {link}"
        is_drawn = (reproduced.folder / target.relative_to(ROOT)).is_file()  # a chart of every run
        assert target.is_file() or is_drawn, f"{page}: {link}"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{page}: {link}"


def test_the_graph_is_dvcs(tmp_path: Path) -> None:
    project = Project.copied(tmp_path)
    project.git("init", "--quiet")
    printed = project.run("dvc", "dag", "--md", "--collapse-foreach-matrix").stdout
    assert printed.strip() in DOCS["architecture.md"]
    assert printed.count("[") == len(yaml12.load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"])


def test_every_stage_is_explained() -> None:
    stages = yaml12.load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert [row[0].strip("`").partition("@")[0] for row in table(DOCS["architecture.md"], "stage")] == list(stages)


def test_every_room_is_explained() -> None:
    rooms = {path.parent.name for path in (ROOT / "stages/lib").glob("*/__init__.py")}
    listed = [row[1].strip("`") for row in table(DOCS["architecture.md"], "floor")]
    assert sorted(listed) == sorted(rooms)


@pytest.mark.parametrize("page", list(DOCS))
def test_files_that_are_named_exist(page: str, reproduced: Project) -> None:
    folders = r"stages|lockstep|resampled|tests|docs|metrics|\.dvc|\.github"
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", prose(DOCS[page]))
    for path in named:
        folder = reproduced.folder if path.startswith("metrics/") else ROOT  # results are what a run writes
        assert (folder / path).exists() or "NAME" in path, f"{page}: {path}"


@pytest.mark.parametrize("language", ["bash", "python", "sh"])
def test_a_block_of_code_in_the_readme_is_that_of_a_page(language: str) -> None:
    """Where README.md has it: the pages' blocks are run."""
    of_the_pages = {block.splitlines()[0]: block for page in DOCS.values() for block in blocks(page, language)}
    for block in blocks(README, language):
        assert block == of_the_pages.get(block.splitlines()[0], block)


def test_every_key_is_explained() -> None:
    page = DOCS["params.md"]
    keys = {f"{name}.{key}" for name, section in SECTIONS.items() for key in section.model_fields}
    keys |= {"seed", "engine"} | {f"experiments.NAME.{key}" for key in Experiment.model_fields}
    assert set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)) == keys
    assert set(Params.model_fields) == {"seed", "engine", "experiments", *SECTIONS}
    for key in Column.model_fields:
        assert f"`{key}`" in page


def test_the_experiment_is_the_same_in_the_file_and_on_the_command_line() -> None:
    page = DOCS["params.md"]
    in_the_file, joint = (yaml12.load(block) for block in blocks(page, "yaml"))
    (on_the_line,) = re.findall(r"-S '\+experiments\.mine=(.+)'", page)
    assert in_the_file == {"mine": yaml12.load(on_the_line)}
    Experiment.model_validate(in_the_file["mine"])
    assert len(Experiment.model_validate(joint["joint"]).candidates(seed=7)) == 100


def test_the_engines_parameters_are_explained() -> None:
    taken, joblibs = (inspect.signature(each).parameters.keys() for each in (LockstepBackend, ParallelBackendBase))
    assert {row[0].strip("`") for row in table(DOCS["engine.md"], "parameter")} == taken - joblibs
