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

from lockstep.checkpoints.folder import (
    DamagedError,
    Entry,
    check,
    files,
    index,
    remove,
    use,
    write,
)
from lockstep.checkpoints.keys import Keys
from lockstep.checkpoints.nets import kept_net
from lockstep.fits.handing_back import hand_back
from lockstep.fits.packing import packed, unpacked
from lockstep.fits.tasks import Task
from lockstep.grouping.groups import Grouping
from lockstep.grouping.trial import SHARED
from lockstep.keyboard import Pressed
from lockstep.members.refusals import LockstepWarning, Refusal, refusal_of
from lockstep.stacks.nets import Job
from lockstep.stacks.programs.evaluation import outputs_of
from lockstep.stacks.trained import Trained

# So long after the start and after each file, trained nets are written, in seconds of a processor: what is killed
# earlier is soon trained again, and most searches are shorter.
_BETWEEN = 10.0

_NOT_KEPT, _NOT_USED = "some nets can't be kept", "some kept nets can't be used"


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
        # A stack's job and a net of it, or the outcome of a fit alone.
        self._pending: dict[Task, tuple[Any, Any]] = {}
        self._expected: dict[Task, str] = {}  # the keys of results
        self._said: set[str] = set()
        self.n_kept = 0
        if self._keys is not None:
            with suppress(Exception):  # told when the net is kept
                # Before the training, because files of code may be edited meanwhile.
                self._keys.candidate(self.tasks[0])
        self._clock = time.process_time
        self._last = time.process_time()

    def others_train(self) -> None:
        """From now on, go by the clock, because other processes train."""
        self._clock = time.monotonic
        self._last = time.monotonic()

    def take(self, grouping: Grouping) -> None:
        """Give the tasks what the folder has for them; raises `PermissionError` if other users may write to it."""
        if self._folder is None or self._keys is None:
            return
        check(self._folder)
        found = self._found(self._folder)
        # Of the kernel, for further rows.
        programs: dict[Entry, dict[Any, Any]] = defaultdict(dict)
        test_rows = dict[Any, Any]()
        used = set[Path]()
        read = dict[Entry, Any]()
        for task in self.tasks if found else []:
            try:
                at = found.get(self._keys.of_net(task)) or found.get(
                    self._keys.of_result(task) or ""
                )
                if at is None:
                    continue
                entry, place = at
                if entry not in read:
                    read[entry] = unpacked(
                        entry.read(), self._keys.candidate(task).code
                    )
                kept = read[entry]
                refusal = None
                if isinstance(kept, list):
                    prepared = grouping.prepared(task)
                    if (split := (id(prepared), task.place)) not in test_rows:
                        own = grouping.candidate(task).estimator
                        test_rows[split] = prepared.transform(
                            task.split_off(own, task.test)[0]
                        )
                    forward = partial(outputs_of, programs[entry])
                    restored = kept[place].restored(prepared, test_rows[split])
                    task.finish = partial(hand_back, task, restored, prepared, forward)
                else:  # the result of a fit by skorch, and why
                    outcome, refusal = kept
                    task.finish = partial(tuple, outcome)
                used.add(entry.path)
            except DamagedError as error:
                self._remove(*error.args)
                found = {
                    key: at for key, at in found.items() if at[0].path not in error.args
                }
            except Exception as error:
                self._warn(_NOT_USED, error)
            else:
                task.refusal = refusal
                self.n_kept += 1
        for path in used:
            use(path)
        self._tell(self.n_kept, len(self.tasks))

    def _found(self, folder: Path) -> dict[str, tuple[Entry, int]]:
        """Return what the files of the folder have; a file that can't be used is left out."""
        found: dict[str, tuple[Entry, int]] = {}
        for path in files(folder):
            try:
                found |= index(path)
            except DamagedError:
                self._remove(path)
            except OSError as error:
                self._warn(_NOT_USED, error)
        return found

    def _remove(self, path: Path) -> None:
        """Remove a damaged file, and say so."""
        how = "was removed" if remove(path) else "can't be removed"
        message = f"{path} is damaged and {how}; the nets that it kept are trained again where a search needs them"
        warnings.warn(message, LockstepWarning, stacklevel=2)

    @contextmanager
    def kept_at_the_end(self) -> Iterator[None]:
        """If the block is left early, write what was noted, and let Ctrl-C tell how much is kept."""
        try:
            yield
        except BaseException as error:
            self.write(at_once=True)
            if isinstance(error, KeyboardInterrupt | Pressed) and self.n_kept:
                n_kept = self.n_kept
                total = len(self.tasks)
                error.add_note(
                    f"{n_kept:,} of {total:,} nets are kept in {self._folder} for the next run"
                )
            raise

    def add(self, job: Job, trained: Trained, task: Task) -> None:
        """Note a net that a stack has handed over for a task."""
        if self._keys is not None:
            self._pending[task] = job, trained

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
            if key is not None:
                self._expected[task] = key

    def add_result(self, task: Task) -> None:
        """Note the result of a task that was fitted alone, and write what is due."""
        if task in self._expected and task.outcome and task.outcome[1] is None:
            self._pending[task] = task.outcome
            self.write()

    def write(self, at_once: bool = False) -> None:
        """Write what was noted, if that is due, or `at_once`."""
        is_due = at_once or self._clock() >= self._last + _BETWEEN
        if self._folder is None or self._keys is None or not is_due:
            return
        entries = list(self._entries(self._keys))
        try:
            if entries:
                write(self._folder, entries)
        except OSError as error:
            self._warn(
                f"trained nets can't be kept in {self._folder}, so the search goes on without",
                error,
            )
            self._keys = None
            entries = []
        # Not before, because Ctrl-C may come at any time, and what is noted then is written.
        self._pending = {}
        self._last = self._clock()
        self.n_kept += sum(len(keys) for keys, _ in entries)
        if entries:
            self._tell(self.n_kept, len(self.tasks))

    def _entries(self, keys: Keys) -> Iterator[tuple[list[str], bytes]]:
        """Yield what is kept, with its keys: the nets of a stack as one, if their candidates have the same code."""
        together: dict[Any, list[tuple[Task, Trained]]] = defaultdict(list)
        for task, made in self._pending.items():
            try:
                if isinstance(made[0], Job):
                    of_code = map(id, keys.candidate(task).code)
                    together[id(made[0].programs), *of_code].append((task, made[1]))
                else:
                    yield (
                        [self._expected[task]],
                        pickle.dumps((made, task.refusal), protocol=5),
                    )
            except Exception as error:
                self._warn(_NOT_KEPT, error)
        for those in together.values():
            task, _ = those[0]
            code = keys.candidate(task).code
            try:
                states: dict[bytes, Any] = {}
                nets = [kept_net(made, each, states) for each, made in those]
                yield [keys.of_net(each) for each, _ in those], packed(nets, code)
            except Exception as error:
                self._warn(_NOT_KEPT, error)

    def end(self) -> None:
        """Write what is due at the end of the training; what is left will not be written."""
        self.write()
        self._pending = {}

    def _warn(self, what: str, error: Exception) -> None:
        if what not in self._said:
            self._said.add(what)
            warnings.warn(
                f"{what}: {refusal_of(error).reason}", LockstepWarning, stacklevel=2
            )
