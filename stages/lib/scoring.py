"""The splits of a search as its stacks need them, and the scores of nets whose outputs were computed in lockstep."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection._validation import _score
from sklearn.pipeline import Pipeline
from skorch import NeuralNet
from torch import Tensor
from torch.utils._pytree import tree_map

from stages.lib.lockstep import RefusalError
from stages.lib.stack import SplitRows


@dataclass(frozen=True)
class Split:
    """One train/test split: row numbers, and the pipeline's steps before the net, fitted on the training rows."""

    train: np.ndarray
    test: np.ndarray
    steps: list[tuple[str, BaseEstimator]]

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return what the net is given for rows."""
        return Pipeline(self.steps).transform(X) if self.steps else X


class Splits:
    """All splits of a search over the rows `X`, `y`.

    Parameters
    ----------
    estimator : BaseEstimator
        Where it is a Pipeline, the steps before the net are fitted on each training fold, once for all candidates.
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


class LockstepScorer:
    """Gives scorers a candidate's net that answers from outputs which are there already.

    Parameters
    ----------
    net : NeuralNet
        The candidate's, unfitted.
    splits : Splits
    scorer : callable, or scikit-learn's scorer of several metrics
    error_score : float or 'raise'
        As in GridSearchCV.
    """

    def __init__(self, net: NeuralNet, splits: Splits, scorer: Any, error_score: float | str) -> None:
        self.net, self.splits, self.scorer, self.error_score = net.initialize(), splits, scorer, error_score

    def score(self, number: int, rows: np.ndarray, outputs: Any, weights: Callable[[], dict[str, Any]]) -> Any:
        """Score one fit.

        Parameters
        ----------
        number : int
            The number of the split.
        rows : array of int
            The row numbers to score on.
        outputs : Tensor or tuple of Tensor
            The net's outputs for all rows of `X`, as its `evaluation_step` gives them.
        weights : callable
            Returns the net's parameters and buffers, for a scorer that asks for other rows than `rows`.

        Returns
        -------
        float, or dict of float by metric
        """
        net, split = self.net, self.splits.splits[number]
        X, y = self.splits.X, self.splits.y
        inputs = split.transform(X[rows])
        net.check_data(inputs, y[split.train])
        known = tree_map(lambda tensor: tensor[torch.as_tensor(rows)], outputs)

        def forward_iter(X: Any, training: bool = False, device: str = "cpu") -> Iterator[Any]:
            if not training and len(X) == len(inputs) and (X is inputs or np.array_equal(X, inputs)):
                yield known
            else:
                net.module_.load_state_dict(weights(), strict=False)
                yield from type(net).forward_iter(net, X, training=training, device=device)

        net.diverged_ = False
        net.forward_iter = forward_iter
        estimator = Pipeline([*split.steps, ("net", net)]) if split.steps else net
        return _score(estimator, X[rows], y[rows], self.scorer, {}, self.error_score)

    def no_score(self) -> Any:
        """Return the score of a net that diverged."""
        if isinstance(self.scorer, _MultimetricScorer):
            return dict.fromkeys(self.scorer._scorers, math.nan)
        return math.nan
