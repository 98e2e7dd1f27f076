"""A model without a net, behind its preparation: out of scikit-learn's estimators, and out of a file's tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from sklearn import ensemble
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.extmath import softmax

from stages.lib.handover.card import Card, Kind
from stages.lib.handover.trees import Boosting, Forest
from stages.lib.model.preparation import Preparation, learned, make_scaler, take_over
from stages.lib.model.prepared import preparation_of, prepared

Tensors = dict[str, torch.Tensor]
_MODEL = "model."


def named(arrays: Mapping[str, np.ndarray], prefix: str = "") -> Tensors:
    """Return arrays as tensors whose names begin with a prefix."""
    return {f"{prefix}{name}": torch.from_numpy(np.ascontiguousarray(values)) for name, values in arrays.items()}


@dataclass(frozen=True)
class _Linear:
    """A StandardScaler, with the mean and scale of each input, and a linear model of `stages.lib.winners`.

    Each result is that model's, bit by bit: computed in float64, and rounded to float32.
    """

    mean: np.ndarray
    scale: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray

    log_odds = True

    @classmethod
    def of(cls, fitted: Pipeline) -> "_Linear":
        scaler, model = fitted[-2], fitted[-1]
        return cls(scaler.mean_, scaler.scale_, model.coef_, np.atleast_1d(model.intercept_))

    def outputs(self, X: np.ndarray) -> np.ndarray:
        scaled = (X.astype(np.float64) - self.mean) / self.scale
        sums = scaled @ self.coef.T + self.intercept
        return np.reshape(sums.astype(np.float32).astype(np.float64), (len(X), -1))


@dataclass(frozen=True)
class _Constant:
    """A DummyClassifier of the strategy `prior`, or a DummyRegressor: the share of each class, or the mean."""

    values: np.ndarray

    log_odds = False

    @classmethod
    def of(cls, fitted: DummyClassifier | DummyRegressor) -> "_Constant":
        return cls(fitted.class_prior_ if isinstance(fitted, DummyClassifier) else fitted.constant_.ravel())

    def outputs(self, X: np.ndarray) -> np.ndarray:
        return np.tile(self.values, (len(X), 1))


# What each kind is called in a card, its class, and the estimators that it is made of. The fields of a class are the
# arrays of a file. Its `outputs` for prepared rows, shape (n_rows, n_outputs), are the number that a regression
# predicts, a share for each class, or, with `log_odds`, its log-odds, of two classes those of the second one alone.
_KINDS: dict[Kind, tuple[Any, tuple[type, ...]]] = {
    "linear": (_Linear, (Pipeline,)),
    "forest": (Forest, (ensemble.RandomForestClassifier, ensemble.RandomForestRegressor)),
    "boosting": (Boosting, (ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor)),
    "constant": (_Constant, (DummyClassifier, DummyRegressor)),
}


@dataclass(frozen=True)
class PlainModel:
    """A model without a net that predicts from arrays, as the estimator does that it was made of.

    The preparation is fitted, and None for a model that takes rows as they are, and for a constant. `target` is the
    fitted scaler of the target of a regression, if there is one.
    """

    model: Any
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
        made = next(made for made, estimators in _KINDS.values() if isinstance(model, estimators))
        return cls(made.of(model), preparation, target, classify)

    @classmethod
    def from_tensors(cls, card: Card, tensors: Tensors) -> "PlainModel":
        """Return what a file has; raises `KeyError` if it lacks some of its numbers."""
        rowless, inputs = card.without_rows(), card.prepare.model_copy(update={"target": None})
        preparation = None if card.kind == "constant" else preparation_of(prepared(DummyRegressor(), rowless, inputs))
        target = make_scaler(card.prepare.target).fit(np.zeros((2, 1))) if card.prepare.target else None
        take_over(preparation, target, tensors)
        kind, _ = _KINDS[card.kind]
        model = kind(**{field.name: tensors[f"{_MODEL}{field.name}"].numpy() for field in fields(kind)})
        return cls(model, preparation, target, bool(card.classes))

    @property
    def kind(self) -> Kind:
        """What its card calls it."""
        return next(name for name, (kind, _) in _KINDS.items() if isinstance(self.model, kind))

    def tensors(self) -> Tensors:
        """Return all its numbers by name."""
        return named(vars(self.model), _MODEL) | named(learned(self.preparation, self.target))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities of classes, shape (n_rows, n_classes), for rows of `Columns.as_array`."""
        return self.classes_of(X)[0]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the number of each row's class, or the predicted number, shape (n_rows,)."""
        if self.classify:
            return self.classes_of(X)[1]
        outputs = self._outputs(X)
        return np.ravel(outputs if self.target is None else self.target.inverse_transform(outputs))

    def classes_of(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the probabilities of classes, and the number of each row's class, of one run of the model."""
        outputs = self._outputs(X)
        if outputs.shape[1] > 1:
            return np.asarray(softmax(outputs)) if self.model.log_odds else outputs, outputs.argmax(axis=1)
        second = expit(outputs[:, 0])
        return np.stack([1 - second, second], axis=1), (outputs[:, 0] > 0).astype(int)

    def _outputs(self, X: np.ndarray) -> np.ndarray:
        rows = np.asarray(self.preparation.transform(X)) if self.preparation else X.astype(np.float32)
        return np.asarray(self.model.outputs(rows))
