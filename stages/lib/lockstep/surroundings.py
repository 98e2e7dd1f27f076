"""What stands around a net: a Pipeline's steps, a transformed target. It is fitted once, for all nets that share it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from skorch import NeuralNet

from stages.lib.lockstep.numerics import seed_everything


class LockstepWarning(UserWarning):
    """Says which candidates are fitted one by one, and why."""


class RefusalError(Exception):
    """Says in a phrase why a net is fitted alone."""


def told(error: Exception) -> str:
    """Return an error's type and the first line of its message."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


class EndOfFitError(BaseException):
    """Ends a method of the user's where the net's own work would begin, with what the net is given as arguments.

    No `except Exception` is to keep it.
    """


class NetStub(BaseEstimator):
    """Stands for the net while what is around it is fitted, and asked."""

    def fit(self, X: Any, y: Any = None) -> "NetStub":
        """Keep the rows and targets."""
        self.given_ = X, y
        return self

    def predict(self, X: Any) -> Any:
        """Hand out the rows."""
        raise EndOfFitError(X)


@dataclass
class Prepared:
    """What the nets are given on the training rows of one split: the same for all that are surrounded alike."""

    X: Any
    y: Any
    fitted: Any = None  # the estimator, with a stub in the place of the net
    random_state: tuple[Any, torch.Tensor] | None = None  # of numpy and torch, after the surroundings' fit

    def transform(self, X: Any) -> Any:
        """Return what the net is given for other rows."""
        try:
            self.fitted.predict(X)
        except EndOfFitError as captured:
            (X,) = captured.args
        return X


def net_of(estimator: Any) -> Any:
    """Return the net that an estimator trains, behind a Pipeline or a TransformedTargetRegressor; None for no net."""
    inside = _inside(estimator)
    return net_of(inside) if inside is not None else estimator if isinstance(estimator, NeuralNet) else None


def _inside(estimator: Any) -> Any:
    """Return the estimator that another one surrounds, fitted if that is; None for none."""
    if type(estimator) is Pipeline and estimator.steps:
        return estimator.steps[-1][1]
    if type(estimator) is TransformedTargetRegressor:
        return getattr(estimator, "regressor_", estimator.regressor)
    return None


def without_net(estimator: Any) -> Any:
    """Return an estimator with a stub in the place of its net."""
    if isinstance(estimator, NeuralNet):
        return NetStub()
    inside, own = without_net(_inside(estimator)), estimator.get_params(deep=False)
    if isinstance(estimator, Pipeline):
        *before, (name, _) = estimator.steps
        return Pipeline(**own | {"steps": [*before, (name, inside)]})
    return TransformedTargetRegressor(**own | {"regressor": inside})


def prepare(estimator: BaseEstimator, X: Any, y: Any, seed: int) -> Prepared:
    """Fit what stands around the net of an estimator, as its own `fit` does under a seed."""
    seed_everything(seed)
    stub = fitted = without_net(estimator).fit(X, y)
    while not isinstance(stub, NetStub):
        stub = _inside(stub)
    return Prepared(*stub.given_, fitted, (np.random.get_state(), torch.get_rng_state()))


def assemble(estimator: Any, fitted: Any, resume: Callable[[NeuralNet], NeuralNet]) -> Any:
    """Put an estimator into the state that its own `fit` would leave it in; `resume` does so with its net."""
    if isinstance(estimator, NeuralNet):
        return resume(estimator)
    if isinstance(estimator, Pipeline):
        name, net = estimator.steps[-1]
        estimator.steps = [*fitted.steps[:-1], (name, assemble(net, fitted.steps[-1][1], resume))]
    else:
        estimator.__dict__.update(vars(fitted) | estimator.get_params(deep=False))
        estimator.regressor_ = assemble(clone(estimator.regressor), fitted.regressor_, resume)
    return estimator


def capture(net: NeuralNet, prepared: Prepared) -> tuple[Any, Any]:
    """Run a net's own `fit` up to where its training begins: it is initialised, and what `fit` hands on is returned."""

    def partial_fit(X: Any, y: Any = None, classes: Any = None, _routing_method: str = "", **fit_params: Any) -> None:
        if fit_params or classes is not None:
            raise RefusalError(f"fit hands on {', '.join(sorted(fit_params)) or 'classes'}")
        raise EndOfFitError(X, y)

    try:
        with stand_ins(net, partial_fit=partial_fit):
            net.fit(prepared.X, prepared.y)
    except EndOfFitError as captured:
        X, y = captured.args
        return X, y
    raise RefusalError("its fit does not train")


@contextmanager
def stand_ins(thing: Any, **methods: Callable[..., Any]) -> Iterator[None]:
    """Give an object other methods than its class's, unless they take themselves away."""
    thing.__dict__.update(methods)
    try:
        yield
    finally:
        for name in methods:
            thing.__dict__.pop(name, None)
