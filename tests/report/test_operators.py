"""The operators of the page that tries a model, on tensors that onnxruntime computes, too."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, helper, numpy_helper
from onnxruntime import InferenceSession
from playwright.sync_api import Browser, Page

from stages.lib.report.templating import fill
from stages.lib.report.trial import graph_of

RNG = np.random.default_rng(0)
Case = tuple[
    str, list[Any], dict[str, Any]
]  # an operator, its inputs and its attributes
SCRIPTS = ("tensors", "arrays", "trees", "operators")

WIDE = RNG.normal(size=(3, 4)) * 3
POSITIVE = np.abs(WIDE) + 0.1
CUBE = RNG.normal(size=(2, 3, 4))
WITH_GAPS = np.where(WIDE > 2, np.nan, WIDE)
IS = WIDE > 0
TEXTS = np.array([["a", "b"], ["", "ö"]], dtype=object)
COUNTS = np.array([[7, -7, 5], [0, 3, -4]])
PER_COLUMN = np.abs(RNG.normal(size=4)) + 0.5

# Functions of single numbers, each with attributes that are not the defaults.
OF_NUMBERS: dict[str, dict[str, Any]] = {
    **{
        name: {}
        for name in "Abs Cos Erf Exp Floor HardSwish Identity IsNaN Mish Neg Reciprocal Relu".split()
    },
    **{name: {} for name in "Round Sigmoid Sign Sin Softplus Softsign Tanh".split()},
    **{
        "Celu": {"alpha": 0.7},
        "Elu": {"alpha": 0.7},
        "HardSigmoid": {"alpha": 0.3, "beta": 0.4},
    },
    **{
        "LeakyRelu": {"alpha": 0.2},
        "Gelu": {"approximate": "tanh"},
        "Selu": {"alpha": 1.5, "gamma": 1.1},
    },
}
OF_TWO = (
    "Add Div Greater GreaterOrEqual Less LessOrEqual Max Min Mul Pow PRelu Sub".split()
)
# Which onnxruntime computes in float32 alone; its GELU of doubles is exact to 1e-7.
SINGLE = {
    *"Celu Elu Erf Gelu HardSigmoid HardSwish LeakyRelu Mish Selu Softplus Softsign".split()
}


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def cases() -> Iterator[Case]:
    """Yield operators with their inputs and attributes."""
    for name, attributes in OF_NUMBERS.items():
        yield name, [WIDE.astype(np.float32)], attributes
        yield name, [WIDE.astype(np.float32)], {}
        if name not in SINGLE:
            yield name, [WIDE], attributes
    for name in OF_TWO:
        if name != "PRelu":
            yield name, [POSITIVE, PER_COLUMN], {}
        other = [[2]] if name == "Pow" else [[2], [0.5], [1]]
        yield name, [WIDE.astype(np.float32), np.array(other, dtype=np.float32)], {}
    yield "Round", [np.array([0.5, 1.5, 2.5, -0.5, -1.5, 0.49])], {}
    yield "Div", [COUNTS, ints(2)], {}
    yield "IsNaN", [WITH_GAPS], {}
    for name in ("Log", "Sqrt"):
        yield name, [POSITIVE], {}
    for name in ("And", "Or"):
        yield name, [IS, IS[:, :1]], {}
    yield "Not", [IS], {}
    yield "Equal", [TEXTS, np.array(["ö"], dtype=object)], {}
    yield "Equal", [COUNTS, ints(3)], {}
    yield "Where", [IS, WIDE, np.array(0.5)], {}
    yield "Where", [np.array([True, False]), np.array("x", dtype=object), TEXTS], {}
    yield "Clip", [WIDE, np.array(-1.0), np.array(2.0)], {}
    yield "Clip", [WIDE, None, np.array(0.5)], {}
    for to in (1, 7, 9, 11):  # float, int64, bool, double
        yield "Cast", [WIDE], {"to": to}
        yield "Cast", [IS], {"to": to}
    yield (
        "BatchNormalization",
        [WIDE, *RNG.normal(size=(3, 4)), PER_COLUMN],
        {"epsilon": 0.1},
    )
    yield "LayerNormalization", [CUBE, RNG.normal(size=4), PER_COLUMN], {}
    yield (
        "LayerNormalization",
        [CUBE, RNG.normal(size=(3, 4))],
        {"axis": 1, "epsilon": 0.1},
    )
    yield (
        "Gemm",
        [WIDE, RNG.normal(size=(2, 4)), RNG.normal(size=2)],
        {"transB": 1, "alpha": 0.5, "beta": 2.0},
    )
    yield "Gemm", [WIDE, RNG.normal(size=(3, 2))], {"transA": 1}
    yield "MatMul", [CUBE, RNG.normal(size=(2, 4, 5))], {}
    yield "MatMul", [CUBE, RNG.normal(size=(4, 1))], {}
    yield "Concat", [CUBE, CUBE[:, :1]], {"axis": 1}
    yield "Concat", [TEXTS, TEXTS], {"axis": -1}
    yield "Expand", [WIDE[:, :1], ints(2, 3, 4)], {}
    yield "Flatten", [CUBE], {}
    yield "Flatten", [CUBE], {"axis": -1}
    yield "Gather", [CUBE, ints(2, 0, -1)], {"axis": 1}
    yield "Gather", [TEXTS[0], np.array([[1, 0]])], {}
    yield "Reshape", [CUBE, ints(0, -1)], {}
    yield "Reshape", [CUBE, ints(-1, 6)], {"allowzero": 1}
    yield "Shape", [CUBE], {}
    yield "Shape", [CUBE], {"start": -2, "end": -1}
    yield "Slice", [CUBE, ints(1, -3), ints(2**60, -1), ints(1, 2)], {}
    yield "Slice", [CUBE, ints(3), ints(-(2**60)), ints(-1), ints(-2)], {}
    yield "Squeeze", [CUBE[:1, :, :1], ints(0, -1)], {}
    yield "Squeeze", [CUBE[:1, :, :1]], {}
    yield "Transpose", [CUBE], {"perm": [1, 2, 0]}
    yield "Transpose", [CUBE], {}
    yield "Unsqueeze", [WIDE, ints(0, -1)], {}
    for name in ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"):
        yield name, [CUBE, ints(0, -1)], {}
        yield name, [CUBE, ints(1)], {"keepdims": 0}
        yield name, [CUBE], {}
    yield "ReduceSum", [CUBE], {"noop_with_empty_axes": 1}
    yield "ArgMax", [CUBE], {"axis": -1, "keepdims": 0}
    yield "ArgMax", [np.round(CUBE)], {}
    for name in ("LogSoftmax", "Softmax"):
        yield name, [CUBE * 300], {}
        yield name, [CUBE.astype(np.float32)], {"axis": 1}
    for keys, values in (
        (TEXTS[0], np.array([1.5, 2.5])),
        (TEXTS[1], ints(4, 2)),
        (TEXTS[1], TEXTS[0]),
    ):
        encoded = {
            "keys_tensor": keys,
            "values_tensor": values,
            "default_tensor": values[-1:],
        }
        yield "LabelEncoder", [TEXTS], encoded
    numbers = {"keys_tensor": np.array([np.nan, WIDE[0, 0]]), "values_tensor": TEXTS[0]}
    yield "LabelEncoder", [WITH_GAPS], numbers | {"default_tensor": TEXTS[1, 1:]}
    yield from trees()


def trees() -> Iterator[Case]:
    """Yield ensembles of two trees, with all comparisons, sets and missing values, and rows."""
    modes, n_splits, n_leaves = np.arange(14, dtype=np.uint8) % 7, 14, 16
    below = [1, 3, 5, 0, 2, 4, 6]  # of the splits of a tree, and then of its leaves
    left, right = below, [2, 4, 6, 1, 3, 5, 7]
    is_leaf = [0, 0, 0, 1, 1, 1, 1] * 2
    start = [[7 * (i // 7), 8 * (i // 7)][is_leaf[i]] for i in range(n_splits)]
    for _ in range(4):
        attributes = {
            "n_targets": 2,
            "tree_roots": [0, 7],
            "leaf_targetids": [i % 2 for i in range(n_leaves)],
            "leaf_weights": RNG.normal(size=n_leaves),
            "membership_values": np.array([0, 2, np.nan, 1, np.nan]),
            "nodes_featureids": [int(i) for i in RNG.integers(3, size=n_splits)],
            "nodes_splits": RNG.integers(3, size=n_splits).astype(float),
            "nodes_modes": modes,
            "nodes_missing_value_tracks_true": [
                int(i) for i in RNG.integers(2, size=n_splits)
            ],
            "nodes_truenodeids": [left[i % 7] + start[i] for i in range(n_splits)],
            "nodes_falsenodeids": [right[i % 7] + start[i] for i in range(n_splits)],
            "nodes_trueleafs": is_leaf,
            "nodes_falseleafs": is_leaf,
        }
        for _ in range(40):
            yield (
                "TreeEnsemble",
                [RNG.choice([0.0, 1.0, 2.0, 3.0, np.nan], size=(1, 3))],
                attributes,
            )


def model_of(every: list[Case]) -> ModelProto:
    """Return a graph of operators on constants, each with an output."""
    nodes, constants = [], []
    for number, (operator, given, attributes) in enumerate(every):
        names = [
            f"{number}_{i}" if each is not None else "" for i, each in enumerate(given)
        ]
        constants += [
            numpy_helper.from_array(each, name)
            for each, name in zip(given, names, strict=True)
            if name
        ]
        own = {
            k: numpy_helper.from_array(v, k) if isinstance(v, np.ndarray) else v
            for k, v in attributes.items()
        }
        domain = "ai.onnx.ml" if operator in {"LabelEncoder", "TreeEnsemble"} else ""
        nodes.append(
            helper.make_node(operator, names, [str(number)], domain=domain, **own)
        )
    outputs = [
        helper.make_empty_tensor_value_info(str(number)) for number in range(len(every))
    ]
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 5)]
    return helper.make_model(
        helper.make_graph(nodes, "all", [], outputs, constants),
        opset_imports=opsets,
        ir_version=10,
    )


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.add_script_tag(content="".join(fill(f"{name}.js") for name in SCRIPTS))
    yield page
    page.close()


RUN = "graph => Object.values(opened(graph)({})).map(({ type, shape, data }) => [type, shape, [...data]])"


def test_operators_compute_what_onnxruntime_does(page: Page) -> None:
    every = list(cases())
    model = model_of(every)
    outputs = InferenceSession(model.SerializeToString()).run(None, {})
    for case, expected, (kind, shape, data) in zip(
        every, outputs, page.evaluate(RUN, graph_of(model)), strict=True
    ):
        assert (kind.replace("string", "object"), tuple(shape)) == (
            str(expected.dtype),
            expected.shape,
        ), case
        if kind == "string":
            assert data == expected.ravel().tolist(), case
        else:
            rtol, atol = (2e-6, 2e-7) if kind == "float32" else (1e-12, 1e-15)
            found, wanted = np.array(data, dtype=float), expected.ravel().astype(float)
            np.testing.assert_allclose(found, wanted, rtol, atol, err_msg=str(case))
    assert {operator for operator, *_ in every} == set(
        page.evaluate("Object.keys(operators)")
    )
