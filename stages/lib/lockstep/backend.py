"""A joblib backend that is handed all fits of a search at once, and trains the nets among them in lockstep."""

import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from joblib import register_parallel_backend
from joblib._parallel_backends import ParallelBackendBase
from sklearn.base import clone

from stages.lib.lockstep._compat import FitCall, fit_call, missing_parts, run_items
from stages.lib.lockstep.numerics import seed_everything
from stages.lib.lockstep.plan import Search
from stages.lib.lockstep.surroundings import LockstepWarning, net_of
from stages.lib.lockstep.tasks import Task, make_tasks


class LockstepBackend(ParallelBackendBase):
    """Trains the skorch nets of scikit-learn's searches and cross-validations in lockstep.

    `with parallel_config(backend="lockstep", random_state=7):` is all that a script needs. Nets that take the same
    steps (candidates on splits, each with its own weights, rows, optimizer settings and seed) are stacked, and one
    batched forward and backward pass steps them all. scikit-learn scores them as ever. What can't be stacked is fitted
    one by one under the same seeds, and a `LockstepWarning` says why; what is no fit of a net is called as it is.

    A net's weights and scores follow from the candidate, the split and `random_state` alone: they have the same bytes
    whatever else is searched, in whatever order, in stacks of any size, with any number of jobs.

    Parameters
    ----------
    random_state : int, default=0
        Every split's fits start from a seed of their own, `fit_seed(random_state, split)`. After a search, torch, numpy
        and random stand at `random_state`, so that a refit repeats.
    max_memory_mb : int, default=2048
        What a process may take, in MiB; stacks are cut to stay below.
    on_plan : callable, optional
        Called with how many more nets are initialised and sorted into stacks, and how many there are in all.
    on_progress : callable, optional
        Called with how many more net-epochs are done, and how many there are in all.
    on_result : callable, optional
        Called in this process with the result of each fit of a net, scikit-learn's dict, in the order of the fits.
    stack : bool, default=True
        False fits everything one by one, under the same seeds.
    record_valid_loss : bool, default=True
        False leaves `valid_loss` out of the histories of stacked nets without callbacks, which spares its evaluation.
    inner_backend : str, optional
        joblib's backend for stacks side by side, such as "loky" or "dask".
    inner_n_jobs : int, default=1
        How many.
    """

    supports_retrieve_callback = False
    supports_sharedmem = True
    uses_threads = True

    def __init__(
        self,
        random_state: int = 0,
        max_memory_mb: int = 2048,
        on_plan: Callable[[int, int], None] | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        on_result: Callable[[Any], None] | None = None,
        stack: bool = True,
        record_valid_loss: bool = True,
        inner_backend: str | None = None,
        inner_n_jobs: int = 1,
        nesting_level: int | None = None,
        inner_max_num_threads: int | None = None,
    ) -> None:
        super().__init__(nesting_level=nesting_level, inner_max_num_threads=inner_max_num_threads)
        self.random_state, self.on_result = random_state, on_result
        self.options: dict[str, Any] = {
            "max_memory_mb": max_memory_mb,
            "on_plan": on_plan,
            "on_progress": on_progress,
            "stack": stack,
            "record_valid_loss": record_valid_loss,
            "inner_backend": inner_backend,
            "inner_n_jobs": inner_n_jobs,
        }
        self._jobs: list[_Job] = []

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return more than one, so that joblib hands over calls instead of making them."""
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        return 2

    def configure(self, n_jobs: int = 1, parallel: Any = None, **options: Any) -> int:
        """Start anew for a call of Parallel."""
        self.parallel, self._jobs = parallel, []
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Any, callback: Any = None) -> "_Job":
        """Note a call."""
        self._jobs.append(_Job(self, func, callback))
        return self._jobs[-1]

    def get_nested_backend(self) -> tuple["LockstepBackend", None]:
        """Return one of the same kind for a search inside of a fit."""
        level = (self.nesting_level or 0) + 1
        return LockstepBackend(self.random_state, nesting_level=level, **self.options), None

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what belongs to this process, where a fit runs in another."""
        options = self.options | {"on_plan": None, "on_progress": None}
        return self.__dict__ | {"_jobs": [], "parallel": None, "on_result": None, "options": options}

    def stop_call(self) -> None:
        """Put the generators where a refit starts from."""
        if any(isinstance(item, Task) for job in self._jobs for item in job.items):
            seed_everything(self.random_state)
        self._jobs = []

    def collect(self) -> None:
        """Get all calls from joblib, and train the nets among them."""
        for job in self._jobs:  # which grows: each call back makes joblib hand over more
            if job.callback is not None:
                job.callback(None)
        if parts := missing_parts():
            warnings.warn(f"nothing is stacked: scikit-learn has no {' or '.join(parts)} as known", LockstepWarning, 2)
        found: list[tuple[_Job, int, FitCall]] = []
        for job in self._jobs:
            job.items, job.batch.items = job.batch.items, []
            read = ((place, fit_call(job.batch, item)) for place, item in enumerate(job.items))
            found += [(job, place, call) for place, call in read if call is not None and _trains_a_net(call)]
        if found:
            tasks = make_tasks([call for _, _, call in found], self.random_state)
            for (job, place, _), task in zip(found, tasks, strict=True):
                job.items[place] = task
            Search(tasks, **self.options).run()
            _warn(tasks)


class _Job:
    """What joblib asks the result of."""

    def __init__(self, backend: LockstepBackend, batch: Any, callback: Any) -> None:
        self.backend, self.batch, self.callback = backend, batch, callback
        self.items: list[Any] = []

    def get(self) -> list[Any]:
        """Return the results of the batch's calls; the first call trains all nets."""
        if not self.items:
            self.backend.collect()
        results: list[Any] = []
        for item in self.items:
            if not isinstance(item, Task):
                results += run_items(self.batch, [item])
                continue
            results.append(item.result())
            if self.backend.on_result:
                self.backend.on_result(results[-1])
        return results


def _trains_a_net(call: FitCall) -> bool:
    parameters = call.parameters or {}
    if any(hasattr(value, "fit") for value in parameters.values()):  # they exchange parts of the estimator
        return net_of(clone(call.estimator).set_params(**clone(parameters, safe=False))) is not None
    return net_of(call.estimator) is not None


def _warn(tasks: list[Task]) -> None:
    """Give each reason for which candidates are fitted one by one."""
    refused: dict[str, set[str]] = defaultdict(set)
    for task in tasks:
        if task.reason:
            refused[task.reason].add(task.key)
    total = len({task.key for task in tasks})
    for reason, keys in refused.items():
        message = f"{len(keys)} of {total} candidates are fitted one by one, not in lockstep: {reason}"
        warnings.warn(message, LockstepWarning, stacklevel=4)


register_parallel_backend("lockstep", LockstepBackend)
