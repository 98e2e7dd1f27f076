"""Hands a trained net back to scikit-learn, which scores it as if it had just been fitted."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet
from torch import Tensor
from torch.utils._pytree import tree_map

from stages.lib.lockstep.members import Cache, Member, named_tensors
from stages.lib.lockstep.stacks.nets import Nets
from stages.lib.lockstep.stacks.rows import as_tensor, filled_up
from stages.lib.lockstep.stacks.training import Trained
from stages.lib.lockstep.surroundings import Prepared
from stages.lib.lockstep.tasks import Task

# What answers a net's `predict`; where a class has its own, it answers itself.
_ANSWERS = ("forward_iter", "evaluation_step", "infer", "get_dataset", "get_iterator")

# Rows of a split that is evaluated by itself are filled up to a multiple of so many.
_ROWS = 256


class FiniteOrUnfit:
    """Mixin for a skorch net: a fit that leaves the finite numbers ends there, without an exception.

    Such a net has `diverged_` set. Other failures are raised as ever. Without the mixin a net that diverges is fitted
    again by skorch alone, as its criterion may raise on the way.
    """

    diverged_: bool

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit as the net does; `BCELoss` refuses NaN with a RuntimeError, other criteria train on in silence."""
        self.diverged_ = False
        try:
            super().fit(X, y, **fit_params)  # type: ignore[misc]
        except RuntimeError:
            if is_finite(self, X):
                raise
        self.diverged_ = not is_finite(self, X)
        return self


def is_finite(net: Any, X: Any) -> bool:
    """Whether the net's parameters and its outputs for the rows `X` are finite numbers, all of them."""
    weights = all(bool(torch.isfinite(weight).all()) for weight in net.module_.parameters())
    return weights and bool(torch.isfinite(torch.as_tensor(net.forward(X))).all())


@dataclass(frozen=True)
class Known:
    """The rows that a net will be asked about, so that its stack can answer for all nets at once."""

    X: Tensor  # shape (n_rows, …)
    parts: list[tuple[Any, np.ndarray]]  # rows as scikit-learn hands them to the net, and where they stand in `X`


def known_rows(task: Task, estimator: BaseEstimator, member: Member, prepared: Prepared, cache: Cache) -> Known | None:
    """Return the rows of a split, or None where the net is to answer itself."""
    net = member.net
    if any(getattr(type(net), name) is not getattr(NeuralNet, name) for name in _ANSWERS):
        return None
    if not isinstance(member.train.X, Tensor) or not isinstance(prepared.X, np.ndarray | Tensor):
        return None
    key = ("known", id(prepared))
    if key not in cache:
        test = prepared.transform(task.test_rows(estimator))
        dtype, whole = member.train.X.dtype, task.call.X
        if prepared.fitted or not isinstance(whole, np.ndarray | Tensor):
            n = len(prepared.X)
            rows = torch.cat([as_tensor(part) for part in (prepared.X, test)]).to(dtype)
            rows = filled_up(rows, -(-len(rows) // _ROWS) * _ROWS)
            places = [np.arange(n), n + np.arange(len(test))]
        else:
            rows = cache.setdefault(("rows", id(whole)), as_tensor(whole).to(dtype))
            places = [task.call.train, task.call.test]
        cache[key] = Known(rows, list(zip([prepared.X, test], places, strict=True)))
    return cache[key]


def inputs_of(stack: Nets) -> tuple[Any, bool] | None:
    """Return what a stack's nets are evaluated on, and whether all have the same."""
    known = [member.known for member in stack.members]
    if any(each is None for each in known):
        return None
    if all(each.X is known[0].X for each in known):
        return known[0].X.to(stack.flat.device), True
    return stack.placed([each.X for each in known], max(len(each.X) for each in known)), False


def hand_back(task: Task, trained: Trained, prepared: Prepared) -> None:
    """Set a task's outcome: the result of scikit-learn's fit and score, or what it raises."""
    if not trained.is_finite and not isinstance(trained.net, FiniteOrUnfit):
        return  # skorch is to meet the infinite numbers itself

    def take_over(net: NeuralNet) -> None:
        net.__dict__.update(trained.net.__dict__)
        if trained.outputs is not None:
            net.__dict__["forward_iter"] = _answer(net, trained.member.known, trained.outputs)

    with contextlib.redirect_stdout(io.StringIO()) as shown:
        print(trained.member.output.getvalue(), end="")
        task.finish(take_over, prepared, trained.fit_time)
    task.shown = shown.getvalue()


def _answer(net: NeuralNet, known: Known, outputs: Any) -> Any:
    def weights() -> list[tuple[int, int]]:
        """Return what changes when a scorer trains or changes the net."""
        return [(tensor.data_ptr(), tensor._version) for tensor in named_tensors(net).values()]

    before = weights()

    def forward_iter(X: Any, training: bool = False, device: str = "cpu") -> Iterator[Any]:
        rows = None
        if not training and weights() == before:
            rows = next((rows for given, rows in known.parts if _is_same(X, given)), None)
        if rows is None:
            yield from type(net).forward_iter(net, X, training=training, device=device)
        else:
            net._set_training(False)
            yield tree_map(lambda tensor: tensor[torch.as_tensor(rows)].to(device), outputs)

    return forward_iter


def _is_same(X: Any, given: Any) -> bool:
    if X is given:
        return True
    if type(X) is not type(given) or X.shape != given.shape or X.dtype != given.dtype:
        return False
    return bool(np.array_equal(X, given) if isinstance(X, np.ndarray) else torch.equal(X, given))
