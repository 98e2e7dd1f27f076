"""Decision trees as flat arrays, and the walk of rows through them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stages.lib.handover.arrays import finite, taken

# Places that rows take in trees at once; they bound the memory of a walk.
_AT_ONCE = 1_000_000
# Bytes of a set of categories, a bit for each of 256.
_SET = 32


@dataclass(frozen=True)
class Trees:
    """Trees in one list of splits and one of leaves.

    A place is the number of a split, or ~l, which is below 0, for leaf l. The splits under one come after it, so a walk
    ends.

    Parameters
    ----------
    roots : array of int32, shape (n_trees,)
        The place where each tree begins.
    left, right : arrays of int32, shape (n_splits,)
        The places that a split leads to.
    column : array of int32, shape (n_splits,)
        The column that a split looks at.
    threshold : array of float64, shape (n_splits,)
        Values up to it go to the left. It is infinite where only missing values go to the right.
    missing_left : array of uint8, shape (n_splits,)
        Whether missing values go to the left, 0 or 1.
    values : array of float64, shape (n_leaves, n_outputs)
    chosen : array of int32, shape (n_splits,)
        The set of categories that go to the left, or -1 for a split by a threshold.
    sets : array of uint8, shape (n_sets, 32)
        A bit for each category, the lowest first.
    """

    roots: np.ndarray
    left: np.ndarray
    right: np.ndarray
    column: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    values: np.ndarray
    chosen: np.ndarray
    sets: np.ndarray

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n_columns: int, n_outputs: int) -> "Trees":
        """Check and take arrays of a file; raises `ValueError` with a sentence if they don't fit."""
        left = taken(arrays, "left", "int32", None)
        n = len(left)
        trees = cls(
            taken(arrays, "roots", "int32", None),
            left,
            taken(arrays, "right", "int32", n),
            taken(arrays, "column", "int32", n),
            taken(arrays, "threshold", "float64", n),
            taken(arrays, "missing_left", "uint8", n),
            finite(arrays, "values", "float64", None, n_outputs),
            taken(arrays, "chosen", "int32", n),
            taken(arrays, "sets", "uint8", None, _SET),
        )
        trees.check(n_columns)
        return trees

    def check(self, n_columns: int) -> None:
        """Raise `ValueError` with a sentence if a number points outside of the arrays, or a walk would not end."""
        numbers = np.arange(len(self.left))
        if not len(self.roots) or not self._inside(self.roots):
            raise ValueError("roots point outside of the trees")
        for name, places in {"left": self.left, "right": self.right}.items():
            if not self._inside(places):
                raise ValueError(f"{name} points outside of the trees")
            if ((places >= 0) & (places <= numbers)).any():
                raise ValueError(f"{name} leads back, so a walk through the trees would not end")
        for name, given, least, end in (
            ("column", self.column, 0, n_columns),
            ("chosen", self.chosen, -1, len(self.sets)),
            ("missing_left", self.missing_left, 0, 2),
        ):
            if ((given < least) | (given >= end)).any():
                raise ValueError(f"{name} has numbers outside {least} to {end - 1}")

    def _inside(self, places: np.ndarray) -> bool:
        return bool((places < len(self.left)).all() and (places >= -len(self.values)).all())

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it by name."""
        return dict(vars(self))

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """Return the values of the leaves that rows end in, shape (n_trees, n_rows, n_outputs).

        Parameters
        ----------
        X : array of shape (n_rows, n_columns)
            NaN for a missing value.
        """
        return self.values[~self._walked(X)]

    def _walked(self, X: np.ndarray) -> np.ndarray:
        places = np.repeat(self.roots[:, None], len(X), axis=1)
        tree, row = np.nonzero(places >= 0)
        while len(tree):
            split = places[tree, row]
            value = X[row, self.column[split]]
            goes_left = value <= self.threshold[split]
            if len(self.sets):
                by_set = self.chosen[split] >= 0
                goes_left[by_set] = self._is_in(self.chosen[split[by_set]], value[by_set])
            missing = np.isnan(value)
            goes_left[missing] = self.missing_left[split[missing]] == 1
            places[tree, row] = np.where(goes_left, self.left[split], self.right[split])
            walks_on = places[tree, row] >= 0
            tree, row = tree[walks_on], row[walks_on]
        return places

    def _is_in(self, numbers: np.ndarray, codes: np.ndarray) -> np.ndarray:
        code = np.nan_to_num(codes, nan=0).astype(int)
        return (self.sets[numbers, code // 8] >> (code % 8)) & 1 == 1

    def chunks(self, X: np.ndarray) -> list[np.ndarray]:
        """Return the rows in parts, few enough for `outputs`."""
        size = max(_AT_ONCE // len(self.roots), 1)
        return [X[start : start + size] for start in range(0, len(X), size)]


@dataclass(frozen=True)
class Grown:
    """One tree as its splits and leaves stand in scikit-learn, in one list of nodes.

    Parameters
    ----------
    is_leaf : array of bool, shape (n_nodes,)
    left, right, column, threshold, missing_left : arrays of shape (n_nodes,)
        Of no meaning for leaves.
    values : array of shape (n_nodes, n_outputs)
    chosen : array of int, shape (n_nodes,), or -1 where no node has a set
    sets : array of uint32, shape (n_sets, 8)
    """

    is_leaf: np.ndarray
    left: np.ndarray
    right: np.ndarray
    column: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    values: np.ndarray
    chosen: np.ndarray
    sets: np.ndarray


def flattened(grown: list[Grown]) -> Trees:
    """Put trees into one list of splits and one of leaves."""
    n_splits = n_leaves = n_sets = 0
    roots, parts = [], []
    for tree in grown:
        splits = ~tree.is_leaf
        places = np.where(splits, n_splits + np.cumsum(splits) - 1, ~(n_leaves + np.cumsum(tree.is_leaf) - 1))
        roots.append(places[0])
        chosen = tree.chosen[splits]
        parts.append(
            {
                "left": places[tree.left[splits]],
                "right": places[tree.right[splits]],
                "column": tree.column[splits],
                "threshold": tree.threshold[splits],
                "missing_left": tree.missing_left[splits],
                "values": tree.values[tree.is_leaf],
                "chosen": np.where(chosen < 0, -1, chosen + n_sets),
                # As bytes, in the same order on every machine.
                "sets": np.ascontiguousarray(tree.sets, dtype="<u4").view(np.uint8).reshape(-1, _SET),
            }
        )
        n_splits, n_leaves, n_sets = n_splits + splits.sum(), n_leaves + tree.is_leaf.sum(), n_sets + len(tree.sets)
    types = {"threshold": np.float64, "values": np.float64, "missing_left": np.uint8, "sets": np.uint8}
    joined = {
        name: np.concatenate([part[name] for part in parts]).astype(types.get(name, np.int32)) for name in parts[0]
    }
    return Trees(np.array(roots, dtype=np.int32), **joined)
