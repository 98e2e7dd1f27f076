"""Finds out which fits of a search share a training, which nets may share a stack, and which are fitted alone."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator

from stages.lib.lockstep._compat import fingerprint
from stages.lib.lockstep.handing_back import known_rows
from stages.lib.lockstep.kinds import Kind, group_key, kind_of
from stages.lib.lockstep.members import Cache, Member, make_member, mentioned
from stages.lib.lockstep.surroundings import Prepared, RefusalError, net_of, prepare, surroundings, told
from stages.lib.lockstep.tasks import Task
from stages.lib.lockstep.trial import prove

# The settings by which a net is given its rows.
_OF_ROWS = ("dataset", "iterator_train", "iterator_valid")

# What trials have shown in this process of a family, or why it is fitted one by one.
_PROVEN: dict[str, tuple[bool, bool] | str] = {}


@dataclass(frozen=True)
class Candidate:
    """What a candidate's fits share."""

    epochs: int
    training: str  # a hash that candidates share whose training is the same but for its length; empty where watched
    around: str  # a hash of what stands around the net
    rows: str  # a hash of the settings by which it is given rows


class Grouping:
    """The nets that the fits of one search ask for."""

    def __init__(self, tasks: list[Task]) -> None:
        self.tasks = tasks
        self._candidates: dict[str, Candidate] = {}
        self._prepared: dict[Any, Prepared] = {}
        self._cache: Cache = {}
        self._kinds: dict[str, Kind | str] = {}

    def groups(
        self, on_plan: Callable[[int, int], None] | None = None
    ) -> dict[tuple[bool, Any], list[tuple[Member, Kind]]]:
        """Return the nets to train by what those have in common that may share a stack.

        Of each group's key, the first part is whether batches are filled up. Fits that differ in nothing but
        `max_epochs` are one training.
        """
        trainings: dict[Any, list[int]] = defaultdict(list)
        for number, task in enumerate(self.tasks):
            same = self.candidate(task).training or number
            trainings[same, task.split, task.rows].append(number)
        groups: dict[tuple[bool, Any], list[tuple[Member, Kind]]] = defaultdict(list)
        for numbers in trainings.values():
            try:
                member, kind, filled = self.member(numbers)
                key = filled, group_key(member, kind, filled)
            except Exception as error:  # whatever a net's own code raises; skorch is to raise it then
                self.refuse(numbers, error)
            else:
                groups[key].append((member, kind))
            if on_plan:
                on_plan(1, len(trainings))
        return groups

    def candidate(self, task: Task) -> Candidate:
        """Return what a task has in common with its candidate's other ones."""
        if task.key not in self._candidates:
            estimator = task.own_estimator()
            net, around = net_of(estimator), surroundings(estimator)
            settings, training = net.get_params(deep=False), ""
            of_rows = {key: value for key, value in settings.items() if key.startswith(_OF_ROWS)}
            rows = fingerprint([type(net), of_rows, net.batch_size, net.train_split])
            if net.callbacks == "disable" and not _looks_at(type(net), "max_epochs"):
                del settings["max_epochs"]
                training = fingerprint([type(net), settings, around])
            self._candidates[task.key] = Candidate(net.max_epochs, training, fingerprint(around), rows)
        return self._candidates[task.key]

    def member(self, numbers: list[int]) -> tuple[Member, Kind, bool]:
        """Return the net that some tasks share, initialised, its kind, and whether its batches may be filled up."""
        epochs: dict[int, list[int]] = defaultdict(list)
        for number in numbers:
            epochs[self.candidate(self.tasks[number]).epochs].append(number)
        task = self.tasks[epochs[max(epochs)][0]]
        if not all(isinstance(each, int) and each > 0 for each in epochs):
            raise RefusalError("max_epochs is no whole number above 0")
        if given := task.call.fit_params:
            raise RefusalError(f"fit is given {', '.join(sorted(given))}")
        estimator = task.own_estimator()
        net, prepared = net_of(estimator), self.prepared(task, estimator)
        member = make_member(net, prepared, task.seeds, self._cache, self.candidate(task).rows)
        if member.live and len(epochs) > 1:
            raise RefusalError(f"{type(net).__name__} watches its own training")
        member.tasks = dict(epochs)
        kind: Kind = _once(self._kinds, task.key, lambda: kind_of(member))
        filled, answers = _once(_PROVEN, kind.family, lambda: prove(member))
        member.activations, member.optimizer = kind.activations, kind.optimizer
        if answers:
            member.known = known_rows(task, estimator, member, prepared, self._cache)
        return member, kind, filled

    def prepared(self, task: Task, estimator: BaseEstimator) -> Prepared:
        """Return what stands before the net, fitted once for each split and setting."""
        key = (self.candidate(task).around, task.split, task.rows)
        if key not in self._prepared:
            self._prepared[key] = prepare(estimator, *task.train_rows(estimator), task.seeds[0])
        return self._prepared[key]

    def refuse(self, numbers: list[int], error: Exception) -> None:
        """Note why tasks are run one by one."""
        for number in numbers:
            self.tasks[number].reason = str(error) if isinstance(error, RefusalError) else told(error)


def _looks_at(kind: type, name: str) -> bool:
    """Whether code of a net's class that is not skorch's has a name in it."""
    own = [cls for cls in kind.__mro__ if cls.__module__.partition(".")[0] not in ("skorch", "sklearn", "builtins")]
    return any(name in mentioned(each) for cls in own for each in vars(cls).values())


def _once(known: dict[str, Any], key: str, find: Callable[[], Any]) -> Any:
    """Return what was found the first time, or refuse as then."""
    if key not in known:
        try:
            known[key] = find()
        except RefusalError as refusal:
            known[key] = str(refusal)
    if isinstance(known[key], str):
        raise RefusalError(known[key])
    return known[key]
