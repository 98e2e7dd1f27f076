"""What scikit-learn reaches without a net: each model behind the preparation that it needs, and a constant."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from stages.lib.config import CV, Params, Prepare
from stages.lib.data import Dataset
from stages.lib.engine import TrainTest
from stages.lib.model.columns import Columns
from stages.lib.model.prepared import preparation_of, prepared
from stages.lib.search import make_splits

# What gradient boosting is tuned over; 0.1 and 31 are scikit-learn's defaults, and small tables want less.
BOOSTING_GRID = {"learning_rate": [0.03, 0.1], "max_leaf_nodes": [4, 31]}
# The most categories of a column that HistGradientBoosting splits as such; it takes those of other columns as numbers.
_MOST_CATEGORIES = 255
_N_TREES = 100


@dataclass(frozen=True)
class Baseline:
    """A scikit-learn estimator, its description, and how its rows are prepared."""

    estimator: BaseEstimator
    description: str
    prepare: Prepare = field(default_factory=Prepare)


@dataclass(frozen=True)
class _Labelled:
    """What `make_splits` looks at, of training rows."""

    y: np.ndarray
    groups: np.ndarray | None
    classes: tuple[str, ...]


class InnerFolds:
    """Folds of a training set, of the kind of `cv`, for scikit-learn's searches.

    There is one fold fewer than in `cv`, and three at the most: of each class and of groups, a training set may have
    no more.
    """

    def __init__(self, cv: CV, seed: int, classes: tuple[str, ...]) -> None:
        self.cv = cv.model_copy(
            update={"n_splits": min(max(cv.n_splits - 1, 2), 3), "n_repeats": 1, "shuffle": not cv.keeps_time}
        )
        self.seed, self.classes = seed, classes

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        return self.cv.n_splits

    def split(self, X: Any, y: np.ndarray, groups: Any = None) -> Iterator[TrainTest]:
        """Yield the rows to train on and those to score, as numbers; prepared rows carry their groups."""
        rows = _Labelled(y, getattr(X, "groups", None), self.classes)
        yield from make_splits(rows, self.cv, self.seed, bool(self.classes))


def baselines(data: Dataset, params: Params) -> dict[str, Baseline]:
    """Return the baselines by name: a linear model, gradient boosting, a random forest, and a constant.

    Parameters
    ----------
    data : Dataset
        Without classes, it is a regression.
    params : Params
        For `prepare`, `cv` and `seed`. Each model gets the preparation of `prepare`, without what it has no use for,
        and with what it lacks.
    """
    prepare, seed = params.prepare, params.seed
    folds = InnerFolds(params.cv, seed, data.classes)
    tuned = {"cv": folds, "scoring": params.cv.scoring, "error_score": "raise"}
    if data.classes:
        return {
            "logistic_regression": _linear(LogisticRegression(max_iter=1000), data, prepare),
            "hist_gradient_boosting": _boosting(HistGradientBoostingClassifier(random_state=seed), data, tuned),
            "random_forest": _forest(RandomForestClassifier(_N_TREES, random_state=seed), data, prepare),
            "majority_class": Baseline(DummyClassifier(strategy="prior"), "DummyClassifier, inputs ignored"),
        }
    return {
        "linear_regression": _linear(LinearRegression(), data, prepare),
        "hist_gradient_boosting": _boosting(HistGradientBoostingRegressor(random_state=seed), data, tuned),
        "random_forest": _forest(RandomForestRegressor(_N_TREES, random_state=seed), data, prepare),
        "mean": Baseline(DummyRegressor(), "DummyRegressor, inputs ignored"),
    }


def _linear(model: BaseEstimator, data: Dataset, prepare: Prepare) -> Baseline:
    own, told = _filled(data, prepare.model_copy(update={"encode": "onehot"}))
    own = own.model_copy(update={"scale": None if own.scale == "standard" else own.scale})  # which is done once
    told += [f"inputs scaled ({own.scale}) and standardized" if own.scale else "inputs standardized"]
    told += [f"target scaled ({own.target})"] if own.target else []
    if preparation_of(prepared(model, data, own)) is None:
        steps = [StandardScaler(), model]
    else:
        # The columns of a category add up to one, which rounding to float32 would hide from the least squares.
        steps = [FunctionTransformer(np.asarray, kw_args={"dtype": np.float64}), StandardScaler(), model]
    return Baseline(prepared(make_pipeline(*steps), data, own, name="model"), _described(model, told), own)


def _forest(model: BaseEstimator, data: Dataset, prepare: Prepare) -> Baseline:
    # Trees look at the order of numbers only, so scaling changes nothing for them.
    own, told = _filled(data, prepare.model_copy(update={"scale": None, "target": None}))
    return Baseline(prepared(model, data, own, name="model"), _described(model, [f"{_N_TREES} trees", *told]), own)


def _boosting(model: BaseEstimator, data: Dataset, tuned: dict[str, Any]) -> Baseline:
    """Return gradient boosting, which takes missing cells and categories as they are."""
    columns = Columns.of(data)
    own = Prepare(encode="ordinal") if columns.categories else Prepare()
    # A Preparation puts the categories after numbers and booleans, each kind in the order of the table.
    first = len(columns.at("number", "boolean"))
    native = [first + i for i, labels in enumerate(columns.categories.values()) if len(labels) <= _MOST_CATEGORIES]
    model.set_params(categorical_features=native or None)
    told = "tuned inside each split"
    searched = GridSearchCV(model, BOOSTING_GRID, **tuned)
    return Baseline(prepared(searched, data, own, name="model"), _described(model, [told]), own)


def _filled(data: Dataset, prepare: Prepare) -> tuple[Prepare, list[str]]:
    """Return a preparation that leaves no number missing, and what it does to inputs, apart from scaling."""
    columns = Columns.of(data)
    lacks_numbers = any(columns.types[name] != "category" for name in columns.lacking)
    impute = prepare.impute or ("median" if lacks_numbers else None)
    told = [f"missing cells imputed ({impute})"] if impute else []
    told += ["missing cells indicated"] if prepare.indicator else []
    if columns.categories:
        told.append(f"categories encoded ({prepare.encode})")
    else:
        prepare = prepare.model_copy(update={"encode": Prepare().encode})
    return prepare.model_copy(update={"impute": impute}), told


def _described(model: BaseEstimator, told: list[str]) -> str:
    return ", ".join([type(model).__name__, *told])
