"""The steps around a net: of a Pipeline, or a transformed target. They are fitted once for all nets that share them."""

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from skorch import NeuralNet

from lockstep.members.fingerprint import fingerprint
from lockstep.members.numerics import random_states, seed_everything
from lockstep.members.own_fit import EndOfFitError, Prepared
from lockstep.members.refusals import RefusalError


class NetStub(BaseEstimator):
    """Stands in for the net while the steps around it are fitted and applied."""

    def fit(self, X: Any, y: Any = None) -> "NetStub":
        """Keep the rows and targets."""
        self.given_ = X, y
        return self

    def predict(self, X: Any) -> Any:
        """Hand out the rows."""
        raise EndOfFitError(X)


def net_of(estimator: Any) -> Any:
    """Return the net that an estimator trains, behind a Pipeline or a TransformedTargetRegressor.

    Parameters
    ----------
    estimator : estimator
        A net of skorch, an estimator around one, or any other. Steps may be nested.

    Returns
    -------
    NeuralNet or None
        The net itself, not a copy: the fitted one if the estimator is fitted. None if there is none.

    Examples
    --------
    >>> from lockstep import net_of
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skorch import NeuralNetClassifier
    >>> from torch import nn
    >>> net = NeuralNetClassifier(nn.Linear, module__in_features=4, module__out_features=3)
    >>> net_of(make_pipeline(StandardScaler(), net)) is net
    True
    >>> print(net_of(LogisticRegression()))
    None
    """
    inside = _inside(estimator)
    if inside is not None:
        return net_of(inside)
    if isinstance(estimator, NeuralNet):
        return estimator
    return None


def _inside(estimator: Any) -> Any:
    """Return the estimator inside another one, fitted if the outer one is; None for none."""
    if type(estimator) is Pipeline and estimator.steps:
        return estimator.steps[-1][1]
    if hasattr(estimator, "regressor"):
        # Not at the top, because it imports all linear models.
        from sklearn.compose import (
            TransformedTargetRegressor,
        )

        if type(estimator) is TransformedTargetRegressor:
            return getattr(estimator, "regressor_", estimator.regressor)
    return None


def without_net(estimator: Any) -> Any:
    """Return an estimator with a stub in the place of its net."""
    if isinstance(estimator, NeuralNet):
        return NetStub()
    inside = without_net(_inside(estimator))
    own = estimator.get_params(deep=False)
    if isinstance(estimator, Pipeline):
        *before, (name, _) = estimator.steps
        return Pipeline(**own | {"steps": [*before, (name, inside)]})
    return type(estimator)(**own | {"regressor": inside})


def prepare(estimator: BaseEstimator, X: Any, y: Any, seed: int) -> Prepared:
    """Fit the steps around the net of an estimator, as its own `fit` does under a seed."""
    seed_everything(seed)
    seeded = random_states()
    stub = fitted = without_net(estimator)
    before = None if isinstance(fitted, NetStub) else fingerprint([X, y])
    fitted.fit(X, y)
    if before is not None and fingerprint([X, y]) != before:
        raise RefusalError(
            "a step before the net changes its input rows in place",
            "let it change a copy of them",
        )
    while not isinstance(stub, NetStub):
        stub = _inside(stub)
    states = random_states()
    return Prepared(*stub.given_, fitted, None if states == seeded else states)


def assemble(
    estimator: Any, fitted: Any, resume: Callable[[NeuralNet], NeuralNet]
) -> Any:
    """Put an estimator into the state that its own `fit` would leave it in; `resume` does so with its net."""
    if isinstance(estimator, NeuralNet):
        return resume(estimator)
    if isinstance(estimator, Pipeline):
        name, net = estimator.steps[-1]
        estimator.steps = [
            *fitted.steps[:-1],
            (name, assemble(net, fitted.steps[-1][1], resume)),
        ]
    else:
        estimator.__dict__.update(vars(fitted) | estimator.get_params(deep=False))
        estimator.regressor_ = assemble(
            clone(estimator.regressor), fitted.regressor_, resume
        )
    return estimator
