"""Names in params.yaml stand for objects of torch, of skorch, and of any module."""

from pathlib import Path

import pytest
import torch
from skorch import NeuralNetRegressor
from torch import nn

from stages.lib.model import resolve
from stages.lib.network import PimaClassifier


@pytest.mark.parametrize(
    ("key", "name", "thing"),
    [
        ("optimizer", "Adamax", torch.optim.Adamax),
        ("criterion", "BCEWithLogitsLoss", nn.BCEWithLogitsLoss),
        ("wrapper", "NeuralNetRegressor", NeuralNetRegressor),
        ("module", "stages.lib.network.PimaClassifier", PimaClassifier),
        ("module__activation", "ReLU", nn.ReLU),
        ("module__weight_init", "kaiming_uniform_", nn.init.kaiming_uniform_),
        ("module__nonlinearity", "Tanh", nn.Tanh),
        ("module__start", "zeros_", nn.init.zeros_),
        ("module__activation", "torch.nn.GELU", nn.GELU),
        ("lr", 0.1, 0.1),
        ("optimizer__betas", [0.9, 0.99], (0.9, 0.99)),
        ("device", "cpu", "cpu"),
        ("train_split", None, None),
    ],
)
def test_a_name_stands_for_its_object(key: str, name: object, thing: object) -> None:
    assert resolve(key, name) == thing


@pytest.mark.parametrize(
    ("key", "name", "sentence"),
    [
        ("optimizer", "Adamm", "'Adamm' is not an optimizer of torch.optim; did you mean 'Adam'"),
        ("optimizer", "lr_scheduler", "'lr_scheduler' is not an optimizer of torch.optim"),
        ("module__activation", "Relu", "'Relu' is not an activation of torch.nn; did you mean 'ReLU'"),
        ("module__weight_init", "kaiming", "'kaiming' is not an initialiser of torch.nn.init"),
        ("criterion", "BCELos", "'BCELos' is not a loss of torch.nn; did you mean 'BCELoss'"),
        ("module", "no.such.Module", "'no.such.Module' can't be imported: No module named 'no'"),
        ("module", "stages.lib.network", "'stages.lib.network' is not a class derived from torch's Module"),
        ("optimizer", "torch.nn.ReLU", "'torch.nn.ReLU' is not a class derived from torch's Optimizer"),
        ("wrapper", "torch.nn.ReLU", "'torch.nn.ReLU' is not a class derived from skorch's NeuralNet"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(key: str, name: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
        resolve(key, name)


@pytest.mark.parametrize(("text", "sentence"), [("1 +", "SyntaxError: invalid syntax"), ("nn.Linear", "NameError: ")])
def test_a_mistake_in_ones_own_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    (tmp_path / "my_broken_net.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=f"'my_broken_net.Net' can't be imported: {sentence}"):
        resolve("module", "my_broken_net.Net")
