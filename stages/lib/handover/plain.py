"""A model without a net, behind its preparation: out of scikit-learn's estimators, and out of a file's arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from stages.lib.handover.boosting import Boosting
from stages.lib.handover.card import Card
from stages.lib.handover.constant import Constant
from stages.lib.handover.forest import Forest
from stages.lib.handover.linear import Linear
from stages.lib.model.preparation import Preparation, make_scaler, numbers, take_over
from stages.lib.model.prepared import preparation_of, prepared

# Prefixes of the arrays' names.
PREPARE, TARGET, _MODEL = "prepare.", "target.", "model."


class _Kind(Protocol):
    """What each kind of model does with prepared rows."""

    def arrays(self) -> dict[str, np.ndarray]: ...

    def predict_proba(self, X: np.ndarray) -> np.ndarray: ...

    def predict_class(self, X: np.ndarray) -> np.ndarray: ...

    def predict_number(self, X: np.ndarray) -> np.ndarray: ...


_KINDS: dict[str, Any] = {"linear": Linear, "forest": Forest, "boosting": Boosting, "constant": Constant}


@dataclass(frozen=True)
class PlainModel:
    """A model without a net that predicts from arrays, as the estimator does that it was made of.

    Parameters
    ----------
    model : Linear, Forest, Boosting or Constant
    preparation : Preparation or None
        Fitted; None for a model that takes rows as they are, and for a constant.
    target : transformer or None
        The fitted scaler of the target of a regression.
    classify : bool
    """

    model: _Kind
    preparation: Preparation | None
    target: BaseEstimator | None
    classify: bool

    @classmethod
    def of(cls, fitted: BaseEstimator, classify: bool) -> "PlainModel":
        """Return a fitted baseline as arrays."""
        target = None
        if isinstance(fitted, TransformedTargetRegressor):
            target, fitted = fitted.transformer_, fitted.regressor_
        if isinstance(fitted, DummyClassifier | DummyRegressor):
            return cls(Constant.of(fitted), None, None, classify)
        preparation = preparation_of(fitted)
        model = fitted[-1] if preparation else fitted
        if isinstance(model, GridSearchCV):
            return cls(Boosting.of(model.best_estimator_), preparation, target, classify)
        if isinstance(model, RandomForestClassifier | RandomForestRegressor):
            return cls(Forest.of(model), preparation, target, classify)
        if isinstance(model, Pipeline):
            return cls(Linear.of(model), preparation, target, classify)
        raise TypeError(f"{type(model).__name__} has no form as arrays")

    @classmethod
    def from_arrays(cls, card: Card, arrays: Mapping[str, np.ndarray]) -> "PlainModel":
        """Return what a file has; raises `ValueError` with a sentence if its arrays are not those of its card."""
        rowless, inputs = card.without_rows(), card.prepare.model_copy(update={"target": None})
        preparation = None if card.kind == "constant" else preparation_of(prepared(DummyRegressor(), rowless, inputs))
        target = make_scaler(card.prepare.target).fit(np.zeros((2, 1))) if card.prepare.target else None
        learned: dict[str, np.ndarray] = {}
        if preparation:
            learned |= _named(PREPARE, preparation.take_over(_part(arrays, PREPARE)).learned())
        if target:
            take_over(target, _part(arrays, TARGET))
            learned |= _named(TARGET, dict(numbers(target)))
        n_columns = preparation.n_features_out if preparation else len(card.features)
        model = _KINDS[card.kind].from_arrays(_part(arrays, _MODEL), n_columns, len(card.classes))
        learned |= _named(_MODEL, model.arrays())
        if more := sorted(set(arrays) - set(learned)):
            raise ValueError(f"it has other arrays too, such as {more[0]}")
        return cls(model, preparation, target, bool(card.classes))

    @property
    def kind(self) -> str:
        """What its card calls it."""
        return next(name for name, kind in _KINDS.items() if isinstance(self.model, kind))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all its numbers by name."""
        named = _named(_MODEL, self.model.arrays())
        if self.preparation:
            named |= _named(PREPARE, self.preparation.learned())
        if self.target:
            named |= _named(TARGET, dict(numbers(self.target)))
        return named

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities of classes, shape (n_rows, n_classes), for rows of `Columns.as_array`."""
        return self.model.predict_proba(self._prepared(X))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the number of each row's class, or the predicted number, shape (n_rows,)."""
        rows = self._prepared(X)
        if self.classify:
            return self.model.predict_class(rows)
        found = self.model.predict_number(rows)
        return found if self.target is None else self.target.inverse_transform(found.reshape(-1, 1)).ravel()

    def _prepared(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.preparation.transform(X)) if self.preparation else X.astype(np.float32)


def _named(beginning: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{beginning}{name}": values for name, values in arrays.items()}


def _part(arrays: Mapping[str, np.ndarray], beginning: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(beginning): values for name, values in arrays.items() if name.startswith(beginning)}
