"""The rows of a trial that is to take little time, and how long a net's training step takes."""

import time

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from stages.lib.common import explained
from stages.lib.config import Params
from stages.lib.data import Columns, Dataset
from stages.lib.engine import TrainTest, net_of
from stages.lib.experiment.probe import lean

# Of a larger split, so many training rows and test rows are tried.
_MOST_ROWS = 2000
# The epochs whose time is measured, beside one that pays for the start of a fit.
_EPOCHS = 2


def few_rows(split: TrainTest, data: Dataset) -> TrainTest:
    """Return a split, or some of its rows if it is large: evenly spread, with rows of every class."""
    train, test = (_spread(part, data) for part in split)
    return train, test


def _spread(part: np.ndarray, data: Dataset) -> np.ndarray:
    if len(part) <= _MOST_ROWS:
        return part
    parts = [part[data.y[part] == number] for number in range(data.n_classes)] or [part]
    # Of a rare class, all that there are: a hold-out or a score may need several.
    each = _MOST_ROWS // len(parts)
    kept = [rows[np.linspace(0, len(rows) - 1, min(len(rows), each)).astype(int)] for rows in parts]
    return np.sort(np.concatenate(kept))


def rows_like(params: Params) -> Dataset:
    """Return a table as `data` describes it, with two rows of each class, to build nets while the CSV can't be read."""
    spec = params.data
    features = spec.features(spec.columns, params.cv.groups)
    if spec.header or not features:
        features.append("x")  # columns that are not listed are numbers
    classes = spec.labels_of(2) if params.model.classifies else ()
    y = np.repeat(np.arange(float(max(len(classes), 2))), 2)
    types: dict[str, str] = {key: spec.column(key).type for key in features}
    labels = tuple(map(str, range(len(y))))
    columns = Columns(types, {key: labels for key, kind in types.items() if kind == "category"})
    return Dataset(pd.DataFrame({key: np.arange(float(len(y))) for key in features}), y, columns, classes)


def seconds_a_step(estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, train: np.ndarray) -> float:
    """Measure how long skorch takes for a training step, in CPU seconds, its share of the validation included."""

    def spent(epochs: int) -> float:
        trial = lean(estimator, max_epochs=epochs)
        start = time.process_time()
        trial.fit(X[train], y[train])
        return time.process_time() - start

    with explained("A trial of some epochs failed", "Fix the module, or the callbacks."):
        more = spent(1 + _EPOCHS) - spent(1)
    n_steps = _EPOCHS * -(-len(train) // min(net_of(estimator).batch_size, len(train)))
    return max(more / n_steps, 1e-5)
