"""A fitted model as one ONNX graph: from the cells of a table to labels, probabilities, numbers and intervals."""

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto
from sklearn import ensemble
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from torch import Tensor, nn

from gridstage.export.card import Card, Input, ModelKind
from gridstage.export.graph import Graph, Value
from gridstage.export.net_graph import net_graph
from gridstage.export.outputs import add_outputs
from gridstage.export.prepared_rows import add_rows
from gridstage.export.quantiles import add_back
from gridstage.export.trees import add_boosting, add_forest
from gridstage.model.preparation import Preparation
from gridstage.model.prepared import preparation_of

_ABOUT = "Made by a pipeline that tunes nets for tables; the metadata `card` says what each input is."


def parts_of(
    estimator: BaseEstimator,
) -> tuple[Preparation | None, Any, BaseEstimator | None]:
    """Return the preparation, the model and the scaler of the target of a fitted estimator."""
    target = None
    if isinstance(estimator, TransformedTargetRegressor):
        target, estimator = estimator.transformer_, estimator.regressor_
    preparation = preparation_of(estimator)
    model: Any = estimator[-1] if preparation else estimator
    if isinstance(model, GridSearchCV):
        model = model.best_estimator_
    return preparation, model, target


def kind_of(estimator: BaseEstimator) -> ModelKind:
    """Return what the card of a fitted model calls it."""
    _, model, _ = parts_of(estimator)
    for kind, types in _KINDS.items():
        if isinstance(model, types):
            return kind
    return "net"


_KINDS: dict[ModelKind, tuple[type, ...]] = {
    "linear": (Pipeline,),
    "forest": (ensemble.RandomForestClassifier, ensemble.RandomForestRegressor),
    "boosting": (
        ensemble.HistGradientBoostingClassifier,
        ensemble.HistGradientBoostingRegressor,
    ),
    "constant": (DummyClassifier, DummyRegressor),
}


def as_onnx(estimator: BaseEstimator, card: Card) -> ModelProto:
    """Return the graph of a fitted model, without its card.

    Inputs are the columns by name, of shape (rows, 1): float64, or a string for a category. `add_outputs` says what the
    outputs are. Raises `NotExportableError` for a net that ONNX can't express.
    """
    graph = Graph([each.name for each in card.inputs])
    preparation, model, target = parts_of(estimator)
    rows = add_rows(graph, card, preparation)
    numbers = _ADD[card.kind](rows, model, card).cast(TensorProto.DOUBLE)
    if not card.classes:
        numbers = _in_own_unit(numbers, card, target)
    outputs = add_outputs(numbers, card, model)
    inputs = {each.name: _type_of(each) for each in card.inputs}
    return graph.model(inputs, outputs, _ABOUT)


def _type_of(column: Input) -> int:
    return TensorProto.STRING if column.type == "category" else TensorProto.DOUBLE


def _linear(rows: Value, model: Pipeline, card: Card) -> Value:
    scaler, linear = model[-2:]
    scaled = (rows.cast(TensorProto.DOUBLE) - scaler.mean_) / scaler.scale_
    coefficients = np.atleast_2d(linear.coef_).T.astype(np.float64)
    sums = scaled.apply("Gemm", coefficients, np.float64(linear.intercept_))
    return _probabilities(sums, linear)


def _forest(rows: Value, model: Any, card: Card) -> Value:
    return add_forest(rows.cast(TensorProto.DOUBLE), model)


def _boosting(rows: Value, model: Any, card: Card) -> Value:
    n_codes = max(len(each.categories) for each in card.inputs)
    sums = add_boosting(rows.cast(TensorProto.DOUBLE), model, n_codes)
    return _probabilities(sums, model)


def _probabilities(outputs: Value, model: Any) -> Value:
    """Return probabilities for log-odds, if the model predicts classes."""
    n_classes = len(getattr(model, "classes_", ()))
    if n_classes > 2:
        return outputs.apply("Softmax", axis=1)
    if not n_classes:
        return outputs
    second = outputs.apply("Sigmoid")
    return (1.0 - second).apply("Concat", second, axis=1)


def _constant(
    rows: Value, model: DummyClassifier | DummyRegressor, card: Card
) -> Value:
    is_classifier = isinstance(model, DummyClassifier)
    values = model.class_prior_ if is_classifier else model.constant_.ravel()
    n_rows = rows.apply("Shape", end=1)
    shape = n_rows.apply("Concat", np.array([1]), axis=0)
    return rows.graph.add("Expand", values[None].astype(np.float64), shape)


class _AsPredicted(nn.Module):
    """A module with what skorch does to its outputs before they are predictions."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.module, self.nonlinearity = net.module_, net._get_predict_nonlinearity()

    def forward(self, rows: Tensor) -> Tensor:
        outputs = self.module(rows)
        if isinstance(outputs, tuple):
            outputs = outputs[0]
        # Of the shape (n,), (n, k) or (n, k, 1).
        return self.nonlinearity(outputs).unsqueeze(-1).flatten(1)


def _net(rows: Value, net: Any, card: Card) -> Value:
    own = net_graph(_AsPredicted(net), net.n_features_in_)
    return rows.graph.include(own.graph, rows)


_ADD: dict[ModelKind, Callable[[Value, Any, Card], Value]] = {
    "net": _net,
    "linear": _linear,
    "forest": _forest,
    "boosting": _boosting,
    "constant": _constant,
}


def _in_own_unit(outputs: Value, card: Card, target: Any) -> Value:
    """Return predicted numbers in the unit of the target, shape (n_rows, 1)."""
    numbers = outputs.apply("Reshape", np.array([-1, 1]))
    if card.prepare.target == "standard":
        return numbers * target.scale_ + target.mean_
    return numbers if target is None else add_back(numbers, target)
