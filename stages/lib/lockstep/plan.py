"""Sorts the fits of a search into stacks, trains them, and hands each net back when its training ends."""

import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
import psutil
from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from sklearn.base import BaseEstimator

from stages.lib.lockstep._compat import fingerprint
from stages.lib.lockstep.handing_back import hand_back, inputs_of, known_rows
from stages.lib.lockstep.kinds import Kind, check_net, group_key, kind_of
from stages.lib.lockstep.members import Cache, Member, make_member, rows_settings
from stages.lib.lockstep.stacks.callbacks import heed_the_keyboard
from stages.lib.lockstep.stacks.nets import NETS
from stages.lib.lockstep.stacks.optimizers import group_key as optimizer_key
from stages.lib.lockstep.stacks.optimizers import optimizer_of
from stages.lib.lockstep.stacks.training import Trained, Training
from stages.lib.lockstep.surroundings import LockstepWarning, Prepared, RefusalError, net_of, prepare, surroundings
from stages.lib.lockstep.tasks import Task
from stages.lib.lockstep.trial import Proof, prove

# A stack of more nets is no faster for each net: its tensors no longer fit a core's cache.
_MOST_NETS = 512

# What torch says of vmap and of steps that it did not take itself; skorch would not.
_OF_VMAP = (
    "There is a performance drop because we have not yet implemented the batching rule",
    "dropout2d: Received",
    "Detected call of `lr_scheduler.step",
)

# What trials have shown in this process of a family, or why it is fitted one by one.
_PROVEN: dict[str, Proof | str] = {}


@dataclass(frozen=True)
class Candidate:
    """What a candidate's fits share.

    Parameters
    ----------
    epochs : int
    training : str
        A hash that candidates share whose training is the same but for its length; empty where callbacks watch it.
    around : str
        A hash of what stands around the net.
    rows : str
        A hash of the settings by which it is given rows.
    """

    epochs: int
    training: str
    around: str
    rows: str


class Search:
    """The fits of one search that are to be trained in lockstep.

    Parameters
    ----------
    tasks : list of Task
    max_memory_mb, on_progress, stack, inner_backend, inner_n_jobs
        As in `LockstepBackend`.
    """

    def __init__(
        self,
        tasks: list[Task],
        max_memory_mb: int,
        on_progress: Callable[[int, int], None] | None,
        stack: bool,
        inner_backend: str | None,
        inner_n_jobs: int,
    ) -> None:
        self.tasks, self.stack = tasks, stack
        self.max_memory_mb = max_memory_mb
        self.on_progress = on_progress
        self.inner_backend, self.inner_n_jobs = inner_backend, inner_n_jobs
        self.total = 0
        self._candidates: dict[str, Candidate] = {}
        self._prepared: dict[Any, Prepared] = {}
        self._cache: Cache = {}
        self._kinds: dict[str, Kind | str] = {}
        self._places: dict[str, tuple[str, str]] = {}

    def run(self) -> None:
        """Train what can be trained together; sets each task's outcome, or why it has none."""
        with parallel_config(backend=self.inner_backend or "loky"), warnings.catch_warnings(), heed_the_keyboard():
            for message in _OF_VMAP:
                warnings.filterwarnings("ignore", message=message)
            n_jobs = effective_n_jobs(self.inner_n_jobs)
            jobs = self._stacks(n_jobs) if self.stack else []
            alone = [task for task in self.tasks if task.reason is not None or not self.stack]
            self.total = sum(member.epochs for members, *_ in jobs for member in members)
            self.total += sum(self._candidate(task).epochs for task in alone)
            if n_jobs > 1 and len(jobs) > 1:
                results = Parallel(n_jobs, return_as="generator")(delayed(_train_apart)(*job) for job in jobs)
                for (members, filled, *_), found in zip(jobs, results, strict=True):
                    self._take(members, filled, found)
            else:
                for job in jobs:
                    self._train(*job)
            alone = [task for task in self.tasks if task.outcome is None]
            if n_jobs > 1 and len(alone) > 1:
                results = Parallel(n_jobs, return_as="generator")(delayed(_run_apart)(task) for task in alone)
                for task, outcome in zip(alone, results, strict=True):
                    task.outcome = outcome
                    self.tell(self._candidate(task).epochs)
            for task in alone:
                task.when_done = partial(self.tell, self._candidate(task).epochs)

    def _stacks(self, n_jobs: int) -> list[tuple[list[Member], bool, int, dict[str, Any]]]:
        """Return the members of each stack, whether their batches are filled up, its size, and its group's traces."""
        groups: dict[Any, list[tuple[Member, Kind]]] = defaultdict(list)
        for member, kind in self._members():
            filled = _proof(kind).filled
            groups[filled, group_key(member, kind, filled)].append((member, kind))
        stacks = []
        for (filled, *_), listed in groups.items():
            # Stable, so in the order of candidates.
            members = sorted((member for member, _ in listed), key=attrgetter("activations", "optimizer"))
            each = max(kind.bytes_each for _, kind in listed)
            size = stack_size(len(members), each, self.max_memory_mb, n_jobs)
            traces: dict[str, Any] = {}
            stacks += [(members[start : start + size], filled, size, traces) for start in range(0, len(members), size)]
        return stacks

    def tell(self, more: int) -> None:
        """Tell how many more net-epochs are done."""
        if self.on_progress:
            self.on_progress(more, self.total)

    def _members(self) -> Iterator[tuple[Member, Kind]]:
        """Yield the nets to train: fits that differ in nothing but `max_epochs` are one training."""
        trainings: dict[Any, list[int]] = defaultdict(list)
        for number, task in enumerate(self.tasks):
            same = self._candidate(task).training or number
            trainings[same, task.split, task.rows].append(number)
        for numbers in trainings.values():
            try:
                yield self._member(numbers)
            except Exception as error:  # whatever a net's own code raises; skorch is to raise it then
                self._refuse(numbers, error)

    def _candidate(self, task: Task) -> Candidate:
        if task.key not in self._candidates:
            estimator = task.own_estimator()
            net, around = net_of(estimator), surroundings(estimator)
            training = ""
            if net.callbacks == "disable":
                settings = {key: value for key, value in net.get_params(deep=False).items() if key != "max_epochs"}
                training = fingerprint([type(net), settings, around])
            self._candidates[task.key] = Candidate(
                net.max_epochs, training, fingerprint(around), fingerprint(rows_settings(net))
            )
        return self._candidates[task.key]

    def _member(self, numbers: list[int]) -> tuple[Member, Kind]:
        """Return the net that some tasks share, initialised, and what kind it is."""
        epochs: dict[int, list[int]] = defaultdict(list)
        for number in numbers:
            epochs[self._candidate(self.tasks[number]).epochs].append(number)
        task = self.tasks[epochs[max(epochs)][0]]
        if given := task.call.fit_params:
            raise RefusalError(f"fit is given {', '.join(sorted(given))}")
        estimator = task.own_estimator()
        net = net_of(estimator)
        prepared = self._prepare(task, estimator)
        member = make_member(net, prepared, task.split, task.seeds, self._cache, self._candidate(task).rows)
        if member.live and len(epochs) > 1:
            raise RefusalError(f"{type(net).__name__} watches its own training")
        member.tasks = dict(epochs)
        check_net(net)
        if task.key not in self._kinds:
            self._kinds[task.key] = self._kind(member)
        kind = self._kinds[task.key]
        if isinstance(kind, str):
            raise RefusalError(kind)
        if task.key not in self._places:
            self._places[task.key] = kind.activations, fingerprint(optimizer_key(*optimizer_of(net)))
        member.activations, member.optimizer = self._places[task.key]
        if _proof(kind).evaluated:
            member.known = known_rows(task, estimator, member, prepared, self._cache)
        return member, kind

    def _kind(self, member: Member) -> Kind | str:
        try:
            kind = kind_of(member)
            if kind.family not in _PROVEN:
                _PROVEN[kind.family] = _prove(member)
            proven = _PROVEN[kind.family]
            return proven if isinstance(proven, str) else kind
        except RefusalError as refusal:
            return str(refusal)

    def _prepare(self, task: Task, estimator: BaseEstimator) -> Prepared:
        """Fit what stands before the net, once for each split and setting."""
        key = (self._candidate(task).around, task.split, task.rows)
        if key not in self._prepared:
            self._prepared[key] = prepare(estimator, *task.train_rows(estimator), task.seeds[0])
        return self._prepared[key]

    def _refuse(self, numbers: list[int], error: Exception) -> None:
        """Note why tasks are run one by one."""
        text = str(error) if isinstance(error, RefusalError) else _told(error)
        for number in numbers:
            self.tasks[number].reason = text

    def _train(self, members: list[Member], filled: bool, size: int, traces: dict[str, Any]) -> None:
        start = time.perf_counter()
        waiting = {id(member): member for member in members}
        try:
            training = Training(members, filled, size, traces=traces, inputs=inputs_of, advance=self.tell)
            for trained in training.run():
                share = (time.perf_counter() - start) / len(members)
                self._hand_back(trained, share)
                if trained.is_last:
                    del waiting[id(trained.member)]
        except Exception as error:  # whatever a module raises in the middle
            if len(members) > 1:
                message = f"a stack of {len(members)} nets failed, so each is trained by itself: {_told(error)}"
                warnings.warn(message, LockstepWarning, stacklevel=2)
            for member in waiting.values():
                numbers = [number for numbers in member.tasks.values() for number in numbers]
                if len(members) == 1:
                    self._refuse(numbers, error)
                else:
                    self._alone(numbers, filled)

    def _alone(self, numbers: list[int], filled: bool) -> None:
        """Train a net again, in a stack of its own."""
        try:
            member, _ = self._member(numbers)
        except Exception as error:
            self._refuse(numbers, error)
        else:
            self._train([member], filled, NETS, {})

    def _take(self, members: list[Member], filled: bool, found: list[Trained] | Exception) -> None:
        """Hand back what a worker has trained."""
        if isinstance(found, Exception):
            for member in members:
                self._alone([number for numbers in member.tasks.values() for number in numbers], filled)
            return
        for trained in found:
            self._hand_back(trained, trained.fit_time)
            self.tell(trained.member.epochs if trained.is_last else 0)

    def _hand_back(self, trained: Trained, share: float) -> None:
        """Let scikit-learn score a net, for each task that waits for it."""
        tasks = trained.member.tasks
        for number in tasks[trained.epoch] if trained.epoch in tasks else next(iter(tasks.values())):
            task = self.tasks[number]
            task.fit_time = share
            hand_back(task, trained, self._prepare(task, task.call.estimator))


def _train_apart(members: list[Member], filled: bool, size: int, traces: dict[str, Any]) -> list[Trained] | Exception:
    """Train a stack in a worker."""
    start = time.perf_counter()
    try:
        found = list(Training(members, filled, size, traces=traces, inputs=inputs_of).run())
    except Exception as error:
        return error
    for trained in found:
        trained.fit_time = (time.perf_counter() - start) / len(members)
    return found


def _run_apart(task: Task) -> Callable[[], Any]:
    """Fit and score in a worker."""
    task.run()
    assert task.outcome is not None
    return task.outcome


def _proof(kind: Kind) -> Proof:
    proof = _PROVEN[kind.family]
    assert isinstance(proof, Proof)
    return proof


def _prove(member: Member) -> Proof | str:
    try:
        return prove(member)
    except RefusalError as refusal:
        return str(refusal)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def stack_size(n_nets: int, bytes_each: int, max_memory_mb: int, n_jobs: int) -> int:
    """Cut nets into equal stacks: small enough for memory and cache, and enough of them for the jobs.

    Parameters
    ----------
    n_nets : int
    bytes_each : int
    max_memory_mb : int
        What this process may take, in MiB.
    n_jobs : int

    Returns
    -------
    int
        Nets in a stack, a multiple of `NETS`.
    """
    free = max_memory_mb * 2**20 - psutil.Process().memory_info().rss
    most = max(NETS, min(_MOST_NETS, free // bytes_each // NETS * NETS))
    n_stacks = max(-(-n_nets // most), min(n_jobs, n_nets // NETS), 1)
    return int(np.ceil(n_nets / n_stacks / NETS)) * NETS
