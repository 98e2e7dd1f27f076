import pytest
import torch
from skorch import NeuralNetRegressor
from torch import nn

from stages.lib.names import resolve
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
        ("optimizer", "Adamm", "'Adamm' is no optimizer of torch.optim; did you mean 'Adam'"),
        ("optimizer", "lr_scheduler", "'lr_scheduler' is no optimizer of torch.optim"),
        ("module__activation", "Relu", "'Relu' is no activation of torch.nn; did you mean 'ReLU'"),
        ("module__weight_init", "kaiming", "'kaiming' is no initialiser of torch.nn.init"),
        ("criterion", "BCELos", "'BCELos' is no loss of torch.nn; did you mean 'BCELoss'"),
        ("module", "no.such.Module", "'no.such.Module' can't be imported: No module named 'no'"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(key: str, name: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
        resolve(key, name)
