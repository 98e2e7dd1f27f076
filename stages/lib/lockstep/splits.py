"""The train/test splits of a search, as its stacks need them."""

from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from skorch import NeuralNet
from torch import Tensor

from stages.lib.lockstep.stackable import RefusalError

# The numbers of the rows that a fit trains on, and of those it is tested on, as scikit-learn's splitters give them.
TrainTest = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class SplitRows:
    """The rows of one split: `X` and `y` are what a net trains on, all but skorch's hold-out, in the file's order."""

    X: Tensor
    y: Tensor


@dataclass(frozen=True)
class Split:
    """One train/test split: row numbers, and the pipeline's steps before the net, fitted on the training rows."""

    train: np.ndarray
    test: np.ndarray
    steps: list[tuple[str, BaseEstimator]]

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the net's inputs for rows."""
        return Pipeline(self.steps).transform(X) if self.steps else X


class Splits:
    """All splits of a search over the rows `X`, `y`.

    Parameters
    ----------
    estimator : BaseEstimator
        If it is a Pipeline, the steps before the net are fitted on each training fold, once for all candidates.
    X, y : array
    splits : list of (train, test)
        Row numbers.
    """

    def __init__(
        self, estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, splits: list[tuple[np.ndarray, np.ndarray]]
    ) -> None:
        self.X, self.y = X, y
        self.piped = isinstance(estimator, Pipeline) and len(estimator) > 1
        self.splits = []
        for train, test in splits:
            steps = clone(estimator[:-1]).fit(X[train], y[train]).steps if self.piped else []
            self.splits.append(Split(train, test, steps))
        self._rows: dict[tuple[str, int], SplitRows] = {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_rows": {}}

    def __len__(self) -> int:
        return len(self.splits)

    def rows(self, net: NeuralNet, number: int) -> SplitRows:
        """Return the rows that a fit of the net on a split takes steps on: all but skorch's own hold-out."""
        key = (joblib.hash(net.train_split), number)
        if key not in self._rows:
            split = self.splits[number]
            X, y = split.transform(self.X[split.train]), self.y[split.train]
            net.check_data(X, y)
            kept, _ = net.get_split_datasets(X, y)
            if kept is not None and hasattr(kept, "indices"):
                X, y = X[kept.indices], y[kept.indices]
            elif len(kept) != len(X):
                raise RefusalError("train_split gives no subset of the rows")
            self._rows[key] = SplitRows(torch.as_tensor(X), torch.as_tensor(y))
        return self._rows[key]

    def inputs(self, numbers: list[int]) -> Tensor:
        """Return all rows as nets on these splits are given them: (n_splits, n_rows, …), or (1, n_rows, …) for all."""
        if not self.piped:
            return torch.as_tensor(self.X).unsqueeze(0)
        return torch.stack([torch.as_tensor(self.splits[number].transform(self.X)) for number in numbers])
