"""The models that are trees: a random forest, and gradient boosting with the categories that it splits as such."""

from dataclasses import dataclass

import numpy as np
from sklearn import ensemble

from stages.lib.handover.arrays import Form
from stages.lib.handover.trees import Trees, flattened


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

    def added_up(self, values: np.ndarray) -> np.ndarray:
        """Return the mean over the trees."""
        # Added one by one, as by scikit-learn, because sums of floats depend on the order.
        return np.asarray(sum(values) / len(values))


@dataclass(frozen=True)
class Boosting(Trees):
    """A HistGradientBoostingClassifier or HistGradientBoostingRegressor, whose results are scikit-learn's, bit by bit.

    The trees are in the order of the iterations; of each, there is a tree for each output, with one value in a leaf,
    which is added to `start`. `categorical` are the columns of categories, and `categories` their values that have a
    code, `counts` for each column, in the order of their codes, 0, 1, …
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

    @classmethod
    def forms(cls, n_columns: int, n_classes: int) -> dict[str, Form]:
        """Return the form of each array; there is an output for each class, but one for two of them."""
        return super().forms(n_columns, n_classes) | {
            "values": ("float64", "leaves", 1),
            "start": ("float64", n_classes if n_classes > 2 else 1),
            "categorical": ("int32", "columns of categories"),
            "categories": ("float64", "categories"),
            "counts": ("int32", "columns of categories"),
        }

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
        iterations = values.reshape(-1, len(self.start), values.shape[1])
        return np.ascontiguousarray(sum(iterations, start=self.start[:, None]).T)

    def _categories(self) -> list[tuple[int, np.ndarray]]:
        """Return each column of categories, and their values in the order of the codes."""
        values = np.split(self.categories, np.cumsum(self.counts))  # and what is left, which is nothing
        return list(zip(map(int, self.categorical), values[:-1], strict=True))
