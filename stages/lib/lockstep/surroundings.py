"""What stands around a net: a Pipeline's steps, a transformed target. It is fitted once, for all nets that share it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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


class TrainsAgainError(BaseException):
    """Ends a net's `fit` that would train a second time; no `except Exception` is to keep it."""


class _Captured(BaseException):
    """Ends a net's `fit` where its training would begin; its arguments are X and y."""


def net_of(estimator: BaseEstimator) -> Any:
    """Return the net that an estimator trains, behind a Pipeline or a TransformedTargetRegressor; None for no net."""
    if isinstance(estimator, NeuralNet):
        return estimator
    if type(estimator) is Pipeline and estimator.steps:
        return net_of(estimator.steps[-1][1])
    if type(estimator) is TransformedTargetRegressor and estimator.regressor is not None:
        return net_of(estimator.regressor)
    return None


@dataclass
class Prepared:
    """What stands around a net, fitted on the training rows of one split: the same for all candidates that share it."""

    X: Any  # what the net is given
    y: Any
    # The wrappers, from the outside in: a Pipeline of the steps before the last, or a TransformedTargetRegressor.
    fitted: list[BaseEstimator] = field(default_factory=list)
    random_state: tuple[Any, torch.Tensor] | None = None  # of numpy and torch, after the fit of the wrappers

    def transform(self, X: Any) -> Any:
        """Return what the net is given for other rows."""
        for wrapper in self.fitted:
            if isinstance(wrapper, Pipeline):
                X = wrapper.transform(X)
        return X


class _KeepTarget(BaseEstimator):
    """Stands for the net while a TransformedTargetRegressor fits its transformer."""

    def fit(self, X: Any, y: Any) -> "_KeepTarget":
        self.y_ = y
        return self

    def predict(self, X: Any) -> Any:
        """Predict nothing; scikit-learn asks for the method."""
        raise NotImplementedError


def surroundings(estimator: BaseEstimator) -> list[Any]:
    """Return what stands around a net, in a form to compare."""
    if isinstance(estimator, NeuralNet):
        return []
    if isinstance(estimator, Pipeline):
        return [estimator.steps[:-1], *surroundings(estimator.steps[-1][1])]
    own = {key: value for key, value in estimator.get_params(deep=False).items() if key != "regressor"}
    return [own, *surroundings(estimator.regressor)]


def prepare(estimator: BaseEstimator, X: Any, y: Any, seed: int) -> Prepared:
    """Fit what stands before the net of an estimator, as its own `fit` does under a seed."""
    prepared = Prepared(X, y)
    if isinstance(estimator, NeuralNet):
        return prepared
    seed_everything(seed)
    while not isinstance(estimator, NeuralNet):
        if isinstance(estimator, Pipeline):
            steps = [(name, clone(step, safe=False)) for name, step in estimator.steps[:-1]]
            fitted = Pipeline(steps) if steps else Pipeline([("nothing", "passthrough")])
            prepared.X = fitted.fit_transform(prepared.X, prepared.y)
            estimator = estimator.steps[-1][1]
        else:
            fitted = TransformedTargetRegressor(**estimator.get_params(deep=False) | {"regressor": _KeepTarget()})
            prepared.y = fitted.fit(prepared.X, prepared.y).regressor_.y_
            estimator = estimator.regressor
        prepared.fitted.append(fitted)
    prepared.random_state = (np.random.get_state(), torch.get_rng_state())
    return prepared


def assemble(
    estimator: BaseEstimator, prepared: Prepared, depth: int, take_over: Callable[[NeuralNet], None]
) -> BaseEstimator:
    """Put an estimator into the state that its own `fit` would leave it in."""
    if isinstance(estimator, NeuralNet):
        return _resume(estimator, prepared, take_over)
    fitted = prepared.fitted[depth]
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        before = fitted.steps if len(estimator.steps) > 1 else []
        estimator.steps = [*before, (name, assemble(last, prepared, depth + 1, take_over))]
    else:
        own = estimator.get_params(deep=False)
        estimator.__dict__.update(fitted.__dict__ | own)
        estimator.regressor_ = assemble(clone(estimator.regressor), prepared, depth + 1, take_over)
    return estimator


def _resume(net: NeuralNet, prepared: Prepared, take_over: Callable[[NeuralNet], None]) -> NeuralNet:
    """Run a net's own `fit`, in which the end of another training stands for its own."""

    def partial_fit(*args: Any, **kwargs: Any) -> NeuralNet:
        net.__dict__.update(partial_fit=again, initialize=again)
        take_over(net)
        return net

    def again(*args: Any, **kwargs: Any) -> None:
        raise TrainsAgainError

    with stand_ins(net, partial_fit=partial_fit, initialize=lambda: net):
        return net.fit(prepared.X, prepared.y)


def capture(net: NeuralNet, prepared: Prepared) -> tuple[Any, Any]:
    """Run a net's own `fit` up to where its training begins: it is initialised, and what `fit` hands on is returned."""

    def partial_fit(X: Any, y: Any = None, classes: Any = None, _routing_method: str = "", **fit_params: Any) -> None:
        if fit_params or classes is not None:
            raise RefusalError(f"fit hands on {', '.join(sorted(fit_params)) or 'classes'}")
        raise _Captured(X, y)

    try:
        with stand_ins(net, partial_fit=partial_fit):
            net.fit(prepared.X, prepared.y)
    except _Captured as captured:
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
