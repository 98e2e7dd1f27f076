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
        ("module", "my/net.py.Net", "a name has dots in place of slashes, and no ending; write my.net.Net"),
        ("module", "my-net.Net", "'my-net' has other signs than letters, digits and _; rename the file"),
        ("module", "no.such.Module", "'no.such.Module' can't be imported: there is no file no.py here"),
        ("module", "stages.lib.network", "'stages.lib.network' is not a class derived from torch's Module"),
        ("optimizer", "torch.nn.ReLU", "'torch.nn.ReLU' is not a class derived from torch's Optimizer"),
        ("wrapper", "torch.nn.ReLU", "'torch.nn.ReLU' is not a class derived from skorch's NeuralNet"),
        ("optimizer", "torch.optim.Optimizer", "is the base of the optimizers; name one of them, such as Adam"),
        ("module__activation", "os.abort", "'os.abort' is not from torch, skorch or your own file, which model.source"),
        ("module__activation", "torch.relu", "'torch.relu' is not a class derived from torch's Module"),
        ("module__activation", "torch.os.abort", "is reached through the module os, which torch only imports"),
        ("module__weight_init", "torch.load", "'torch.load' is not an initialiser of torch.nn.init, and not a func"),
        ("module__weight_init", "torch.builtins.exit", "is reached through the module builtins"),
        ("module__weight_init", "torch.nn.ReLU", "'torch.nn.ReLU' is not an initialiser of torch.nn.init"),
        (
            "module__other",
            "torch.load",
            "'torch.load' is not a class derived from torch's Module, not an initialiser of",
        ),
        ("module__other", "torch.nn", "'torch.nn' is not a class derived from torch's Module, not an initialiser of"),
        ("module", "tests.lockstep.nets.Nothing", "module 'tests.lockstep.nets' has no attribute 'Nothing'"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(key: str, name: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
        resolve(key, name)


OWN = """
from functools import partial
from shutil import rmtree
from torch import nn
def halves(weight): return nn.init.constant_(weight, 0.5)
small = partial(nn.init.normal_, std=0.01)
SIZES = [1, 2]
"""


def test_what_ones_own_file_defines_may_be_a_parameter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_things.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert resolve("module__weight_init", "my_own_things.halves").__name__ == "halves"
    assert resolve("module__start", "my_own_things.small").keywords == {"std": 0.01}
    assert resolve("module__sizes", "my_own_things.SIZES") == [1, 2]
    for key in ("module__weight_init", "module__start"):
        with pytest.raises(
            ValueError, match=r"'my_own_things.rmtree' is not .* of torch.nn.init, and not .* your own file"
        ):
            resolve(key, "my_own_things.rmtree")
    with pytest.raises(ValueError, match=r"is not from torch, skorch or model.source, other.py; to use"):
        resolve("module__start", "my_own_things.halves", "other.py")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 +", r"SyntaxError: invalid syntax, at my_broken_net.py, line 1"),
        ("nn.Linear", "NameError: name 'nn' is not defined, at my_broken_net.py, line 1"),
        ("import sys\nsys.exit(3)", "SystemExit: 3, at my_broken_net.py, line 2"),
        ("import no_such_package", "No module named 'no_such_package', at my_broken_net.py, line 1; install"),
    ],
)
def test_a_mistake_in_ones_own_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    (tmp_path / "my_broken_net.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=f"'my_broken_net.Net' can't be imported: {sentence}"):
        resolve("module", "my_broken_net.Net")
