"""What README.md and docs/ show is what a reader gets: figures, links, files and keys."""

import csv
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from joblib.parallel import ParallelBackendBase

from lockstep import LockstepBackend
from stages.lib.common import short_params
from stages.lib.config import Column, Experiment, Params, load_params, yaml12
from tests.pages import DOCS, PAGES, README, blocks, commands
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


def evaluation() -> dict[str, dict[str, str]]:
    with (ROOT / "metrics/candidates/evaluation.csv").open(encoding="utf-8") as file:
        return {row["setting"]: row for row in csv.DictReader(file)}


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 200


def test_the_readme_leads_to_every_page() -> None:
    assert DOCS
    assert {f"docs/{name}" for name in DOCS} <= set(links(README))


@pytest.mark.parametrize("page", list(PAGES))
def test_links_lead_somewhere(page: str) -> None:
    for link in links(PAGES[page]):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.is_file(), f"{page}: {link}"
        assert target.resolve().is_relative_to(ROOT), f"{page}: {link}"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{page}: {link}"


def read_metrics(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"metrics/{name}.json").read_text(encoding="utf-8"))
    return found


def test_the_results_are_the_committed_ones() -> None:
    rows = table(README, "experiment | candidates")
    experiments = load_params(ROOT / "params.yaml").experiments
    assert [row[0] for row in rows] == list(experiments)
    for name, *cells in rows:
        found, compared = read_metrics(f"search/{name}"), read_metrics(f"compared/{name}")
        ends = [f"{found[f'best_score_corrected_{end}']:.2f}" for end in ("low", "high")]
        assert cells == [
            str(found["n_candidates"]),
            f"{found['best_score']:.4f}",
            f"{found['best_score_corrected']:.4f}",
            " to ".join(ends),
            str(compared["n_in_best_set"]),
            f"`{short_params(found['best_params'])}`",
        ]


def test_the_answer_is_the_committed_one() -> None:
    first, *_ = re.findall(r"(?:^> .*\n)+", README, re.MULTILINE)
    assert " ".join(first.replace("> ", "").split()) == read_metrics("evaluation")["answer"]


@pytest.mark.long
def test_the_verdict_on_the_readmes_example_is_what_the_command_says(tmp_path: Path) -> None:
    project = Project.copied(tmp_path)
    project.commit_first()
    change, verdict, *_ = commands("README.md")
    project.run("bash", "-c", change)
    said = project.run("bash", "-c", verdict).stdout.splitlines()[0]
    *_, quoted = re.findall(r"(?:^> .*\n)+", README, re.MULTILINE)
    assert " ".join(quoted.replace("> ", "").split()) == said


def test_the_evaluation_is_the_committed_one() -> None:
    scores = evaluation()
    page = DOCS["statistics.md"]
    for found in scores.values():
        numbers = [f"{float(found[key]):.4f}" for key in ("mean_test_score", "ci95")]
        numbers += [f"{float(found['difference']):+.4f}"]
        numbers += [f"{float(found[key]):.4f}" for key in ("difference_ci95", "p_value")]
        numbers += [f"{float(found[key]):.2f}" for key in ("worse", "equal", "better")]
        if found["kept"] == "true":
            numbers[2:] = [""] * 6
        assert f"| {found['setting']} | {' | '.join(numbers)} |" in page
    assert [row[0] for row in table(page, "setting")] == list(scores)
    assert f"the kept one, here `{read_metrics('evaluation')['kept']}`" in page


def test_what_is_told_of_the_evaluation_holds() -> None:
    means = {name: float(found["mean_test_score"]) for name, found in evaluation().items()}
    names = ("combined", "starting_point", "joint", "logistic_regression")
    sentences = (
        "Combining their winners does not help: the combination scores {}, the settings that every search starts from "
        "{}. The joint search, over all settings at once and the scaling of the inputs, reaches {}, level with a "
        "logistic regression, {}."
    )
    assert sentences.format(*(f"{means[name]:.4f}" for name in names)) in " ".join(README.split())
    assert means["combined"] < means["starting_point"]
    assert abs(means["joint"] - means["logistic_regression"]) < load_params(ROOT / "params.yaml").rope


def test_the_data_are_counted() -> None:
    counted = json.loads((ROOT / "metrics/data.json").read_text(encoding="utf-8"))
    page = " ".join(DOCS["statistics.md"].split())
    assert f"{counted['rows']} women" in page
    assert f"{counted['positives']} of them had diabetes" in page
    assert f"{counted['rows'] - counted['positives']} had not" in page


def test_the_readme_quotes_the_benchmarks() -> None:
    quoted, whole = ((text + "\n").splitlines() for text in (README, DOCS["engine.md"]))
    (heading,) = (line for line in quoted if line.startswith("| experiment | nets |"))
    start = quoted.index(heading)
    rows = quoted[start + 2 : quoted.index("", start)]
    assert len(rows) == 1
    start = whole.index(heading)
    assert rows[0] in whole[start + 2 : whole.index("", start)]


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


def test_the_walk_of_a_setting_names_what_is_there() -> None:
    walk = table(DOCS["architecture.md"], "function")
    assert len(walk) >= 10
    for function, file, _ in walk:
        path = file.strip("`")
        code = (ROOT / ("" if path.startswith("lockstep/") else "stages/lib") / path).read_text(encoding="utf-8")
        assert re.search(rf"^(def|class) {function.strip('`')}\b", code, re.MULTILINE), f"{function} in {file}"


@pytest.mark.parametrize("page", list(PAGES))
def test_files_that_are_named_exist(page: str) -> None:
    named = re.findall(r"`((?:stages|lockstep|tests|docs|metrics|\.dvc|\.github)/[\w./-]+)`", prose(PAGES[page]))
    for path in named:
        assert (ROOT / path).exists() or "NAME" in path, f"{page}: {path}"


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
