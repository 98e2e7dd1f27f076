"""A Dask cluster that is checked before it gets anything, and watched while it computes, as a backend of joblib.

joblib's own one waits for ever for a job that Dask gives up, and its jobs are unpickled by the scheduler, too.
"""

import pickle
import threading
import time
from collections.abc import Callable
from typing import Any, Self

import cloudpickle
import numpy as np
from distributed import CancelledError, Client, Future, KilledWorker
from joblib import register_parallel_backend
from joblib.parallel import BACKENDS, ParallelBackendBase

from gridstage.common import UserError, described, in_params
from gridstage.config import Runtime
from gridstage.search import inventory
from gridstage.search.inventory import asked_for, differences

# The name of the backend.
CLUSTER = "watched-dask"

# How often the cluster is looked at, and how long it may take to answer before it counts as gone, in seconds.
_SECONDS_BETWEEN = 1.0
_SECONDS_TO_ANSWER = 10.0

_START = (
    "Start both in this folder, or a copy, and in an environment with the same packages: "
    "`python -m dask scheduler`, and `python -m dask worker {} --nworkers -1 --nthreads 1`."
)


class Cluster(ParallelBackendBase):
    """The workers of a cluster, which joblib knows as `CLUSTER` while it is entered.

    Raises `UserError` on entry if one of them does not have what a search needs.
    """

    supports_retrieve_callback = True
    default_n_jobs = -1

    def __init__(self, client: Client, runtime: Runtime, modules: list[str]) -> None:
        super().__init__(nesting_level=0)
        self.client, self.seconds = client, runtime.dask_timeout
        self.address = runtime.dask_scheduler or client.scheduler_info()["address"]
        self.asked_for = asked_for(modules)
        self.here = inventory.inventory(*self.asked_for)
        self.workers: set[str] = set()
        self.pending: dict[
            int, Callable[[Any], Any]
        ] = {}  # joblib's callbacks, by the number of the call
        self.n_sent = 0
        self.rows: dict[
            tuple[int, int], tuple[np.ndarray, Future]
        ] = {}  # by their place in memory
        self.failure: UserError | None = None
        self.ended = threading.Event()
        self.watch = threading.Thread(target=self._watch, daemon=True)

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return the number of workers, but two at least: a single job would run in this process."""
        return max(2, len(self.workers))

    def __enter__(self) -> Self:
        try:
            self.client.wait_for_workers(1, timeout=self.seconds)
        except TimeoutError:
            raise self._error(
                f": no worker has come to {self.address} in {self.seconds} s"
            ) from None
        try:
            self._look()
        except UserError:
            raise
        except Exception as error:  # whatever a lost connection raises
            raise self._error(
                f": {self.address} does not answer: {described(error)}"
            ) from None
        self.watch.start()
        register_parallel_backend(CLUSTER, lambda **_: self)
        return self

    def __exit__(self, *error: Any) -> None:
        del BACKENDS[CLUSTER]
        self.ended.set()
        self.watch.join()

    def submit(self, func: Callable[[], Any], callback: Any = None) -> Future | None:
        """Send a call; `callback` gets the future when the call is done, or the reason why it will not be."""
        self.n_sent, number, rows = self.n_sent + 1, self.n_sent, []
        self.pending[number] = callback

        def apart(
            buffer: pickle.PickleBuffer,
        ) -> None:  # the engine makes buffers of what many calls share: rows
            rows.append(self._scattered(np.frombuffer(buffer.raw(), np.uint8)))

        try:
            # Bytes, because the scheduler unpickles an object, too, and would have to import all that it is made of.
            data = cloudpickle.dumps(_Call(func), buffer_callback=apart)
            future = self.client.submit(pickle.loads, data, buffers=rows, pure=False)
        except (
            Exception
        ) as error:  # joblib waits for the callback, which `_watch` will call
            self.failure = self.failure or self._error(
                f": a job could not be sent: {described(error)}"
            )
            return None
        future.add_done_callback(lambda done: self._hand_over(number, done))
        return future

    def _scattered(self, content: np.ndarray) -> Future:
        """Send rows to all workers, once; the array is kept so that no other rows get its place in memory."""
        key = content.ctypes.data, content.nbytes
        if key not in self.rows:
            future = self.client.scatter(
                content, broadcast=True, hash=False, timeout=self.seconds
            )
            self.rows[key] = content, future
        return self.rows[key][1]

    def retrieve_result_callback(self, out: Any) -> Any:
        """Return the result of a call, or raise its error; raises `UserError` if the cluster has not computed it."""
        if isinstance(out, UserError):
            raise out
        is_over = out.status == "error"  # its error is that of the call
        try:
            return out.result(timeout=self.seconds)
        except KilledWorker as error:
            finding = f": {error.allowed_failures + 1} workers in turn have ended at the same job"
            remedy = "Dask ends a worker that takes too much memory: give the workers more, or use fewer rows."
            raise UserError(
                in_params("runtime.dask_scheduler", finding, remedy)
            ) from None
        except (CancelledError, OSError) as error:
            if is_over:
                raise
            raise self.failure or self._error(
                f": {self.address} has lost a job: {described(error)}"
            ) from None

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Wait for no call any longer."""
        self.pending.clear()

    def _hand_over(self, number: int, done: Any) -> None:
        if callback := self.pending.pop(number, None):
            callback(done)

    def _watch(self) -> None:
        """Look at the cluster now and then; if it is gone for too long, all calls that were sent fail."""
        last = time.monotonic()
        while not self.ended.wait(_SECONDS_BETWEEN):
            try:
                self._look()
            except UserError as error:
                self.failure = self.failure or error
            except Exception:  # whatever a lost connection raises
                self.workers = set()
            if self.workers:
                last = time.monotonic()
            elif time.monotonic() - last > self.seconds:
                finding = f": {self.address} has had no worker for {self.seconds} s"
                self.failure = self.failure or self._error(finding)
            if self.failure:
                for number in list(self.pending):
                    self._hand_over(number, self.failure)

    def _look(self) -> None:
        """Note the workers that there are, and check those that are new."""
        threads = self._ask(
            self.client.nthreads, seconds=min(self.seconds, _SECONDS_TO_ANSWER)
        )
        if new := sorted(threads.keys() - self.workers):
            self._check_workers({name: threads[name] for name in new})
        self.workers = {*threads}

    def _ask(
        self, function: Callable[..., Any], *args: Any, seconds: float, **options: Any
    ) -> Any:
        """Return what a method of the client returns, for which it is waited a limited time."""

        async def answer() -> Any:
            return await function(*args, **options)

        return self.client.sync(answer, callback_timeout=seconds)

    def _check_workers(self, threads: dict[str, int]) -> None:
        cloudpickle.register_pickle_by_value(inventory)
        try:
            found = self._ask(
                self.client.run,
                inventory.inventory,
                *self.asked_for,
                seconds=self.seconds,
                workers=[*threads],
                on_error="return",
            )
        finally:
            cloudpickle.unregister_pickle_by_value(inventory)
        for name, each in found.items():
            if isinstance(each, OSError):  # it has ended meanwhile
                continue
            if isinstance(each, Exception):
                faults = [f"can't be checked ({described(each)})"]
            else:
                faults = differences(self.here, each)
            # The engine changes settings of torch and of warnings, which threads share.
            if threads[name] > 1:
                faults.append(f"has {threads[name]} threads instead of 1")
            if faults:
                raise self._error(f": {name} {'; '.join(faults)}")

    def _error(self, finding: str) -> UserError:
        return UserError(
            in_params("runtime.dask_scheduler", finding, _START.format(self.address))
        )


class _Call:
    """A call that is made where it is unpickled: that returns its result."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        # This module is imported first, and with it the numerics are pinned, before the call needs torch.
        return _made, (self.call,)


def _made(call: Callable[[], Any]) -> Any:
    return call()
