"""Who is compared in the evaluation: the combined setting, each search's winner, the start, and plain baselines."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stages.lib.errors import UserError
from stages.lib.params import Params, format_params

BEST_PARAMS = Path("metrics/best_params.json")
COMBINED = "combined"


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


def describe(settings: dict[str, Any], params: Params) -> str:
    """Write what a setting changes of `model` in params.yaml, in one string."""
    model = params.model.model_dump()
    changed = {key: value for key, value in settings.items() if key not in model or model[key] != value}
    return format_params(changed) or "model as it stands"


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
