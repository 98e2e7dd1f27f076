"""Asks the engine what it would train of a search, and what its kernel would not; trains nothing."""

from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from stages.lib.config import Params
from stages.lib.engine import EnginePlan, LockstepBackend, TrainTest, plan
from stages.lib.experiment import Opened
from stages.lib.model import nested_grid
from stages.lib.scores.scorer import RecordingScorer
from stages.lib.search.jobs import jobs_here

# Said without a full stop, as all notes are.
ELSEWHERE = "Last digits of these nets may be others on another processor"
ONE_BY_ONE = "engine is one-by-one, so skorch fits every net, and last digits may be others on another processor"


class Planner:
    """Plans searches; what the engine has found out about a kind of net, it keeps for the next search."""

    def __init__(self, params: Params) -> None:
        self._n_jobs, max_memory_mb = jobs_here(params.runtime, params.runtime.n_jobs)
        self._backend = LockstepBackend(
            random_state=params.seed, max_memory_mb=max_memory_mb
        )

    def of(self, experiment: Opened) -> EnginePlan:
        """Return the engine's plan of the search of an experiment."""
        candidates = nested_grid(experiment.estimator, [*experiment.candidates])
        rows = experiment.X, experiment.y
        return self.planned(
            experiment.estimator,
            candidates,
            *rows,
            experiment.splits,
            experiment.scorer,
        )

    def planned(
        self,
        estimator: BaseEstimator,
        candidates: list[dict[str, Any]],
        X: Any,
        y: np.ndarray,
        splits: list[TrainTest],
        scorer: RecordingScorer,
    ) -> EnginePlan:
        """Return the engine's plan of a search: that of its first split, for as many of them."""
        search = GridSearchCV(
            estimator, candidates, cv=splits[:1], scoring=scorer, refit=False
        )
        with parallel_config(backend=self._backend, n_jobs=self._n_jobs):
            return plan(search, X, y, n_splits=len(splits))


def notes(name: str, planned: EnginePlan) -> list[str]:
    """Return what the engine says of the candidates of a search that its kernel does not train."""
    return [f"{name}: {each}. {ELSEWHERE}" for each in planned.alone]
