"""An experiment with the rows that it is searched on, and all that follows from both."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from stages.lib.config import Params
from stages.lib.data import Dataset, load_dataset
from stages.lib.engine import TrainTest
from stages.lib.model import Candidates, build_estimator, resolve_experiment, rows, target
from stages.lib.model.settings import place_of
from stages.lib.scores import Pooling, recorded
from stages.lib.scores.fresh import Fresh, fresh_splits
from stages.lib.scores.scorer import RecordingScorer, make_scorer
from stages.lib.search import checked_splits


@dataclass(frozen=True)
class Table:
    """The rows that all experiments share, and their splits, which are drawn when they are asked for."""

    params: Params
    data: Dataset

    @cached_property
    def splits(self) -> list[TrainTest]:
        """The splits of the searches, as `checked_splits` returns them."""
        return checked_splits(self.data, self.params.cv, self.params.seed, self.params.model.classifies)

    @cached_property
    def fresh(self) -> Fresh:
        """The splits of the evaluation."""
        return fresh_splits(self.params, self.data)


def read_table(params: Params) -> Table:
    """Read the rows that `data` and `cv` of params.yaml describe; raises `UserError` as `load_dataset` does."""
    cv = params.cv
    return Table(params, load_dataset(params.data, params.model.classifies, params.seed, cv.groups, cv.order))


@dataclass(frozen=True)
class Opened:
    """An experiment as `resolve_experiment` returns it, and its rows; the rest is made when it is asked for."""

    params: Params
    name: str
    settings: dict[str, Any]
    candidates: Candidates
    table: Table

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
        return place_of(self.params, self.name, key)

    @cached_property
    def estimator(self) -> BaseEstimator:
        """The net that the search starts from, behind what prepares its rows; see `build_estimator`."""
        return build_estimator(self.settings, self.data, self.params.prepare, self.candidates[0])

    @cached_property
    def X(self) -> np.ndarray:  # noqa: N802
        """The rows as the estimator is fitted on them."""
        return rows(self.data, self.estimator)

    @cached_property
    def y(self) -> np.ndarray:
        """The target as the criterion expects it."""
        return target(self.data.y, self.settings["wrapper"], self.settings["criterion"])

    @cached_property
    def pooling(self) -> Pooling | None:
        """How the scorer pools test rows; None if it does not, or they are too many to record."""
        return recorded(self.params.cv.scoring, self.data.n_classes, len(self.candidates), self.splits)

    @cached_property
    def scorer(self) -> RecordingScorer:
        """What scores the nets, and records the numbers of each test row that can be pooled."""
        cv, pooling = self.params.cv, self.pooling
        return make_scorer(cv.scoring, cv.also_score, pooling.record if pooling else None)


def open_experiment(params: Params, name: str, table: Table | None = None) -> Opened:
    """Return an experiment with its rows, by default those of the file.

    Raises `UserError` as `resolve_experiment` and `read_table` do.
    """
    settings, candidates = resolve_experiment(params, name)
    return Opened(params, name, settings, candidates, table or read_table(params))
