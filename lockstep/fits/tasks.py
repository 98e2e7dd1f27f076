"""The fits of a search as the engine handles them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from joblib.parallel import BatchedCalls
from sklearn.base import BaseEstimator, clone

from lockstep._compat import _safe_split, fit_arguments, own_scorers
from lockstep.fits.surroundings import net_of
from lockstep.members.fingerprint import fingerprint
from lockstep.members.numerics import fit_seed, seed_everything
from lockstep.members.own_code import own_classes
from lockstep.members.refusals import Refusal, refusal_of

# The result of a fit, or its exception.
Outcome = tuple[Any, Exception | None]


@dataclass(eq=False)
class Task:
    """A fit that a search asks for: a candidate on a split."""

    run: Any  # joblib's call, under scikit-learn's configuration and the nested backend; returns a list of one result
    estimator: Any  # without the candidate's parameters
    parameters: dict[str, Any] | None
    fit_params: dict[str, Any]  # further arguments of the estimator's `fit`
    X: Any
    y: Any
    train: np.ndarray  # the numbers of the rows to train on
    test: np.ndarray
    key: str = ""  # a hash that the candidate's tasks share
    split: int = 0  # the number of its test set, and of its training set: distinct ones are numbered as they appear
    rows: int = 0
    seeds: tuple[int, int] = (0, 0)  # of the fit, and of the noise that random layers take
    is_answered: bool = True  # whether its scorer only needs predictions, which a stack can compute
    is_looked_at: bool = True  # whether the user, or the user's own code, gets to see the net
    scores_training: bool = True  # whether the net also predicts its training rows
    refusal: Refusal | None = None  # why it is fitted by skorch alone
    # Hands back the net that a stack has trained; returns an outcome, or None if skorch has to fit the net after all.
    finish: Callable[[], Outcome | None] | None = None
    outcome: Outcome | None = None
    when_done: Callable[[], Any] = lambda: None

    def own_estimator(self) -> BaseEstimator:
        """Return a copy of the estimator with the candidate's parameters."""
        estimator = clone(self.estimator)
        return estimator.set_params(**clone(self.parameters, safe=False)) if self.parameters else estimator

    @cached_property
    def epochs(self) -> int:
        """The most epochs that the net is trained for, or 0 where there is no such net."""
        try:
            return int(net_of(self.own_estimator()).max_epochs)
        except Exception:  # whatever skorch will raise in its fit
            return 0

    def split_off(self, estimator: BaseEstimator, numbers: np.ndarray) -> tuple[Any, Any]:
        """Return rows and their targets, as scikit-learn selects them for an estimator."""
        return _safe_split(estimator, self.X, self.y, numbers, self.train)

    def result(self) -> Any:
        """Return the fit's result, or raise what the fit raises."""
        outcome = self.finish() if self.finish else self.outcome
        if outcome is None:
            outcome = outcome_of(self.run, self.seeds[0])
            self.when_done()
        self.finish = self.run = self.estimator = None  # frees the net, unless it is part of the result
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
    """Return the task of a joblib batch if it is the fit of a net, else None."""
    call = fit_arguments(batch)
    if call is None:
        return None
    fit_params = {key: value for key, value in (call.get("fit_params") or {}).items() if value is not None}
    rows = (call["X"], call["y"], np.asarray(call["train"]), np.asarray(call["test"]))
    task = Task(batch, call["estimator"], call.get("parameters"), fit_params, *rows)
    exchanges_parts = any(hasattr(value, "fit") for value in (task.parameters or {}).values())
    net = net_of(task.own_estimator() if exchanges_parts else task.estimator)
    if net is None:
        return None
    own = own_scorers(call.get("scorer"))
    task.is_answered = all(getattr(scorer, "reads_only", False) is True for scorer in own)
    task.is_looked_at = bool(own or call.get("return_estimator") or own_classes(type(net)))
    task.scores_training = bool(call.get("return_train_score") or own)
    return task


def seed_tasks(tasks: list[Task], random_state: int) -> None:
    """Give the tasks of a search their keys, the numbers of their splits, and so their seeds."""
    splits: dict[bytes, int] = {}
    rows: dict[bytes, int] = {}
    for task in tasks:
        try:
            task.key = fingerprint([task.estimator, task.parameters])
        except Exception as error:  # a file, for example, which skorch never compares
            task.key = str(task.parameters)
            task.refusal = Refusal(f"a candidate can't be compared with others ({refusal_of(error).reason})")
        task.split = splits.setdefault(task.test.tobytes(), len(splits))
        task.rows = rows.setdefault(task.train.tobytes(), len(rows))
        # Noise and initial weights have separate random streams.
        task.seeds = fit_seed(random_state, task.split), fit_seed(random_state, task.split, 1)
