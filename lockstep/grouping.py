"""Finds out which fits of a search share a training, which nets may share a stack, and which are fitted alone."""

import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from numbers import Integral
from typing import Any

from sklearn.base import BaseEstimator
from torch.utils._pytree import tree_leaves

from lockstep.answers import known_rows
from lockstep.filling import asked_apart, own_rows
from lockstep.kinds import Kind, group_key, kind_of
from lockstep.members.fingerprint import fingerprint
from lockstep.members.member import Cache, Member, make_member, trained_params
from lockstep.members.own_code import is_told, mentioned, own_classes
from lockstep.members.own_fit import Prepared
from lockstep.members.plain import check_class
from lockstep.members.refusals import RefusalError, told
from lockstep.members.state import hashed, may_predict, net_state
from lockstep.surroundings import net_of, prepare, without_net
from lockstep.tasks import Task
from lockstep.trial import SHARED, changing, prove

# What trials have shown of a family, and whether the losses of its nets allow batches to be filled up; or why it is
# fitted one by one.
Proven = dict[tuple[str, bool], tuple[bool, bool] | str]

# The nets to train, by what those have in common that may share a stack; first, whether their batches are filled up.
Groups = dict[tuple[bool, Any], list[tuple[Member, Kind]]]


@dataclass(frozen=True)
class Candidate:
    """What a candidate's fits share."""

    epochs: int
    training: str  # a hash that candidates share whose training is the same but for its length; empty where watched
    around: str  # a hash of what stands around the net


class Grouping:
    """The nets that the fits of one search ask for."""

    def __init__(self, tasks: list[Task], proven: Proven) -> None:
        self.tasks, self.proven = tasks, proven
        self._cache: Cache = {}

    def groups(self, on_plan: Callable[[int, int], None] | None) -> Groups:
        """Return the nets to train; fits that differ in nothing but `max_epochs` are one training."""
        trainings: dict[Any, list[int]] = defaultdict(list)
        for number, task in enumerate(self.tasks):
            if task.reason is None:
                try:
                    same = self.candidate(task).training or number
                except Exception as error:  # whatever a net's own code raises; skorch is to raise it then
                    self.refuse([number], error)
                else:
                    trainings[same, task.split, task.rows].append(number)
        found: list[Any] = []
        for numbers in trainings.values():
            try:
                member, kind, filled = self.member(numbers)
                key = filled, group_key(member, kind, filled)
            except Exception as error:
                self.refuse(numbers, error)
            else:
                found.append((numbers, changing(member.net), key, (member, kind)))
            if on_plan:
                on_plan(1, len(trainings))
        groups: Groups = defaultdict(list)
        trainers = Counter(place for _, places, *_ in found for place in places)
        for numbers, places, key, net in found:
            if any(trainers[place] > 1 for place in places):
                self.refuse(numbers, RefusalError(SHARED))
            else:
                groups[key].append(net)
        return groups

    def candidate(self, task: Task) -> Candidate:
        """Return what a task has in common with its candidate's other ones."""
        return _once(self._cache, ("candidate", task.key), lambda: self._candidate(task.own_estimator()))

    def _candidate(self, estimator: BaseEstimator) -> Candidate:
        net, around = net_of(estimator), fingerprint(without_net(estimator))
        settings, training = dict(vars(net)), ""
        looks = _once(self._cache, ("looks", type(net)), lambda: _looks_at(type(net), "max_epochs"))
        if net.callbacks == "disable" and not is_told(net) and not looks:
            del settings["max_epochs"]
            training = fingerprint([type(net), settings, around])
        return Candidate(net.max_epochs, training, around)

    def prepared(self, task: Task, estimator: BaseEstimator) -> Prepared:
        """Return what the net is given, prepared once for each split and setting."""
        key = ("prepared", self.candidate(task).around, task.split, task.rows)
        return _once(
            self._cache, key, lambda: prepare(estimator, *task.split_off(estimator, task.train), task.seeds[0])
        )

    def member(self, numbers: list[int]) -> tuple[Member, Kind, bool]:
        """Return the net that some tasks share, initialised, its kind, and whether its batches may be filled up."""
        epochs: dict[int, list[int]] = defaultdict(list)
        for number in numbers:
            epochs[self.candidate(self.tasks[number]).epochs].append(number)
        task = self.tasks[epochs[max(epochs)][0]]
        if not all(isinstance(each, Integral) and each > 0 for each in epochs):
            raise RefusalError("max_epochs is no whole number above 0")
        if task.fit_params:
            raise RefusalError(f"fit is given {', '.join(sorted(task.fit_params))}")
        estimator = task.own_estimator()
        net, prepared = net_of(estimator), self.prepared(task, estimator)
        _once(self._cache, ("class", type(net)), lambda: check_class(net))
        callbacks = net.callbacks
        member = make_member(net, prepared, task.seeds, self._cache)
        if net.max_epochs != max(epochs) or net.callbacks is not callbacks:
            raise RefusalError("its fit sets max_epochs or callbacks")
        if member.live and len(epochs) > 1:
            raise RefusalError(f"{type(net).__name__} watches its own training")
        member.tasks = dict(epochs)
        # A step on all rows of a split is as long as the split.
        shapes = str([tensor.shape for tensor in tree_leaves((member.train.X, member.train.y))])
        about = task.key, net_state(net), shapes, tuple(trained_params(net))
        kind: Kind = _once(self._cache, ("kind", *about), lambda: kind_of(member))
        member.activations, member.optimizer, member.unused = kind.activations, kind.optimizer, kind.unused
        counts = hashed([*net.criterion_.named_parameters(), *net.criterion_.named_buffers()])
        key = "own rows", id(member.train), id(member.valid), kind.parts, counts
        with warnings.catch_warnings(action="ignore"), redirect_stdout(StringIO()):  # skorch makes no such nets
            is_mean, are_apart = _once(self._cache, key, lambda: own_rows(member))
            family = kind.family, is_mean and are_apart
            filled, answers = _once(
                self.proven, family, lambda: prove(member, net_of(task.own_estimator()), prepared, family[1])
            )
        if may_predict(member.net):  # its rows come in an order of its own
            member.follow()
            n_bytes = sum(tensor.nbytes for tensor in tree_leaves((member.train.X, member.train.y)))
            kind = replace(kind, bytes_each=kind.bytes_each + 2 * n_bytes)
        known = known_rows(task, estimator, member, prepared, self._cache) if answers and are_apart else None
        if known and _once(self._cache, ("apart", id(known[0]), kind.parts), lambda: asked_apart(member, known[0])):
            member.known = known
        return member, kind, filled and not member.has_lone_row

    def refuse(self, numbers: list[int], error: Exception) -> None:
        """Note why tasks are run one by one."""
        for number in numbers:
            self.tasks[number].reason = told(error)


def _looks_at(kind: type, name: str) -> bool:
    """Whether code of a net's class that is not skorch's has a name in it."""
    return any(name in mentioned(each) for cls in own_classes(kind) for each in vars(cls).values())


def _once(known: dict[Any, Any], key: Any, find: Callable[[], Any]) -> Any:
    """Return what was found the first time, or refuse as then."""
    if key not in known:
        try:
            known[key] = find()
        except RefusalError as refusal:
            known[key] = str(refusal)
    if isinstance(known[key], str):
        raise RefusalError(known[key])
    return known[key]
