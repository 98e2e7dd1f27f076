"""The commands of docs/own-data.md, as the page shows them: real data, the real git and dvc."""

import csv
import io
import json
import shlex
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gridstage.common import write_text
from gridstage.config import params_of, yaml12
from packages.gridstage.tests.pages import DOCS, blocks
from packages.gridstage.tests.project import Project, real_params

PAGE = DOCS["own-data.md"]
SCRIPTS = [
    [shlex.split(line) for line in block.splitlines()] for block in blocks(PAGE, "sh")
]
WRITE_IRIS, ADOPT_IRIS, _, TUMOURS = SCRIPTS
_, WITH_COSTS, OWN_NET = (yaml12.load(block) for block in blocks(PAGE, "yaml"))
MY_NET = blocks(PAGE, "python")[0]


def project_in(folder: Path, *commands: list[str]) -> Project:
    """Return a project, committed as it is here, in which commands have run."""
    project = Project.copied(folder)
    project.commit_first()
    for command in commands:
        project.run(*command)
    return project


def touched(project: Project) -> set[str]:
    """Return the files that differ from the first commit, outputs and DVC's record of them aside."""
    lines = project.git("status", "--short", "--untracked-files=all").splitlines()
    return {
        line[3:]
        for line in lines
        if not line[3:].startswith(("metrics/", "models/", "dvc.lock"))
    }


def told(project: Project, file: str, key: str) -> float:
    """Return a score of the metrics, which the page tells."""
    score = json.loads(project.read(f"metrics/{file}.json"))[key]
    assert f"{score:.3f}" in PAGE
    return float(score)


def test_costs_are_taken_as_they_are_shown() -> None:
    costs = params_of(real_params() | WITH_COSTS).evaluate.costs
    assert costs
    assert costs.calibrated == pytest.approx(1 / 6)


@pytest.mark.long
def test_a_table_is_adopted_and_searched(tmp_path: Path) -> None:
    project = project_in(tmp_path, *WRITE_IRIS, *ADOPT_IRIS)
    assert told(project, "search/net/summary", "best_score") > 0.9
    assert json.loads(project.read("metrics/data.json"))["classes"] == {
        "setosa": 50,
        "versicolor": 50,
        "virginica": 50,
    }
    assert touched(project) == {"params.yaml", "data/iris.csv"}
    assert "up to date" in project.run("dvc", "status").stdout
    predicted = pd.read_csv(
        io.StringIO(project.stage("predict", "data/iris.csv").stdout)
    )
    assert list(predicted) == [
        "species",
        "species=setosa",
        "species=versicolor",
        "species=virginica",
        "note",
    ]
    assert predicted.iloc[:, 1:4].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    assert (
        predicted["species"] == pd.read_csv(tmp_path / "data/iris.csv")["species"]
    ).mean() > 0.9


@pytest.mark.long
def test_a_net_of_ones_own_is_searched_again_when_its_file_changes(
    tmp_path: Path,
) -> None:
    project = project_in(tmp_path, *TUMOURS)
    write_text(tmp_path / "nets/my_net.py", MY_NET)
    params = project.params()
    project.write_params(
        params | OWN_NET | {"model": params["model"] | OWN_NET["model"]}
    )
    project.run("dvc", "repro")
    X, y = load_breast_cancer(return_X_y=True)
    logistic = make_pipeline(StandardScaler(), LogisticRegression())
    expected = cross_val_score(logistic, X, y, cv=StratifiedKFold(5)).mean()
    assert told(project, "search/depth/summary", "best_score") == pytest.approx(
        expected, abs=0.02
    )
    assert touched(project) == {"params.yaml", "data/tumours.csv", "nets/my_net.py"}
    with (tmp_path / "metrics/search/depth/candidates.csv").open(
        encoding="utf-8"
    ) as file:
        assert [row["module__n_layers"] for row in csv.DictReader(file)] == [
            "1",
            "2",
            "4",
        ]

    before = project.metrics()
    write_text(tmp_path / "nets/my_net.py", MY_NET.replace("nn.ReLU", "nn.Tanh"))
    done = project.run("dvc", "repro").stdout
    assert "Running stage 'search@depth'" in done
    assert "Running stage 'fetch'" not in done
    assert project.metrics() != before
