"""What a search keeps in a folder as it goes, and takes from there when it starts."""

import pickle
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any
from uuid import uuid4

from lockstep.checkpoints.folder import Entry, files, index, write
from lockstep.checkpoints.keys import Keys, is_of_result
from lockstep.checkpoints.nets import packed, unpacked
from lockstep.fits.fit import Outcome
from lockstep.fits.tasks import Task
from lockstep.grouping.groups import Grouping
from lockstep.grouping.trial import SHARED
from lockstep.keyboard import Pressed
from lockstep.members.refusals import LockstepWarning, Refusal, refusal_of
from lockstep.stacks.by_kernel.evaluation import outputs_of
from lockstep.stacks.nets import Job
from lockstep.stacks.trained import Trained

# So long after the start, and after each file, trained nets are written, in seconds: at least, for each net, whose
# writing costs half a millisecond, and at most. What is killed earlier is soon trained again.
_LEAST, _EACH, _MOST = 2.0, 0.02, 20.0

_NOT_KEPT, _NOT_USED = "some nets can't be kept", "some kept nets can't be used, so they are trained again"


class Checkpoint:
    """The folder of a search; without one, or once it can't be used, nothing is kept.

    `on_kept` is called with how many nets are in it, and how many the search has; `about` are the options that bytes
    depend on.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        folder: str | PathLike[str] | None,
        on_kept: Callable[[int, int], None] | None,
        about: tuple[Any, ...],
    ) -> None:
        self.tasks = tasks
        self._tell = on_kept or (lambda n_kept, total: None)
        self._folder = Path(folder) if folder is not None and tasks else None
        self._keys = Keys(*about) if self._folder else None
        self._pending: dict[Task, Trained | Outcome] = {}
        self._jobs: dict[Task, Job] = {}
        self._expected: dict[Task, str] = {}  # the keys of results
        self._kinds: dict[int, tuple[str, Any]] = {}  # a name for the traces that stacks share
        self._said: set[str] = set()
        self.n_kept = 0
        if self._keys is not None:
            with suppress(Exception):  # told when the net is kept
                # Before the training, because files of code may be edited meanwhile.
                self._keys.candidate(self.tasks[0])
        self._last = time.monotonic()

    def take(self, grouping: Grouping) -> None:
        """Give the tasks what the folder has for them."""
        if self._folder is None or self._keys is None:
            return
        found = self._found(self._folder)
        traces: dict[str, dict[Any, Any]] = defaultdict(dict)
        test_rows: dict[Any, Any] = {}
        has_results = any(map(is_of_result, found))
        for task in self.tasks if found else []:
            try:
                key = self._keys.of_net(task)
                if key not in found and has_results:
                    key = self._keys.of_result(task) or key
                if key not in found:
                    continue
                data = found[key].read()
                if is_of_result(key):
                    task.finish = partial(_result, task, data)
                else:
                    kept, prepared = unpacked(data, self._keys.candidate(task).code), grouping.prepared(task)
                    if (at := (id(prepared), task.place)) not in test_rows:
                        own = grouping.candidate(task).estimator
                        test_rows[at] = prepared.transform(task.split_off(own, task.test)[0])
                    forward = partial(outputs_of, traces[kept.kind]) if kept.by_kernel else None
                    task.finish = partial(task.hand_back, kept.restored(prepared, test_rows[at]), prepared, forward)
                    task.not_by_kernel = kept.not_by_kernel
            except Exception as error:
                self._warn(_NOT_USED, error)
            else:
                task.refusal = None
                self.n_kept += 1
        self._tell(self.n_kept, len(self.tasks))

    def _found(self, folder: Path) -> dict[str, Entry]:
        """Return what the files of the folder have; a file that can't be used is left out."""
        found: dict[str, Entry] = {}
        for path in files(folder):
            try:
                found |= index(path)
            except Exception as error:
                self._warn(_NOT_USED, error)
        return found

    @contextmanager
    def kept_at_the_end(self) -> Iterator[None]:
        """If the block is left early, write what was noted, and let Ctrl-C tell how much is kept."""
        try:
            yield
        except BaseException as error:
            self.write(at_once=True)
            if isinstance(error, KeyboardInterrupt | Pressed) and self.n_kept:
                n_kept, total = self.n_kept, len(self.tasks)
                error.add_note(f"{n_kept:,} of {total:,} nets are kept in {self._folder} for the next run")
            raise

    def add(self, job: Job, trained: Trained, task: Task) -> None:
        """Note a net that a stack has handed over for a task."""
        if self._keys is not None:
            self._pending[task], self._jobs[task] = trained, job

    def expect(self, task: Task) -> None:
        """Note that a task will be fitted alone, which may change its estimator."""
        # A net that others share parts with is to find these in a search that goes on, too.
        if self._keys is None or task.refusal == Refusal(SHARED):
            return
        try:
            key = self._keys.of_result(task)
        except Exception as error:
            self._warn(_NOT_KEPT, error)
        else:
            self._expected |= {} if key is None else {task: key}

    def add_result(self, task: Task) -> None:
        """Note the result of a task that was fitted alone, and write what is due."""
        if task in self._expected and task.outcome and task.outcome[1] is None:
            self._pending[task] = task.outcome
            self.write()

    def write(self, at_once: bool = False) -> None:
        """Write what was noted, if that is due, or `at_once`."""
        between = 0.0 if at_once else min(max(_LEAST, _EACH * len(self._pending)), _MOST)
        if self._folder is None or self._keys is None or time.monotonic() < self._last + between:
            return
        entries: dict[str, bytes] = {}
        for task in self._pending:
            try:
                entries |= self._entry(task, self._keys)
            except Exception as error:
                self._warn(_NOT_KEPT, error)
        try:
            if entries:
                write(self._folder, entries)
        except OSError as error:
            self._warn(f"trained nets can't be kept in {self._folder}, so the search goes on without", error)
            self._keys, entries = None, {}
        # Not before, because Ctrl-C may come at any time, and what is noted then is written.
        self._pending, self._jobs = {}, {}
        self._last = time.monotonic()
        self.n_kept += len(entries)
        if entries:
            self._tell(self.n_kept, len(self.tasks))

    def _entry(self, task: Task, keys: Keys) -> dict[str, bytes]:
        """Return what is kept of a task, by its key."""
        made = self._pending[task]
        if not isinstance(made, Trained):
            return {self._expected[task]: pickle.dumps((made, task.told(same_bytes=True)), protocol=5)}
        job = self._jobs[task]
        kind, _ = self._kinds.setdefault(id(job.traces), (uuid4().hex, job.traces))
        data = packed(made, job.by_kernel, kind, task, keys.candidate(task).code)
        return {keys.of_net(task): data}

    def end(self) -> None:
        """Write what is due at the end of the training; what is left will not be written."""
        self.write()
        self._pending, self._jobs = {}, {}

    def _warn(self, what: str, error: Exception) -> None:
        if what not in self._said:
            self._said.add(what)
            warnings.warn(f"{what}: {refusal_of(error).reason}", LockstepWarning, stacklevel=2)


def _result(task: Task, data: bytes) -> Outcome:
    """Return the result of a task that was fitted alone, and note in the task why."""
    outcome: Outcome
    outcome, task.not_by_kernel = pickle.loads(data)
    return outcome
