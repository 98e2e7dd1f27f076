"""Gradient boosting as arrays: its trees, where they start from, and the categories that it splits as such."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils.extmath import softmax

from stages.lib.handover.arrays import finite, taken
from stages.lib.handover.trees import Grown, Trees, flattened

# The most categories of a column that is split by sets of them.
_MOST_CATEGORIES = 255


@dataclass(frozen=True)
class Boosting:
    """A HistGradientBoostingClassifier or HistGradientBoostingRegressor, whose results are scikit-learn's, bit by bit.

    Parameters
    ----------
    trees : Trees
        Iteration by iteration; of each, a tree for each output.
    start : array of float64, shape (n_outputs,)
        What the trees' values are added to.
    categorical : array of int32, shape (n_categorical,)
        The columns of categories.
    categories : array of float64, shape (n_categories,)
        The values of these columns that have a code, column by column, in the order of their codes, 0, 1, …
    counts : array of int32, shape (n_categorical,)
        How many of them each column has.
    """

    trees: Trees
    start: np.ndarray
    categorical: np.ndarray
    categories: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, fitted: HistGradientBoostingClassifier | HistGradientBoostingRegressor) -> "Boosting":
        """Return what scikit-learn has learned."""
        is_categorical = np.zeros(fitted.n_features_in_, dtype=bool)
        known: list[np.ndarray] = []
        if fitted.is_categorical_ is not None:
            is_categorical = fitted.is_categorical_
            known = [np.asarray(each, dtype=float) for each in fitted._preprocessor.transformers_[0][1].categories_]
        # scikit-learn puts the columns of categories first, and leaves a missing category without a code.
        order = np.concatenate([np.flatnonzero(is_categorical), np.flatnonzero(~is_categorical)])
        known = [each[~np.isnan(each)] for each in known]
        trees = [tree for iteration in fitted._predictors for tree in iteration]
        grown = [
            Grown(
                tree.nodes["is_leaf"] == 1,
                tree.nodes["left"],
                tree.nodes["right"],
                order[tree.nodes["feature_idx"]],
                tree.nodes["num_threshold"],
                tree.nodes["missing_go_to_left"],
                tree.nodes["value"][:, None],
                np.where(tree.nodes["is_categorical"] == 1, tree.nodes["bitset_idx"].astype(int), -1),
                tree.raw_left_cat_bitsets,
            )
            for tree in trees
        ]
        return cls(
            flattened(grown),
            fitted._baseline_prediction.ravel().astype(float),
            np.flatnonzero(is_categorical).astype(np.int32),
            np.concatenate([np.empty(0), *known]),
            np.array([len(each) for each in known], dtype=np.int32),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n_columns: int, n_classes: int) -> "Boosting":
        """Check and take arrays of a file; raises `ValueError` with a sentence if they don't fit."""
        n_outputs = n_classes if n_classes > 2 else 1
        found = cls(
            Trees.from_arrays(arrays, n_columns, 1),
            finite(arrays, "start", "float64", n_outputs),
            taken(arrays, "categorical", "int32", None),
            finite(arrays, "categories", "float64", None),
            taken(arrays, "counts", "int32", len(arrays["categorical"])),
        )
        if len(found.trees.roots) % n_outputs:
            raise ValueError("roots are not as many for each class")
        listed = found.categorical
        if len(listed) and (listed.min() < 0 or listed.max() >= n_columns or (np.diff(listed) <= 0).any()):
            raise ValueError("categorical has numbers that are no columns, or are not in order")
        counts = found.counts
        if ((counts < 0) | (counts > _MOST_CATEGORIES)).any() or counts.sum() != len(found.categories):
            raise ValueError("counts are not those of the categories")
        if any((np.diff(values) <= 0).any() for _, values in found._maps()):
            raise ValueError("categories are not in order")
        by_set = found.trees.column[found.trees.chosen >= 0]
        if not np.isin(by_set, listed).all():
            raise ValueError("chosen has sets for a column without categories")
        return found

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it by name."""
        own = {name: values for name, values in vars(self).items() if name != "trees"}
        return self.trees.arrays() | own

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities of classes, shape (n_rows, n_classes)."""
        raw = self._raw(X)
        if raw.shape[1] > 1:
            return np.asarray(softmax(raw))
        second = expit(raw[:, 0])
        return np.stack([1 - second, second], axis=1)

    def predict_number(self, X: np.ndarray) -> np.ndarray:
        """Return the numbers that a regression predicts, shape (n_rows,)."""
        return self._raw(X)[:, 0]

    def predict_class(self, X: np.ndarray) -> np.ndarray:
        """Return the numbers of classes, shape (n_rows,)."""
        raw = self._raw(X)
        return raw.argmax(axis=1) if raw.shape[1] > 1 else (raw[:, 0] > 0).astype(int)

    def _raw(self, X: np.ndarray) -> np.ndarray:
        return np.concatenate([self._added(self._coded(part)) for part in self.trees.chunks(X)])

    def _added(self, X: np.ndarray) -> np.ndarray:
        added = np.tile(self.start, (len(X), 1))
        for number, values in enumerate(self.trees.outputs(X)):  # in scikit-learn's order
            added[:, number % len(self.start)] += values[:, 0]
        return added

    def _maps(self) -> list[tuple[int, np.ndarray]]:
        """Return each column of categories, and their values in the order of the codes."""
        ends = [0, *np.cumsum(self.counts)]
        known = [self.categories[start:end] for start, end in pairwise(ends)]
        return list(zip(map(int, self.categorical), known, strict=True))

    def _coded(self, X: np.ndarray) -> np.ndarray:
        """Return rows with the codes of categories, and NaN for those without one."""
        coded = X.astype(np.float64)
        for column, known in self._maps():
            places = np.searchsorted(known, coded[:, column])
            found = np.append(known, np.nan)[np.minimum(places, len(known))] == coded[:, column]
            coded[:, column] = np.where(found, places, np.nan)
        return coded
