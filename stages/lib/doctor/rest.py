"""Estimates what follows the searches: the baselines, which are tried on one split, and the evaluation."""

import time
import warnings
from collections.abc import Sequence

from sklearn.base import clone

from stages.lib.doctor.plan import START, Plan, few_rows
from stages.lib.experiment import Table
from stages.lib.model import rows
from stages.lib.winners.baselines import baselines
from stages.lib.winners.shuffled import REFUSALS, importances

# The nets that the evaluation fits on all splits, at the most: those that no search has, and the saved ones once more.
_NETS = 3


def baselines_seconds(table: Table) -> float:
    """Fit each baseline to a split, or to some of its rows, and return what all splits will take, in CPU seconds.

    The time is taken to grow with the rows. A baseline that can't be fitted or scored takes none.
    """
    fresh, data = table.fresh, table.data
    models = baselines(data, fresh.params)
    scorer = next(iter(fresh.scorer(len(models)).scorers.values()))
    train, test = few_rows(fresh.splits[0], data)
    start = time.process_time()
    for baseline in models.values():
        X = rows(data, baseline.estimator)
        with warnings.catch_warnings(action="ignore"):
            try:
                fitted = clone(baseline.estimator).fit(X[train], data.y[train])
                importances(fitted, X[test], data.y[test], len(data.features), scorer)
            except REFUSALS:
                continue
    spent = time.process_time() - start
    return START + spent * len(fresh.splits) * len(fresh.splits[0][0]) / len(train)


def evaluation_seconds(plans: Sequence[Plan], n_splits: int) -> float:
    """Return what the evaluation will take, whose nets may be those that take longest."""
    longest = max((plan.seconds - START) / plan.n_fits for plan in plans)
    return START + _NETS * n_splits * longest
