"""The rows that a net holds out of its own fit, for early stopping: split as the folds are.

skorch's `train_split` is not given groups. So rows carry them: as one more column, and then as an attribute of what the
preparation makes of the others. Metadata for `fit` would do too, but not for a fit in lockstep.
"""

from math import ceil
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from skorch.dataset import ValidSplit
from torch.utils.data import Subset

from gridstage.config import CV


class GroupedRows(np.ndarray):
    """Rows with their groups. A part of them, or a result computed from them, has none."""

    groups: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, groups: np.ndarray) -> "GroupedRows":
        """Return rows with the group of each, shape (n_rows,)."""
        grouped = rows.view(cls)
        grouped.groups = groups
        return grouped


def without_groups(
    X: np.ndarray, n_columns: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the rows of a table of `n_columns`, and the groups from one more column; None if there is none."""
    if X.shape[1] <= n_columns:
        return X, None
    return X[:, :n_columns], X[:, n_columns].astype(np.int64)


class WholeGroups:
    """A `train_split` that holds out 1 / `n` of the rows: whole groups, `stratified` by the shares of the classes."""

    def __init__(self, n: int, stratified: bool) -> None:
        self.n, self.stratified = n, stratified

    def __call__(self, dataset: Any, y: Any = None) -> tuple[Subset, Subset]:
        """Return the rows to train on, and those held out."""
        groups = dataset.X.groups
        dataset.X = np.asarray(dataset.X)  # of which single rows are taken faster
        splitter, labels = GroupKFold(self.n), None
        if self.stratified:
            splitter, labels = StratifiedGroupKFold(self.n), np.ravel(np.asarray(y))
        train, valid = next(splitter.split(groups, labels, groups))
        return Subset(dataset, train), Subset(dataset, valid)


class LatestRows:
    """A `train_split` that holds out the last 1 / `n` of the rows, which are in the order of time."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __call__(self, dataset: Any, y: Any = None) -> tuple[Subset, Subset]:
        """Return the rows to train on, and those held out."""
        n = len(dataset)
        n_train = n - ceil(n / self.n)
        return Subset(dataset, range(n_train)), Subset(dataset, range(n_train, n))


def hold_out(train_split: Any, cv: CV | None, classify: bool) -> Any:
    """Return skorch's `train_split` for the setting of that name, split as the folds are; or what it is already."""
    if not isinstance(train_split, int):
        return train_split
    if cv and cv.keeps_time:
        return LatestRows(train_split)
    if cv and cv.keeps_groups:
        return WholeGroups(train_split, stratified=cv.splitter == "stratified_group")
    return ValidSplit(train_split, stratified=classify)
