"""Trains the nets of a search in stacks, and hands each back when its training ends."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

import torch
from joblib import Parallel, delayed, effective_n_jobs, parallel_config

from lockstep._compat import tree_map
from lockstep.checkpoints.checkpoint import Checkpoint
from lockstep.fits.answers import inputs_of
from lockstep.fits.handing_back import hand_back
from lockstep.fits.packing import Packed
from lockstep.fits.tasks import Task, outcome_of
from lockstep.grouping.groups import Grouping
from lockstep.grouping.measured import Measured
from lockstep.grouping.memory import Excess, free_bytes
from lockstep.grouping.sizes import Needs, needs_of, parts, seconds_of, stack_size
from lockstep.keyboard import heeds_the_keyboard, leave_the_keyboard
from lockstep.members.numerics import as_in_a_training
from lockstep.members.refusals import UNSTACKED, refusal_of
from lockstep.options import Options, Shared
from lockstep.stacks.nets import Job
from lockstep.stacks.programs.evaluation import outputs_of
from lockstep.stacks.trained import Trained
from lockstep.stacks.training import Training


class Stackable(NamedTuple):
    """Nets that may share a stack, as one job, and how many of them a stack has."""

    job: Job
    size: int
    measured: Measured
    needs: Needs

    def jobs(self) -> list[Job]:
        """Return the stacks."""
        members = self.job.members
        size = self.size
        return [
            replace(self.job, members=members[start : start + size])
            for start in range(0, len(members), size)
        ]


class Search:
    """The fits of one search that are to be trained in lockstep."""

    def __init__(
        self, tasks: Sequence[Task], options: Options, shared: Shared, n_jobs: int = 1
    ) -> None:
        self.tasks = tasks
        self.options = options
        self.shared = shared
        self.n_jobs = n_jobs
        self.grouping = Grouping(tasks, shared.proven, shared.updates)
        self.inner = options.inner_backend or "loky"
        self.records_losses = options.record_losses and any(
            task.is_looked_at for task in tasks
        )
        about = options.stack, self.records_losses
        self.checkpoint = Checkpoint(tasks, options.checkpoint, options.on_kept, about)
        self.jobs: list[Job] = []
        self.total = 0  # net-epochs
        # Of a net in a stack, if its search keeps what it trains.
        self.seconds: dict[int, float] = {}
        self.excesses: list[Excess] = []  # of memory, below 0 if there is enough
        self.cancelled: Exception | None = None

    def run(self) -> None:
        """Train the nets that can be trained together; notes in each task how it is finished, or why it runs alone."""
        with self.checkpoint.kept_at_the_end(), as_in_a_training():
            n_jobs = self.n_side_by_side()
            self.checkpoint.take(self.grouping)
            groups = self.groups(n_jobs) if self.options.stack else []
            jobs = self.jobs = [job for group in groups for job in group.jobs()]
            left = [task for task in self.tasks if task.finish is None]
            if not self.options.stack:
                self.grouping.refuse([*range(len(self.tasks))], UNSTACKED)
            alone = [task for task in left if task.refusal is not None or not jobs]
            self.total = sum(member.epochs for job in jobs for member in job.members)
            self.total += sum(task.epochs for task in alone)
            apart = [job for job in jobs if job.n_threads < n_jobs]
            here = jobs
            if len(apart) > 1:
                here = [job for job in jobs if job.n_threads == n_jobs]
            for job in here:
                for part in parts(job, self.seconds) if self.seconds else [job]:
                    self._take(part, _train(part, self._tell))
            if len(apart) > 1:
                calls: list[Any] = [(_train_apart, job) for job in apart]
                for number, result in self._side_by_side(n_jobs, calls):
                    self._take(apart[number], self._unpacked(result))
            self.checkpoint.end()
            left = [task for task in self.tasks if task.finish is None]
            for task in left:
                self.checkpoint.expect(task)
                task.when_done = partial(self._done_alone, task)
                task.made_in = self.checkpoint.kept_at_the_end
            # A search inside has the jobs for itself, and its warnings would be lost in another process.
            left = [task for task in left if task.what != "search"]
            if n_jobs > 1 and len(left) > 1:
                calls = [(outcome_of, task.run, task.seeds[0]) for task in left]
                for number, outcome in self._side_by_side(n_jobs, calls):
                    left[number].outcome = outcome
                    left[number].when_done()

    def excess(self) -> str:
        """Return a sentence about the stack that passes the limit of memory by most; an empty one for none."""
        most = max(self.excesses, default=None)
        if most and most.n_bytes > 0:
            return most.sentence(self.options.max_memory_mb)
        return ""

    def _done_alone(self, task: Task) -> None:
        self.checkpoint.add_result(task)
        self._tell(task.epochs)

    def _tell(self, more: int) -> None:
        """Tell how many more net-epochs are done."""
        if self.options.on_progress and self.total:
            try:
                self.options.on_progress(more, self.total)
            except Exception as error:
                self.cancelled = error
                raise

    def n_side_by_side(self) -> int:
        """Return how many jobs to run side by side; raises `ValueError` if joblib does not know the backend."""
        with parallel_config(backend=self.inner):
            return int(effective_n_jobs(self.n_jobs))

    def _side_by_side(
        self, n_jobs: int, calls: Iterable[Any]
    ) -> Iterator[tuple[int, Any]]:
        """Run calls, each a function and its arguments, in other processes; yields their numbers and results.

        Each comes when it is done, because what is here can be kept.
        """
        self.checkpoint.others_train()
        with leave_the_keyboard(), parallel_config(backend=self.inner):
            common = torch.get_default_dtype(), self.options.prepare_worker
            apart = (
                delayed(_apart)(*common, number, Packed(call))
                for number, call in enumerate(calls)
            )
            results = Parallel(n_jobs, return_as="generator_unordered")(apart)
        yield from (each.content for each in results)

    def groups(self, n_jobs: int, more: float = 1) -> list[Stackable]:
        """Return the groups of nets, to be cut into stacks; `more` is how many times as many nets there are to be."""
        groups = []
        for group, nets in self.grouping.groups(self.options.on_plan).items():
            # Stable, so in the order of candidates. Nets of a split share their rows' order and their noise.
            members = sorted(
                (member for member, _ in nets), key=attrgetter("noise_seed")
            )
            measured = max(
                (kind.measured for _, kind in nets), key=attrgetter("n_bytes")
            )
            # A call of the kernel lets other threads run; callbacks are Python code, which processes run side by side.
            in_threads = self.inner == "loky" and not members[0].has_listeners
            n_apart, n_threads = (1, n_jobs) if in_threads else (n_jobs, 1)
            seconds = 0.0
            if self.options.checkpoint is not None:
                seconds = seconds_of(measured, members[0])
            of_part = seconds if n_apart > 1 else 0.0
            needs = needs_of(members, measured, group[0])
            n_nets = round(len(members) * more)
            free = free_bytes(self.options.max_memory_mb, n_apart)
            size = stack_size(n_nets, needs, free, n_apart, n_threads, of_part)
            of_stack = needs.of_stack(min(size, n_nets), n_threads)
            self.excesses.append(Excess(of_stack - free, min(size, n_nets), of_stack))
            programs: dict[Any, Any] = {}
            updates: dict[Any, Any] = {}
            if n_apart == 1:  # workers write programs by themselves
                key = group, self.records_losses
                programs = self.shared.programs.setdefault(key, programs)
                updates = self.grouping.updates_of(nets[0][1])
            if seconds:
                self.seconds[id(programs)] = seconds
            job = Job(
                members, group[0], programs, updates, self.records_losses, n_threads
            )
            groups.append(Stackable(job, size, measured, needs))
        return groups

    def _take(self, job: Job, nets: Iterator[Trained]) -> None:
        """Give a stack's nets to the tasks as they come; if the stack fails, skorch fits those that are left."""
        forward = partial(outputs_of, job.programs)
        try:
            for trained in nets:
                tasks = trained.member.tasks
                # A net that stops early has tasks only under its last epoch.
                numbers = tasks.get(trained.epoch, next(iter(tasks.values())))
                if trained.refusal:
                    self.grouping.refuse(
                        self._left_of(trained.member.numbers), trained.refusal
                    )
                    continue
                for number in numbers:
                    task = self.tasks[number]
                    own = trained if number == numbers[0] else trained.copy()
                    task.finish = partial(
                        hand_back, task, own, self.grouping.prepared(task), forward
                    )
                    self.checkpoint.add(job, trained, task)
        except Exception as error:  # whatever a module raises during the training
            if error is self.cancelled:
                raise
            for member in job.members:
                self.grouping.refuse(self._left_of(member.numbers), refusal_of(error))
        else:
            self.checkpoint.write()

    def _left_of(self, numbers: list[int]) -> list[int]:
        """Return those of the tasks that have got no net."""
        return [number for number in numbers if self.tasks[number].finish is None]

    def _unpacked(self, result: list[Trained] | Exception) -> Iterator[Trained]:
        """Yield the nets that a worker has trained, or raise its exception."""
        if isinstance(result, Exception):
            raise result
        for trained in result:
            yield trained
            is_last = trained.net is trained.member.net
            self._tell(trained.member.epochs if is_last else 0)


def _train(job: Job, advance: Callable[[int], None]) -> Iterator[Trained]:
    """Train a stack; yields its nets as they are done, each with its share of the time."""
    start = time.perf_counter()
    for trained in Training(job, inputs_of, advance).run():
        trained.fit_time = (time.perf_counter() - start) / len(job.members)
        yield trained


@heeds_the_keyboard
def _apart(
    dtype: torch.dtype, prepare: Callable[[], Any] | None, number: int, call: Packed
) -> Packed:
    """Call a function in a worker, and pack the number of the call with what it returns."""
    if prepare:
        prepare()
    torch.set_default_dtype(dtype)
    function, *args = call.content
    return Packed((number, function(*args)), returns=True)


def _train_apart(job: Job) -> list[Trained] | Exception:
    """Train a stack in a worker; its nets are copied, because pickling a view pickles the memory of all nets."""
    try:
        with as_in_a_training():
            nets = list(_train(job, lambda more: None))
    except Exception as error:
        return error
    for trained in nets:
        if trained.outputs is not None:
            trained.outputs = tree_map(torch.clone, trained.outputs)
    return nets
