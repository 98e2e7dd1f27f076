"""The calls of one use of joblib's `Parallel`: fits of a search, and others, which run as without the engine."""

from contextlib import suppress
from itertools import chain
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
        self.options, self.shared, self.n_jobs = options, shared, n_jobs
        self.tasks: dict[int, Task] = {}
        self._others: dict[int, BatchedCalls] = {}
        for number, batch in enumerate(batches):
            if task := task_of(batch):
                self.tasks[number] = (
                    task  # which lets go of the call, and so of the net, when it is done
                )
            else:
                self._others[number] = batch
        self.excess = ""  # a sentence about a stack that passes the limit of memory
        self._results: dict[int, list[Any]] = {}
        self._outside: list[
            Any
        ] = []  # what the other calls fit: a net, or an estimator around one, each

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
                about = {"not_by_kernel": why and why.reason}
                self.options.on_result(
                    result | about if isinstance(result, dict) else result
                )
            return [result]
        if self.n_jobs == 1:
            batch, n_searches = self._others.pop(number), self.shared.n_searches
            fitted = _fitted_by(batch)
            results: list[Any] = batch()
            # Otherwise the call is, or has, a search, whose nets went in lockstep.
            self._outside += fitted if self.shared.n_searches == n_searches else []
            return results
        if not self._results:
            self._run_others(
                around,
                {name: hints[name] for name in _HINTS if hints.get(name) is not None},
            )
        return self._results[number]

    def _run_others(self, around: Any, hints: dict[str, Any]) -> None:
        """Run the calls that are not fits of a search where joblib would run them without the engine."""
        batches = self._others.values()
        self._outside = [each for batch in batches for each in _fitted_by(batch)]
        with as_configured(around):
            made = iter(
                Parallel(self.n_jobs, **hints)(
                    item for batch in batches for item in batch.items
                )
            )
        self._results = {
            number: [next(made) for _ in batch.items]
            for number, batch in self._others.items()
        }

    @property
    def has_others(self) -> bool:
        """Whether a fit of a search is that of an estimator that fits nets itself."""
        return any(task.what == "other" for task in self.tasks.values())

    def refusals(self) -> tuple[list[tuple[Refusal, str]], int]:
        """Return what is told of candidates, with a key for each, and how many there are in all."""
        tasks = self.tasks.values()
        told = [(task.told, task.key) for task in tasks]
        candidates = [
            (why, key) for why, key in told if why and why != UNSTACKED
        ]  # which was asked for
        return candidates, len({task.key for task in tasks})

    def outside(self) -> str:
        """Return a sentence about nets that calls have fitted outside of searches; an empty one for none."""
        if not self._outside:
            return ""
        name, n = (
            type(self._outside[0]).__name__,
            getattr(self._outside[0], "n_estimators", None),
        )
        calls = (
            "another call"
            if len(self._outside) == 1
            else f"{len(self._outside)} other calls"
        )
        those = (
            f"the {n} of this {name}" if n else f"those of {calls} of joblib ({name})"
        )
        return f"lockstep trains the nets of searches; {those} are fitted one by one, as without lockstep"


def _fitted_by(batch: BatchedCalls) -> list[Any]:
    """Return the argument of each call of a batch that is a net to be fitted, or an estimator around one, if any is."""
    if fit_arguments(batch):  # of a search: one whose candidate is no net
        return []
    found = []
    for function, args, kwargs in batch.items:
        own = getattr(
            function, "function", function
        )  # in scikit-learn's wrapper of a function that is delayed
        given = [getattr(own, "__self__", None), *args, *kwargs.values()]
        with suppress(
            Exception
        ):  # of an argument that answers nothing, such as a module that is missing
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
