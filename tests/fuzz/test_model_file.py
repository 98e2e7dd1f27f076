"""Model files with other bytes, cards or numbers: refused in sentences, or they predict what a model can predict.

They are those of nets, and those of the models without one.
"""

import csv
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
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stages import predict
from stages.lib.config import Params
from stages.lib.engine import seed_everything
from stages.lib.handover import ANSWER_FILE, MODEL_FILE, Card, PlainModel, save_model
from stages.lib.model import build_estimator, resolve_settings, rows, target
from stages.lib.winners.baselines import baselines
from tests.fuzz.mutations import VALUES, changed, cuts, spoilt, steps
from tests.fuzz.survival import FUZZED, files, refused_or
from tests.passengers import TYPES, passengers
from tests.project import small_params
from tests.read_sample import SAMPLE

TRAP = "tests.fuzz.trap"
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
PLAIN = ("logistic_regression", "linear_regression", "random_forest", "hist_gradient_boosting", "majority_class")
CASES = (*COMMITTED, "classes", "number", *PLAIN)


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
        lines = (SAMPLE / params["data"]["path"]).read_text(encoding="utf-8").splitlines(keepends=True)
        return Case(params, "".join(lines[:5]), (SAMPLE / COMMITTED[name]).read_bytes(), ("0", "1"))
    data, classify = passengers(40), name not in {"number", "linear_regression"}
    columns: dict[str, Any] = {key: {"type": kind, "missing": "allowed"} for key, kind in TYPES.items()}
    columns["survived"] = {"classes": list(data.classes)} if classify else {}
    params["data"] = {"path": "rows.csv", "header": True, "target": "survived", "columns": columns, "na_values": [""]}
    params["prepare"] = {"impute": "mean", "indicator": True, "scale": "standard"}
    if not classify:
        params["model"] |= {"wrapper": "NeuralNetRegressor", "criterion": "MSELoss"}
        params["cv"] |= {"scoring": "r2", "splitter": "kfold", "also_score": []}
        params["prepare"]["target"] = "standard"
        data = replace(data, y=np.arange(40.0), classes=())
    checked = Params.model_validate(params)
    given, path = data.X.head(5).to_csv(index=False), Path("made.safetensors")
    if name in PLAIN:
        baseline = baselines(data, checked)[name]
        model = PlainModel.of(baseline.estimator.fit(rows(data, baseline.estimator), data.y), classify)
        save_model(path, model, Card.of(model.kind, name, baseline.prepare, data, "survived"))
        content = path.read_bytes()
        path.unlink()
        return Case(params, given, content, data.classes)
    raw = checked.model.model_dump() | {"max_epochs": 1, "train_split": None}
    settings = resolve_settings(raw, "params.yaml", "model")
    estimator = build_estimator(settings, data, checked.prepare)
    seed_everything(7)
    estimator.fit(rows(data, estimator), target(data.y, settings["wrapper"], settings["criterion"]))
    save_model(path, estimator, Card.of("net", "", checked.prepare, data, "survived", raw))
    content = path.read_bytes()
    path.unlink()
    return Case(params, given, content, data.classes)


Header = dict[str, Any]


def opened(content: bytes) -> tuple[Header, bytes]:
    """Return the header of a safetensors file, with the card as a mapping, and the bytes of the numbers."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"]["card"] = json.loads(header["__metadata__"]["card"])
    return header, content[8 + length :]


def closed(header: Header, numbers: bytes) -> bytes:
    """Put a file together, whatever is in its header."""
    described = header.get("__metadata__") if isinstance(header, dict) else None
    if isinstance(described, dict) and "card" in described:
        header = header | {"__metadata__": described | {"card": json.dumps(described["card"])}}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


def with_number(content: bytes, place: int, value: float) -> bytes:
    """Put a number in the place of one of the file's."""
    header, numbers = opened(content)
    tensors = [entry for name, entry in header.items() if name != "__metadata__"]
    tensor = tensors[place % len(tensors)]
    code = {"F32": "<f", "F64": "<d", "I32": "<i", "U8": "<B"}[tensor["dtype"]]
    start, end = tensor["data_offsets"]
    at = start + place // len(tensors) % max((end - start) // struct.calcsize(code), 1) * struct.calcsize(code)
    integer = INTEGERS[place % len(INTEGERS)]
    packed = struct.pack(code, {"<i": integer, "<B": integer % 256}.get(code, value))
    return closed(header, numbers[:at] + packed + numbers[at + len(packed) :])


# What is changed: the bytes, the header with its card, or one of the numbers.
SPOILING = st.one_of(
    st.tuples(st.just("bytes"), cuts(at_most=2)),
    st.tuples(st.just("header"), steps(VALUES | st.sampled_from(NAMES), at_most=2)),
    st.tuples(st.just("number"), st.tuples(st.integers(0, 9999), st.sampled_from(NUMBERS))),
)


def spoil(content: bytes, what: str, todo: Any) -> bytes:
    """Return a file with a change of `SPOILING`."""
    if what == "bytes":
        return spoilt(content, todo)
    if what == "number":
        return with_number(content, *todo)
    header, numbers = opened(content)
    return closed(changed(header, todo), numbers)


def stage() -> bool:
    """Run the stage; return True if it ends well."""
    predict.main(predict.ARGUMENTS.parse_args())
    return True


def predicted(case: Case, content: bytes) -> list[list[str]] | None:
    """Predict five rows with a model file; return the cells that are printed, or None if it is refused."""
    Path("params.yaml").write_text(yaml.safe_dump(case.params, sort_keys=False, allow_unicode=True), encoding="utf-8")
    Path("rows.csv").write_text(case.rows, encoding="utf-8")
    ANSWER_FILE.write_bytes(content)
    before = files(Path.cwd())
    with patch("sys.argv", ["predict", "rows.csv"]), redirect_stdout(io.StringIO()) as shown:
        done = refused_or(stage)
    assert files(Path.cwd()) == before
    assert TRAP not in sys.modules
    printed = list(csv.reader(shown.getvalue().splitlines()))
    assert done or not printed
    return printed[case.params["data"]["header"] :] if done else None


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
    printed = predicted(case(name), content)
    assert printed
    check(case(name), printed)
    assert predicted(case(name), closed(*opened(content))) == printed


@pytest.mark.parametrize("name", ["committed", "answer", "classes", "random_forest"])
def test_other_classes_than_those_of_params_are_refused(here: Path, name: str) -> None:
    header, numbers = opened(case(name).content)
    header["__metadata__"]["card"]["classes"][0] = "none"
    assert predicted(case(name), closed(header, numbers)) is None


@FUZZED
@given(name=st.sampled_from(CASES), spoiling=SPOILING)
def test_a_spoilt_file_is_refused_or_predicts(here: Path, name: str, spoiling: tuple[str, Any]) -> None:
    printed = predicted(case(name), spoil(case(name).content, *spoiling))
    if printed is not None:
        check(case(name), printed)
