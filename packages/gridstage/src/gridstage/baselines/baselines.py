"""What scikit-learn reaches without a net: each model behind the preparation that it needs, and a constant."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn import ensemble
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from gridstage.baselines.linear import LinearRegression, LogisticRegression
from gridstage.config import CV, Params, Prepare
from gridstage.config.statistics import OF_CLASSES, OF_NUMBERS
from gridstage.data import Columns, Dataset
from gridstage.engine import TrainTest
from gridstage.model import rows
from gridstage.model.prepared import prepared
from gridstage.results import SCORE, Results, files
from gridstage.scores.diagnostics import Seen, predictions
from gridstage.scores.reached import Reached, reached_of
from gridstage.scores.scorer import all_alike, remembering, rounded
from gridstage.scores.shuffled import REFUSALS, importances
from gridstage.scores.splits import Folds, make_splits
from resampled.means.pooling import Pooling

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


class InnerFolds:
    """Folds of a training set, of the kind of `cv`, for scikit-learn's searches.

    There is one fold fewer than in `cv`, and three at the most: a training set may have no more of a class or group.
    """

    def __init__(self, cv: CV, seed: int, classes: tuple[str, ...]) -> None:
        n_splits = min(max(cv.n_splits - 1, 2), 3)
        once = {"n_splits": n_splits, "n_repeats": 1, "shuffle": not cv.keeps_time}
        self.cv = cv.model_copy(update=once)
        self.seed, self.classes = seed, classes

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        return self.cv.n_splits

    def split(self, X: Any, y: np.ndarray, groups: Any = None) -> Iterator[TrainTest]:
        """Yield the rows to train on and those to score, as numbers; prepared rows carry their groups."""
        data = Dataset(X, y, Columns({}), self.classes, getattr(X, "groups", None))
        yield from make_splits(data, self.cv, self.seed)


def baselines(data: Dataset, params: Params) -> dict[str, Baseline]:
    """Return by name a linear model, gradient boosting, a random forest, and a constant, each behind what it needs."""
    prepare, seed = params.prepare, params.seed
    linear: BaseEstimator = LinearRegression()
    constant: BaseEstimator = DummyRegressor()
    boosting = ensemble.HistGradientBoostingRegressor
    forest = ensemble.RandomForestRegressor
    if data.classes:
        linear = LogisticRegression(max_iter=1000)
        constant = DummyClassifier(strategy="prior")
        boosting = ensemble.HistGradientBoostingClassifier
        forest = ensemble.RandomForestClassifier
    models = (
        _linear(linear, data, prepare),
        _boosting(boosting(random_state=seed), data, params),
        _forest(forest(_N_TREES, random_state=seed), data, prepare),
        Baseline(constant, _described(constant, ["inputs ignored"])),
    )
    names = OF_CLASSES if data.classes else OF_NUMBERS
    return dict(zip(names, models, strict=True))


def _linear(model: BaseEstimator, data: Dataset, prepare: Prepare) -> Baseline:
    own, steps_in_words = _filled(data, prepare.model_copy(update={"encode": "onehot"}))
    if own.scale == "standard":
        own = own.model_copy(update={"scale": None})  # which is done once
    scaled = f"scaled ({own.scale}) and " if own.scale else ""
    steps_in_words.append(f"inputs {scaled}standardized")
    if own.target:
        steps_in_words.append(f"target scaled ({own.target})")
    # The columns of a category add up to one, which rounding to float32 would hide from the least squares.
    exact = FunctionTransformer(np.asarray, kw_args={"dtype": np.float64})
    steps = make_pipeline(exact, StandardScaler(), model)
    description = _described(model, steps_in_words)
    return Baseline(prepared(steps, data, own, name="model"), description, own)


def _forest(model: BaseEstimator, data: Dataset, prepare: Prepare) -> Baseline:
    # Trees look at the order of numbers only, so scaling changes nothing for them.
    unscaled = prepare.model_copy(update={"scale": None, "target": None})
    own, steps_in_words = _filled(data, unscaled)
    description = _described(model, [f"{_N_TREES} trees", *steps_in_words])
    return Baseline(prepared(model, data, own, name="model"), description, own)


def _boosting(model: BaseEstimator, data: Dataset, params: Params) -> Baseline:
    """Return gradient boosting, which takes missing cells and categories as they are."""
    columns = data.columns
    own = Prepare(encode="ordinal") if columns.categories else Prepare()
    first = len(columns.at("number", "boolean"))
    sizes = [len(labels) for labels in columns.categories.values()]
    native = [first + i for i, size in enumerate(sizes) if size <= _MOST_CATEGORIES]
    model.set_params(categorical_features=native or None)
    folds = InnerFolds(params.cv, params.seed, data.classes)
    searched = GridSearchCV(
        model, BOOSTING_GRID, cv=folds, scoring=params.cv.scoring, error_score="raise"
    )
    description = _described(model, ["tuned inside each split"])
    return Baseline(prepared(searched, data, own, name="model"), description, own)


def _filled(data: Dataset, prepare: Prepare) -> tuple[Prepare, list[str]]:
    """Return a preparation that leaves no number missing, and what it does to inputs, apart from scaling."""
    columns = data.columns
    lacks_numbers = any(columns.types[name] != "category" for name in columns.lacking)
    impute = prepare.impute or ("median" if lacks_numbers else None)
    steps_in_words = []
    if impute:
        steps_in_words.append(f"missing cells imputed ({impute})")
    if prepare.indicator:
        steps_in_words.append("missing cells indicated")
    if columns.categories:
        steps_in_words.append(f"categories encoded ({prepare.encode})")
    else:
        prepare = prepare.model_copy(update={"encode": Prepare().encode})
    return prepare.model_copy(update={"impute": impute}), steps_in_words


def _described(model: BaseEstimator, steps_in_words: list[str]) -> str:
    return ", ".join([type(model).__name__, *steps_in_words])


def score_baseline(
    name: str,
    baseline: Baseline,
    fresh: Folds,
    scorers: Mapping[str, Callable[..., float]],
    pooled: Pooling | None,
) -> tuple[Reached, Seen | None]:
    """Return what a baseline reaches on the splits of the evaluation, and what is seen of it there.

    The first scorer selects; `pooled` says how it pools rows, if it does. All scores of a scorer are NaN, with a
    warning, where it or the fit fails on some split; if the one that selects fails, nothing is seen.
    """
    data, selecting = fresh.data, next(iter(scorers))
    X = rows(data, baseline.estimator)
    scores = {key: np.full(len(fresh.splits), np.nan) for key in scorers}
    failures: dict[str, Exception] = {}
    statistics: list[np.ndarray] = []
    predicted: list[np.ndarray | None] = []
    constant, worth = [], []
    for split, (train, test) in enumerate(fresh.splits):
        part, y = X[test], data.y[test]
        try:
            fitted = clone(baseline.estimator).fit(X[train], data.y[train])
        except REFUSALS as error:
            failures = dict.fromkeys(scorers, error) | failures
            break
        with remembering(fitted, part) as answers:
            for key in scorers:
                try:
                    scores[key][split] = rounded(scorers[key], fitted, part, y)
                except REFUSALS as error:
                    failures.setdefault(key, error)
                if key == selecting:
                    constant.append(all_alike(answers))
            if selecting in failures:
                continue
            if pooled:
                statistics.append(pooled.record(fitted, part, y)[None])
            predicted.append(predictions(fitted, part))
        value = pooled.value if pooled else scorers[selecting]
        worth.append(importances(fitted, part, y, len(data.features), value))
    for key, failure in failures.items():
        warnings.warn(f"{name} has no score: {key} says {failure}", stacklevel=2)
        scores[key][:] = np.nan
    complete = statistics if len(statistics) == len(fresh.splits) else None
    seen = None if selecting in failures else Seen(predicted, np.stack(worth))
    scores = {SCORE: scores.pop(selecting)} | scores
    is_constant, description = all(constant), baseline.description
    return fresh.reached_by(scores, complete, is_constant, description), seen


def read_baselines(results: Results, cv: CV, n_splits: int) -> dict[str, Reached]:
    """Return what the baselines reach; raises `UserError` if it is missing, broken, or of other splits or scorers."""
    problem = "is of other splits or scorers than those in params.yaml"
    refusal = results.refused(files.BASELINES, problem)
    return reached_of(results.table(files.BASELINES), cv, n_splits, refusal)
