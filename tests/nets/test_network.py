"""The network of the tutorial. Oracles: torch's own layers and `renorm`."""

import copy
import math
from typing import Any

import pytest
import torch
from torch import nn

from nets.network import PimaClassifier


def test_the_base_module_is_the_tutorials() -> None:
    torch.manual_seed(0)
    ours = PimaClassifier()
    torch.manual_seed(0)
    layers = [nn.Linear(8, 12, dtype=torch.float64), nn.ReLU(), nn.Linear(12, 1, dtype=torch.float64), nn.Sigmoid()]
    tutorials = nn.Sequential(*layers).float()
    x = torch.randn(5, 8)
    assert torch.equal(ours(x), tutorials(x))
    module = PimaClassifier(n_inputs=30, n_outputs=3, n_layers=2, n_neurons=7, output=nn.Identity)
    assert [tuple(weight.shape) for weight in module.parameters() if weight.ndim == 2] == [(7, 30), (7, 7), (3, 7)]


def test_an_initialiser_touches_the_weights_only() -> None:
    torch.manual_seed(0)
    plain = PimaClassifier()
    torch.manual_seed(0)
    ones = PimaClassifier(weight_init=nn.init.ones_)
    for (name, before), after in zip(plain.named_parameters(), ones.parameters(), strict=True):
        expected = torch.ones_like(before) if name.endswith("weight") else before
        assert torch.equal(after, expected)


@pytest.mark.parametrize("training", [True, False])
def test_max_norm_is_torchs_renorm(training: bool) -> None:
    torch.manual_seed(0)
    module = PimaClassifier(weight_constraint=1.0, weight_init=nn.init.normal_).train(training)
    weight = module.get_parameter("hidden.0.weight")
    before = weight.detach().clone()
    before[:, 0] = 0
    weight.data.copy_(before)
    x, bare = torch.randn(3, 8), copy.deepcopy(module)
    bare.weight_constraint, bare.hidden[0].weight.data = None, torch.renorm(before, p=2, dim=1, maxnorm=1.0)
    torch.testing.assert_close(module(x), bare(x))
    assert torch.equal(module.last.weight, bare.last.weight)
    if training:
        torch.testing.assert_close(weight, bare.hidden[0].weight)
        short = before.norm(dim=0) <= 1
        assert torch.equal(weight[:, short], before[:, short])
    else:
        assert torch.equal(weight, before), "a fitted net is another one when it has predicted"


def test_dropout_follows_the_activation_in_training_only() -> None:
    torch.manual_seed(0)
    module = PimaClassifier(n_neurons=1000, dropout_rate=0.25, activation=nn.Sigmoid, output=nn.Identity)
    seen: list[torch.Tensor] = []
    module.last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    for training in (True, False):
        module.train(training)(torch.randn(20, 8))
    dropped = (seen[0] == 0).float().mean().item()
    assert dropped == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / 20_000))
    assert (seen[1] > 0).all()


@pytest.mark.parametrize(
    "arguments", [{"dropout_rate": 1.0}, {"dropout_rate": -0.1}, {"weight_constraint": 0.0}, {"n_layers": 1.5}]
)
def test_numbers_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} is .*; it should be"):
        PimaClassifier(**arguments)
