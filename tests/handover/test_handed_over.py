"""The lines of docs/hand-over.md in Python. Oracle: the fitted models of scikit-learn and torch."""

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from torch import nn

from stages.lib.config import Prepare
from stages.lib.engine import net_of
from stages.lib.export.card import Interval
from stages.lib.handover import save_model
from stages.lib.model import rows
from tests.handover.fits import fit, fit_net, mixed, numbers
from tests.handover.handed import CARD, NUMBERS, PAGE, PREDICT, WEIGHTS, Handed, cells_of, in_python


@pytest.mark.parametrize("name", ["three_women", "with_gaps"])
def test_the_lines_of_python_run(name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    model: Handed = request.getfixturevalue(name)
    monkeypatch.chdir(model.folder)
    names: dict[str, Any] = {}
    exec(PREDICT if name == "three_women" else in_python(PREDICT, model.table), names)
    model.check(names["label"].tolist(), names["probabilities"])
    exec(CARD, names)
    assert [each["name"] for each in names["card"]["inputs"]] == list(model.table)


def test_the_lines_for_a_number_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = mixed(False)
    estimator, card = fit("hist_gradient_boosting", data)
    interval = Interval(level=0.9, edges=[1500.0], half_widths=[2.5, 50.0])
    save_model(tmp_path / "answer.onnx", estimator, card.model_copy(update={"interval": interval}), data.X)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(in_python(PREDICT, cells_of(card, data)).partition("label, ")[0] + NUMBERS, names)
    expected = estimator.predict(rows(data, estimator))
    assert {*(expected > 1500)} == {True, False}
    half = np.where(expected > 1500, 50, 2.5)
    for name, found in (("prediction", expected), ("low", expected - half), ("high", expected + half)):
        np.testing.assert_allclose(names[name], found, rtol=1e-12)


A = np.zeros((3, 1))
WRONG = [
    (
        {"a": A.astype(int), "b": A, "c": A},
        "Unexpected input data type. Actual: (tensor(int64)) , expected: (tensor(double))",
    ),
    ({"a": A[:, 0], "b": A, "c": A}, "Invalid rank for input"),
    ({"a": np.zeros((3, 2)), "b": A, "c": A}, "Got invalid dimensions for input"),
    ({"a": A, "b": A}, "Required inputs"),
    ({"a": A, "b": A, "c": A, "y": A}, "Invalid input name"),
    ({"a": A, "b": A, "c": A[:2]}, "Non concat axis dimensions must match"),
]


@pytest.mark.parametrize(("columns", "message"), WRONG, ids=[message for _, message in WRONG])
def test_the_messages_on_the_page_are_onnxruntimes(
    columns: dict[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    data = numbers()
    save_model(tmp_path / "answer.onnx", *fit("logistic_regression", data), data.X)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    model = onnxruntime.InferenceSession(tmp_path / "answer.onnx", options)
    assert f"`{message}" in PAGE
    with pytest.raises(Exception, match=re.escape(message)):
        model.run(None, columns)


def test_the_weights_of_a_net_go_back_into_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = mixed(True)
    settings = {"module__n_layers": 2, "module__norm": "BatchNorm1d", "module": "nets.table_net.TableNet"}
    estimator, card = fit_net(data, Prepare(impute="median", scale="standard"), **settings)
    save_model(tmp_path / "best.onnx", estimator, card, data.X)
    trained = net_of(estimator).module_
    names: dict[str, Any] = {"net": _anew(trained)}
    monkeypatch.chdir(tmp_path)
    exec(WEIGHTS, names)
    for key, number in trained.state_dict().items():
        if "num_batches_tracked" not in key:
            assert names["net"].state_dict()[key].equal(number), key


def _anew(module: nn.Module) -> nn.Module:
    """Return the module with zeros as weights."""
    module = copy.deepcopy(module)
    for number in module.state_dict().values():
        number.zero_()
    return module
