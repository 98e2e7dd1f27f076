"""An experiment with the rows that it is searched on, and all that follows from both."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from gridstage.config import Params
from gridstage.data import Dataset
from gridstage.engine import TrainTest
from gridstage.model import (
    Candidates,
    build_estimator,
    resolve_experiment,
    rows,
    target,
)
from gridstage.scores.scorer import RecordingScorer
from gridstage.scores.splits import Folds, read_table


@dataclass(frozen=True)
class Opened:
    """An experiment as `resolve_experiment` returns it, and its rows; the rest is made when it is asked for."""

    params: Params
    name: str
    settings: dict[str, Any]
    candidates: Candidates
    table: Folds

    @property
    def data(self) -> Dataset:
        """The rows."""
        return self.table.data

    @property
    def splits(self) -> list[TrainTest]:
        """The splits of the search."""
        return self.table.splits

    def place(self, key: str, value: Any = None) -> str:
        """Return where a value of a setting stands: in the grid, in `fixed`, or in `model`."""
        if key in self.candidates[0]:
            return self.candidates.place(key, value)
        return self.params.place(self.name, key)

    @cached_property
    def estimator(self) -> BaseEstimator:
        """The net that the search starts from, behind what prepares its rows; see `build_estimator`."""
        return build_estimator(
            self.settings, self.data, self.params.prepare, self.candidates[0]
        )

    @cached_property
    def X(self) -> np.ndarray:  # noqa: N802
        """The rows as the estimator is fitted on them."""
        return rows(self.data, self.estimator)

    @cached_property
    def y(self) -> np.ndarray:
        """The target as the criterion expects it."""
        return target(self.data.y, self.settings["wrapper"], self.settings["criterion"])

    @cached_property
    def scorer(self) -> RecordingScorer:
        """What scores the nets, and records the numbers of each test row that can be pooled."""
        return self.table.scorer(len(self.candidates))


def open_experiment(params: Params, name: str, table: Folds | None = None) -> Opened:
    """Return an experiment with its rows.

    Parameters
    ----------
    params : Params
        What params.yaml says.
    name : str
        A key of `experiments` there.
    table : Folds, optional
        The rows, by default those of the file.

    Returns
    -------
    Opened
        The experiment: its candidates, its rows and splits, and its net.

    Raises
    ------
    UserError
        If the experiment or the table can't be used.

    Examples
    --------
    >>> experiment = open_experiment(params, "neurons")
    >>> list(experiment.candidates), len(experiment.splits)
    ([{'module__n_neurons': 1}, {'module__n_neurons': 5}], 6)
    """
    settings, candidates = resolve_experiment(params, name)
    return Opened(params, name, settings, candidates, table or read_table(params))
