"""A model without a net, behind its preparation: out of scikit-learn's estimators, and out of a file's tensors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn import ensemble
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.extmath import softmax

from stages.lib.handover.arrays import ArrayModel, Constant, Linear, Tensors, named, part
from stages.lib.handover.card import Card, Kind
from stages.lib.handover.trees import Boosting, Forest
from stages.lib.model.preparation import Preparation, learned, make_scaler, take_over
from stages.lib.model.prepared import preparation_of, prepared

_MODEL = "model."

# What each kind is called in a card, its class, and the estimators that it is made of.
_KINDS: dict[Kind, tuple[type[ArrayModel], tuple[type, ...]]] = {
    "linear": (Linear, (Pipeline,)),
    "forest": (Forest, (ensemble.RandomForestClassifier, ensemble.RandomForestRegressor)),
    "boosting": (Boosting, (ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor)),
    "constant": (Constant, (DummyClassifier, DummyRegressor)),
}


@dataclass(frozen=True)
class PlainModel:
    """A model without a net that predicts from arrays, as the estimator does that it was made of.

    The preparation is fitted, and None for a model that takes rows as they are, and for a constant. `target` is the
    fitted scaler of the target of a regression, if there is one.
    """

    model: ArrayModel
    preparation: Preparation | None
    target: BaseEstimator | None
    classify: bool

    @classmethod
    def of(cls, fitted: BaseEstimator, classify: bool) -> "PlainModel":
        """Return a fitted baseline as arrays."""
        target = None
        if isinstance(fitted, TransformedTargetRegressor):
            target, fitted = fitted.transformer_, fitted.regressor_
        preparation = preparation_of(fitted)
        model: Any = fitted[-1] if preparation else fitted
        if isinstance(model, GridSearchCV):
            model = model.best_estimator_
        for kind, estimators in _KINDS.values():
            if isinstance(model, estimators):
                return cls(kind.of(model), preparation, target, classify)
        raise TypeError(f"{type(model).__name__} has no form as arrays")

    @classmethod
    def from_tensors(cls, card: Card, tensors: Tensors) -> "PlainModel":
        """Return what a file has; raises `KeyError` if it lacks some of its numbers."""
        rowless, inputs = card.without_rows(), card.prepare.model_copy(update={"target": None})
        preparation = None if card.kind == "constant" else preparation_of(prepared(DummyRegressor(), rowless, inputs))
        target = make_scaler(card.prepare.target).fit(np.zeros((2, 1))) if card.prepare.target else None
        take_over(preparation, target, tensors)
        arrays = {name: tensor.numpy() for name, tensor in part(tensors, _MODEL).items()}
        return cls(_KINDS[card.kind][0].from_arrays(arrays), preparation, target, bool(card.classes))

    @property
    def kind(self) -> Kind:
        """What its card calls it."""
        return next(name for name, (kind, _) in _KINDS.items() if isinstance(self.model, kind))

    def tensors(self) -> Tensors:
        """Return all its numbers by name."""
        return named(vars(self.model), _MODEL) | named(learned(self.preparation, self.target))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities of classes, shape (n_rows, n_classes), for rows of `Columns.as_array`."""
        outputs = self._outputs(X)
        if not self.model.log_odds:
            return outputs
        if outputs.shape[1] > 1:
            return np.asarray(softmax(outputs))
        second = expit(outputs[:, 0])
        return np.stack([1 - second, second], axis=1)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the number of each row's class, or the predicted number, shape (n_rows,)."""
        outputs = self._outputs(X)
        if self.classify:
            return outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).astype(int)
        return np.ravel(outputs if self.target is None else self.target.inverse_transform(outputs))

    def _outputs(self, X: np.ndarray) -> np.ndarray:
        rows = np.asarray(self.preparation.transform(X)) if self.preparation else X.astype(np.float32)
        return self.model.outputs(rows)
