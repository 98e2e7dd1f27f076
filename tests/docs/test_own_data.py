"""The commands and nets of docs/own-data.md, as it shows them: real data, the real `dvc`."""

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

from stages.lib.adopt import read_table, take_columns
from stages.lib.config import Column, yaml12
from tests.pages import DOCS, blocks
from tests.project import Project

PAGE = DOCS["own-data.md"]
SCRIPTS = [[shlex.split(line) for line in block.splitlines()] for block in blocks(PAGE, "sh")]
WRITE_IRIS, ADOPT_IRIS, TUMOURS, _ = SCRIPTS
COLUMNS, OWN_NET = (yaml12.load(block) for block in blocks(PAGE, "yaml"))
MY_NET = blocks(PAGE, "python")[0]


def project_in(folder: Path, *commands: list[str]) -> Project:
    """Return a project, committed as it is here, in which commands have run."""
    project = Project.copied(folder)
    project.commit_first()
    for command in commands:
        project.run(*command)
    return project


def own_net(folder: Path) -> Project:
    """Return a project that has adopted the tumours, with the net of the page and its keys."""
    project = project_in(folder, *TUMOURS)
    (folder / "nets/my_net.py").write_text(MY_NET, encoding="utf-8")
    params = project.params()
    project.write_params(params | OWN_NET | {"model": params["model"] | OWN_NET["model"]})
    return project


def touched(project: Project) -> set[str]:
    """Return the files that differ from the first commit, outputs and DVC's record of them aside."""
    lines = project.git("status", "--short", "--untracked-files=all").splitlines()
    return {line[3:] for line in lines if not line[3:].startswith(("metrics/", "models/", "dvc.lock"))}


def told(project: Project, file: str, key: str) -> float:
    """Return a score of the metrics, which the page tells."""
    score = json.loads(project.read(f"metrics/{file}.json"))[key]
    assert f"{score:.3f}" in PAGE
    return float(score)


def test_a_table_with_windows_line_ends_is_the_same_in_a_clone(tmp_path: Path) -> None:
    project = project_in(tmp_path / "here")
    table = b"length,species\r\n5.1,setosa\r\n7.0,versicolor\r\n"
    (project.folder / "data/iris.csv").write_bytes(table)
    project.git("config", "core.autocrlf", "input")  # git changes line ends where .gitattributes does not forbid it
    project.commit_all("Irises")
    assert project.clone(tmp_path / "clone").read("data/iris.csv") == table


@pytest.mark.long
def test_the_score_of_the_irises_is_what_the_page_says(tmp_path: Path) -> None:
    assert told(project_in(tmp_path, *WRITE_IRIS, *ADOPT_IRIS), "search/net", "best_score") > 0.9


@pytest.mark.long
def test_a_table_is_adopted_and_given_back(tmp_path: Path) -> None:
    project = project_in(tmp_path, *WRITE_IRIS, ADOPT_IRIS[0])
    params = project.params()
    params["cv"]["n_repeats"] = 1
    project.write_params(params)
    project.run(*ADOPT_IRIS[1])
    assert json.loads(project.read("metrics/data.json"))["classes"] == {"setosa": 50, "versicolor": 50, "virginica": 50}
    assert touched(project) == {"params.yaml", "data/iris.csv"}
    assert "up to date" in project.run("dvc", "status").stdout
    assert [name for name in project.metrics() if "/search/" in name] == ["metrics/search/net.json"]
    predicted = pd.read_csv(io.StringIO(project.stage("predict", "data/iris.csv").stdout))
    assert list(predicted) == ["species", "species=setosa", "species=versicolor", "species=virginica"]
    assert predicted.iloc[:, 1:].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    assert (predicted["species"] == pd.read_csv(tmp_path / "data/iris.csv")["species"]).mean() > 0.9


def test_the_columns_of_the_page_are_those_of_params_yaml() -> None:
    for content in COLUMNS["columns"].values():
        Column.model_validate(content)


def test_what_adopt_finds_is_what_the_page_says(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = [f"{i};K{i};{'?' if i % 3 else i / 4};{'yes' if i % 2 else 'no'};{'ab'[i % 2]};x" for i in range(40)]
    path.write_text("row;id;size;ill;kind;same\n" + "\n".join(rows), encoding="utf-8")
    kinds = {column.name: column.kind for column in take_columns(read_table(path))}
    assert kinds == {
        "row": "not used",
        "id": "not used",
        "size": "number",
        "ill": "boolean",
        "kind": "category",
        "same": "not used",
    }


@pytest.mark.long
def test_a_net_of_ones_own_is_searched_again_when_its_file_changes(tmp_path: Path) -> None:
    project = own_net(tmp_path)
    project.run("dvc", "repro")
    X, y = load_breast_cancer(return_X_y=True)
    logistic = make_pipeline(StandardScaler(), LogisticRegression())
    expected = cross_val_score(logistic, X, y, cv=StratifiedKFold(5)).mean()
    assert told(project, "search/depth", "best_score") == pytest.approx(expected, abs=0.02)
    assert touched(project) == {"params.yaml", "data/tumours.csv", "nets/my_net.py"}
    with (tmp_path / "metrics/candidates/depth.csv").open(encoding="utf-8") as file:
        assert [row["module__n_layers"] for row in csv.DictReader(file)] == ["1", "2", "4"]

    before = project.metrics()
    (tmp_path / "nets/my_net.py").write_text(MY_NET.replace("nn.ReLU", "nn.Tanh"), encoding="utf-8")
    done = project.run("dvc", "repro").stdout
    assert "Running stage 'search@depth'" in done
    assert "Running stage 'fetch'" not in done
    assert project.metrics() != before


@pytest.mark.long
def test_a_net_elsewhere_is_refused(tmp_path: Path) -> None:
    project = own_net(tmp_path)
    (tmp_path / "nets/my_net.py").rename(tmp_path / "my_net.py")
    done = project.run("dvc", "exp", "run", "-S", "model.module=my_net.DeepNet", "search@depth", ok=False)
    assert "model.module: 'my_net.DeepNet' is not in nets/, the only code of yours that DVC watches" in done.stderr
    assert "Traceback" not in done.stderr
