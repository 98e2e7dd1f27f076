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

from stages.lib.export.card import Card, ModelKind, without
from stages.lib.export.graph import Graph
from stages.lib.export.net_graph import net_graph
from stages.lib.export.prepared_rows import add_rows
from stages.lib.export.quantiles import add_back
from stages.lib.export.trees import add_boosting, add_forest
from stages.lib.model.preparation import Preparation
from stages.lib.model.prepared import preparation_of

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
    return (
        preparation,
        model.best_estimator_ if isinstance(model, GridSearchCV) else model,
        target,
    )


def kind_of(estimator: BaseEstimator) -> ModelKind:
    """Return what the card of a fitted model calls it."""
    _, model, _ = parts_of(estimator)
    return next(
        (kind for kind, types in _KINDS.items() if isinstance(model, types)), "net"
    )


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

    Inputs are the columns by name, of shape (rows, 1): float64, or a string for a category. Outputs are `label` and
    `probabilities`, or `prediction` and, if the card has an interval, `low` and `high`; a column with such a name keeps
    it, and the output gets a question mark. Raises `NotExportableError` for a net that ONNX can't express.
    """
    names = [each.name for each in card.inputs]
    graph = Graph(names)
    preparation, model, target = parts_of(estimator)
    rows = add_rows(graph, card, preparation)
    outputs = _ADD[card.kind](graph, rows, model, card)
    outputs = graph.cast(outputs, TensorProto.DOUBLE)
    found = (
        _classes(graph, outputs, card, model)
        if card.classes
        else _numbers(graph, outputs, card, target)
    )
    inputs = {
        each.name: TensorProto.STRING if each.type == "category" else TensorProto.DOUBLE
        for each in card.inputs
    }
    return graph.model(inputs, found, _ABOUT)


def _linear(graph: Graph, rows: str, model: Pipeline, card: Card) -> str:
    scaler, linear = model[-2:]
    exact = graph.cast(rows, TensorProto.DOUBLE)
    scaled = graph.add("Div", graph.add("Sub", exact, scaler.mean_), scaler.scale_)
    coefficients = np.atleast_2d(linear.coef_).T.astype(np.float64)
    return _log_odds(
        graph,
        graph.add("Gemm", scaled, coefficients, np.float64(linear.intercept_)),
        linear,
    )


def _boosting(graph: Graph, rows: str, model: Any, card: Card) -> str:
    n_codes = max(len(each.categories) for each in card.inputs)
    return _log_odds(
        graph,
        add_boosting(graph, graph.cast(rows, TensorProto.DOUBLE), model, n_codes),
        model,
    )


def _log_odds(graph: Graph, outputs: str, model: Any) -> str:
    """Return probabilities, if the model predicts classes."""
    n_classes = len(getattr(model, "classes_", ()))
    if n_classes > 2:
        return graph.add("Softmax", outputs, axis=1)
    if not n_classes:
        return outputs
    second = graph.add("Sigmoid", outputs)
    return graph.add("Concat", graph.add("Sub", 1.0, second), second, axis=1)


def _constant(
    graph: Graph, rows: str, model: DummyClassifier | DummyRegressor, card: Card
) -> str:
    values = (
        model.class_prior_
        if isinstance(model, DummyClassifier)
        else model.constant_.ravel()
    )
    n_rows = graph.add("Shape", rows, end=1)
    return graph.add(
        "Expand",
        values[None].astype(np.float64),
        graph.add("Concat", n_rows, np.array([1]), axis=0),
    )


class _AsPredicted(nn.Module):
    """A module with what skorch does to its outputs before they are predictions."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.module, self.nonlinearity = net.module_, net._get_predict_nonlinearity()

    def forward(self, rows: Tensor) -> Tensor:
        outputs = self.module(rows)
        outputs = self.nonlinearity(
            outputs[0] if isinstance(outputs, tuple) else outputs
        )
        return outputs.unsqueeze(-1).flatten(
            1
        )  # of the shape (n,), (n, k) or (n, k, 1)


def _net(graph: Graph, rows: str, net: Any, card: Card) -> str:
    return graph.include(net_graph(_AsPredicted(net), net.n_features_in_).graph, rows)


_ADD: dict[ModelKind, Callable[[Graph, str, Any, Card], str]] = {
    "net": _net,
    "linear": _linear,
    "forest": lambda graph, rows, model, card: add_forest(
        graph, graph.cast(rows, TensorProto.DOUBLE), model
    ),
    "boosting": _boosting,
    "constant": _constant,
}

Outputs = dict[str, tuple[int, list[Any]]]


def _classes(graph: Graph, probabilities: str, card: Card, model: Any) -> Outputs:
    if len(card.classes) == 2:
        second = graph.add("Reshape", graph.columns(probabilities, [1]), np.array([-1]))
        number = graph.cast(
            graph.add("Greater", second, least_of_second(card, model)),
            TensorProto.INT64,
        )
    else:
        number = graph.add("ArgMax", probabilities, axis=1, keepdims=0)
    label = graph.add(
        "Gather",
        np.array(card.classes, dtype=object),
        number,
        name=without(graph.taken, "label"),
    )
    named = graph.add(
        "Identity", probabilities, name=without(graph.taken, "probabilities")
    )
    return {
        label: (TensorProto.STRING, ["rows"]),
        named: (TensorProto.DOUBLE, ["rows", len(card.classes)]),
    }


def least_of_second(card: Card, model: Any) -> float:
    """Return the probability above which the second of two classes is predicted."""
    if card.threshold is None:
        return float(
            getattr(model, "threshold", 0.5)
        )  # skorch's classifiers of two classes have one
    return float(np.nextafter(card.threshold, 0))  # from which on, not above which


def _numbers(graph: Graph, outputs: str, card: Card, target: Any) -> Outputs:
    outputs = graph.add("Reshape", outputs, np.array([-1, 1]))
    if card.prepare.target == "standard":
        outputs = graph.add(
            "Add", graph.add("Mul", outputs, target.scale_), target.mean_
        )
    elif target is not None:
        outputs = add_back(graph, outputs, target)
    found = [
        graph.add(
            "Reshape", outputs, np.array([-1]), name=without(graph.taken, "prediction")
        )
    ]
    if card.interval:
        above = graph.add(
            "Greater", outputs, np.array(card.interval.edges, dtype=np.float64)[None]
        )
        above = graph.add(
            "ReduceSum", graph.cast(above, TensorProto.INT64), np.array([1]), keepdims=0
        )
        half = graph.add(
            "Gather", np.array(card.interval.half_widths, dtype=np.float64), above
        )
        found += [
            graph.add(each, found[0], half, name=without(graph.taken, name))
            for each, name in (("Sub", "low"), ("Add", "high"))
        ]
    return {name: (TensorProto.DOUBLE, ["rows"]) for name in found}
