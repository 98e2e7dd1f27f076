"""The calls of one use of joblib's `Parallel`, sorted: fits of a search, calls that may fit nets, and others."""

import threading
from typing import Any

from joblib import parallel_config
from joblib.parallel import BatchedCalls

from lockstep.calls.call import Call
from lockstep.calls.calls import Calls
from lockstep.calls.elsewhere import Elsewhere
from lockstep.calls.inside import Inside
from lockstep.calls.training import Watch, watched
from lockstep.fits.fit import Fit, is_alone
from lockstep.fits.tasks import Task, seed_tasks, task_of
from lockstep.members.refusals import UNSTACKED, Refusal
from lockstep.options import Options, Shared
from lockstep.search import Search


class Collected:
    """All calls that one `Parallel` has handed over.

    `run` trains the nets of searches together, and runs the calls that may fit nets; `result_of` runs the others when
    the first result of theirs is asked for. `n_jobs` is what `Parallel` was asked for, `hints` are its further
    arguments, and `nested` is the backend for joblib inside of the calls.
    """

    def __init__(self, batches: list[BatchedCalls], options: Options, shared: Shared, n_jobs: int, nested: Any) -> None:
        self.options, self.shared, self.n_jobs, self.nested = options, shared, n_jobs, nested
        inside = Inside()
        self.tasks: dict[int, Task] = {}
        self._calls: dict[int, BatchedCalls] = {}
        self._others: dict[int, BatchedCalls] = {}
        for number, batch in enumerate(batches):
            if task := task_of(batch):
                self.tasks[number] = task  # which lets go of the call, and so of the net, when it is done
            else:
                (self._calls if inside.has_net(batch.items) else self._others)[number] = batch
        self.watch = Watch(options.random_state, shared, len(self._calls), options.same_bytes)
        self._over: dict[int, Call] = {}
        self._results: dict[int, list[Any]] = {}

    @property
    def may_train(self) -> bool:
        """Whether a call may fit a net."""
        return bool(self.tasks or self._calls)

    @property
    def has_trained(self) -> bool:
        """Whether a net has been fitted."""
        return bool(self.tasks or self.watch.n_fits)

    def run(self) -> None:
        """Train the nets of searches, and run the calls that may fit nets."""
        with watched(self.watch):
            self._run()
        self.watch.is_training = False

    def _run(self) -> None:
        if self.tasks:
            tasks: list[Any] = list(self.tasks.values())
            seed_tasks(tasks, self.options.random_state)
            self._train(tasks)
        if self._calls:
            at_once = {} if self.options.stack else {"at_once": 1}
            train = self._train if self.options.stack else _leave
            calls = Calls(train, self.watch, self.options.max_memory_mb, **at_once)
            self._over = calls.run(self._calls)
            self._calls = {}

    def _train(self, fits: list[Fit]) -> None:
        """Train nets; inside of a call, wait until the nets of all calls are trained together."""
        outer = threading.current_thread()
        together = isinstance(outer, Call) and outer.watch.shared is self.shared and not is_alone()
        if isinstance(outer, Call) and together and self.options.stack:
            outer.wait_for(fits)
        else:
            with parallel_config(backend=self.nested):  # for searches in the steps around a net
                Search(fits, self.options, self.shared, self.n_jobs).run()

    def result_of(self, number: int, elsewhere: Elsewhere, hints: dict[str, Any]) -> list[Any]:
        """Return the results of a batch of calls, or raise what one of its calls has raised."""
        if number in self.tasks:
            result = self.tasks[number].result()
            if self.options.on_result:
                why = self.tasks[number].told(same_bytes=True)
                about = {"not_by_kernel": why and why.reason}
                self.options.on_result(result | about if isinstance(result, dict) else result)
            return [result]
        if number in self._over:
            call = self._over.pop(number)
            if call.error is not None:
                raise call.error
            return call.result
        if self.n_jobs == 1:
            with watched(self.watch):
                return self._others.pop(number)()
        if not self._results:
            results = elsewhere.run(list(self._others.values()), self.n_jobs, hints)
            self._results = dict(zip(self._others, results, strict=True))
        return self._results[number]

    def refusals(self) -> list[tuple[list[tuple[Refusal, str]], int, str]]:
        """Return what is told of candidates, and of nets, with a key for each, and how many there are in all."""
        tasks = self.tasks.values()
        told = [(task.told(self.options.same_bytes), task.key) for task in tasks]
        candidates = [(why, key) for why, key in told if why and why != UNSTACKED]  # which was asked for
        n_candidates = len({task.key for task in tasks})
        return [(candidates, n_candidates, "candidate"), (self.watch.told, self.watch.n_fits, "net")]


def _leave(fits: list[Fit]) -> None:
    """Leave nets to skorch."""
    for fit in fits:
        fit.refusal = UNSTACKED
