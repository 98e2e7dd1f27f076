"""The data and nets of docs/own-data.md, as it shows them: real data, the real `dvc`."""

import csv
import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from skorch.dataset import ValidSplit
from torch import nn

from stages.lib.config import yaml12
from stages.lib.lockstep import fit_seed, seed_everything
from stages.lib.network import PimaClassifier
from tests.project import ROOT, Project, real_params

PAGE = (ROOT / "docs/own-data.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


BLOCKS = {text[2:].partition(":")[0]: yaml12.load(text) for text in blocks("yaml")}
COMMANDS = {name: next(text for text in blocks("sh") if BLOCKS[name]["data"]["path"] in text) for name in BLOCKS}
MY_NET = blocks("python")[0]


def replaced(case: str) -> dict[str, Any]:
    """Return the real params with a block of the page, as it tells the reader to put it in."""
    params = real_params()
    for section, keys in BLOCKS[case].items():
        params[section] = keys if section == "experiments" else params[section] | keys
    return params


def project_of(case: str, folder: Path) -> Project:
    """Return a project, committed as it is here, with the block, the CSV and, where it is named, `my_net.py`."""
    project = Project(folder, real_params())
    project.git("init", "--quiet", "--initial-branch=main")
    project.commit_all("Start")
    project.run(*shlex.split(COMMANDS[case]))
    project.write_params(replaced(case))
    if "my_net" in str(BLOCKS[case]["model"]):
        (folder / "my_net.py").write_text(MY_NET, encoding="utf-8")
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


def test_three_cases_are_shown() -> None:
    assert list(BLOCKS) == ["iris", "progression", "tumours"]


def test_iris_scores_as_plain_skorch_does(tmp_path: Path) -> None:
    project = project_of("iris", tmp_path)
    project.run("dvc", "repro")
    assert json.loads(project.read("metrics/data.json")) == {
        "rows": 150,
        "classes": {"setosa": 50, "versicolor": 50, "virginica": 50},
        "zeros_for_missing": {},
    }
    assert told(project, "search/iris", "best_score") > 0.9
    assert touched(project) == {"params.yaml", "data/iris.csv"}
    assert "up to date" in project.run("dvc", "status").stdout
    predicted = pd.read_csv(io.StringIO(project.stage("predict", "data/iris.csv").stdout))
    assert list(predicted) == ["species=setosa", "species=versicolor", "species=virginica"]
    assert predicted.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    labels = "species=" + pd.read_csv(tmp_path / "data/iris.csv")["species"]
    assert (predicted.idxmax(axis=1) == labels).mean() > 0.9

    iris = load_iris(as_frame=True)
    X = iris.data.sample(frac=1, random_state=7).astype(np.float32)
    y = iris.target[X.index].to_numpy(dtype=np.int64)
    found = pd.read_csv(tmp_path / "metrics/candidates/iris.csv")
    for n_neurons, row in zip((4, 12), found.to_dict("records"), strict=True):
        for number, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
            scaler = StandardScaler().fit(X.iloc[train])
            seed_everything(fit_seed(7, number))
            net = NeuralNetClassifier(
                PimaClassifier,
                module__n_inputs=4,
                module__n_outputs=3,
                module__n_neurons=n_neurons,
                module__output=nn.Identity,
                criterion=nn.CrossEntropyLoss,
                optimizer=torch.optim.Adam,
                max_epochs=30,
                batch_size=10,
                train_split=ValidSplit(5, stratified=True),
                verbose=0,
            )
            net.fit(scaler.transform(X.iloc[train]), y[train])
            expected = (net.predict(scaler.transform(X.iloc[test])) == y[test]).mean()
            # One flower near a border may fall on its other side: the steps are the same up to rounding.
            assert row[f"split{number}_test_score"] == pytest.approx(expected, abs=1.01 / 50)


def test_a_regression_comes_near_the_linear_one(tmp_path: Path) -> None:
    project = project_of("progression", tmp_path)
    project.run("rm", "-rf", "metrics", "models", "dvc.lock")  # as where nothing ever ran
    project.run("dvc", "repro")
    X, y = load_diabetes(return_X_y=True)
    linear = cross_val_score(LinearRegression(), X, y, cv=KFold(3), scoring="r2").mean()
    assert told(project, "evaluation", "linear_regression_score") == pytest.approx(linear, abs=0.02)
    assert told(project, "evaluation", "combined_score") == pytest.approx(linear, abs=0.06)
    assert json.loads(project.read("metrics/data.json")) == {"rows": 442, "zeros_for_missing": {}}
    assert touched(project) == {"params.yaml", "data/progression.csv"}
    predicted = pd.read_csv(io.StringIO(project.stage("predict", "data/progression.csv").stdout))
    assert r2_score(y, predicted["target"]) > 0.4


def test_a_net_of_ones_own_is_searched_again_when_its_file_changes(tmp_path: Path) -> None:
    project = project_of("tumours", tmp_path)
    project.run("dvc", "repro")
    X, y = load_breast_cancer(return_X_y=True)
    logistic = make_pipeline(StandardScaler(), LogisticRegression())
    expected = cross_val_score(logistic, X, y, cv=StratifiedKFold(3)).mean()
    assert told(project, "search/depth", "best_score") == pytest.approx(expected, abs=0.02)
    assert json.loads(project.read("metrics/data.json"))["positives"] == 357
    assert touched(project) == {"params.yaml", "data/tumours.csv", "my_net.py"}
    with (tmp_path / "metrics/candidates/depth.csv").open(encoding="utf-8") as file:
        assert [row["module__n_layers"] for row in csv.DictReader(file)] == ["1", "2", "4"]

    before = project.metrics()
    (tmp_path / "my_net.py").write_text(MY_NET.replace("nn.ReLU", "nn.Tanh"), encoding="utf-8")
    done = project.run("dvc", "repro").stdout
    assert "Running stage 'search@depth'" in done
    assert "Running stage 'fetch'" not in done
    assert project.metrics() != before


def test_a_net_is_named_on_the_command_line_and_may_stand_in_a_folder(tmp_path: Path) -> None:
    project = project_of("tumours", tmp_path)
    params = replaced("tumours")
    default = real_params()["model"]
    params["model"] |= {"max_epochs": 1, "module": default["module"], "source": default["source"]}
    params["cv"]["n_repeats"] = 1
    project.write_params(params)
    named = ("-S", "model.module=my_net.DeepNet", "-S", "model.source=my_net.py")
    project.run("dvc", "exp", "run", *named, "search@depth")
    assert project.params()["model"]["source"] == "my_net.py"
    assert "search/depth.json" in " ".join(project.metrics())

    (tmp_path / "nets").mkdir()
    (tmp_path / "my_net.py").rename(tmp_path / "nets/deep.py")
    params["model"] |= {"module": "nets.deep.DeepNet", "source": "nets"}
    project.write_params(params)
    done = project.run("dvc", "repro", "search@depth", variables={"PYTHONDONTWRITEBYTECODE": ""})
    assert "Running stage 'search@depth'" in done.stdout
    assert (tmp_path / "nets/__pycache__").is_dir()
    assert "up to date" in project.run("dvc", "status", "search@depth").stdout

    before = project.metrics()
    params["model"]["source"] = default["source"]
    project.write_params(params)
    done = project.run("dvc", "repro", ok=False)
    assert done.returncode != 0
    assert (
        "error: params.yaml: model.module: nets.deep.DeepNet is defined in nets/deep.py, but model.source is "
        "stages/lib/network.py, so DVC would not notice changes to it. Set model.source to nets/deep.py."
    ) in done.stderr
    assert "Traceback" not in done.stderr
    left = project.metrics()
    assert left
    assert {name: before[name] for name in left} == left
