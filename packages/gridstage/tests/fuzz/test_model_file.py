"""Model files with other bytes, cards or numbers: refused in sentences, or they predict what a model can predict.

They are ONNX files, and those of nets that ONNX can't express.
"""

import csv
import hashlib
import io
import json
import math
import struct
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load

from gridstage.baselines.baselines import baselines
from gridstage.commands import predict
from gridstage.config import Params
from gridstage.engine import seed_everything
from gridstage.handover import ANSWER_FILE, MODEL_FILE, Card, kind_of
from gridstage.handover.model_file import exported, with_card
from gridstage.handover.net_file import digest_of, net_content
from gridstage.model import build_estimator, resolve_settings, rows, target
from packages.gridstage.tests.fuzz.mutations import VALUES, changed, cuts, spoilt, steps
from packages.gridstage.tests.fuzz.survival import FUZZED, files, refused_or
from packages.gridstage.tests.passengers import TYPES, passengers
from packages.gridstage.tests.project import small_params, text_of, write_params
from packages.gridstage.tests.read_sample import SAMPLE

TRAP = "packages.gridstage.tests.fuzz.trap"
NAMES = [
    f"{TRAP}.Trap",
    f"{TRAP}.spring_",
    TRAP,
    "torch.nn.Linear",
    "torch.nn.init.uniform_",
    "torch.nn.Module",
    "os.sep",
]
NUMBERS = [0.0, -1.0, 1e-45, 1e38, -3e38, math.inf, -math.inf, math.nan]


# In the place of integers: numbers of nodes, columns and categories.
INTEGERS = [0, 1, -1, 2, 3, 40, 255, 256, -(2**31), 2**31 - 1]
COMMITTED = {"committed": MODEL_FILE, "answer": ANSWER_FILE}
PLAIN = (
    "logistic_regression",
    "linear_regression",
    "random_forest",
    "hist_gradient_boosting",
    "majority_class",
)
NETS = ("classes", "number")  # files of nets that ONNX can't express
CASES = (*COMMITTED, *NETS, *PLAIN)


@dataclass(frozen=True)
class Case:
    """A model file that is fine, with the params.yaml and the rows that go with it."""

    params: dict[str, Any]
    rows: str
    content: bytes
    labels: tuple[str, ...] = ()


@cache
def case(name: str) -> Case:
    """Return a committed model, or one for passengers, with the whole preparation, of classes or of a number."""
    params = small_params()
    params["experiments"] = {"optimizer": params["experiments"]["optimizer"]}
    if name in COMMITTED:
        lines = text_of(SAMPLE / params["data"]["path"]).splitlines(keepends=True)
        return Case(
            params,
            "".join(lines[:5]),
            (SAMPLE / COMMITTED[name]).read_bytes(),
            ("0", "1"),
        )
    data, classify = passengers(40), name not in {"number", "linear_regression"}
    columns: dict[str, Any] = {
        key: {"type": kind, "missing": "allowed"} for key, kind in TYPES.items()
    }
    columns["survived"] = {"classes": list(data.classes)} if classify else {}
    params["data"] = {
        "path": "rows.csv",
        "header": True,
        "target": "survived",
        "columns": columns,
        "na_values": [""],
    }
    params["prepare"] = {"impute": "mean", "indicator": True, "scale": "standard"}
    if not classify:
        params["model"] |= {"wrapper": "NeuralNetRegressor", "criterion": "MSELoss"}
        params["cv"] |= {"scoring": "r2", "splitter": "kfold", "also_score": []}
        params["prepare"]["target"] = "standard"
        data = replace(data, y=np.arange(40.0), classes=())
    checked = Params.model_validate(params)
    given = data.X.head(5).to_csv(index=False)
    if name in PLAIN:
        baseline = baselines(data, checked)[name]
        fitted = baseline.estimator.fit(rows(data, baseline.estimator), data.y)
        model, card = exported(
            fitted,
            Card.of(kind_of(fitted), name, baseline.prepare, data, "survived"),
            data.X,
        )
        return Case(params, given, with_card(model, card), data.classes)
    raw = checked.model.model_dump() | {"max_epochs": 1, "train_split": None}
    settings = resolve_settings(raw, "params.yaml", "model")
    estimator = build_estimator(settings, data, checked.prepare)
    seed_everything(7)
    estimator.fit(
        rows(data, estimator),
        target(data.y, settings["wrapper"], settings["criterion"]),
    )
    content = net_content(
        estimator, Card.of("net", "", checked.prepare, data, "survived", raw)
    )
    return Case(params, given, content, data.classes)


Header = dict[str, Any]


def opened(name: str, content: bytes) -> tuple[Header, Any]:
    """Return what says what a file is, as nested mappings with the card among them, and the numbers."""
    if name not in NETS:
        model = onnx.load_from_string(content)
        return {"card": json.loads(model.metadata_props[0].value)}, model
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"]["card"] = json.loads(header["__metadata__"]["card"])
    return header, content[8 + length :]


def closed(name: str, header: Header, numbers: Any) -> bytes:
    """Put a file together, whatever is in its header."""
    if name not in NETS:
        model = onnx.ModelProto.FromString(numbers.SerializeToString())
        del model.metadata_props[:]
        for key, value in header.items() if isinstance(header, dict) else ():
            model.metadata_props.add(key=str(key), value=json.dumps(value))
        return bytes(model.SerializeToString())
    described = header.get("__metadata__") if isinstance(header, dict) else None
    if isinstance(described, dict) and "card" in described:
        header = header | {
            "__metadata__": described | {"card": json.dumps(described["card"])}
        }
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(numbers)


def with_number(name: str, content: bytes, place: int, value: float) -> bytes:
    """Put a number in the place of one of the file's, and the hash that goes with it."""
    header, numbers = opened(name, content)
    integer = INTEGERS[place % len(INTEGERS)]
    if name not in NETS:
        attributes = [each for node in numbers.graph.node for each in node.attribute]
        tensors = [
            *numbers.graph.initializer,
            *(each.t for each in attributes if each.t.dims),
        ]
        codes = {
            onnx.TensorProto.DOUBLE: "<d",
            onnx.TensorProto.FLOAT: "<f",
            onnx.TensorProto.INT64: "<q",
        }
        places = [each for each in tensors if each.data_type in codes and each.raw_data]
        places += [each for each in attributes if each.ints]
        chosen = places[place % len(places)]
        if isinstance(chosen, onnx.AttributeProto):
            chosen.ints[place // len(places) % len(chosen.ints)] = integer
        else:
            chosen.raw_data = _put(
                chosen.raw_data,
                codes[chosen.data_type],
                place // len(places),
                integer,
                value,
            )
        header["card"]["digest"] = hashlib.sha256(
            numbers.graph.SerializeToString(deterministic=True)
        ).hexdigest()[:16]
        return closed(name, header, numbers)
    entries = [entry for key, entry in header.items() if key != "__metadata__"]
    tensor = entries[place % len(entries)]
    code = {"F32": "<f", "F64": "<d"}[tensor["dtype"]]
    start, end = tensor["data_offsets"]
    changed_part = _put(numbers[start:end], code, place // len(entries), integer, value)
    numbers = numbers[:start] + changed_part + numbers[end:]
    changed_ones = load(closed(name, header, numbers))
    header["__metadata__"]["card"]["digest"] = digest_of(changed_ones)
    return closed(name, header, numbers)


def _put(numbers: bytes, code: str, place: int, integer: int, value: float) -> bytes:
    size = struct.calcsize(code)
    at = place % (len(numbers) // size) * size
    return (
        numbers[:at]
        + struct.pack(code, integer if code == "<q" else value)
        + numbers[at + size :]
    )


# What is changed: the bytes, the header with its card, or one of the numbers.
SPOILING = st.one_of(
    st.tuples(st.just("bytes"), cuts(at_most=2)),
    st.tuples(st.just("header"), steps(VALUES | st.sampled_from(NAMES), at_most=2)),
    st.tuples(
        st.just("number"), st.tuples(st.integers(0, 9999), st.sampled_from(NUMBERS))
    ),
)


def spoil(name: str, content: bytes, what: str, todo: Any) -> bytes:
    """Return a file with a change of `SPOILING`."""
    if what == "bytes":
        return spoilt(content, todo)
    if what == "number":
        return with_number(name, content, *todo)
    header, numbers = opened(name, content)
    return closed(name, changed(header, todo), numbers)


def stage() -> bool:
    """Run the stage; return True if it ends well."""
    predict.main(predict.ARGUMENTS.parse_args())
    return True


def predicted(name: str, content: bytes) -> list[list[str]] | None:
    """Predict five rows with a model file; return the cells that are printed, or None if it is refused."""
    its = case(name)
    write_params(its.params)
    Path("rows.csv").write_text(its.rows, encoding="utf-8")
    other = ANSWER_FILE.with_suffix(".safetensors")
    for path in (ANSWER_FILE, other):
        path.unlink(missing_ok=True)
    (other if name in NETS else ANSWER_FILE).write_bytes(content)
    before = files(Path.cwd())
    with (
        patch("sys.argv", ["predict", "rows.csv"]),
        redirect_stdout(io.StringIO()) as shown,
    ):
        done = refused_or(stage)
    assert files(Path.cwd()) == before
    assert TRAP not in sys.modules
    printed = list(csv.reader(shown.getvalue().splitlines()))
    assert done or not printed
    return printed[its.params["data"]["header"] :] if done else None


def check(case: Case, printed: list[list[str]]) -> None:
    """Check that what was printed is what such a model can predict."""
    assert len(printed) == 5
    for first, *others, _ in printed:  # the last one is the note
        if case.labels:
            assert first in case.labels
            assert all(0 <= float(cell) <= 1 for cell in others)
        else:
            assert math.isfinite(float(first))
            assert not others


@pytest.mark.parametrize("name", CASES)
def test_the_files_are_fine(here: Path, name: str) -> None:
    content = case(name).content
    printed = predicted(name, content)
    assert printed
    check(case(name), printed)
    assert predicted(name, closed(name, *opened(name, content))) == printed


@pytest.mark.parametrize("name", ["committed", "answer", "classes", "random_forest"])
def test_other_classes_than_those_of_params_are_refused(here: Path, name: str) -> None:
    header, numbers = opened(name, case(name).content)
    header.get("__metadata__", header)["card"]["classes"][0] = "none"
    assert predicted(name, closed(name, header, numbers)) is None


@FUZZED
@given(name=st.sampled_from(CASES), spoiling=SPOILING)
def test_a_spoilt_file_is_refused_or_predicts(
    here: Path, name: str, spoiling: tuple[str, Any]
) -> None:
    printed = predicted(name, spoil(name, case(name).content, *spoiling))
    if printed is not None:
        check(case(name), printed)
