"""Baselines fitted as the evaluation fits them, with their cards."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from gridstage.baselines.baselines import baselines
from gridstage.config import Params, Prepare
from gridstage.config.statistics import OF_CLASSES, OF_NUMBERS
from gridstage.data import Columns, Dataset
from gridstage.engine import seed_everything
from gridstage.handover import Card, kind_of
from gridstage.model import build_estimator, resolve_settings, rows, target
from packages.gridstage.tests.passengers import passengers
from packages.gridstage.tests.project import real_params, small_params

# Each baseline and whether it predicts classes.
BASELINES = [(name, True) for name in OF_CLASSES] + [
    (name, False) for name in OF_NUMBERS
]


def numbers(n: int = 160, n_classes: int = 2) -> Dataset:
    """Return a table of three numbers that lack nothing, and a target of classes, or with 0 classes a number."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(n, 3)) * [1, 100, 0.01], columns=["a", "b", "c"])
    y = X["a"] + X["b"] / 100 + rng.normal(size=n)
    labels = tuple(f"class {i}" for i in range(n_classes))
    found = (
        np.digitize(y, np.quantile(y, np.linspace(0, 1, n_classes + 1)[1:-1]))
        if n_classes
        else 1000 + 50 * y
    )
    return Dataset(
        X,
        np.asarray(found, dtype=float),
        Columns(dict.fromkeys("abc", "number")),
        labels,
    )


def mixed(classify: bool) -> Dataset:
    """Return a table of everything that a preparation is for."""
    data = passengers(160)
    return (
        data
        if classify
        else replace(
            data, y=np.nan_to_num(data.X["age"].to_numpy(), nan=50.0) ** 2, classes=()
        )
    )


def fit(
    name: str,
    data: Dataset,
    prepare: Prepare | None = None,
    changes: dict[str, Any] | None = None,
) -> tuple[BaseEstimator, Card]:
    """Return a baseline fitted on all rows, and its card; `changes` are parameters of its trees."""
    raw = small_params()
    if not data.classes:
        raw["model"] |= {"wrapper": "NeuralNetRegressor", "criterion": "MSELoss"}
        raw["cv"] |= {"scoring": "r2", "splitter": "kfold"}
    raw["prepare"] = (prepare or Prepare()).model_dump()
    baseline = baselines(data, Params.model_validate(raw))[name]
    for key, value in (changes or {}).items():
        inside = [
            each
            for each in baseline.estimator.get_params()
            if each == key or each.endswith(f"__{key}")
        ]
        baseline.estimator.set_params(**{inside[-1]: value})
    fitted = baseline.estimator.fit(rows(data, baseline.estimator), data.y)
    return fitted, Card.of(kind_of(fitted), name, baseline.prepare, data, "y")


def fit_net(
    data: Dataset, prepare: Prepare, **changes: Any
) -> tuple[BaseEstimator, Card]:
    """Return the net of params.yaml, with changes, trained for three epochs on all rows, and its card."""
    params = Params.model_validate(real_params() | {"prepare": prepare.model_dump()})
    settings = (
        params.model.model_dump() | {"max_epochs": 3, "train_split": None} | changes
    )
    resolved = resolve_settings(settings, "params.yaml", "test")
    estimator = build_estimator(resolved, data, prepare)
    seed_everything(7)
    estimator.fit(
        rows(data, estimator),
        target(data.y, resolved["wrapper"], resolved["criterion"]),
    )
    return estimator, Card.of("net", "", prepare, data, "y", settings)
