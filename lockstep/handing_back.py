"""Hands a trained net back to scikit-learn, which scores it as if it had just been fitted."""

import contextlib
import copy
import io
from typing import Any

import torch
from sklearn.base import BaseEstimator
from skorch import NeuralNet

from lockstep.answers import answer, answer_no_more
from lockstep.members.numerics import set_others
from lockstep.members.own_fit import EndOfFitError, Prepared, stand_ins
from lockstep.stacks.step import own_attributes
from lockstep.stacks.trained import Trained
from lockstep.surroundings import assemble, net_of
from lockstep.tasks import Outcome, Task, outcome_of


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
            if _is_finite(self, X):
                raise
        self.diverged_ = not _is_finite(self, X)
        return self


def _is_finite(net: Any, X: Any) -> bool:
    """Whether the net's parameters and its outputs for the rows `X` are finite numbers, all of them."""
    weights = all(bool(torch.isfinite(weight).all()) for weight in net.module_.parameters())
    return weights and bool(torch.isfinite(torch.as_tensor(net.forward(X))).all())


def hand_back(task: Task, trained: Trained, prepared: Prepared) -> Outcome | None:
    """Return the result of scikit-learn's fit and score, or what it raises; None where the task is to run alone."""
    if not trained.is_finite and not isinstance(trained.net, FiniteOrUnfit):
        return None  # skorch is to meet the infinite numbers itself
    estimator = task.estimator
    nets: list[NeuralNet] = []
    before: list[tuple[Any, dict[str, Any]]] = []

    def fit(X: Any, y: Any = None, **fit_params: Any) -> BaseEstimator:
        estimator.__dict__.pop("fit")
        before.extend((each, own_attributes(each)) for each in (estimator, net_of(estimator)))
        return assemble(estimator, prepared.fitted, resume)

    def resume(net: NeuralNet) -> NeuralNet:
        """Run a net's own `fit`, in which the end of another training stands for its own."""
        begun, before_training = shown.tell(), dict(vars(net))

        def partial_fit(*args: Any, **kwargs: Any) -> NeuralNet:
            shown.seek(begun)  # what its `fit` has printed so far is part of the output
            shown.truncate()
            print(trained.member.output.getvalue(), end="")
            made = {k: v for k, v in vars(net).items() if v is not before_training.get(k)}
            net.__dict__.update(vars(trained.net) | {"partial_fit": again, "initialize": again})
            own = vars(trained.member.net)
            net.__dict__.update({k: _refilled(v, vars(net)[k]) for k, v in made.items() if v is not own.get(k)})
            torch.set_rng_state(trained.random_state)
            others = trained.member.others or (prepared.random_state and prepared.random_state[0])
            if others:
                set_others(others)
            if trained.outputs is not None:
                answer(net, trained.member.known, trained.outputs)
            nets.append(net)
            return net

        with stand_ins(net, partial_fit=partial_fit, initialize=lambda: net):
            return net.fit(prepared.X, prepared.y)

    def again(*args: Any, **kwargs: Any) -> None:
        raise EndOfFitError

    with contextlib.redirect_stdout(io.StringIO()) as shown:
        try:
            with stand_ins(estimator, fit=fit):
                outcome = outcome_of(task.run, task.seeds[0])
        except EndOfFitError:
            for each, attributes in before:
                each.__dict__.clear()
                each.__dict__.update(attributes)
            task.reason = "its fit trains more than once"
            return None
        finally:
            for net in nets:
                answer_no_more(net)
    print(shown.getvalue(), end="")
    result, _ = outcome
    if isinstance(result, dict):
        if "fit_time" in result:
            result["fit_time"] += trained.fit_time
        if result.get("estimator") is not None:
            for net in nets:
                net.history_ = copy.copy(net.history_)  # skorch's own
    return outcome


def _refilled(made: Any, trained: Any) -> Any:
    """Return a list, dict or set that a net's `fit` has made and may hold, with what the training has made of it."""
    if type(made) is not type(trained) or not isinstance(made, list | dict | set):
        return trained
    made.clear()
    (made.extend if isinstance(made, list) else made.update)(trained)
    return made
