"""One fit of a search as the engine handles it: what the net is given, and how a trained net is handed back."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.metaestimators import _safe_split
from skorch import NeuralNet

from stages.lib.lockstep._compat import FitCall, fingerprint
from stages.lib.lockstep.numerics import fit_seed, seed_everything
from stages.lib.lockstep.surroundings import Prepared, TrainsAgainError, assemble, net_of, stand_ins

# The numbers of the rows that a fit trains on, and of those it is tested on, as scikit-learn's splitters give them.
TrainTest = tuple[np.ndarray, np.ndarray]


@dataclass
class Task:
    """One candidate on one split."""

    call: Any  # the FitCall; None where the net is handed back
    split: int  # the number of its test set, and of its training set: distinct ones are numbered as they first appear
    rows: int
    seeds: tuple[int, int]  # of the fit, and of the noise that random layers take
    key: str  # a hash that the candidate's tasks share
    reason: str | None = None  # why it is fitted by skorch alone
    outcome: tuple[Any, Exception | None] | None = None  # what the fit returns, or what it raises
    shown: str = ""
    when_done: Callable[[], Any] = lambda: None

    def own_estimator(self) -> BaseEstimator:
        """Return a copy of the estimator with the candidate's parameters."""
        estimator = clone(self.call.estimator)
        if self.call.parameters:
            estimator.set_params(**clone(self.call.parameters, safe=False))
        return estimator

    def train_rows(self, estimator: BaseEstimator) -> tuple[Any, Any]:
        """Return the training rows, as scikit-learn splits them off."""
        return _safe_split(estimator, self.call.X, self.call.y, self.call.train)

    def test_rows(self, estimator: BaseEstimator) -> Any:
        """Return the rows that are scored."""
        X, _ = _safe_split(estimator, self.call.X, self.call.y, self.call.test, self.call.train)
        return X

    def result(self) -> Any:
        """Return the fit's result, or raise what the fit raises."""
        if self.outcome is None:
            self.run()
            self.when_done()
        print(self.shown, end="")
        result, error = self.outcome  # type: ignore[misc]
        if error is not None:
            raise error
        return result

    def run(self) -> None:
        """Fit and score as any backend would, under the task's seed."""
        seed_everything(self.seeds[0])
        self._set(self.call.run)

    def finish(self, take_over: Callable[[NeuralNet], None], prepared: Prepared, fit_time: float) -> None:
        """Let scikit-learn fit and score, with a net that takes over its training."""
        self._set(lambda: self._hand_back(take_over, prepared, fit_time))
        self.call = None  # the net goes with its estimator, unless it is part of the result

    def _set(self, function: Callable[[], Any]) -> None:
        try:
            self.outcome = function(), None
        except Exception as error:
            self.outcome = None, error

    def _hand_back(self, take_over: Callable[[NeuralNet], None], prepared: Prepared, fit_time: float) -> Any:
        estimator = self.call.estimator
        nets: list[NeuralNet] = []
        before = clone(estimator) if _fits_in_a_way_of_its_own(net_of(estimator)) else None

        def fit(X: Any, y: Any = None, **fit_params: Any) -> BaseEstimator:
            estimator.__dict__.pop("fit")
            return assemble(estimator, prepared, 0, trained)

        def trained(net: NeuralNet) -> None:
            nets.append(net)
            take_over(net)

        try:
            with stand_ins(estimator, fit=fit):
                result = self.call.run()
        except TrainsAgainError:
            estimator.__dict__.clear()
            estimator.__dict__.update(vars(before))
            raise
        finally:
            for net in nets:
                net.__dict__.pop("forward_iter", None)
        if isinstance(result, dict) and result.get("estimator") is not None:
            for net in nets:
                net.history_ = copy.copy(net.history_)  # skorch's own
        if isinstance(result, dict) and "fit_time" in result:
            result["fit_time"] += fit_time
        return result


def _fits_in_a_way_of_its_own(net: NeuralNet) -> bool:
    return not type(net).fit.__module__.startswith(("skorch.", "stages.lib.lockstep."))


def make_tasks(calls: list[FitCall], random_state: int) -> list[Task]:
    """Return a task for each call, with the seeds of its split."""
    splits, rows = _numbered([call.test for call in calls]), _numbered([call.train for call in calls])
    # The stream of noise is another one than that of the initial weights.
    seeds = [(fit_seed(random_state, split), fit_seed(random_state, split, 1)) for split in splits]
    return list(map(Task, calls, splits, rows, seeds, _candidate_keys(calls)))


def _numbered(arrays: list[np.ndarray]) -> list[int]:
    """Return a number for each array of row numbers: distinct ones are numbered as they first appear."""
    numbers: dict[bytes, int] = {}
    return [numbers.setdefault(rows.tobytes(), len(numbers)) for rows in arrays]


def _candidate_keys(calls: list[FitCall]) -> list[str]:
    """Return a hash for each call that calls share whose estimators and parameters are the same."""
    known: list[tuple[BaseEstimator, str]] = []
    hashed: dict[int, str] = {}
    keys = []
    for call in calls:
        base = next((key for estimator, key in known if _alike(estimator, call.estimator)), None)
        if base is None:
            base = fingerprint([type(call.estimator), call.estimator.get_params()])
            if all(key != base for _, key in known):
                known.append((call.estimator, base))
        # A search hands the same mapping to each split; it stays alive as long as its calls.
        if id(call.parameters) not in hashed:
            hashed[id(call.parameters)] = fingerprint(call.parameters)
        keys.append(f"{base} {hashed[id(call.parameters)]}")
    return keys


def _alike(one: Any, other: Any) -> bool:
    """Whether two settings are known to be the same, at the price of a comparison."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, BaseEstimator):
        return _alike(one.get_params(deep=False), other.get_params(deep=False))
    if isinstance(one, dict):
        return list(one) == list(other) and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, int | float | str | set):
        return bool(one == other)
    return type(one).__module__.startswith("skorch.") and _alike(vars(one), vars(other))
