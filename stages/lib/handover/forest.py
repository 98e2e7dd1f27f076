"""A random forest as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from stages.lib.handover.trees import Grown, Trees, flattened


@dataclass(frozen=True)
class Forest:
    """A RandomForestClassifier or RandomForestRegressor, whose results are scikit-learn's, bit by bit.

    Parameters
    ----------
    trees : Trees
        The values of a leaf are the shares of the classes, or the number that is predicted.
    """

    trees: Trees

    @classmethod
    def of(cls, fitted: RandomForestClassifier | RandomForestRegressor) -> "Forest":
        """Return the trees that scikit-learn has grown."""
        grown = []
        for each in fitted.estimators_:
            tree = each.tree_
            n = tree.node_count
            grown.append(
                Grown(
                    tree.children_left < 0,
                    tree.children_left,
                    tree.children_right,
                    tree.feature,
                    tree.threshold,
                    tree.missing_go_to_left,
                    tree.value[:, 0, :],
                    np.full(n, -1),
                    np.empty((0, 8), dtype=np.uint32),
                )
            )
        return cls(flattened(grown))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n_columns: int, n_classes: int) -> "Forest":
        """Check and take arrays of a file; raises `ValueError` with a sentence if they don't fit."""
        trees = Trees.from_arrays(arrays, n_columns, n_classes or 1)
        if (trees.chosen >= 0).any():
            raise ValueError("chosen has sets of categories, which a forest does not split by")
        if n_classes and ((trees.values < 0).any() or not np.allclose(trees.values.sum(axis=1), 1)):
            raise ValueError("values are no shares of classes")
        return cls(trees)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it by name."""
        return self.trees.arrays()

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities of classes, shape (n_rows, n_classes)."""
        return self._means(X)

    def predict_class(self, X: np.ndarray) -> np.ndarray:
        """Return the numbers of classes, shape (n_rows,)."""
        return self.predict_proba(X).argmax(axis=1)

    def predict_number(self, X: np.ndarray) -> np.ndarray:
        """Return the numbers that a regression predicts, shape (n_rows,)."""
        return self._means(X)[:, 0]

    def _means(self, X: np.ndarray) -> np.ndarray:
        return np.concatenate([self._mean(part) for part in self.trees.chunks(X)])

    def _mean(self, X: np.ndarray) -> np.ndarray:
        outputs = self.trees.outputs(X)
        added = np.zeros(outputs.shape[1:])
        for each in outputs:  # in scikit-learn's order, as sums of floats depend on it
            added += each
        return added / len(outputs)
