"""Holds out rows of real tables from everything, and says how often intervals and sets hold what they are."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from palmerpenguins import load_penguins
from sklearn import datasets, ensemble, linear_model, neural_network
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from packages.resampled.tests.simulation.conformal import LEVEL
from packages.resampled.tests.simulation.drawing import Said
from resampled.conformal import interval_steps, least_probabilities

N_FOLDS, N_REPEATS, HELD_OUT = 5, 2, 0.4
# Of sets: several of these tables have hardly a row that is wrong, so that sets of 90 % are one label.
LEVELS = (0.9, 0.98)
PIMA = (
    Path(__file__).parents[3] / "gridstage/tests/sample/data/pima-indians-diabetes.csv"
)


def _pima() -> pd.DataFrame:
    columns = (
        "pregnancies glucose pressure skin insulin bmi pedigree age diabetes".split()
    )
    frame = pd.read_csv(PIMA, names=columns).drop(columns=["skin", "insulin"])
    return frame[(frame[["glucose", "pressure", "bmi"]] > 0).all(axis=1)]


def _penguins() -> pd.DataFrame:
    frame = load_penguins().dropna().drop(columns=["year", "island"])
    return frame.assign(sex=frame["sex"] == "male", adelie=frame["species"] == "Adelie")


def _of(load: str) -> pd.DataFrame:
    return getattr(datasets, f"load_{load}")(as_frame=True).frame


@cache
def table(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs of a table, of shape (n_rows, n_inputs), and its target."""
    read, target, without = (NUMBERS | CLASSES)[name]
    frame = read()
    return frame.drop(columns=[target, *without]).to_numpy(float), frame[
        target
    ].to_numpy()


# By name: the table, its target, and columns that are no inputs.
_AREAS = (
    "target",
    "mean area",
    "area error",
    "worst radius",
    "worst perimeter",
    "mean radius",
    "mean perimeter",
)
NUMBERS = {
    "diabetes, 442 rows": (lambda: _of("diabetes"), "target", ()),
    "wine, proline, 178 rows": (lambda: _of("wine"), "proline", ()),
    "iris, petal length, 150 rows": (
        lambda: _of("iris"),
        "petal length (cm)",
        ("target",),
    ),
    "tumours, worst area, 569 rows": (
        lambda: _of("breast_cancer"),
        "worst area",
        _AREAS,
    ),
    "penguins, body mass, 333 rows": (_penguins, "body_mass_g", ("species",)),
    "Pima, glucose, 724 rows": (_pima, "glucose", ()),
}
CLASSES = {
    "Pima, diabetes, 724 rows": (_pima, "diabetes", ()),
    "wine, 178 rows": (lambda: _of("wine"), "target", ()),
    "iris, 150 rows": (lambda: _of("iris"), "target", ()),
    "tumours, 569 rows": (lambda: _of("breast_cancer"), "target", ()),
    "penguins, 333 rows": (_penguins, "species", ("adelie",)),
    "digits, 1,797 rows": (lambda: _of("digits"), "target", ()),
}
LEARNERS = ("linear", "forest", "net")


def learner(name: str, is_class: bool) -> BaseEstimator:
    """Return a learner of scikit-learn; nets are small, and the target of one that predicts numbers is scaled."""
    size = {"hidden_layer_sizes": 16, "max_iter": 100, "learning_rate_init": 0.01}
    if is_class:
        models = linear_model.LogisticRegression(), ensemble.RandomForestClassifier(30)
        net: BaseEstimator = neural_network.MLPClassifier(**size)
    else:
        models = linear_model.LinearRegression(), ensemble.RandomForestRegressor(30)
        net = TransformedTargetRegressor(
            neural_network.MLPRegressor(**size), transformer=StandardScaler()
        )
    return make_pipeline(
        StandardScaler(), dict(zip(LEARNERS, (*models, net), strict=True))[name]
    )


def judge_table(name: str, model: str, draw: int) -> Said:
    """Hold out rows, predict the others by folds, fit a model on them, and say what holds for the rows held out."""
    is_class = name in CLASSES
    X, y = table(name)
    y = np.unique(y, return_inverse=True)[1] if is_class else y
    X, new_X, y, new_y = train_test_split(
        X, y, test_size=HELD_OUT, random_state=draw, stratify=y if is_class else None
    )
    seeds = np.random.RandomState(draw)  # of scikit-learn's kind
    estimator = learner(model, is_class)

    def fitted(rows: np.ndarray) -> BaseEstimator:
        own = clone(estimator)
        numbers = {
            key: int(seeds.randint(2**31))
            for key in own.get_params()
            if key.endswith("random_state")
        }
        return own.set_params(**numbers).fit(X[rows], y[rows])

    def predict(own: BaseEstimator, rows: np.ndarray) -> np.ndarray:
        return own.predict_proba(rows) if is_class else own.predict(rows)

    parts, tests = [], []
    for _ in range(N_REPEATS):
        folds = (StratifiedKFold if is_class else KFold)(
            N_FOLDS, shuffle=True, random_state=seeds.randint(2**31)
        )
        for train, test in folds.split(X, y):
            parts.append(predict(fitted(train), X[test]))
            tests.append(test)
    predicted, units, final = (
        np.concatenate(parts),
        np.concatenate(tests),
        predict(fitted(np.arange(len(y))), new_X),
    )
    if not is_class:
        steps = interval_steps(y[units], predicted, LEVEL, units)
        assert steps is not None
        one = np.quantile(np.abs(y[units] - predicted), LEVEL)
        width = steps.at(final)
        return {
            "covers": float((np.abs(new_y - final) <= width).mean()),
            "steps": float(len(steps.half_widths)),
            "width, in spreads of the target": float(2 * width.mean() / new_y.std()),
            "width, relative to one for all": float(width.mean() / one),
        }
    own = predicted[np.arange(len(units)), y[units]]
    said: Said = {"accuracy": float((final.argmax(axis=1) == new_y).mean())}
    for level, least in zip(
        LEVELS, least_probabilities(own, LEVELS, units), strict=True
    ):
        sets = (final >= least) | (final == final.max(axis=1, keepdims=True))
        said[f"covers, {level:.0%}"] = float(sets[np.arange(len(new_y)), new_y].mean())
        said[f"labels, {level:.0%}"] = float(sets.sum(axis=1).mean())
    return said
