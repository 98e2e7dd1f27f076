"""Estimates what follows the searches: the baselines, which are tried on one split, and the evaluation."""

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from stages.lib.baselines.baselines import baselines
from stages.lib.check.plan import START, Plan, few_rows
from stages.lib.experiment import Folds
from stages.lib.model import rows
from stages.lib.scores.shuffled import REFUSALS, importances

# One in so many of the rows is fitted once more.
_PART = 4
# The nets that the evaluation fits on all splits, at the most: those that no search has, and the saved ones once more.
_NETS = 3


def baselines_seconds(table: Folds) -> dict[str, float]:
    """Fit each baseline to a split, and return what that takes, in CPU seconds.

    Of a large split, some of its rows are fitted, and a part of these, to tell what grows with the rows from what does
    not. A baseline that can't be fitted or scored takes none.
    """
    fresh, data = table.fresh, table.data
    models = baselines(data, fresh.params)
    scorer = next(iter(fresh.scorer(len(models)).scorers.values()))
    (whole, _), (train, test) = fresh.splits[0], few_rows(fresh.splits[0], data)
    fewer, seconds = train[::_PART], {}
    for name, baseline in models.items():
        X = rows(data, baseline.estimator)

        def fitted(
            numbers: np.ndarray, model: BaseEstimator = baseline.estimator, X: Any = X
        ) -> Any:
            start = time.process_time()
            return clone(model).fit(
                X[numbers], data.y[numbers]
            ), time.process_time() - start

        with warnings.catch_warnings(action="ignore"):
            try:
                (model, spent), start = fitted(train), time.process_time()
                importances(
                    model, X[test], data.y[test], len(data.features), scorer
                )  # of so many rows at the most
                seconds[name] = spent + time.process_time() - start
                if len(train) < len(whole):
                    of_a_row = max(spent - fitted(fewer)[1], 0.0) / (
                        len(train) - len(fewer)
                    )
                    seconds[name] += of_a_row * (len(whole) - len(train))
            except REFUSALS:
                seconds.pop(name, None)
    return seconds


def evaluation_seconds(
    table: Folds,
    plans: Sequence[Plan],
    of_baselines: Mapping[str, float],
    reading: float,
) -> float:
    """Return what the evaluation will take, whose nets may be those that take longest.

    At the end it fits what it saves on all rows, those that `data.sample` leaves out of searches included.
    """
    a_fit, longest = (
        max(plan.seconds_a_fit for plan in plans),
        max(of_baselines.values(), default=0.0),
    )
    sample, n_splits = table.params.data.sample, len(table.fresh.splits)
    more = len(table.data.y) / sample / len(table.fresh.splits[0][0])
    on_all = (a_fit + max(a_fit, longest)) * more  # the kept net, and the answer
    # The file is read once more if the searches take a sample of it.
    return (
        START + reading * (1 if sample == 1 else 2) + _NETS * n_splits * a_fit + on_all
    )
