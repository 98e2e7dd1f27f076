"""Names in params.yaml stand for objects of torch, of skorch, and of any module."""

import sys
from pathlib import Path

import pytest
import torch
from rtdl_num_embeddings import PeriodicEmbeddings
from skorch import NeuralNetRegressor
from torch import nn

import nets
from gridstage.common import write_text
from gridstage.model import resolve
from nets.network import PimaClassifier


@pytest.mark.parametrize(
    ("key", "name", "thing"),
    [
        ("optimizer", "Adamax", torch.optim.Adamax),
        ("criterion", "BCEWithLogitsLoss", nn.BCEWithLogitsLoss),
        ("wrapper", "NeuralNetRegressor", NeuralNetRegressor),
        ("module", "nets.network.PimaClassifier", PimaClassifier),
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
        (
            "optimizer",
            "Adamm",
            "'Adamm' is not an optimizer of torch.optim; did you mean 'Adam'",
        ),
        (
            "module__activation",
            "Relu",
            "'Relu' is not an activation of torch.nn; did you mean 'ReLU'",
        ),
        (
            "criterion",
            "BCELos",
            "'BCELos' is not a loss of torch.nn; did you mean 'BCELoss'",
        ),
        (
            "module",
            "nets/net.py.Net",
            "no package 'nets/net' is installed; what is in nets/my_net.py is named as in",
        ),
        (
            "module",
            "no.such.Module",
            "'no.such.Module' can't be imported: no package 'no' is installed",
        ),
        (
            "module",
            "nets.network",
            "'nets.network' is not a class derived from torch's Module",
        ),
        (
            "module",
            "nets.network.PimaClasifier",
            "has no attribute 'PimaClasifier'; did you mean 'PimaClassifier'",
        ),
        (
            "module",
            "nets.net.Net",
            "'nets.net.Net' can't be imported: ModuleNotFoundError: No module named 'nets.net'$",
        ),
        (
            "optimizer",
            "torch.nn.ReLU",
            "'torch.nn.ReLU' is not a class derived from torch's Optimizer",
        ),
        (
            "module__activation",
            "os.abort",
            "'os.abort' is not a class derived from torch's Module",
        ),
        (
            "module__weight_init",
            "torch.builtins.exit",
            "can't be imported: ModuleNotFoundError: No module named",
        ),
        (
            "module__other",
            "torch.load",
            "'torch.load' is not a class derived from torch's Module, not an initialiser of",
        ),
        (
            "module__other",
            "torch.nn",
            "'torch.nn' is not a class derived from torch's Module, not an initialiser of",
        ),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(
    key: str, name: str, sentence: str
) -> None:
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


@pytest.fixture
def in_nets(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder whose files are those of `nets`."""
    monkeypatch.setattr(nets, "__path__", [str(here)])
    for name in ("nets.mine", "nets.broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return here


def test_what_nets_define_may_be_a_parameter(in_nets: Path) -> None:
    write_text(in_nets / "mine.py", OWN)
    assert resolve("module__weight_init", "nets.mine.halves").__name__ == "halves"
    assert resolve("module__start", "nets.mine.small").keywords == {"std": 0.01}
    assert resolve("module__sizes", "nets.mine.SIZES") == [1, 2]
    for key in ("module__weight_init", "module__start"):
        with pytest.raises(
            ValueError,
            match=r"'nets.mine.rmtree' is not .* of torch.nn.init, and not .* nets/",
        ):
            resolve(key, "nets.mine.rmtree")
    with pytest.raises(
        ValueError, match=r"'nets\.mine\.halves' is not from skorch or torch"
    ):
        resolve("module__start", "nets.mine.halves", {"skorch", "torch"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 +", r"SyntaxError: invalid syntax, at broken.py, line 1"),
        ("import sys\nsys.exit(3)", "SystemExit: 3, at broken.py, line 2"),
        (
            "import no_such_package",
            "ModuleNotFoundError: No module named 'no_such_package', at broken.py, line 1",
        ),
    ],
)
def test_a_mistake_in_ones_own_file_is_told(
    in_nets: Path, text: str, sentence: str
) -> None:
    write_text(in_nets / "broken.py", text)
    with pytest.raises(
        ValueError, match=f"'nets.broken.Net' can't be imported: {sentence}"
    ):
        resolve("module", "nets.broken.Net")


@pytest.mark.parametrize("name", ["elsewhere.Net", "folder.elsewhere.Net"])
def test_code_of_the_repository_outside_of_nets_is_refused(
    in_nets: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.syspath_prepend(in_nets)
    for file in ("elsewhere.py", "folder/elsewhere.py"):
        (in_nets / file).parent.mkdir(exist_ok=True)
        write_text(in_nets / file, "from torch.nn import Linear as Net")
    with pytest.raises(
        ValueError,
        match=f"'{name}' is not in nets/, .* move the code there, and write nets.{name}",
    ):
        resolve("module", name)


def test_a_net_of_an_installed_package_is_named_by_its_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (
        resolve("module__embedding", "rtdl_num_embeddings.PeriodicEmbeddings")
        is PeriodicEmbeddings
    )
    monkeypatch.chdir(
        Path(str(torch.__file__)).parents[4]
    )  # an environment in the repository is installed, too
    assert (
        resolve("module__embedding", "rtdl_num_embeddings.PeriodicEmbeddings")
        is PeriodicEmbeddings
    )
