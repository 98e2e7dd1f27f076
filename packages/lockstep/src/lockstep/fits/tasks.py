"""The fits of a search as the engine handles them."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from joblib.parallel import BatchedCalls
from sklearn.base import BaseEstimator, clone
from skorch import NeuralNet

from lockstep._compat import BaseSearchCV, _safe_split, fit_arguments, own_scorers
from lockstep.fits.surroundings import net_of, prepare
from lockstep.members.fingerprint import fingerprint
from lockstep.members.numerics import fit_seed, seed_everything
from lockstep.members.own_code import is_declared, own_classes
from lockstep.members.own_fit import Prepared
from lockstep.members.refusals import Refusal, refusal_of

# The result of a fit, or its exception.
Outcome = tuple[Any, Exception | None]


@dataclass(eq=False)
class Task:
    """A fit that a search asks for, a candidate on a split: what sorts its net into a stack, and how it gets back."""

    run: Any  # joblib's call, under scikit-learn's configuration and the nested backend; returns a list of one result
    estimator: Any  # without the candidate's parameters
    parameters: dict[str, Any] | None
    fit_params: dict[str, Any]  # further arguments of the estimator's `fit`
    X: Any
    y: Any
    train: np.ndarray  # the numbers of the rows to train on
    test: np.ndarray
    # What it fits: a net, with steps around it or not; a search of nets; or another estimator that fits nets.
    what: Literal["net", "search", "other"] = "net"
    key: str = ""  # a hash that fits with the same settings share
    place: Hashable = None  # fits with equal places have the same rows
    seeds: tuple[int, int] = (0, 0)  # of the fit, and of the noise for random layers
    # Whether its scorer only needs predictions, which a stack can compute.
    is_answered: bool = True
    # Whether the user, or the user's own code, gets to see the net.
    is_looked_at: bool = True
    scores_training: bool = True  # whether the net also predicts its training rows
    refusal: Refusal | None = None  # why it is fitted by skorch alone
    # Hands back the net that a stack has trained; returns an outcome, or None if skorch has to fit the net after all.
    finish: Callable[[], Outcome | None] | None = None
    outcome: Outcome | None = None
    when_done: Callable[[], Any] = lambda: None
    # The block in which its result is made: if that ends the search, what was made before is kept.
    made_in: Callable[[], AbstractContextManager[Any]] = nullcontext

    @cached_property
    def epochs(self) -> int:
        """The most epochs that the net is trained for, or 0 where there is no such net."""
        try:
            return int(net_of(self.own_estimator()).max_epochs)
        except Exception:  # whatever skorch will raise in its fit
            return 0

    @property
    def told(self) -> Refusal | None:
        """Why skorch fits it; a search inside tells this of its own nets."""
        return None if self.what == "search" else self.refusal

    def own_estimator(self) -> BaseEstimator:
        """Return a copy of the estimator with the candidate's parameters."""
        estimator = clone(self.estimator)
        if self.parameters:
            return estimator.set_params(**clone(self.parameters, safe=False))
        return estimator

    def prepare(self, estimator: BaseEstimator) -> Prepared:
        """Fit the steps around the net."""
        return prepare(estimator, *self.split_off(estimator, self.train), self.seeds[0])

    def split_off(
        self, estimator: BaseEstimator, numbers: np.ndarray
    ) -> tuple[Any, Any]:
        """Return rows and their targets, as scikit-learn selects them for an estimator."""
        return _safe_split(estimator, self.X, self.y, numbers, self.train)

    def result(self) -> Any:
        """Return the fit's result, or raise what the fit raises."""
        with self.made_in():
            outcome = self.finish() if self.finish else self.outcome
            if outcome is None:
                outcome = self.outcome = outcome_of(self.run, self.seeds[0])
                self.when_done()
            # Frees the net, unless the result has it.
            self.finish = self.run = self.estimator = self.outcome = None
            result, error = outcome
            if error is not None:
                raise error
            return result


def outcome_of(run: BatchedCalls, seed: int) -> Outcome:
    """Let scikit-learn fit and score, under a seed."""
    seed_everything(seed)
    try:
        (result,) = run()
    except Exception as error:
        return None, error
    return result, None


def task_of(batch: BatchedCalls) -> Task | None:
    """Return the task of a joblib batch if it is the fit of a net, or of what is around nets, else None."""
    call = fit_arguments(batch)
    if call is None:
        return None
    given = call.get("fit_params") or {}
    fit_params = {key: value for key, value in given.items() if value is not None}
    rows = (call["X"], call["y"], np.asarray(call["train"]), np.asarray(call["test"]))
    task = Task(batch, call["estimator"], call.get("parameters"), fit_params, *rows)
    estimator = task.estimator
    if any(hasattr(value, "fit") for value in (task.parameters or {}).values()):
        estimator = task.own_estimator()  # which has other parts
    net = net_of(estimator)
    if net is None:
        return _around(task, estimator)
    own = own_scorers(call.get("scorer"))
    task.is_answered = all(map(is_declared, own))
    task.is_looked_at = bool(
        own or call.get("return_estimator") or own_classes(type(net))
    )
    task.scores_training = bool(call.get("return_train_score"))
    return task


def _around(task: Task, estimator: Any) -> Task | None:
    """Return the task of an estimator that is not a net if it may fit nets, else None."""
    inside = list(within(estimator))
    if not any(isinstance(each, NeuralNet) for each in inside):
        return None
    is_search = any(isinstance(each, BaseSearchCV) for each in inside)
    task.what = "search" if is_search else "other"
    task.refusal = Refusal(
        f"lockstep trains nets that a search fits itself, and {type(estimator).__name__} fits its own",
        "of estimators around a net, scikit-learn's Pipeline and TransformedTargetRegressor go in lockstep",
    )
    return task


def within(thing: Any) -> Iterator[Any]:
    """Yield a thing and, of an estimator, all of its parameters, and theirs."""
    yield thing
    if isinstance(thing, BaseEstimator):
        yield from thing.get_params().values()


def seed_tasks(tasks: list[Task], random_state: int) -> None:
    """Give the tasks of a search their keys, the numbers of their splits, and so their seeds."""
    splits: dict[bytes, int] = {}
    rows: dict[bytes, int] = {}
    search = object()
    for task in tasks:
        try:
            task.key = fingerprint([task.estimator, task.parameters])
        except Exception as error:  # a file, for example, which skorch never compares
            task.key = str(task.parameters)
            task.refusal = task.refusal or Refusal(
                f"a candidate can't be compared with others ({refusal_of(error).reason})"
            )
        # Distinct test sets, and training sets, are numbered as they appear.
        split = splits.setdefault(task.test.tobytes(), len(splits))
        task.place = search, split, rows.setdefault(task.train.tobytes(), len(rows))
        # Noise and initial weights have separate random streams.
        task.seeds = fit_seed(random_state, split), fit_seed(random_state, split, 1)
