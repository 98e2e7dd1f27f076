"""`experiments`, `statistics` and `evaluate` in params.yaml: kinds of search, and what does not go together."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import get_scorer, get_scorer_names

from stages.lib.config import Distribution, Experiment, Params, load_params
from stages.lib.config.scorers import _EVERYDAY, OF_NUMBERS
from tests.config.params_files import changed, refused, written
from tests.project import ROOT, real_params
from tests.read_sample import SAMPLE

REGRESSION = {"model.wrapper": "NeuralNetRegressor", "cv.splitter": "kfold", "cv.scoring": "r2"}
DRAWN: dict[str, Any] = {"search": "random", "n_candidates": 20, "grid": {"lr": {"loguniform": [0.001, 0.1]}}}


def mine(**changes: Any) -> dict[str, Any]:
    """Return the change that adds a random search with some changes; a key that is None is removed."""
    return {"experiments.mine": {key: value for key, value in (DRAWN | changes).items() if value is not None}}


def test_a_grid_is_dumped_as_it_was_before_there_were_other_searches() -> None:
    grid = Experiment(grid={"lr": [0.1, 0.2]})
    assert grid.model_dump() == {"grid": {"lr": [0.1, 0.2]}, "fixed": {}}
    assert grid.candidates(seed=7) == [{"lr": 0.1}, {"lr": 0.2}]


@pytest.mark.parametrize("search", ["random", "halving"])
def test_what_is_dumped_is_what_was_read(search: str) -> None:
    content = {
        "search": search,
        "n_candidates": 3,
        "grid": {"lr": {"loguniform": [0.001, 0.1]}, "batch_size": [10, 20], "module__n_neurons": {"int": [1, 4]}},
        "fixed": {"optimizer": "SGD"},
    }
    experiment = Experiment.model_validate(content)
    assert experiment.model_dump() == content
    assert Experiment.model_validate(experiment.model_dump()) == experiment
    assert experiment.grid["lr"] == Distribution("loguniform", 0.001, 0.1)
    assert len(experiment.candidates(seed=7)) == 3


def test_halving_may_begin_with_a_whole_grid() -> None:
    halving = Experiment(search="halving", grid={"lr": [0.1, 0.2], "batch_size": [10, 20]})
    assert halving.candidates(seed=7) == Experiment(grid=halving.grid).candidates(seed=7)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (mine(search="randon"), "experiments.mine.search is 'randon': it should be 'grid', 'random' or 'halving'"),
        (mine(n_candidates=0), "experiments.mine.n_candidates is 0: it should be greater than or equal to 1"),
        (mine(n_candidate=3), "experiments.mine.n_candidate is unknown; did you mean 'n_candidates'?"),
        (
            mine(grid={"lr": {"logunifrom": [0.1, 1]}}),
            "experiments.mine.grid.lr is {'logunifrom': [0.1, 1]}: 'logunifrom' is not a distribution; it should be",
        ),
        (
            mine(grid={"lr": {"loguniform": [0, 1]}}),
            "experiments.mine.grid.lr is {'loguniform': [0, 1]}: loguniform has no 0 and nothing below it",
        ),
        (mine(grid={"lr": 0.1}), "experiments.mine.grid.lr is 0.1: it should be a valid list"),
        (mine(grid={"lr": [0.1, {"a": 1}]}), "experiments.mine.grid.lr[1] is {'a': 1}: it should be a number, true"),
        (
            mine(search="grid", grid={"lr": [0.1]}),
            "experiments.mine.n_candidates is 20, but `search: grid` trains every candidate of the lists; remove it, "
            "or set search to random",
        ),
        (
            mine(search=None, n_candidates=None),
            "experiments.mine.grid.lr is a distribution, loguniform 0.001 to 0.1, but `search: grid` takes lists; "
            "set search to random and n_candidates to how many to draw, or list the values",
        ),
        (
            mine(n_candidates=None),
            "experiments.mine.n_candidates is missing, but `search: random` draws candidates; add how many",
        ),
        (
            mine(search="halving", n_candidates=None),
            "experiments.mine.n_candidates is missing, but grid.lr is a distribution, loguniform 0.001 to 0.1; "
            "add how many to draw",
        ),
        (
            mine(grid={"lr": [0.1, 0.2], "batch_size": [10, 20]}),
            "experiments.mine.n_candidates is 20, but the grid has only 4; set it to 4 or fewer, or search to grid",
        ),
        (
            mine(grid={"module__n_neurons": {"int": [1, 8]}}),
            "experiments.mine.n_candidates is 20, but the grid has only 8; set it to 8 or fewer",
        ),
        (
            mine(search="halving", grid=DRAWN["grid"] | {"max_epochs": [10, 20]}),
            "experiments.mine.grid.max_epochs is searched, but `search: halving` multiplies max_epochs from stage to "
            "stage; remove it, and put the most epochs into fixed",
        ),
        # Both bounds of a distribution keep the rules of the key.
        (mine(grid={"lr": {"uniform": [0, 1]}}), "experiments.mine.grid.lr.uniform[0] is 0.0: it should be greater"),
        (mine(grid={"max_epochs": {"uniform": [1, 9]}}), "grid.max_epochs.uniform[0] is 1.0: it should be a valid int"),
        (
            mine(grid={"batch_size": {"int": [0, 30]}}),
            "experiments.mine.grid.batch_size.int[0] is 0: it should be greater than or equal to 1",
        ),
        (mine(grid={"optimizer": {"int": [1, 30]}}), "experiments.mine.grid.optimizer.int[0] is 1: it should be a val"),
        (mine(fixed={"lr": 0.1}), "experiments.mine.fixed.lr has no effect, because the grid varies lr; remove one"),
        (mine(grid={"prepare__scal": {"int": [1, 30]}}), "grid.prepare__scal is unknown; did you mean"),
        (mine() | {"experiments.random_forest": DRAWN}, "use this name for something else"),
        ({"statistics.rope": -0.01}, "statistics.rope is -0.01: it should be greater than or equal to 0"),
        ({"statistics.rope": float("inf")}, "statistics.rope is inf: it should be a finite number"),
        ({"statistics.pick": "simple"}, "statistics.pick is 'simple': it should be 'best' or 'simplest'"),
        (
            REGRESSION | {"cv.scoring": "neg_mean_squared_error", "statistics.rope": None},
            "statistics.rope is null, but cv.scoring is neg_mean_squared_error, which has no bounds; set it to the "
            "difference, in the unit of the score, below which two settings are as good as each other",
        ),
        (
            {"experiments": {"mine": DRAWN}, "evaluate.keep": "combined"},
            "evaluate.keep is 'combined', which is not a setting that can be kept here; it should be winner, simplest "
            "or mine",
        ),
        (
            {"experiments": {"mine": DRAWN}, "evaluate.use": "linear_regression"},
            "evaluate.use is 'linear_regression', which is not a contender of the evaluation here; it should be "
            "answer, winner, simplest, mine, starting_point, logistic_regression, hist_gradient_boosting, "
            "random_forest or majority_class",
        ),
        (
            {"cv.scoring": "r2"},
            "cv.scoring is r2, which scores numbers, but model.wrapper predicts a class; set it to a score of classes",
        ),
        ({"cv.also_score": ["neg_mean_squared_error"]}, "cv.also_score[0] is neg_mean_squared_error, which scores num"),
        (
            REGRESSION | {"cv.also_score": ["neg_mean_absolute_error", "roc_auc"]},
            "cv.also_score[1] is roc_auc, which is not a score of numbers, but model.wrapper predicts a number; set",
        ),
        (
            REGRESSION | {"cv.scoring": "neg_mean_sqared_error"},
            "cv.scoring is neg_mean_sqared_error, which is not a score of numbers, but model.wrapper predicts a "
            "number; did you mean 'neg_mean_squared_error'?",
        ),
        ({"cv.also_score": ["accuracy"]}, "cv.also_score[0] is accuracy, which is cv.scoring already; remove it"),
        ({"cv.also_score": ["f1", "f1"]}, "cv.also_score[1] is f1, which is cv.also_score[0] already; remove it"),
    ],
)
def test_a_mistake_is_a_sentence_with_its_place(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    told = refused(tmp_path, changed(changes))
    assert sentence in told
    assert not [line for line in told.splitlines() if not line.startswith(f"{tmp_path}/params.yaml: ")]


@pytest.mark.parametrize(
    ("changes", "rope"),
    [
        (mine() | {"evaluate.keep": "mine", "evaluate.use": "mine"}, 0.01),
        ({"evaluate.use": "hist_gradient_boosting"}, 0.01),
        ({"evaluate.use": "starting_point"}, 0.01),
        (REGRESSION | {"statistics.rope": 1, "evaluate.use": "mean"}, 1.0),
        (mine(grid=DRAWN["grid"] | {"max_epochs": [10, 20]}), 0.01),
        (mine(search="halving", n_candidates=None, grid={"lr": [0.1, 0.2, 0.3]}), 0.01),
        ({"statistics.rope": 0, "statistics.pick": "simplest", "evaluate.keep": "combined"}, 0.0),
        ({"statistics.rope": None, "cv.also_score": ["roc_auc", "neg_brier_score", "neg_log_loss"]}, 0.01),
        ({"statistics.rope": None, "cv.scoring": "neg_brier_score"}, 0.01),
        (REGRESSION | {"statistics.rope": None, "cv.also_score": ["neg_mean_absolute_error"]}, 0.01),
        (REGRESSION | {"statistics.rope": 250, "cv.scoring": "neg_root_mean_squared_error"}, 250.0),
    ],
)
def test_what_goes_together_is_taken(tmp_path: Path, changes: dict[str, Any], rope: float) -> None:
    assert load_params(written(tmp_path, changed(changes))).rope == rope


def test_the_tutorials_grids_have_129_candidates() -> None:
    params = Params.model_validate(real_params())
    grids = [experiment for experiment in params.experiments.values() if experiment.search == "grid"]
    assert (len(grids), sum(len(grid.candidates(params.seed)) for grid in grids)) == (7, 129)


def test_the_scorers_are_scikit_learns() -> None:
    names = set(get_scorer_names())
    assert names >= OF_NUMBERS | set(_EVERYDAY.values())
    of_numbers = {name for name in names if get_scorer(name)._score_func.__module__.endswith("_regression")}
    assert of_numbers == OF_NUMBERS


def test_no_stage_loads_scipy_to_read_params() -> None:
    """Drawing candidates needs scipy.stats, which takes most of a second to import; reading the file does not."""
    code = (
        "import sys; from stages.lib.config import load_params; load_params(sys.argv[1]); print('scipy' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(SAMPLE / "params.yaml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
