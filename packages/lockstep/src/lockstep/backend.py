"""A joblib backend that gets all calls of a `Parallel` at once, and trains the nets that they fit in lockstep."""

import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from joblib import effective_n_jobs, register_parallel_backend
from joblib.parallel import ParallelBackendBase

from lockstep._compat import as_configured, joblibs_config, missing_parts
from lockstep.kernel.library import missing
from lockstep.keyboard import heeds_the_keyboard
from lockstep.members.numerics import seed_everything
from lockstep.members.refusals import LockstepWarning, Refusal
from lockstep.options import Options, Shared
from lockstep.turns import FITS

# What `Parallel` is told, so that it submits calls; and the keys of what is said of nets outside of searches, and of
# memory.
_SEVERAL, _OUTSIDE, _MEMORY = 2, "outside", "memory"


@dataclass(eq=False)
class LockstepBackend(Options, ParallelBackendBase):
    """Trains the skorch nets of scikit-learn's searches and cross-validations in lockstep.

    `with parallel_config(backend="lockstep", random_state=7):` is all that a script needs; docs/engine.md says how it
    works. Nets that can't be stacked are fitted one by one under the same seeds, and a `LockstepWarning` says why;
    calls that are not fits of a search run as without the backend.

    A script seldom calls this class: joblib does, with the options of `parallel_config`.

    Parameters
    ----------
    random_state : int, RandomState or None, default=0
        Every split's fits start from a seed of their own, `fit_seed(random_state, split)`. After a search, torch, numpy
        and random stand at `random_state`, so that a refit repeats. None stands for a new number each time; from a
        RandomState of numpy, one is drawn for the block.
    max_memory_mb : int, optional
        The memory limit of a process, in MiB; stacks are cut to stay below it. None stands for half of what is free as
        they are cut, which the processes that train stacks share. The smallest stack is trained even if it takes more.
    on_plan : callable, optional
        Called with how many more nets are initialised and sorted into stacks, and how many there are in all.
    on_progress : callable, optional
        Called with how many more net-epochs are done, and how many there are in all.
    on_result : callable, optional
        Called in this process with the result of each fit of a net, in the order of the fits: scikit-learn's dict, with
        the reason why the kernel has not trained the net, or None, as `not_by_kernel`.
    stack : bool, default=True
        False lets skorch fit every net, under the same seeds.
    record_losses : bool, default=True
        False leaves batches and their losses out of the histories of stacked nets without callbacks, which spares a
        tenth of each step, and the evaluation of held-out rows.
    inner_backend : str, optional
        joblib's backend for stacks side by side, "loky" or "dask"; the workers of "dask" get all stacks.
    prepare_worker : callable, optional
        Called without arguments in each of these processes before it trains, such as to pin its numerics.
    checkpoint : str or path, optional
        A folder in which a search of more than some seconds keeps the nets that it has trained: the same search, after
        it was stopped, takes them from there and trains the others. It is yours to delete.
    on_kept : callable, optional
        Called with how many of the search's nets are in that folder, and how many the search has: once when it begins,
        and again whenever it has added some.
    nesting_level : int, optional
        joblib's own: how many backends are around this one.

    Raises
    ------
    TypeError
        If there is no option of a name; it says which one is meant.
    ValueError
        If an option is not what it can be.

    See Also
    --------
    plan : Says what a search would train, and about how long that takes.
    explain : Says whether a net goes in lockstep, and why not.

    Notes
    -----
    `n_jobs`, of `parallel_config` or of an estimator, is how many jobs run side by side: threads that share the nets of
    a stack, and processes for stacks with callbacks and for nets that skorch fits.

    Examples
    --------
    Two learning rates on five folds, ten nets that are trained at once:

    >>> import lockstep  # registers the backend
    >>> from joblib import parallel_config
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skorch import NeuralNetClassifier
    >>> from torch import nn
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X.astype("float32")
    >>> net = NeuralNetClassifier(
    ...     nn.Linear, module__in_features=4, module__out_features=3, criterion=nn.CrossEntropyLoss, verbose=0
    ... )
    >>> search = GridSearchCV(net, {"lr": [0.001, 0.1]}, cv=5)
    >>> with parallel_config(backend="lockstep", random_state=7):
    ...     search = search.fit(X, y)
    >>> search.best_params_
    {'lr': 0.1}
    """

    nesting_level: int | None = None

    supports_retrieve_callback = False
    supports_sharedmem = True
    uses_threads = True

    def __post_init__(self) -> None:
        super().__post_init__()
        ParallelBackendBase.__init__(self, self.nesting_level)
        self._jobs: list[_Job] = []
        self._hints: dict[str, Any] = {}
        self.parallel: Any = None  # the `Parallel` that uses it
        self.calls: Any = None  # what `Parallel` has handed over, sorted
        self.n_jobs: int = 1
        self.shared: Shared = Shared()
        self.is_nested: bool = False
        self._holds_lock: bool = False
        self.is_worker: bool = False
        self.said: set[Any] = set()
        # What `parallel_config` has set outside of the block.
        self.around: Any = joblibs_config()

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return how many calls would run at once without the backend; more than one for a `Parallel` in use."""
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        with as_configured(self.around):
            found = 1 if self.is_worker else effective_n_jobs(n_jobs)
        if self.parallel:
            return max(found, _SEVERAL)
        return found

    def configure(self, n_jobs: int = 1, parallel: Any = None, **hints: Any) -> int:
        """Note what `Parallel` asks for; returns more than one, so that it submits calls instead of running them."""
        self.parallel = parallel
        self._hints = hints
        self.n_jobs = 1 if self.is_worker else n_jobs or 1
        return self.effective_n_jobs(n_jobs)

    def terminate(self) -> None:
        """Forget the `Parallel` that has ended."""
        self.parallel = None

    def start_call(self) -> None:
        """Forget the calls of an earlier use of Parallel."""
        if not self.is_nested:
            self.said = set()
        self._jobs = []
        self._collected = False
        self.calls = None

    def submit(self, func: Any, callback: Any = None) -> "_Job":
        """Note a call."""
        self._jobs.append(_Job(self, len(self._jobs), func, callback))
        return self._jobs[-1]

    apply_async = submit  # as joblib before 1.5 calls it

    def get_nested_backend(self) -> tuple["LockstepBackend", int]:
        """Return one of the same kind for a search inside of a fit."""
        nested = replace(
            self, nesting_level=(self.nesting_level or 0) + 1, on_result=None
        )
        nested.shared = self.shared
        nested.is_nested = True
        nested.said = self.said
        nested.around = self.around
        return nested, self.n_jobs

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the attributes that belong to this process, because a fit may run in another one."""
        here: dict[str, Any] = dict.fromkeys(
            ("parallel", "on_result", "on_plan", "on_progress", "on_kept", "calls")
        )
        new = {
            "_jobs": [],
            "_hints": {},
            "shared": Shared(),
            "around": None,
            "is_worker": True,
        }
        return vars(self) | here | new

    def stop_call(self) -> None:
        """Seed the generators as a refit needs them, and give the reasons that came up in handing back."""
        try:
            if self.calls and self.calls.tasks:
                seed_everything(self.random_state)
            self._warn()
        finally:
            self._jobs = []
            self.calls = None
            if self._holds_lock:
                self._holds_lock = self.shared.is_fitting = False
                FITS.release()

    def handed_over(self) -> list[Any]:
        """Get all calls from joblib."""
        # The list grows, because each call back makes joblib hand over more.
        for job in self._jobs:
            if job.callback is not None:
                job.callback(None)
        return [job.batch for job in self._jobs]

    def collect(self) -> None:
        """Get all calls from joblib, and train the nets of searches among them."""
        if self._collected:
            return
        self._collected = True
        batches = self.handed_over()
        if missing_parts():
            found = "; ".join(missing_parts())
            _warn_once(
                f"This version of lockstep can't stack nets with the packages that are installed ({found}), "
                "so every net is fitted one by one, without a seed"
            )
            return
        # Not at the top: this module can't be imported if a part that it needs is missing.
        from lockstep.collected import Collected

        reason = missing()
        options = replace(self, stack=False) if reason else self
        self.calls = Collected(batches, options, self.shared, self.n_jobs)
        for job in self._jobs:
            job.batch = None
        if not self.calls.tasks:
            return
        if self.stack and reason:
            _warn_once(
                f"There is no kernel, so every net is fitted one by one, as without lockstep: {reason}"
            )
        # A search inside of a fit may run in another thread, such as in a worker of Dask, while the outer one waits.
        if not (self.shared.is_fitting or self.is_worker):
            FITS.acquire()
            self._holds_lock = self.shared.is_fitting = True
        self.calls.train(self.get_nested_backend()[0])
        self._warn()

    def result(self, job: "_Job") -> list[Any]:
        """Return the results of a batch of calls; the first one trains all nets."""
        self.collect()
        if self.calls:
            return self.calls.result_of(job.number, self.around, self._hints)
        return job.batch()

    def _warn(self) -> None:
        """Warn of each new reason why nets are fitted one by one."""
        if not self.calls or not self.calls.options.stack:
            return
        refused: dict[Refusal, set[str]] = defaultdict(set)
        reasons, total = self.calls.refusals()
        for refusal, key in reasons:
            if refusal not in self.said:
                refused[refusal].add(key)
        told = [refusal.sentence(len(keys), total) for refusal, keys in refused.items()]
        outside = self.calls.outside()
        if outside and _OUTSIDE not in self.said:
            told.append(outside)
        self.said.update(refused)  # in place, because nested backends share it
        # Of an estimator that fits nets itself, as in a search of baggings, this is enough.
        if outside or self.calls.has_others:
            self.said.add(_OUTSIDE)
        if self.calls.excess and _MEMORY not in self.said:
            told.append(self.calls.excess)
            self.said.add(_MEMORY)
        for sentence in told:
            warnings.warn(sentence, LockstepWarning, stacklevel=4)


@cache
def _warn_once(message: str) -> None:
    """Say once why nothing goes in lockstep."""
    warnings.warn(message, LockstepWarning, stacklevel=4)


@dataclass
class _Job:
    """A submitted call; joblib asks it for the result."""

    backend: LockstepBackend
    number: int
    batch: Any
    callback: Callable[[Any], None] | None

    @heeds_the_keyboard
    def get(self) -> list[Any]:
        """Return the results of the batch's calls."""
        return self.backend.result(self)


register_parallel_backend("lockstep", LockstepBackend)
