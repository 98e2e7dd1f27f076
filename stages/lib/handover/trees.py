"""Decision trees as flat arrays, and the walk of rows through them."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from stages.lib.handover.arrays import ArrayModel, Arrays, Form

# Places that rows take in trees at once; they bound the memory of a walk.
_AT_ONCE = 1_000_000
# Bytes of a set of categories, a bit for each of 256.
_SET = 32


@dataclass(frozen=True)
class Trees(ArrayModel):
    """Trees in one list of splits and one of leaves, whose forms `forms` says.

    A place is the number of a split, or ~l, which is below 0, for leaf l. The splits under one come after it, so a walk
    ends. `roots` are the places where trees begin, `left` and `right` those that a split leads to, and `column` is what
    it looks at: values up to `threshold` go to the left. This is infinite where only missing values go to the right.
    `missing_left` is 1 where missing values go to the left. `category_set` is the place in `sets` of those categories
    that go to the left, or -1 for a split by a threshold; a set has a bit for each category, the lowest first.
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

    @classmethod
    def forms(cls, n_columns: int, n_classes: int) -> dict[str, Form]:
        """Return the form of each array; a leaf has a value for each class, or one."""
        return {
            "roots": ("int32", "trees"),
            **dict.fromkeys(("left", "right", "column", "category_set"), ("int32", "splits")),
            "threshold": ("float64", "splits"),
            "missing_left": ("uint8", "splits"),
            "values": ("float64", "leaves", n_classes or 1),
            "sets": ("uint8", "sets", _SET),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], n_columns: int, n_classes: int) -> Self:
        """Take the arrays of a file, as `ArrayModel` does; `ValueError` also where a walk would not end."""
        trees = super().from_arrays(arrays, n_columns, n_classes)
        below = np.stack([trees.left, trees.right])
        if ((below >= 0) & (below <= np.arange(len(trees.left)))).any():
            raise ValueError("a split leads back, so a walk through the trees would not end")
        return trees

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


def flattened(trees: Sequence[Arrays]) -> Arrays:
    """Put trees into one list of splits and one of leaves, the arrays of `Trees`.

    Each tree is one list of nodes, as it stands in scikit-learn: `is_leaf` and `values` of each node; `left`, `right`,
    `column`, `threshold`, `missing_left` and `category_set`, which have no meaning for leaves; and the `sets` of the
    tree, uint32 of shape (n_sets, 8).
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
    return {name: arrays[name].astype(types) for name, (types, *_) in Trees.forms(0, 0).items()}
