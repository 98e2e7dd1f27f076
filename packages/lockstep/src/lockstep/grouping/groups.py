"""Finds out which fits of a search share a training, which nets may share a stack, and which are fitted alone."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from skorch import NeuralNet
from torch import Tensor

from lockstep.fits.answers import RowsToAnswer, batch_to_predict, rows_to_answer
from lockstep.fits.surroundings import NetStub, net_of, without_net
from lockstep.fits.tasks import Task
from lockstep.grouping.checks import check_class
from lockstep.grouping.costs import check_cost
from lockstep.grouping.filling import loss_is_mean, rows_are_apart
from lockstep.grouping.kinds import Kind, group_key, kind_of
from lockstep.grouping.lengths import evaluates_alike, trains_alike
from lockstep.grouping.trial import SHARED, Verdict, changing, prove
from lockstep.members.callbacks import may_predict, only_records
from lockstep.members.fingerprint import fingerprint
from lockstep.members.member import Cache, Member, make_member
from lockstep.members.own_code import has_own, mentioned, own_classes
from lockstep.members.own_fit import Prepared
from lockstep.members.parts import trained_params
from lockstep.members.refusals import (
    INSTEAD_OF_FIT_PARAMS,
    OUTDATED,
    Refusal,
    RefusalError,
    refusal_of,
)
from lockstep.members.rows import lengths_of
from lockstep.members.state import hashed, net_state, outside
from lockstep.turns import unseen

# The result of the trial of a family of nets, or why it is fitted one by one; the key also says whether the losses of
# its nets allow batches to be filled up.
Proven = dict[tuple[str, bool], Verdict | Refusal]

# The nets to train, by what nets have in common that may share a stack; the key begins with whether their batches are
# filled up.
Groups = dict[tuple[bool, Any], list[tuple[Member, Kind]]]


@dataclass(frozen=True)
class Candidate:
    """What a candidate's fits share."""

    estimator: BaseEstimator  # with the candidate's parameters; nothing fits it
    epochs: int
    training: str  # a hash shared by candidates that differ only in max_epochs; empty with callbacks
    around: str  # a hash of the steps around the net


class Grouping:
    """The nets that the fits of one search ask for."""

    def __init__(
        self, tasks: Sequence[Task], proven: Proven, updates: dict[Any, dict[Any, Any]]
    ) -> None:
        self.tasks = tasks
        self.proven = proven
        self.updates = updates
        self._cache: Cache = {}

    def groups(self, on_plan: Callable[[int, int], None] | None) -> Groups:
        """Return the nets that are left to train; fits that differ only in `max_epochs` are one training."""
        trainings: dict[Any, list[int]] = defaultdict(list)
        for number, task in enumerate(self.tasks):
            if task.refusal is not None or task.finish is not None:
                continue
            try:
                same = self.candidate(task).training or number
            except (
                Exception
            ) as error:  # whatever a net's own code raises; skorch is to raise it then
                self.refuse([number], refusal_of(error))
            else:
                trainings[same, task.place].append(number)
        made: list[Any] = []
        for numbers in trainings.values():
            try:
                member, kind, filled = self.member(numbers)
                key = filled, group_key(member, kind, filled)
            except Exception as error:
                self.refuse(numbers, refusal_of(error))
            else:
                changed = changing(member.net, member.tensors)
                made.append((numbers, changed, key, (member, kind)))
            if on_plan:
                on_plan(1, len(trainings))
        groups: Groups = defaultdict(list)
        trainers = Counter(place for _, places, *_ in made for place in places)
        # The `fit` of a net may change what others read from outside.
        nets = {key: net for *_, key, net in made}
        outdated = {
            key
            for key, (member, kind) in nets.items()
            if outside(member.net) != kind.outside
        }
        for numbers, places, key, net in made:
            if any(trainers[place] > 1 for place in places):
                self.refuse(numbers, Refusal(SHARED))
            elif key in outdated:
                self.refuse(numbers, OUTDATED)
            else:
                groups[key].append(net)
        return groups

    def candidate(self, task: Task) -> Candidate:
        """Return what the tasks of a candidate share."""
        return once(
            self._cache,
            ("candidate", task.key),
            lambda: self._candidate(task.own_estimator()),
        )

    def _candidate(self, estimator: BaseEstimator) -> Candidate:
        net = net_of(estimator)
        around = fingerprint(without_net(estimator))
        settings = dict(vars(net))
        training = ""
        looks = once(
            self._cache, ("looks", type(net)), lambda: _mentions_max_epochs(type(net))
        )
        if net.callbacks == "disable" and not looks:
            del settings["max_epochs"]
            training = fingerprint([type(net), settings, around])
        return Candidate(estimator, net.max_epochs, training, around)

    def net(self, task: Task) -> NeuralNet:
        """Return the net of a task before its `fit`."""
        return clone(net_of(self.candidate(task).estimator))

    def prepared(self, task: Task) -> Prepared:
        """Return the rows that the net gets, prepared once for each split and setting."""
        key = ("prepared", self.candidate(task).around, task.place)
        return once(self._cache, key, lambda: task.prepare(task.own_estimator()))

    def member(self, numbers: list[int]) -> tuple[Member, Kind, bool]:
        """Return the net that some tasks share, initialised, its kind, and whether its batches may be filled up."""
        epochs: dict[int, list[int]] = defaultdict(list)
        for number in numbers:
            epochs[self.candidate(self.tasks[number]).epochs].append(number)
        task = self.tasks[epochs[max(epochs)][0]]
        member = self._initialised(task, dict(epochs))
        kind = self._kind(task, member)
        check_cost(member, kind.measured)  # before a trial, which may take long
        verdict = self._verdict(task, member, kind)
        filled = verdict.filled and not member.has_lone_row
        if may_predict(member.net):  # its rows come in an order of its own
            member.follow()
        if verdict.answers and not member.evaluated_by_torch:
            member.rows_to_answer = self._rows_to_answer(task, member, kind)
        return member, kind, filled

    def _rows_to_answer(
        self, task: Task, member: Member, kind: Kind
    ) -> RowsToAnswer | None:
        """Return the rows that a net will predict, if its stack computes for these what skorch would."""
        estimator = self.candidate(task).estimator
        asked = rows_to_answer(
            task, estimator, member, self.prepared(task), self._cache
        )
        if asked is None:
            return None
        lengths = asked.lengths(batch_to_predict(member.net))
        # Splits of a table prepare most of its rows alike.
        rows = id(asked.rows) if asked.is_table else None
        key = "answered", kind.parts, rows, lengths
        is_alike = once(
            self._cache,
            key,
            lambda: unseen()(evaluates_alike)(member, asked.rows, lengths),
        )
        return asked if is_alike else None

    def _initialised(self, task: Task, epochs: dict[int, list[int]]) -> Member:
        """Return the net of tasks, by the epochs after which they get it, at the beginning of its training."""
        if not all(isinstance(each, Integral) and each > 0 for each in epochs):
            raise RefusalError("max_epochs is not a whole number above 0")
        net = self.net(task)
        once(self._cache, ("class", type(net)), lambda: check_class(type(net)))
        callbacks = net.callbacks
        if task.fit_params:
            raise RefusalError(
                f"fit is given {', '.join(sorted(task.fit_params))}",
                INSTEAD_OF_FIT_PARAMS,
            )
        member = make_member(net, self.prepared(task), task.seeds, self._cache)
        if net.max_epochs != max(epochs) or net.callbacks is not callbacks:
            raise RefusalError(
                f"the fit of {type(net).__name__} sets max_epochs or callbacks",
                "make them parameters of the net",
            )
        member.tasks = epochs
        looked_at = any(self.tasks[number].is_looked_at for number in member.numbers)
        if not looked_at and only_records(member.net, member.valid and member.valid.y):
            member.net.callbacks_ = []  # nobody will read their records
        return member

    def _kind(self, task: Task, member: Member) -> Kind:
        """Return a net's kind, computed once for a candidate, and note in the net what follows from it."""
        # If a batch has all rows of a split, the length of a step depends on the split.
        shapes = tuple(tensor.shape for tensor in member.train.tensors)
        about = (
            task.key,
            net_state(member.net),
            shapes,
            tuple(trained_params(member.net, member.tensors)),
        )
        kind: Kind = once(self._cache, ("kind", *about), lambda: kind_of(member))
        measured = kind.measured
        member.unused = measured.unused
        member.evaluation_counts = measured.evaluation_counts
        member.evaluated_by_torch = measured.evaluated_by_torch
        return kind

    def _verdict(self, task: Task, member: Member, kind: Kind) -> Verdict:
        """Return the result of the trial of a net's kind."""
        of_criterion = [
            item for item in member.tensors.items() if item[0].startswith("criterion.")
        ]
        # The family has the numbers that a loss may read.
        read = kind.family if has_own(member.net, "get_loss") else ""
        about = kind.parts, read, hashed(of_criterion) if of_criterion else ""
        key = "own rows", id(member.train), id(member.valid), *about
        is_apart = self._is_apart(member, kind)
        may_fill = all(is_apart) and once(
            self._cache, key, lambda: self._is_mean(task, member, about)
        )
        proven = kind.family, may_fill
        verdict: Verdict = once(
            self.proven, proven, lambda: self._proven(task, member, kind, may_fill)
        )
        return verdict._replace(answers=verdict.answers and is_apart[1])

    @unseen()
    def _is_apart(self, member: Member, kind: Kind) -> tuple[bool, bool]:
        """Whether a row's outputs depend on that row alone, in training and in evaluation; users see none of it."""
        train = member.train
        valid = member.valid
        of_code = "apart", kind.parts, train.width
        training, evaluation = once(
            self._cache, of_code, lambda: rows_are_apart(member)
        )
        of_training = (
            "trains alike",
            kind.parts,
            train.width,
            frozenset(member.order.lengths),
        )
        training = training and once(
            self._cache, of_training, lambda: trains_alike(member)
        )
        if evaluation and valid is not None and not member.evaluated_by_torch:
            lengths = lengths_of(valid.n, valid.batch)
            of_hold_out = "evaluates alike", kind.parts, lengths
            evaluation = once(
                self._cache,
                of_hold_out,
                lambda: evaluates_alike(member, valid.X, lengths),
            )
        return training, evaluation

    @unseen()
    def _proven(
        self, task: Task, member: Member, kind: Kind, may_fill: bool
    ) -> Verdict:
        """Try a net; those that may share a stack are tried with the same programs, as they will be trained."""
        programs = self._cache.setdefault(
            ("programs", group_key(member, kind, may_fill)), {}
        )
        return prove(
            member,
            self.net(task),
            self.prepared(task),
            may_fill,
            programs,
            self.updates_of(kind),
        )

    def updates_of(self, kind: Kind) -> dict[Any, Any]:
        """Return the steps, recorded so far, of optimizers that one object can step and whose code reads the same."""
        return self.updates.setdefault((kind.optimizer, kind.outside), {})

    @unseen()
    def _is_mean(self, task: Task, member: Member, about: tuple[str, ...]) -> bool:
        """Whether losses are means, looking at no row that nets of the kind have shown in other splits of the table.

        torch's losses weigh a row by its target alone, so one that each split prepares anew counts as the same.
        """
        prepared = self.prepared(task)
        (X, y) = member.fitted_on
        if isinstance(prepared.fitted, NetStub):
            is_known = isinstance(task.X, np.ndarray | Tensor)
        else:
            criterion = type(member.net.criterion_)
            is_own = has_own(member.net, "get_loss") or own_classes(criterion)
            arrays = isinstance(y, np.ndarray) and isinstance(task.y, np.ndarray)
            is_known = arrays and not is_own and np.array_equal(y, task.y[task.train])
        if not (is_known and X is prepared.X and y is prepared.y):
            return loss_is_mean(member)
        rows = ((rows.n, rows.batch) for rows in member.rows)
        key = (
            "shown",
            *about,
            self.candidate(task).around,
            id(task.X),
            id(task.y),
            *rows,
        )
        shown: np.ndarray = self._cache.setdefault(
            key, np.zeros(len(task.X), dtype=bool)
        )
        is_mean = bool(shown[task.train].all()) or loss_is_mean(member)
        shown[task.train] |= is_mean
        return is_mean

    def refuse(self, numbers: list[int], refusal: Refusal) -> None:
        """Note why tasks are run one by one."""
        for number in numbers:
            self.tasks[number].refusal = refusal


def once(cache: dict[Any, Any], key: Any, find: Callable[[], Any]) -> Any:
    """Return the cached result, or raise the cached refusal."""
    if key not in cache:
        try:
            cache[key] = find()
        except RefusalError as error:
            cache[key] = error.refusal
    found = cache[key]  # looked up twice only, because keys are long
    if isinstance(found, Refusal):
        raise RefusalError(*found)
    return found


def _mentions_max_epochs(cls: type) -> bool:
    """Whether the user's own code in a net's class does so."""
    return any(
        "max_epochs" in mentioned(each)
        for own in own_classes(cls)
        for each in vars(own).values()
    )
