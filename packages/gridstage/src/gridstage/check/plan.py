"""Asks the engine what a search takes, and which nets its kernel does not train; trains none."""

from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from gridstage.config import Params
from gridstage.engine import EnginePlan, LockstepBackend, plan
from gridstage.experiment import Opened
from gridstage.model import nested_grid
from gridstage.search.jobs import jobs_here

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
        """Return the engine's plan of a search: that of its first split, for as many of them."""
        search = GridSearchCV(
            experiment.estimator,
            nested_grid(experiment.estimator, [*experiment.candidates]),
            cv=experiment.splits[:1],
            scoring=experiment.scorer,
            refit=False,
        )
        n_splits = len(experiment.splits)
        with parallel_config(backend=self._backend, n_jobs=self._n_jobs):
            return plan(search, experiment.X, experiment.y, n_splits=n_splits)


def notes(name: str, planned: EnginePlan) -> list[str]:
    """Return what the engine says of the candidates of a search that its kernel does not train."""
    return [f"{name}: {each}. {ELSEWHERE}" for each in planned.alone]


def in_a_line(experiment: Opened, planned: EnginePlan | None) -> str:
    """Say how large a search is and, if the engine has planned it, what its training takes on one core."""
    n_candidates, n_splits = len(experiment.candidates), len(experiment.splits)
    line = f"{experiment.name}: {n_candidates:,} candidates on {n_splits:,} splits"
    if planned is None or not planned.groups:
        return line
    time, mib = in_words(planned.seconds), planned.n_bytes / 2**20
    line += f", about {time} on one core and {mib:,.0f} MiB"
    is_halved = experiment.params.experiment(experiment.name).search == "halving"
    return f"{line}, less by halving" if is_halved else line


def in_words(seconds: float) -> str:
    """Write a time roughly: `1 s`, `3 min`, `5 h` or `9 days`."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(1, seconds):.0f} s"
