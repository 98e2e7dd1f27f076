"""The models that are trees: a random forest, and gradient boosting with the categories that it splits as such."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from sklearn import ensemble

from stages.lib.handover.arrays import Form, are_shares
from stages.lib.handover.trees import Trees, flattened

# The most categories of a column that is split by sets of them.
_MOST_CATEGORIES = 255


@dataclass(frozen=True)
class Forest(Trees):
    """A RandomForestClassifier or RandomForestRegressor, whose results are scikit-learn's, bit by bit.

    The values of a leaf are the shares of the classes, or the number that is predicted.
    """

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

    @classmethod
    def forms(cls, n_columns: int, n_classes: int) -> dict[str, Form]:
        """Return the form of each array; a leaf has a value for each class, or one."""
        return super().forms(n_columns, n_classes) | {"values": ("float64", "leaves", n_classes or 1)}

    def problems(self, n_columns: int, n_classes: int) -> Iterator[str]:
        """Yield a sentence if these are not the trees of a forest."""
        yield from super().problems(n_columns, n_classes)
        if (self.category_set >= 0).any():
            yield "category_set has sets of categories, which a forest does not split by"
        if n_classes and not are_shares(self.values):
            yield "values are not shares of classes"

    def added_up(self, values: np.ndarray) -> np.ndarray:
        """Return the mean over the trees."""
        total = np.zeros(values.shape[1:])
        for each in values:  # in scikit-learn's order, because sums of floats depend on it
            total += each
        return total / len(values)


@dataclass(frozen=True)
class Boosting(Trees):
    """A HistGradientBoostingClassifier or HistGradientBoostingRegressor, whose results are scikit-learn's, bit by bit.

    The trees are in the order of the iterations; of each, there is a tree for each output.

    Attributes
    ----------
    start : array of float64, shape (n_outputs,)
        What the trees' values are added to.
    categorical : array of int32, shape (n_categorical,)
        The columns of categories.
    categories : array of float64, shape (n_categories,)
        The values of these columns that have a code, column by column, in the order of their codes, 0, 1, …
    counts : array of int32, shape (n_categorical,)
        How many of them each column has.
    """

    start: np.ndarray
    categorical: np.ndarray
    categories: np.ndarray
    counts: np.ndarray

    log_odds = True

    @classmethod
    def of(cls, fitted: ensemble.HistGradientBoostingClassifier | ensemble.HistGradientBoostingRegressor) -> "Boosting":
        """Return what scikit-learn has learned."""
        is_categorical = np.zeros(fitted.n_features_in_, dtype=bool)
        categories: list[np.ndarray] = []
        if fitted.is_categorical_ is not None:
            is_categorical = fitted.is_categorical_
            by_column = fitted._preprocessor.transformers_[0][1].categories_
            categories = [np.asarray(values, dtype=float) for values in by_column]
        # scikit-learn puts the columns of categories first, and leaves a missing category without a code.
        order = np.concatenate([np.flatnonzero(is_categorical), np.flatnonzero(~is_categorical)])
        categories = [values[~np.isnan(values)] for values in categories]
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

    @classmethod
    def forms(cls, n_columns: int, n_classes: int) -> dict[str, Form]:
        """Return the form of each array; `n_classes` is 0 for a regression."""
        return super().forms(n_columns, n_classes) | {
            "start": ("float64", n_classes if n_classes > 2 else 1),
            "categorical": ("int32", "columns of categories"),
            "categories": ("float64", "categories"),
            "counts": ("int32", "columns of categories"),
        }

    def problems(self, n_columns: int, n_classes: int) -> Iterator[str]:
        """Yield a sentence if these are not the trees, or the categories, of gradient boosting."""
        yield from super().problems(n_columns, n_classes)
        if len(self.roots) % len(self.start):
            yield "roots are not as many for each class"
        columns, counts = self.categorical, self.counts
        if ((columns < 0) | (columns >= n_columns)).any() or (np.diff(columns) <= 0).any():
            yield "categorical has numbers that are not columns, or are not in order"
        if ((counts < 0) | (counts > _MOST_CATEGORIES)).any() or counts.sum() != len(self.categories):
            yield "counts are not those of the categories"
        if any((np.diff(values) <= 0).any() for _, values in self._categories()):
            yield "categories are not in order"
        if not np.isin(self.column[self.category_set >= 0], columns).all():
            yield "category_set has sets for a column without categories"

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return what the leaves add up to, with the codes of categories, and NaN for those without one."""
        coded = X.astype(np.float64)
        for column, categories in self._categories():
            codes = np.searchsorted(categories, coded[:, column])
            has_code = np.append(categories, np.nan)[np.minimum(codes, len(categories))] == coded[:, column]
            coded[:, column] = np.where(has_code, codes, np.nan)
        return super().outputs(coded)

    def added_up(self, values: np.ndarray) -> np.ndarray:
        """Return the sum over the iterations, for each output."""
        total = np.tile(self.start, (values.shape[1], 1))
        for number, each in enumerate(values):  # in scikit-learn's order
            total[:, number % len(self.start)] += each[:, 0]
        return total

    def _categories(self) -> list[tuple[int, np.ndarray]]:
        """Return each column of categories, and their values in the order of the codes."""
        ends = [0, *np.cumsum(self.counts)]
        values = [self.categories[start:end] for start, end in pairwise(ends)]
        return list(zip(map(int, self.categorical), values, strict=True))
