"""Finds columns that alone give the target away, and scores that are nearly perfect: a column may be made from it."""

import numpy as np
import pandas as pd

from gridstage.data.dataset import Dataset
from resampled.scorers import bounds_of

# What columns say of a target that they nearly give away, as a rounded copy of it does; and how far below the largest
# score a nearly perfect one may be.
_NEARLY, _BELOW = 0.99, 0.001
# So many rows show it; what says a number has so many cells, and a range of values that says a class so many rows.
_MOST_ROWS, _FEWEST_CELLS, _FEWEST_ROWS = 5_000, 10, 5


def given_away(data: Dataset) -> dict[tuple[str, ...], float]:
    """Return which columns give the target away, and how much of it each says, the best first.

    A column says a share of the variance of a number; if none suffices, two in a linear combination, where missing
    cells count as the mean. Of classes, the values of a column say those of a share of the rows.
    """
    rows = np.random.default_rng(0).permutation(len(data.y))[:_MOST_ROWS]
    y = data.y[rows]
    array = data.columns.as_array(data.X)[rows]
    X = pd.DataFrame(array, columns=list(data.features))
    numbers = X.iloc[:, data.columns.at("number", "boolean")]
    said = _classes_said(X, y) if data.classes else _numbers_said(numbers, y)
    best_first = sorted(said.items(), key=lambda item: -item[1])
    return {key: share for key, share in best_first if share >= _NEARLY}


def _classes_said(X: pd.DataFrame, y: np.ndarray) -> dict[tuple[str, ...], float]:
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(min_samples_leaf=_FEWEST_ROWS)
    n_most = np.unique(y, return_counts=True)[1].max()
    # Where nearly all rows are of one class, always naming it says nothing.
    most = (1 - _NEARLY) * (1 - n_most / len(y))
    said: dict[tuple[str, ...], float] = {}
    for name in X:
        predicted = tree.fit(X[[name]], y).predict(X[[name]])
        wrong = float((predicted != y).mean())
        if wrong <= most:
            said[(str(name),)] = 1 - wrong
    return said


def _numbers_said(X: pd.DataFrame, y: np.ndarray) -> dict[tuple[str, ...], float]:
    X = X.dropna(axis=1, thresh=_FEWEST_CELLS)
    filled = X.fillna(X.mean()).assign(**{"": y})
    r = filled.corr().fillna(0.0).to_numpy()  # a constant says nothing
    between, a, b = r[:-1, :-1], r[:-1, -1:], r[-1:, :-1]
    one = between**2 > 1 - 1e-9  # of a column with itself, or with its copy
    others = np.where(one, 1.0, 1 - between**2)
    both = (a**2 + b**2 - 2 * a * b * between) / others
    share = np.where(one, a**2, both)
    pairs = np.diag_indices(len(share))
    share[pairs] = X.corrwith(pd.Series(y)).fillna(0.0) ** 2
    if share.size and share[pairs].max() < _NEARLY:
        pairs = np.unravel_index([share.argmax()], share.shape)
    said = {}
    for i, j in zip(*pairs, strict=True):
        names = tuple(dict.fromkeys(X.columns[[i, j]]))
        said[names] = float(share[i, j])
    return said


def is_nearly_perfect(scoring: str, score: float) -> bool:
    """Whether a score is next to the largest; that of an error, whose scale is unknown, never is."""
    largest = bounds_of(scoring)[1]
    return largest > 0 and score >= largest - _BELOW
