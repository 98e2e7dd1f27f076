"""Scores the contenders of the evaluation: nets as params.yaml describes them, and plain baselines."""

import json
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from stages.lib.common import UserError, reading
from stages.lib.config import Params, Prepare
from stages.lib.data import Dataset
from stages.lib.lockstep import TrainTest
from stages.lib.model import build_estimator, resolve_settings, rows, target
from stages.lib.model.prepared import preparation_of, prepared
from stages.lib.scores.scorer import make_scorer
from stages.lib.search import check_trial, run_search
from stages.lib.winners.leaderboard import BEST_PARAMS, COMBINED


@dataclass(frozen=True)
class Baseline:
    """A scikit-learn estimator, and its description."""

    estimator: BaseEstimator
    description: str


def read_settings(params: Params) -> dict[str, dict[str, Any]]:
    """Return the settings of the nets by name: `combined`, each experiment's winner, and `starting_point`.

    Returns
    -------
    dict of dict
        Settings as in `model` of params.yaml, with names unresolved, in the order above.

    Raises
    ------
    UserError
        If `metrics/best_params.json` is missing, broken, or from other experiments.
    """
    again = "Run `dvc repro best_params`."
    with reading(BEST_PARAMS, "not what the stage best_params writes", again):
        details = json.loads(BEST_PARAMS.read_bytes())["details"][0]
        combined = details[COMBINED]
        bests = {name: search["best_params"] for name, search in details["experiments"].items()}
    if set(bests) != set(params.experiments):
        raise UserError(f"{BEST_PARAMS} is from other experiments than those in params.yaml. {again}")
    model = params.model.model_dump()
    winners = {name: model | experiment.fixed | bests[name] for name, experiment in params.experiments.items()}
    return {COMBINED: combined, **winners, "starting_point": model}


def baselines(data: Dataset, prepare: Prepare) -> dict[str, Baseline]:
    """Return the baselines by name: a linear model on standardized inputs, and a model that ignores the inputs.

    Parameters
    ----------
    data : Dataset
        Without classes, it is a regression.
    prepare : Prepare
        The preparation of the combined setting, which the linear model gets as well.
    """
    if data.classes:
        linear, described = _linear(LogisticRegression(max_iter=1000), data, prepare)
        return {
            "logistic_regression": Baseline(linear, f"LogisticRegression, {described}"),
            "majority_class": Baseline(DummyClassifier(strategy="prior"), "DummyClassifier, inputs ignored"),
        }
    linear, described = _linear(LinearRegression(), data, prepare)
    return {
        "linear_regression": Baseline(linear, f"LinearRegression, {described}"),
        "mean": Baseline(DummyRegressor(), "DummyRegressor, inputs ignored"),
    }


def _linear(model: BaseEstimator, data: Dataset, prepare: Prepare) -> tuple[BaseEstimator, str]:
    if preparation_of(prepared(model, data, prepare)) is None:
        return prepared(make_pipeline(StandardScaler(), model), data, prepare), "inputs standardized"
    # The columns of a category add up to one, which rounding to float32 would hide from the least squares.
    exact = FunctionTransformer(np.asarray, kw_args={"dtype": np.float64})
    linear = prepared(make_pipeline(exact, StandardScaler(), model), data, prepare, name="linear")
    return linear, "inputs prepared as those of combined, then standardized"


def score_net(
    name: str, settings: dict[str, Any], data: Dataset, splits: list[TrainTest], params: Params
) -> np.ndarray:
    """Return a net's scores, one per split, with the engine, seed and scorer of `params`; NaN if it diverged."""
    resolved = resolve_settings(settings, str(BEST_PARAMS), name, params.cv)
    estimator = build_estimator(resolved, data, params.prepare)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    scorer = make_scorer(params.cv.scoring)
    X = rows(data, estimator)
    check_trial(estimator, X, y, splits[0], scorer)
    found = run_search(name, estimator, {}, X, y, splits=splits, scorer=scorer, params=params)
    return np.array([found[f"split{i}_test_score"][0] for i in range(len(splits))])


def score_baseline(name: str, baseline: Baseline, data: Dataset, splits: list[TrainTest], scoring: str) -> np.ndarray:
    """Return a baseline's scores, one per split; all NaN, with a warning, if the scorer can't score it."""
    try:
        return np.asarray(
            cross_val_score(
                baseline.estimator,
                rows(data, baseline.estimator),
                data.y,
                cv=splits,
                scoring=get_scorer(scoring),
                error_score="raise",
            )
        )
    except (ValueError, TypeError, AttributeError) as error:
        warnings.warn(f"{name} has no score: {scoring} says {error}", stacklevel=2)
        return np.full(len(splits), np.nan)
