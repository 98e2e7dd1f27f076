"""A fit of a net as the engine handles it, whoever asks for it: a search, or any other call that waits for a net."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from joblib.parallel import BatchedCalls
from sklearn.base import BaseEstimator
from skorch import NeuralNet

from lockstep.fits.answers import Forward, RowsToAnswer
from lockstep.fits.surroundings import net_of
from lockstep.members.member import Cache, Member
from lockstep.members.numerics import seed_everything
from lockstep.members.own_fit import Prepared
from lockstep.members.refusals import Refusal
from lockstep.stacks.trained import Trained

# The result of a fit, or its exception.
Outcome = tuple[Any, Exception | None]

# Why skorch fits a net again that a stack has trained; nobody is told who does not ask for the `same_bytes`.
DIVERGED = Refusal("weights become infinite or NaN")

_ALONE: ContextVar[bool] = ContextVar("alone", default=False)


@contextmanager
def alone() -> Iterator[None]:
    """In the block, nets are fitted at once: they do not wait to be trained together with others."""
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


def is_alone() -> bool:
    """Whether this code runs in a block of `alone`."""
    return _ALONE.get()


class Table(NamedTuple):
    """Rows that many fits share, of which each trains on some."""

    X: Any
    y: Any
    train: np.ndarray


@dataclass(eq=False)
class Fit(ABC):
    """A net that is to be trained: what sorts it into a stack, and how it gets back to the code that waits for it."""

    key: str = field(default="", kw_only=True)  # a hash that fits with the same settings share
    place: Hashable = field(default=None, kw_only=True)  # fits with equal places have the same rows
    n_splits: int = field(default=1, kw_only=True)  # at least so many nets are trained alike
    seeds: tuple[int, int] = field(default=(0, 0), kw_only=True)  # of the fit, and of the noise for random layers
    # Whether its scorer only needs predictions, which a stack can compute.
    is_answered: bool = field(default=True, kw_only=True)
    # Whether the user, or the user's own code, gets to see the net.
    is_looked_at: bool = field(default=True, kw_only=True)
    scores_training: bool = field(default=True, kw_only=True)  # whether the net also predicts its training rows
    refusal: Refusal | None = field(default=None, kw_only=True)  # why it is fitted by skorch alone
    # Why torch or skorch trains it, though it goes in lockstep.
    not_by_kernel: Refusal | None = field(default=None, kw_only=True)
    # Hands back the net that a stack has trained; returns an outcome, or None if skorch has to fit the net after all.
    finish: Callable[[], Outcome | None] | None = field(default=None, kw_only=True)
    outcome: Outcome | None = field(default=None, kw_only=True)
    when_done: Callable[[], Any] = field(default=lambda: None, kw_only=True)

    @abstractmethod
    def own_estimator(self) -> BaseEstimator:
        """Return a copy of the estimator, as it is before its `fit`."""

    @abstractmethod
    def prepare(self, estimator: BaseEstimator) -> Prepared:
        """Return the rows that the net gets."""

    @abstractmethod
    def begin(self, net: NeuralNet, prepared: Prepared, cache: Cache) -> Member:
        """Return the net at the beginning of its training; `net` is a copy, and `cache` is shared by all fits."""

    @abstractmethod
    def hand_back(self, trained: Trained, prepared: Prepared, forward: Forward | None) -> Outcome | None:
        """Let the code that waits for the net go on with it; returns None if skorch has to fit the net alone.

        `forward` computes the net's outputs for further rows, if the kernel does.
        """

    def told(self, same_bytes: bool) -> Refusal | None:
        """Return why it is fitted alone or, if it is to have the `same_bytes` everywhere, not by the kernel."""
        return self.refusal or (self.not_by_kernel if same_bytes else None)

    @property
    def table(self) -> Table | None:
        """The table that its rows are taken from, if other fits take theirs from it, too."""
        return None

    def rows_to_answer(
        self, estimator: BaseEstimator, member: Member, prepared: Prepared, cache: Cache, is_long: bool
    ) -> RowsToAnswer | None:
        """Return the rows that the net will predict, if they are known and its stack can do so."""
        return None

    @cached_property
    def epochs(self) -> int:
        """The most epochs that the net is trained for, or 0 where there is no such net."""
        try:
            return int(net_of(self.own_estimator()).max_epochs)
        except Exception:  # whatever skorch will raise in its fit
            return 0


def outcome_of(run: BatchedCalls, seed: int) -> Outcome:
    """Let scikit-learn fit and score, under a seed."""
    seed_everything(seed)
    try:
        with alone():
            (result,) = run()
    except Exception as error:
        return None, error
    return result, None
