"""The rules by which a model's numbers become its outputs, written once: as the last part of a graph."""

from typing import Any

import numpy as np
from onnx import TensorProto

from gridstage.export.card import Card, without
from gridstage.export.graph import Value
from gridstage.results.evaluation import IntervalSteps

# The type and the shape of each output, by its name.
Outputs = dict[str, tuple[int, list[Any]]]

_FLAT = np.array([-1])


def add_outputs(numbers: Value, card: Card, model: Any) -> Outputs:
    """Return the outputs of a model that makes `numbers`, in double.

    For probabilities, shape (rows, n_classes), these are `label` and `probabilities`; for predicted numbers, shape
    (rows, 1), `prediction` and, if the card has an interval, `low` and `high`. A column with such a name keeps it, and
    the output gets a question mark.
    """
    if card.classes:
        return _classes(numbers, card, model)
    prediction = _named("prediction", numbers, "Reshape", _FLAT)
    values = [prediction]
    if card.interval:
        half = _half_widths(numbers, card.interval)
        low = _named("low", prediction, "Sub", half)
        high = _named("high", prediction, "Add", half)
        values += [low, high]
    return {each.name: (TensorProto.DOUBLE, ["rows"]) for each in values}


def _classes(probabilities: Value, card: Card, model: Any) -> Outputs:
    n_classes, labels = len(card.classes), np.array(card.classes, dtype=object)
    if n_classes == 2:
        second = probabilities.columns([1]).apply("Reshape", _FLAT)
        is_second = second > _least_of_second(card, model)
        number = is_second.cast(TensorProto.INT64)
    else:
        number = probabilities.apply("ArgMax", axis=1, keepdims=0)
    name = without(number.graph.taken, "label")
    label = number.graph.add("Gather", labels, number, name=name)
    named = _named("probabilities", probabilities, "Identity")
    return {
        label.name: (TensorProto.STRING, ["rows"]),
        named.name: (TensorProto.DOUBLE, ["rows", n_classes]),
    }


def _least_of_second(card: Card, model: Any) -> float:
    """Return the probability above which the second of two classes is predicted."""
    if card.threshold is None:
        # skorch's classifiers of two classes have a threshold.
        return float(getattr(model, "threshold", 0.5))
    return float(np.nextafter(card.threshold, 0))  # from which on, not above which


def _half_widths(numbers: Value, interval: IntervalSteps) -> Value:
    """Return half the width of the interval around each number, shape (rows,)."""
    edges = np.array(interval.edges, dtype=np.float64)
    half_widths = np.array(interval.half_widths, dtype=np.float64)
    above = (numbers > edges[None]).cast(TensorProto.INT64)
    n_above = above.apply("ReduceSum", np.array([1]), keepdims=0)
    return numbers.graph.add("Gather", half_widths, n_above)


def _named(name: str, value: Value, operator: str, *others: Any) -> Value:
    """Return what an operator makes of a value, as an output of this name."""
    return value.apply(operator, *others, name=without(value.graph.taken, name))
