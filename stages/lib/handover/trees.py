"""Trees as flat arrays: a random forest, and gradient boosting with the categories that it splits as such."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn import ensemble

# Places that rows take in trees at once; they bound the memory of a walk.
_AT_ONCE = 1_000_000
# Bytes of a set of categories, a bit for each of 256.
_SET = 32
# The types of the arrays of `Trees`.
_TYPES = {
    **dict.fromkeys(("roots", "left", "right", "column", "category_set"), "int32"),
    **dict.fromkeys(("threshold", "values"), "float64"),
    **dict.fromkeys(("missing_left", "sets"), "uint8"),
}


@dataclass(frozen=True)
class Trees(ABC):
    """Trees in one list of splits and one of leaves, which has a value for each output.

    A place is the number of a split, or ~l, which is below 0, for leaf l. The splits under one come after it, so a walk
    ends. `roots` are the places where trees begin, `left` and `right` those that a split leads to. Of its `column`,
    values up to `threshold` go to the left, and missing ones where `missing_left` is 1. `category_set` is the place in
    `sets` of the categories that go to the left, or -1; a set has a bit for each category, the lowest first.
    """

    roots: np.ndarray
    left: np.ndarray
    right: np.ndarray
    column: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    values: np.ndarray
    category_set: np.ndarray
    sets: np.ndarray

    def __post_init__(self) -> None:
        below = np.stack([self.left, self.right])
        if ((below >= 0) & (below <= np.arange(len(self.left)))).any():
            raise ValueError("a split leads back, so a walk through the trees would not end")

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return what the leaves that each row ends in add up to; NaN in `X` is a missing value."""
        size = max(_AT_ONCE // len(self.roots), 1)
        parts = [X[start : start + size] for start in range(0, len(X), size)]
        return np.concatenate([self.added_up(self.values[~self._walked(part)]) for part in parts])

    @abstractmethod
    def added_up(self, values: np.ndarray) -> np.ndarray:
        """Return the outputs from the values of leaves, shape (n_trees, n_rows, n_values)."""

    def _walked(self, X: np.ndarray) -> np.ndarray:
        places = np.repeat(self.roots[:, None], len(X), axis=1)
        tree, row = np.nonzero(places >= 0)
        while len(tree):
            split = places[tree, row]
            value = X[row, self.column[split]]
            goes_left = value <= self.threshold[split]
            if len(self.sets):
                by_set = self.category_set[split] >= 0
                sets, codes = self.category_set[split[by_set]], np.nan_to_num(value[by_set], nan=0).astype(int)
                goes_left[by_set] = (self.sets[sets, codes // 8] >> (codes % 8)) & 1 == 1
            missing = np.isnan(value)
            goes_left[missing] = self.missing_left[split[missing]] == 1
            places[tree, row] = np.where(goes_left, self.left[split], self.right[split])
            walks_on = places[tree, row] >= 0
            tree, row = tree[walks_on], row[walks_on]
        return places


def flattened(trees: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Put trees into one list of splits and one of leaves, the arrays of `Trees`.

    Each tree is one list of nodes, as in scikit-learn; all but `is_leaf` and `values` have no meaning for leaves, and
    the `sets` of a tree are uint32 of shape (n_sets, 8).
    """
    nodes = {name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]}
    n_nodes, n_sets = (np.array([len(tree[name]) for tree in trees]) for name in ("left", "sets"))
    starts, first_sets = np.cumsum(n_nodes) - n_nodes, np.cumsum(n_sets) - n_sets
    leaf, number = nodes["is_leaf"], nodes["category_set"]
    split, start = ~leaf, np.repeat(starts, n_nodes)
    places = np.where(leaf, ~(np.cumsum(leaf) - 1), np.cumsum(split) - 1)
    arrays = {
        "roots": places[starts],
        **{side: places[(nodes[side] + start)[split]] for side in ("left", "right")},
        **{name: nodes[name][split] for name in ("column", "threshold", "missing_left")},
        "values": nodes["values"][leaf],
        "category_set": np.where(number < 0, -1, number + np.repeat(first_sets, n_nodes))[split],
        # As bytes, in the same order on every machine.
        "sets": np.ascontiguousarray(nodes["sets"], dtype="<u4").view(np.uint8).reshape(-1, _SET),
    }
    return {name: arrays[name].astype(kind) for name, kind in _TYPES.items()}


@dataclass(frozen=True)
class Forest(Trees):
    """A RandomForestClassifier or RandomForestRegressor, whose results are scikit-learn's, bit by bit."""

    log_odds = False

    @classmethod
    def of(cls, fitted: ensemble.RandomForestClassifier | ensemble.RandomForestRegressor) -> "Forest":
        """Return the trees that scikit-learn has grown."""
        trees = [
            {
                "is_leaf": tree.children_left < 0,
                "left": tree.children_left,
                "right": tree.children_right,
                "column": tree.feature,
                "threshold": tree.threshold,
                "missing_left": tree.missing_go_to_left,
                "values": tree.value[:, 0, :],
                "category_set": np.full(tree.node_count, -1),
                "sets": np.empty((0, 8), dtype=np.uint32),
            }
            for tree in (each.tree_ for each in fitted.estimators_)
        ]
        return cls(**flattened(trees))

    def added_up(self, values: np.ndarray) -> np.ndarray:
        """Return the mean over the trees."""
        # Added one by one, as by scikit-learn, because sums of floats depend on the order.
        return np.asarray(sum(values) / len(values))


@dataclass(frozen=True)
class Boosting(Trees):
    """A HistGradientBoostingClassifier or HistGradientBoostingRegressor, whose results are scikit-learn's, bit by bit.

    Each iteration has a tree for each output, with one value in a leaf, which is added to `start`. `categorical` are
    the columns of categories, and `categories` their values, `counts` for each column, in the order of their codes.
    """

    start: np.ndarray
    categorical: np.ndarray
    categories: np.ndarray
    counts: np.ndarray

    log_odds = True

    @classmethod
    def of(cls, fitted: ensemble.HistGradientBoostingClassifier | ensemble.HistGradientBoostingRegressor) -> "Boosting":
        """Return what scikit-learn has learned."""
        is_categorical, by_column = np.zeros(fitted.n_features_in_, dtype=bool), []
        if fitted.is_categorical_ is not None:
            is_categorical = fitted.is_categorical_
            by_column = fitted._preprocessor.transformers_[0][1].categories_
        # scikit-learn puts the columns of categories first, and leaves a missing category without a code.
        order = np.argsort(~is_categorical, kind="stable")
        categories = [values[~np.isnan(values)] for values in (np.asarray(each, dtype=float) for each in by_column)]
        trees = [
            {
                "is_leaf": tree.nodes["is_leaf"] == 1,
                "left": tree.nodes["left"],
                "right": tree.nodes["right"],
                "column": order[tree.nodes["feature_idx"]],
                "threshold": tree.nodes["num_threshold"],
                "missing_left": tree.nodes["missing_go_to_left"],
                "values": tree.nodes["value"][:, None],
                "category_set": np.where(tree.nodes["is_categorical"] == 1, tree.nodes["bitset_idx"].astype(int), -1),
                "sets": tree.raw_left_cat_bitsets,
            }
            for iteration in fitted._predictors
            for tree in iteration
        ]
        return cls(
            **flattened(trees),
            start=fitted._baseline_prediction.ravel().astype(float),
            categorical=np.flatnonzero(is_categorical).astype(np.int32),
            categories=np.concatenate([np.empty(0), *categories]),
            counts=np.array([len(values) for values in categories], dtype=np.int32),
        )

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return what the leaves add up to, with the codes of categories, and NaN for those without one."""
        coded = X.astype(np.float64)
        values = np.split(self.categories, np.cumsum(self.counts))  # and what is left, which is nothing
        for column, categories in zip(self.categorical, values, strict=False):
            codes = np.searchsorted(categories, coded[:, column])
            has_code = np.append(categories, np.nan)[np.minimum(codes, len(categories))] == coded[:, column]
            coded[:, column] = np.where(has_code, codes, np.nan)
        return super().outputs(coded)

    def added_up(self, values: np.ndarray) -> np.ndarray:
        """Return the sum over the iterations, for each output."""
        iterations = values.reshape(-1, len(self.start), values.shape[1])
        return np.ascontiguousarray(sum(iterations, start=self.start[:, None]).T)
