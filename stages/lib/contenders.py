"""Who is compared in the evaluation, and their scores: nets as params.yaml describes them, and plain baselines."""

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
from sklearn.preprocessing import StandardScaler

from stages.lib.candidates import resolve_settings
from stages.lib.dataset import Dataset
from stages.lib.engines import search
from stages.lib.errors import UserError
from stages.lib.estimator import build_estimator, target
from stages.lib.evaluation import Split, check_trial, make_scorer
from stages.lib.leaderboard import BEST_PARAMS, COMBINED
from stages.lib.params import Params


@dataclass(frozen=True)
class Baseline:
    """An estimator of scikit-learn, and what it is in words."""

    estimator: BaseEstimator
    description: str


def read_settings(params: Params) -> dict[str, dict[str, Any]]:
    """Return the settings of the nets by name: `combined`, each experiment's winner, and `starting_point`.

    Returns
    -------
    dict of dict
        Settings as `model` in params.yaml holds them, names unresolved, in the order named above.

    Raises
    ------
    UserError
        Where `metrics/best_params.json` is missing, broken, or not of these experiments.
    """
    again = "Run `dvc repro best_params`."
    try:
        details = json.loads(BEST_PARAMS.read_text(encoding="utf-8"))["details"][0]
        combined = details[COMBINED]
        bests = {name: search["best_params"] for name, search in details["experiments"].items()}
    except FileNotFoundError:
        raise UserError(f"{BEST_PARAMS} is missing. {again}") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UserError(f"{BEST_PARAMS} is not what the stage best_params writes. {again}") from None
    if set(bests) != set(params.experiments):
        raise UserError(f"{BEST_PARAMS} is of other experiments than params.yaml has. {again}")
    model = params.model.model_dump()
    winners = {name: model | experiment.fixed | bests[name] for name, experiment in params.experiments.items()}
    return {COMBINED: combined, **winners, "starting_point": model}


def baselines(classify: bool) -> dict[str, Baseline]:
    """Return what a net should beat, by name: a linear model on standardized inputs, and one that ignores them."""
    if classify:
        linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        return {
            "logistic_regression": Baseline(linear, "LogisticRegression, inputs standardized"),
            "majority_class": Baseline(DummyClassifier(strategy="prior"), "DummyClassifier, inputs ignored"),
        }
    linear = make_pipeline(StandardScaler(), LinearRegression())
    return {
        "linear_regression": Baseline(linear, "LinearRegression, inputs standardized"),
        "mean": Baseline(DummyRegressor(), "DummyRegressor, inputs ignored"),
    }


def score_net(name: str, settings: dict[str, Any], data: Dataset, splits: list[Split], params: Params) -> np.ndarray:
    """Return a net's scores, one a split, by the engine, seed and scorer of `params`; NaN where it diverged."""
    resolved = resolve_settings(settings, str(BEST_PARAMS), name)
    estimator = build_estimator(resolved, data, params.data.scale)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    scorer = make_scorer(params.cv.scoring)
    check_trial(estimator, data.X, y, splits[0], scorer)
    found = search(name, estimator, {}, data.X, y, splits=splits, scorer=scorer, params=params)
    return np.array([found[f"split{i}_test_score"][0] for i in range(len(splits))])


def score_baseline(name: str, baseline: Baseline, data: Dataset, splits: list[Split], scoring: str) -> np.ndarray:
    """Return a baseline's scores, one a split; all NaN, with a warning, where the scorer takes none of its kind."""
    try:
        return np.asarray(
            cross_val_score(
                baseline.estimator, data.X, data.y, cv=splits, scoring=get_scorer(scoring), error_score="raise"
            )
        )
    except (ValueError, TypeError, AttributeError) as error:
        warnings.warn(f"{name} has no score: {scoring} says {error}", stacklevel=2)
        return np.full(len(splits), np.nan)
