"""What the README shows is what a reader gets."""

import csv
import json
import re
from pathlib import Path

from pydantic import BaseModel

from stages.lib.column import Column
from stages.lib.params import CV, Data, Experiment, Model, Params, Runtime, load_params
from tests.conftest import ROOT, Project, real_params, small_params

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_results_are_the_committed_ones() -> None:
    for name in load_params(ROOT / "params.yaml").experiments:
        found = json.loads((ROOT / f"metrics/search/{name}.json").read_text(encoding="utf-8"))
        row = (
            f"| {name} | {found['n_candidates']} | {found['best_score']:.6f} | {found['best_ci95']:.6f} "
            f"| {found['n_tied']} | `{found['best_params']}` |"
        )
        assert row in README


def test_the_evaluation_is_the_committed_one() -> None:
    with (ROOT / "metrics/candidates/evaluation.csv").open(encoding="utf-8") as file:
        for found in csv.DictReader(file):
            numbers = [f"{float(found[key]):.4f}" for key in ("mean_test_score", "ci95")]
            numbers += [f"{float(found['difference']):+.4f}"]
            numbers += [f"{float(found[key]):.4f}" for key in ("difference_ci95", "p_value")]
            if found["setting"] == "combined":
                numbers[2:] = [""] * 3
            assert f"| {found['setting']} | {' | '.join(numbers)} |" in README


def test_the_graph_is_dvcs(tmp_path: Path) -> None:
    project = Project(tmp_path, real_params())
    project.git("init", "--quiet")
    assert project.run("dvc", "dag", "--md").stdout.strip() in README


def test_every_key_is_explained() -> None:
    sections: dict[str, type[BaseModel]] = {"runtime": Runtime, "data": Data, "cv": CV, "model": Model}
    keys = {f"{name}.{key}" for name, section in sections.items() for key in section.model_fields}
    keys |= {"seed", "engine"} | {f"experiments.NAME.{key}" for key in Experiment.model_fields}
    assert set(re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE)) == keys
    assert set(Params.model_fields) == {"seed", "engine", "experiments", *sections}
    for key in Column.model_fields:
        assert f"`{key}`" in README


def test_the_commands_run(tmp_path: Path) -> None:
    params = small_params()
    params["experiments"] = {"neurons": params["experiments"]["neurons"]}
    project = Project(tmp_path, params)
    project.run("rm", "-rf", "metrics", "dvc.lock")
    project.git("init", "--quiet")
    project.commit_all("Start")
    assert re.findall(r"^make (\w+) +# ", README, re.MULTILINE) == ["repro", "report", "test"]
    project.make("repro")
    project.commit_all("Run")
    project.make("report")
    blocks = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line]
    assert len(lines) >= 10
    for line in lines:
        shown = project.run("bash", "-c", line).stdout
        if "exp show" in line:
            assert re.search(r"cv\.n_splits", shown)
    swept = project.run("dvc", "exp", "show", "--csv", "--drop", ".*", "--keep", "cv.n_splits").stdout
    assert {"2", "3", "4"} <= set(re.findall(r"\b\d\b", swept))
