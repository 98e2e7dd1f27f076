"""Trains the nets of a search in stacks, and hands each back when its training ends."""

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
import psutil
import torch
from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from torch.utils._pytree import tree_map

from stages.lib.lockstep.grouping import Grouping
from stages.lib.lockstep.handing_back import hand_back, inputs_of
from stages.lib.lockstep.members import Member
from stages.lib.lockstep.stacks.callbacks import LateHistory, heed_the_keyboard, leave_the_keyboard
from stages.lib.lockstep.stacks.nets import NETS, Job
from stages.lib.lockstep.stacks.training import Trained, Training
from stages.lib.lockstep.surroundings import LockstepWarning, RefusalError, TrainsAgainError, told
from stages.lib.lockstep.tasks import Task

# A stack of more nets is no faster for each net: its tensors no longer fit a core's cache.
_MOST_NETS = 1024

# What torch says of vmap and of steps that it did not take itself; skorch would not.
_OF_VMAP = (
    "There is a performance drop because we have not yet implemented the batching rule",
    "dropout2d: Received",
    "Detected call of `lr_scheduler.step",
)


@dataclass
class Search:
    """The fits of one search that are to be trained in lockstep, with the options of `LockstepBackend`."""

    tasks: list[Task]
    max_memory_mb: int
    on_plan: Callable[[int, int], None] | None
    on_progress: Callable[[int, int], None] | None
    stack: bool
    record_valid_loss: bool
    inner_backend: str | None
    inner_n_jobs: int
    total: int = 0  # net-epochs

    def __post_init__(self) -> None:
        self.grouping = Grouping(self.tasks)

    def run(self) -> None:
        """Train what can be trained together; sets each task's outcome, or why it has none."""
        with parallel_config(backend=self.inner_backend or "loky"), warnings.catch_warnings(), heed_the_keyboard():
            for message in _OF_VMAP:
                warnings.filterwarnings("ignore", message=message)
            n_jobs = effective_n_jobs(self.inner_n_jobs)
            jobs = self._jobs(n_jobs) if self.stack else []
            alone = [task for task in self.tasks if task.reason is not None or not self.stack]
            self.total = sum(member.epochs for job in jobs for member in job.members)
            self.total += sum(self.grouping.candidate(task).epochs for task in alone)
            if n_jobs > 1 and len(jobs) > 1:
                for job, found in zip(jobs, _side_by_side(n_jobs, _train_apart, jobs), strict=True):
                    self._take(job, found)
            else:
                for job in jobs:
                    self._train(job)
            alone = [task for task in self.tasks if task.outcome is None]
            tells = [partial(self._tell, self.grouping.candidate(task).epochs) for task in alone]
            if n_jobs > 1 and len(alone) > 1:
                outcomes = _side_by_side(n_jobs, _run_apart, alone)
                for task, outcome, tell in zip(alone, outcomes, tells, strict=True):
                    task.outcome = outcome
                    tell()
            else:
                for task, tell in zip(alone, tells, strict=True):
                    task.when_done = tell

    def _tell(self, more: int) -> None:
        """Tell how many more net-epochs are done."""
        if self.on_progress:
            self.on_progress(more, self.total)

    def _jobs(self, n_jobs: int) -> list[Job]:
        """Cut the groups of nets into stacks."""
        jobs = []
        for (filled, _), listed in self.grouping.groups(self.on_plan).items():
            # Stable, so in the order of candidates.
            members = sorted((member for member, _ in listed), key=attrgetter("activations", "optimizer"))
            each = max(kind.bytes_each for _, kind in listed)
            size = stack_size(len(members), each, self.max_memory_mb, n_jobs)
            traces: dict[Any, Any] = {}
            starts = range(0, len(members), size)
            cut = partial(Job, filled=filled, size=size, traces=traces, record_valid_loss=self.record_valid_loss)
            jobs += [cut(members[start : start + size]) for start in starts]
        return jobs

    def _train(self, job: Job) -> None:
        start = time.perf_counter()
        waiting = list(job.members)
        try:
            for trained in Training(job, inputs_of, self._tell).run():
                trained.fit_time = (time.perf_counter() - start) / len(job.members)
                self._hand_back(trained)
                if trained.is_last:
                    waiting.remove(trained.member)
        except Exception as error:  # whatever a module raises in the middle
            alone = len(job.members) > 1 and not isinstance(error, RefusalError)
            if alone:
                message = f"a stack of {len(job.members)} nets failed, so each is trained by itself: {told(error)}"
                warnings.warn(message, LockstepWarning, stacklevel=2)
            for member in waiting:
                if alone:
                    self._alone(self._left(member), job.filled)
                else:
                    self.grouping.refuse(self._left(member), error)

    def _left(self, member: Member) -> list[int]:
        """Return the numbers of a net's tasks that have not been handed back."""
        numbers = [number for each in member.tasks.values() for number in each]
        return [number for number in numbers if self.tasks[number].outcome is None]

    def _alone(self, numbers: list[int], filled: bool) -> None:
        """Train a net again, in a stack of its own."""
        try:
            member, *_ = self.grouping.member(numbers)
        except Exception as error:
            self.grouping.refuse(numbers, error)
        else:
            self._train(Job([member], filled, NETS))

    def _take(self, job: Job, found: list[Trained] | Exception) -> None:
        """Hand back what a worker has trained."""
        if isinstance(found, Exception):
            for member in job.members:
                self._alone(self._left(member), job.filled)
            return
        for trained in found:
            _unpack(trained)
            self._hand_back(trained)
            self._tell(trained.member.epochs if trained.is_last else 0)

    def _hand_back(self, trained: Trained) -> None:
        """Let scikit-learn score a net, for each task that waits for it."""
        tasks = trained.member.tasks
        for number in tasks[trained.epoch] if trained.epoch in tasks else next(iter(tasks.values())):
            task = self.tasks[number]
            try:
                hand_back(task, trained, self.grouping.prepared(task, task.call.estimator))
            except TrainsAgainError:
                self.grouping.refuse([number], RefusalError("its fit trains more than once"))


def _train_apart(job: Job) -> list[Trained] | Exception:
    """Train a stack in a worker."""
    start = time.perf_counter()
    try:
        found = list(Training(job, inputs_of).run())
    except Exception as error:
        return error
    for trained in found:
        trained.fit_time = (time.perf_counter() - start) / len(job.members)
        _pack(trained)
    return found


def _pack(trained: Trained) -> None:
    """Make a net small for its way to another process: all nets of a stack would take gigabytes."""
    history = trained.net.history_
    if isinstance(history, LateHistory) and history.records:
        trained.net.history_ = history.records
    if trained.outputs is not None:  # a view would take all nets' outputs along
        trained.outputs = tree_map(torch.clone, trained.outputs)


def _unpack(trained: Trained) -> None:
    if callable(records := trained.net.history_):
        trained.net.history_ = LateHistory(records)


def _run_apart(task: Task) -> tuple[Any, Exception | None] | None:
    """Fit and score in a worker."""
    task.run()
    return task.outcome


def _side_by_side(n_jobs: int, function: Callable[[Any], Any], items: list[Any]) -> Iterator[Any]:
    """Yield what a function returns of each item, called in other processes."""
    with leave_the_keyboard():
        found = Parallel(n_jobs, return_as="generator")(delayed(function)(item) for item in items)
    yield from found


def stack_size(n_nets: int, bytes_each: int, max_memory_mb: int, n_jobs: int) -> int:
    """Cut nets into equal stacks: small enough for memory and cache, and enough of them for the jobs.

    Returns how many nets are in a stack, a multiple of `NETS`.
    """
    free = max_memory_mb * 2**20 - psutil.Process().memory_info().rss
    most = max(NETS, min(_MOST_NETS, free // bytes_each // NETS * NETS))
    n_stacks = max(-(-n_nets // most), min(n_jobs, n_nets // NETS), 1)
    return int(np.ceil(n_nets / n_stacks / NETS)) * NETS
