"""The commands of docs/ run as they are shown, and so do the blocks of Python."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skorch
import torch
from joblib import parallel_config
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNetBinaryClassifier

from gridstage.engine import LockstepWarning
from nets.network import PimaClassifier
from packages.gridstage.tests.conftest import Changed
from packages.gridstage.tests.pages import DOCS, PAGES, blocks, commands
from packages.gridstage.tests.project import (
    IDENTITY,
    ROOT,
    Project,
    small_params,
    text_of,
)


def test_the_engines_block_runs() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    net = NeuralNetBinaryClassifier(
        PimaClassifier,
        module__n_inputs=X.shape[1],
        module__output=torch.nn.Identity,
        criterion=torch.nn.BCEWithLogitsLoss,
        max_epochs=1,
        batch_size=64,
        callbacks="disable",
        verbose=0,
    )
    names: dict[str, Any] = {"net": net, "grid": {"lr": [0.01, 0.1]}}
    names |= {"X": (X / X.max(axis=0)).astype("float32"), "y": y.astype("float32")}
    block, *_ = blocks(DOCS["engine.md"], "python")
    with warnings.catch_warnings():
        warnings.simplefilter("error", LockstepWarning)
        exec(block, names)
    search = names["search"]
    assert type(search) is GridSearchCV
    assert search.best_params_["lr"] in names["grid"]["lr"]
    for scorer in ("accuracy", "roc_auc"):
        assert search.cv_results_[f"mean_test_{scorer}"].shape == (2,)
    assert torch.initial_seed() == 7  # the backend has run, and a refit repeats
    assert search.best_estimator_.predict(names["X"]).shape == y.shape


def test_the_engines_block_of_weights_goes_in_lockstep_and_its_weights_count() -> None:
    X, y = np.random.RandomState(0).randn(60, 4).astype("float32"), np.arange(60) % 2
    _, block, *_ = blocks(DOCS["engine.md"], "python")

    def found(weights: np.ndarray, **options: Any) -> np.ndarray:
        names: dict[str, Any] = {
            "torch": torch,
            "skorch": skorch,
            "GridSearchCV": GridSearchCV,
        }
        names |= {"X": X, "y": y, "weights": weights}
        with warnings.catch_warnings(), parallel_config(backend="lockstep", **options):
            warnings.simplefilter("error", LockstepWarning)
            exec(block.replace("Net, ", "Net, verbose=0, "), names)
        scores: np.ndarray = names["search"].cv_results_["mean_test_score"]
        return scores

    weights = np.where(y == 1, 3, 1).astype("float32")
    np.testing.assert_allclose(found(weights), found(weights, stack=False), rtol=1e-5)
    assert (found(weights) != found(np.ones_like(weights))).all()


def test_make_has_the_targets_that_are_named() -> None:
    makefile = text_of(ROOT / "Makefile")
    helped = set(re.findall(r"^([a-z-]+): .*## ", makefile, re.MULTILINE))
    named = {
        name
        for page, text in PAGES.items()
        if page != "CHANGELOG.md"  # which tells of earlier ones
        for name in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)
    }
    assert {"repro", "test"} <= named <= helped


def test_the_commands_from_a_grid_to_a_pull_request_run(changed: Changed) -> None:
    assert list(changed.said) == commands("pull-requests.md")
    committed = changed.project.git(
        "show", "--name-only", "--format=", "narrow-nets"
    ).split()
    assert {
        "params.yaml",
        "dvc.lock",
        "metrics/README.md",
        "metrics/search/neurons/summary.json",
    } <= set(committed)
    assert "metrics/search/dropout/summary.json" not in committed
    assert changed.project.stale() == set()


@pytest.mark.long
def test_the_commands_of_the_other_pages_run(tmp_path: Path) -> None:
    """In a small project with one experiment, each page from what is committed."""
    params = small_params()
    params["experiments"] = {"neurons": params["experiments"]["neurons"]}
    params["cv"]["n_repeats"] = 1
    project = Project.copied(tmp_path, params)
    project.run("rm", "-rf", "metrics", "dvc.lock")
    project.commit_first()
    project.run("dvc", "repro")
    project.commit_all("Run")
    for page in ("own-data.md", "params.md"):
        project.git("checkout", "--quiet", "--force", "main")
        project.git("clean", "--quiet", "--force", "-d")
        for line in commands(page):
            shown = project.run("bash", "-c", line, variables=IDENTITY).stdout
            if "exp show" in line:
                assert re.search(
                    r"\sanswer +kept +cv.n_splits\s+(─+\s+)?workspace +[01]\.\d+ +[01]\.\d+ ",
                    shown,
                )
            if "gridstage predict" in line:
                assert re.fullmatch(
                    r"([01],[01]\.\d{6}(,[01|]+)?,(\w+ far outside)?(,(\w+ [\d.]+: [-+][\d.]+(; )?)*)?\n)+",
                    shown,
                ), f"{page}: {line}"
    assert "neurons_2" in project.params()["experiments"]  # it ends with a refinement
