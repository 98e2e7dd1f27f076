"""Scorers that are no sums over rows: what each row makes of them to first order, by leaving it out."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from resampled.means.pooling import Pooling, Response, mean_of

Metric = Callable[[Any, Any], float]


def leaving_out(metric: Metric, response: Response = "predict") -> Pooling:
    """Return how any smooth function of (y, predictions) pools rows: to first order, as `roc_auc` does.

    A row's number is the whole split's value, and n - 1 times what the row changes of it, less the mean of that over
    all rows: the jackknife (Tukey (1958), "Bias and confidence in not quite large samples", Annals of Mathematical
    Statistics 29). So the mean over a split is the value itself, and that over some rows is it to first order. Rows
    with the same target and prediction are left out once, because classes make few of them. A median or a maximum has
    no first order.
    """
    return mean_of(response, partial(_of_rows, metric), np.positive)


def _of_rows(metric: Metric, y: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    n = len(y)
    columns = []
    for column in (y, *np.atleast_2d(predicted.T)):
        columns.append(np.unique(column, return_inverse=True)[1])
    _, firsts, kinds = np.unique(
        columns, axis=1, return_index=True, return_inverse=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a class without a prediction
        whole = float(metric(y, predicted))
        if n == 1:
            return np.array([whole])
        without = np.empty(len(firsts))
        for kind, row in enumerate(firsts):
            others = np.delete(predicted, row, axis=0)
            without[kind] = metric(np.delete(y, row), others)
    moved = (n - 1) * (whole - without)[np.ravel(kinds)]
    return np.asarray(whole + moved - moved.mean())
