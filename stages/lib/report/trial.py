"""What the report needs to try the answer: the fields of its form, its model as a text, and predictions to check by."""

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import floor, log10
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import pandas as pd
from markupsafe import Markup
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper

from stages.lib.common import UserError
from stages.lib.config import Data
from stages.lib.handover import Card, file_of, load_model
from stages.lib.handover.runtime import OnnxModel
from stages.lib.told.evaluation import class_names

# The most letters that a model may take in the page.
MOST_LETTERS = 1_500_000
# Of more inputs, those that matter most are shown, and the others are folded.
_MOST_FIELDS = 24
# Of more classes, the most probable are shown.
MOST_CLASSES = 8
_OTHERWISE = "`python -m stages.predict` predicts with it"

Cells = dict[str, float | str | None]
Field = dict[str, Any]


class Trial(NamedTuple):
    """A form, with the fields that it shows and those that it folds, and what its script reads: data, and a model.

    With a `problem`, a sentence, there is no form.
    """

    problem: str = ""
    card: Card | None = None
    form: dict[str, Any] | None = None
    shown: Sequence[Field] = ()
    folded: Sequence[Field] = ()
    data: Markup = Markup()
    model: str = ""
    most: int = MOST_CLASSES

    @staticmethod
    def written(number: float | None, thousands: str = "") -> str:
        """Return a number with six digits, or all before the point, as a field takes it; "" for none."""
        if not number:
            return "" if number is None else "0"
        decimals = max(1, 5 - floor(log10(abs(number))))
        return f"{number:{thousands}.{decimals}f}".rstrip("0").rstrip(".")


def trial_of(path: Path, spec: Data, importances: pd.DataFrame) -> Trial:
    """Return a form for the model at a path, or why there is none; `importances` are those of `files.INPUTS`."""
    none = "There is no form to try the answer, because"
    if (file := file_of(path)) != path:
        return Trial(f"{none} ONNX can't express the net in {file}: {_OTHERWISE}.")
    if not path.exists():
        return Trial(f"{none} {path} is missing: `dvc repro evaluate` writes it.")
    try:
        model, card = load_model(path)
    except UserError as error:
        return Trial(f"There is no form to try the answer: {error}")
    assert isinstance(model, OnnxModel)  # others are in other files
    text = packed(onnx.load_from_string(model.content))
    if len(text) > MOST_LETTERS:
        size = (
            f"{len(text) / 1e6:.1f} MB, and this page may take {MOST_LETTERS / 1e6:.1f}"
        )
        return Trial(
            f"There is no form to try {card.called}, which takes {size}: {_OTHERWISE}."
        )
    form = form_of(card, spec)
    shown, folded = _by_importance(form["inputs"], importances)
    return Trial("", card, form, shown, folded, _script(model, card, form), text)


def form_of(card: Card, spec: Data) -> dict[str, Any]:
    """Return the form of a model, whose columns `spec` describes: its target, and a field for each input, for JSON.

    A field has the `range` in training, the limits of what is `far` outside of that, and those of params.yaml; whether
    a prediction `may_lack` it, and whether 0 means so; and what is `typical`: a number, a category, 0 or 1 of a
    boolean, or nothing where a whole column is missing.
    """
    inputs = [
        {
            "name": each.name,
            "kind": each.type,
            "categories": each.categories,
            "missing": each.missing,
        }
        | {
            "typical": each.typical,
            "range": each.range,
            "far": each.limits,
            "zero_is_missing": each.zeros,
        }
        | {"unit": column.unit, "least": column.min, "most": column.max}
        | {"may_lack": column.missing is not None and each.name in card.may_lack}
        for each in card.inputs
        for column in [spec.column(each.name)]
    ]
    target = {"target": card.target, "unit": spec.column(card.target).unit}
    return target | {
        "classes": card.classes,
        "names": class_names(card.classes),
        "inputs": inputs,
    }


def _by_importance(
    inputs: list[Field], importances: pd.DataFrame
) -> tuple[list[Field], list[Field]]:
    """Return the fields that are shown, and those that are folded, both in the order of the table."""
    of_answer = importances[importances["role"].str.contains("answer")]
    worth = of_answer.set_index("column")["importance"].to_dict()
    by_worth = sorted(inputs, key=lambda field: -worth.get(field["name"], 0.0))
    shown = {field["name"] for field in by_worth[:_MOST_FIELDS]}
    in_order = sorted(inputs, key=lambda field: field["name"] not in shown)
    return in_order[:_MOST_FIELDS], in_order[_MOST_FIELDS:]


def _script(model: OnnxModel, card: Card, form: dict[str, Any]) -> Markup:
    """Return what the script reads besides the model, as JSON."""
    checks = list(_checks(form["inputs"]))
    X = pd.DataFrame(checks, columns=[field["name"] for field in form["inputs"]])
    outputs = model.outputs(card, X)
    finite = (
        np.isfinite(outputs[-1]).reshape(len(checks), -1).all(axis=1)
    )  # where a needed cell has no typical value
    share = Fraction(card.interval.level if card.interval else 0).limit_denominator(100)
    expected = zip(*(each.tolist() for each in outputs), strict=True)
    data = form | {
        "checks": [
            {"cells": cells, "expected": predicted}
            for cells, predicted, is_finite in zip(
                checks, expected, finite, strict=True
            )
            if is_finite
        ],
        "cases": f"in {share.numerator} of {share.denominator} cases"
        if card.interval
        else "",
        "most": MOST_CLASSES,
    }
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def _checks(inputs: list[Field]) -> Iterator[Cells]:
    """Yield rows that lead through many parts of a model: a typical one, both ends of each range, and missing cells."""
    typical: Cells = {field["name"]: field["typical"] for field in inputs}
    yield typical
    for end in (0, -1):
        yield {
            field["name"]: (
                field["range"] or field["categories"] or [field["typical"]]
            )[end]
            for field in inputs
        }
    yield typical | {field["name"]: None for field in inputs if field["may_lack"]}


def packed(model: ModelProto) -> str:
    """Return the graph of a model as JSON, compressed, in base64, of which no letter means something in HTML."""
    text = json.dumps(graph_of(model), separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode())).decode()


def graph_of(model: ModelProto) -> dict[str, Any]:
    """Return inputs, outputs, constant tensors and nodes of a graph, in a form that JSON can hold."""
    graph = model.graph
    return {
        "inputs": [
            {"name": each.name, "type": _named(each.type.tensor_type.elem_type)}
            for each in graph.input
        ],
        "outputs": [each.name for each in graph.output],
        "tensors": {each.name: _tensor(each) for each in graph.initializer},
        "nodes": [
            {
                "op": node.op_type,
                "inputs": list(node.input),
                "outputs": list(node.output),
                "attributes": {each.name: _attribute(each) for each in node.attribute},
            }
            for node in graph.node
        ],
    }


def _named(kind: int) -> str:
    return (
        "string"
        if kind == TensorProto.STRING
        else helper.tensor_dtype_to_np_dtype(kind).name
    )


def _tensor(tensor: TensorProto) -> dict[str, Any]:
    """Return a tensor with its values: a list of texts, or the bytes of numbers, the lowest byte first, as base64."""
    values, kind = numpy_helper.to_array(tensor), _named(tensor.data_type)
    if kind == "string":
        data: Any = [
            each.decode() if isinstance(each, bytes) else str(each)
            for each in values.ravel()
        ]
    else:
        data = base64.b64encode(
            np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        ).decode()
    return {"type": kind, "shape": list(values.shape), "data": data}


def _attribute(attribute: AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, TensorProto):
        return _tensor(value)
    if attribute.name == "to":  # whose value is a type
        return _named(value)
    if isinstance(value, bytes):
        return value.decode()
    return value if isinstance(value, int | float) else list(value)
