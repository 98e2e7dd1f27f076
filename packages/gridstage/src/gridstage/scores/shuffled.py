"""How much each input column matters to a fitted model: what its score loses when the column is shuffled.

It is shuffled before anything prepares the rows, so that all that is made of it is shuffled with it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from skorch.utils import to_device

from gridstage.engine import net_of, replaced
from gridstage.results import files
from gridstage.scores.scorer import remembering, rounded
from resampled.means.ttest import half_width
from resampled.resampling import Resampling

# How often a column is shuffled in each split. More would only lower the part of chance that is the shuffle's.
_SHUFFLES = 5
# How many test rows of a split are shuffled: of a wide table fewer, as each column takes copies of them.
_LEAST_ROWS, _MOST_ROWS = 100, 1000
_MOST_COPIED = 200_000
# The most numbers to predict from at once.
_AT_ONCE = 4_000_000
# Rows that a net predicts at once.
_BATCH = 4096

Scorer = Callable[[Any, Any, np.ndarray], float]

# What a scorer raises that has no score for a model, such as one of logarithms for numbers below zero.
REFUSALS = (ValueError, TypeError, AttributeError)


def importances(
    estimator: BaseEstimator,
    X: np.ndarray,
    y: np.ndarray,
    n_columns: int,
    scorer: Scorer,
) -> np.ndarray:
    """Return the permutation importance of each column: the score less the mean score with the column shuffled.

    Breiman (2001), "Random Forests", Machine Learning 45, section 10. `X` has test rows as `rows` returns them; what
    stands behind the columns, such as groups, stays. NaN where the scorer has no score. The shuffles have a fixed seed.
    """
    rng = np.random.default_rng(0)
    n_rows = _MOST_COPIED // (n_columns * _SHUFFLES)
    n_rows = min(max(n_rows, _LEAST_ROWS), _MOST_ROWS)
    if len(y) > n_rows:
        drawn = np.sort(rng.choice(len(y), n_rows, replace=False))
        X, y = X[drawn], y[drawn]
    y = np.ravel(y)
    orders = [rng.permutation(len(y)) for _ in range(_SHUFFLES)]
    unchanged = np.arange(len(y))
    changes = [(0, unchanged), *product(range(n_columns), orders)]
    size = max(_AT_ONCE // X.size, 1)
    scores: list[float] = []
    try:
        with large_batches(estimator):
            for start in range(0, len(changes), size):
                some = changes[start : start + size]
                copies = [_shuffled(X, column, order) for column, order in some]
                whole = np.concatenate(copies)  # all are predicted at once
                with remembering(estimator, whole, copies):
                    scores += [rounded(scorer, estimator, copy, y) for copy in copies]
    except REFUSALS:
        return np.full(n_columns, np.nan)
    return scores[0] - np.array(scores[1:]).reshape(n_columns, _SHUFFLES).mean(axis=1)


def _shuffled(X: np.ndarray, column: int, order: np.ndarray) -> np.ndarray:
    copy = X.copy()
    copy[:, column] = X[order, column]
    return copy


@contextmanager
def large_batches(estimator: BaseEstimator) -> Iterator[None]:
    """Let a net predict many rows at once while the block runs; skorch would fetch them one by one."""
    net = net_of(estimator)

    def forward_iter(
        X: Any, training: bool = False, device: str = "cpu"
    ) -> Iterator[Any]:
        rows = np.asarray(X)
        for start in range(0, len(rows), _BATCH):
            part = torch.from_numpy(rows[start : start + _BATCH])
            batch = part, torch.zeros(len(part))
            yield to_device(net.evaluation_step(batch, training), device)

    if net is None:
        yield
        return
    with replaced(net, {"forward_iter": forward_iter}):
        yield


def inputs_table(
    losses: Mapping[str, np.ndarray], features: Sequence[str], resampling: Resampling
) -> pd.DataFrame:
    """Tabulate importances by model, the largest first, from losses of shape (n_splits, n_columns)."""
    rows = []
    for name, by_split in losses.items():
        means, halves = by_split.mean(axis=0), half_width(by_split.T, resampling)
        order = np.argsort(np.nan_to_num(-means, nan=np.inf), kind="stable")
        rows += [(name, features[i], float(means[i]), float(halves[i])) for i in order]
    return pd.DataFrame(rows, columns=list(files.BASELINE_INPUTS.needed))


def with_standing(
    table: pd.DataFrame, roles: Mapping[str, str], rope: float
) -> pd.DataFrame:
    """Return the rows in the order of the `roles`, and whether an interval ends below the rope; NA without one."""
    parts = [table[table["model"] == name] for name in roles]
    rows = pd.concat(parts, ignore_index=True)
    rows.insert(1, "role", rows["model"].map(roles))
    ends = rows["importance"] + rows["ci95"]
    below = (ends < rope).astype("boolean")
    return rows.assign(below_rope=below.mask(ends.isna()))
