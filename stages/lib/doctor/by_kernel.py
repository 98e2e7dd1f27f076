"""Asks the engine which nets of a search its kernel would not train; trains none of them."""

import warnings
from contextlib import suppress
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from stages.lib.config import Params
from stages.lib.engine import LockstepBackend, LockstepWarning, TrainTest
from stages.lib.experiment import Opened
from stages.lib.model import nested_grid

# Said without a full stop, as all notes are.
ELSEWHERE = "Last digits of these nets may be others on another processor"
ONE_BY_ONE = "engine is one-by-one, so skorch fits every net, and last digits may be others on another processor"


class _PlannedError(Exception):
    """Ends a search once its nets are planned."""


class Planner:
    """Plans the nets of searches; what the engine has found out about a kind of net, it keeps for the next search."""

    def __init__(self, params: Params) -> None:
        self._backend = LockstepBackend(random_state=params.seed, on_plan=self._planned)
        self._n_planned = 0

    def _planned(self, more: int, total: int) -> None:
        self._n_planned += more
        if self._n_planned == total:
            raise _PlannedError

    def of(self, experiment: Opened, split: TrainTest) -> list[str]:
        """Return what `told` does of the candidates of an experiment."""
        candidates = nested_grid(experiment.estimator, [*experiment.candidates])
        return self.told(experiment.name, experiment.estimator, candidates, experiment.X, experiment.y, split)

    def told(
        self,
        label: str,
        estimator: BaseEstimator,
        candidates: list[dict[str, Any]],
        X: Any,
        y: np.ndarray,
        split: TrainTest,
    ) -> list[str]:
        """Return what the engine says of the candidates of a search that its kernel does not train on a split."""
        search, self._n_planned = GridSearchCV(estimator, candidates, cv=[split], refit=False, error_score="raise"), 0
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with suppress(_PlannedError), parallel_config(backend=self._backend):
                search.fit(X, y)
        said = [str(each.message) for each in caught if each.category is LockstepWarning]
        return [f"{label}: {each}. {ELSEWHERE}" for each in said]
