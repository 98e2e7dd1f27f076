"""The calls of one use of joblib's `Parallel`: fits of a search, and others, which run as without the engine."""

from contextlib import suppress
from itertools import chain, islice
from typing import Any

from joblib import Parallel, parallel_config
from joblib.parallel import BatchedCalls
from skorch import NeuralNet

from lockstep._compat import as_configured, fit_arguments
from lockstep.fits.tasks import Task, seed_tasks, task_of, within
from lockstep.members.refusals import UNSTACKED, Refusal
from lockstep.options import Options, Shared
from lockstep.search import Search

# What `Parallel` asks of a backend, and another `Parallel` takes as well.
_HINTS = ("prefer", "require", "max_nbytes", "temp_folder", "mmap_mode")

# Lists with more elements are taken for rows, in which no nets are looked for.
_ELEMENTS = 1_000


class Collected:
    """All calls that one `Parallel` has handed over.

    `train` trains the nets of searches together; `result_of` runs the other calls when their results are asked for.
    `n_jobs` is what `Parallel` was asked for, and `hints` are its further arguments.
    """

    def __init__(
        self, batches: list[BatchedCalls], options: Options, shared: Shared, n_jobs: int
    ) -> None:
        self.options = options
        self.shared = shared
        self.n_jobs = n_jobs
        self.tasks: dict[int, Task] = {}
        self._others: dict[int, BatchedCalls] = {}
        for number, batch in enumerate(batches):
            if task := task_of(batch):
                # The task lets go of the call, and so of the net, when it is done.
                self.tasks[number] = task
            else:
                self._others[number] = batch
        self.excess = ""  # a sentence about a stack that passes the limit of memory
        self._results: dict[int, list[Any]] = {}
        # What the other calls fit: a net, or an estimator around one, each.
        self._outside: list[Any] = []

    def train(self, nested: Any) -> None:
        """Train the nets of searches; `nested` is the backend for searches in the steps around a net."""
        self.shared.n_searches += 1
        search = self.search()
        with parallel_config(backend=nested):
            search.run()
        self.excess = search.excess()

    def search(self) -> Search:
        """Return the search of all fits, with their seeds."""
        tasks = [*self.tasks.values()]
        seed_tasks(tasks, self.options.random_state)
        return Search(tasks, self.options, self.shared, self.n_jobs)

    def result_of(self, number: int, around: Any, hints: dict[str, Any]) -> list[Any]:
        """Return the results of a batch of calls, or raise what one of its calls has raised.

        `around` is what `parallel_config` has set outside of the engine's block, where other calls run.
        """
        if number in self.tasks:
            task = self.tasks[number]
            result = task.result()
            if self.options.on_result and task.what == "net":
                why = task.told
                told = result
                if isinstance(result, dict):
                    told = result | {"not_by_kernel": why and why.reason}
                self.options.on_result(told)
            return [result]
        if self.n_jobs == 1:
            batch = self._others.pop(number)
            n_searches = self.shared.n_searches
            fitted = _fitted_by(batch)
            results: list[Any] = batch()
            # Otherwise the call is, or has, a search, whose nets went in lockstep.
            if self.shared.n_searches == n_searches:
                self._outside += fitted
            return results
        if not self._results:
            known = {name: hints.get(name) for name in _HINTS}
            given = {name: hint for name, hint in known.items() if hint is not None}
            self._run_others(around, given)
        return self._results[number]

    def _run_others(self, around: Any, hints: dict[str, Any]) -> None:
        """Run the calls that are not fits of a search where joblib would run them without the engine."""
        batches = self._others.values()
        self._outside = [each for batch in batches for each in _fitted_by(batch)]
        items = chain.from_iterable(batch.items for batch in batches)
        with as_configured(around):
            made = iter(Parallel(self.n_jobs, **hints)(items))
        for number, batch in self._others.items():
            self._results[number] = list(islice(made, len(batch.items)))

    @property
    def has_others(self) -> bool:
        """Whether a fit of a search is that of an estimator that fits nets itself."""
        return any(task.what == "other" for task in self.tasks.values())

    def refusals(self) -> tuple[list[tuple[Refusal, str]], int]:
        """Return what is told of candidates, with a key for each, and how many there are in all."""
        tasks = self.tasks.values()
        told = [(task.told, task.key) for task in tasks]
        # What was asked for is not told.
        candidates = [(why, key) for why, key in told if why and why != UNSTACKED]
        return candidates, len({task.key for task in tasks})

    def outside(self) -> str:
        """Return a sentence about nets that calls have fitted outside of searches; an empty one for none."""
        if not self._outside:
            return ""
        name = type(self._outside[0]).__name__
        n = getattr(self._outside[0], "n_estimators", None)
        calls = f"{len(self._outside)} other calls"
        if len(self._outside) == 1:
            calls = "another call"
        those = f"those of {calls} of joblib ({name})"
        if n:
            those = f"the {n} of this {name}"
        return f"lockstep trains the nets of searches; {those} are fitted one by one, as without lockstep"


def _fitted_by(batch: BatchedCalls) -> list[Any]:
    """Return the argument of each call of a batch that is a net to be fitted, or an estimator around one, if any is."""
    if fit_arguments(batch):  # of a search: one whose candidate is no net
        return []
    found = []
    for function, args, kwargs in batch.items:
        # The function is inside of scikit-learn's wrapper, if it is delayed.
        own = getattr(function, "function", function)
        given = [getattr(own, "__self__", None), *args, *kwargs.values()]
        # An argument may answer nothing, such as a module that is missing.
        with suppress(Exception):
            lists = [
                each
                for each in given
                if isinstance(each, list | tuple) and len(each) <= _ELEMENTS
            ]
            found += [each for each in chain(given, *lists) if _is_to_fit(each)][:1]
    return found


def _is_to_fit(thing: Any) -> bool:
    """Whether a thing is a net, or an estimator around one, that has not been fitted."""
    if not any(
        isinstance(part, NeuralNet) and not part.initialized_ for part in within(thing)
    ):
        return False
    # The estimator of a TransformedTargetRegressor stays as it is; a bagging that is being fitted has no nets yet.
    is_fitted = any(name.endswith("_") for name in vars(thing)) and not isinstance(
        thing, NeuralNet
    )
    return not is_fitted or getattr(thing, "estimators_", None) == []
