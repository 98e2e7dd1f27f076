"""Calls that fit no nets: they run where joblib would run them without the engine."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from joblib import Parallel, effective_n_jobs
from joblib.parallel import BatchedCalls

from lockstep._compat import joblibs_config, set_joblibs_config
from lockstep.calls.inside import Inside

# The number of workers that joblib is told where nets are fitted. Estimators such as BaggingClassifier cut their nets
# into as many calls; each call is in a thread of its own, and a stack has a net of each.
N_CALLS = 64

# What `Parallel` asks of a backend, and another `Parallel` takes as well.
_HINTS = ("prefer", "require", "max_nbytes", "temp_folder", "mmap_mode")


@dataclass(frozen=True)
class Elsewhere:
    """joblib without the engine: what `parallel_config` has set outside of the engine's block; None for nothing."""

    config: Any = None

    @contextmanager
    def _entered(self) -> Iterator[None]:
        own = joblibs_config()
        set_joblibs_config(self.config)
        try:
            yield
        finally:
            set_joblibs_config(own)

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Return how many calls would run at once."""
        with self._entered():
            return int(effective_n_jobs(n_jobs))

    def run(self, batches: list[BatchedCalls], n_jobs: int, hints: dict[str, Any]) -> list[list[Any]]:
        """Run calls; returns the results of each batch, or raises what the first failing call raises."""
        given = {name: hints[name] for name in _HINTS if hints.get(name) is not None}
        with self._entered():
            results = iter(Parallel(n_jobs, **given)(item for batch in batches for item in batch.items))
        return [[next(results) for _ in batch.items] for batch in batches]


class Askers:
    """Remembers how many jobs a function of scikit-learn was asked for.

    Some functions first ask joblib for the effective number, and pass the answer on to `Parallel`; the answer may be
    the engine's, and is not the number of processes that the user wants.
    """

    def __init__(self) -> None:
        self._asked: dict[Any, int | None] = {}

    def ask(self, n_jobs: int | None) -> bool:
        """Note that a function asks; returns whether it has nets, or asks for a `Parallel`."""
        frame = sys._getframe(2)
        if isinstance(frame.f_locals.get("self"), Parallel):
            return True
        callers = _callers(frame)[:2]  # a function may ask for the one that calls it
        self._asked = {(id(each), each.f_code): n_jobs for each in callers}
        return Inside().has_net(*(list(each.f_locals.values()) for each in callers))

    def asked(self, n_jobs: int | None) -> int:
        """Return the number that a function was asked for, if it is `n_jobs` or has asked joblib before."""
        caller = next(iter(_callers(sys._getframe(2))), None)
        return self._asked.get(caller and (id(caller), caller.f_code), n_jobs) or 1


def _callers(frame: FrameType | None) -> list[FrameType]:
    """Return the functions that have called joblib, the nearest first."""
    frames = []
    while frame is not None:
        if not str(frame.f_globals.get("__name__")).startswith(("joblib.", "sklearn.utils.parallel")):
            frames.append(frame)
        frame = frame.f_back
    return frames
