"""Seeds and counts the fits of a GridSearchCV through scikit-learn's callbacks."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

from sklearn.model_selection import GridSearchCV

from stages.lib.lockstep.numerics import fit_seed, seed_everything


class _Callback:
    """The part of scikit-learn's FitCallback protocol that both callbacks leave empty."""

    def setup(self, estimator: GridSearchCV, context: Any) -> None:
        """Do nothing before the search."""

    def teardown(self, estimator: GridSearchCV, context: Any) -> None:
        """Do nothing after the search."""

    def on_fit_task_begin(self, estimator: GridSearchCV, context: Any) -> None:
        """Do nothing before a fit."""

    def on_fit_task_end(self, estimator: GridSearchCV, context: Any) -> None:
        """Do nothing after a fit."""


_FIT = "candidate-split-evaluation"


class SeedEachFit(_Callback):
    """Seeds torch, numpy and random before each fit of a search, in the process that runs it.

    The seed comes from the base seed and the number of the split, and is the same for every candidate: a score does
    not depend on the other candidates, their order, or the number of jobs.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_fit_task_begin(self, estimator: GridSearchCV, context: Any) -> None:
        """Seed; the tasks are numbered candidate by candidate, split by split."""
        if context.task_name == _FIT:
            seed_everything(fit_seed(self.seed, context.task_id % estimator.n_splits_))
        else:
            seed_everything(self.seed)


class CountFits(_Callback):
    """Reports how many fits are done in all processes: each fit adds a byte to a file, whose size is the count."""

    _EVERY = 0.2  # seconds between two looks

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance

    def __getstate__(self) -> dict[str, Any]:
        return {"_file": self._file}

    def setup(self, estimator: GridSearchCV, context: Any) -> None:
        """Start to watch the file."""
        self._folder = TemporaryDirectory()
        self._file = Path(self._folder.name) / "fits"
        self._file.touch()
        self._ended = Event()
        self._watcher = Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def on_fit_task_end(self, estimator: GridSearchCV, context: Any) -> None:
        """Count one fit."""
        if context.task_name == _FIT:
            with self._file.open("ab") as file:
                file.write(b".")

    def teardown(self, estimator: GridSearchCV, context: Any) -> None:
        """Stop watching."""
        self._ended.set()
        self._watcher.join()
        self._folder.cleanup()

    def _watch(self) -> None:
        seen = 0
        while True:
            last_look = self._ended.wait(self._EVERY)
            count = self._file.stat().st_size
            self._advance(count - seen)
            seen = count
            if last_look:
                return
