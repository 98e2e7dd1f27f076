"""Nets that need no exporter, layer by layer. Oracle: torch itself, on random rows."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from gridstage.export import exporter, net_graph
from gridstage.export.plain_net import plain_graph
from nets.table_net import TableNet
from packages.gridstage.tests.handover.test_net_graph import NETS, check, drawn


def between(layer: nn.Module) -> nn.Module:
    return drawn(nn.Sequential(nn.Linear(8, 12), layer, nn.Linear(12, 3))).eval()


def hooked() -> nn.Module:
    layer = nn.ReLU()
    layer.register_forward_hook(lambda layer, given, made: 1 - 3 * made / 2)
    return layer


class Residual(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


LAYERS = [
    nn.Identity(),
    nn.ReLU(),
    nn.LeakyReLU(0.3),
    nn.ELU(0.4),
    nn.SELU(),
    nn.GELU(),
    nn.GELU("tanh"),
    nn.SiLU(),
    nn.Mish(),
    nn.Softplus(),
    nn.Softsign(),
    nn.Softmax(1),
    nn.Tanh(),
    nn.Sigmoid(),
]
LAYERS += [
    nn.Hardsigmoid(),
    nn.Dropout(0.4),
    nn.Flatten(),
    nn.LayerNorm(12, eps=0.1),
    hooked(),
    nn.Linear(12, 12, bias=False),
    Residual(12, 12),
    nn.Sequential(nn.Tanh(), nn.Dropout()),
]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_a_layer_that_is_known_is_written_without_torch_s_exporter(
    layer: nn.Module,
) -> None:
    check(plain_graph(between(layer), 8), between(layer))


@pytest.mark.parametrize(
    "net",
    [NETS["constrained"], drawn(TableNet(norm=nn.LayerNorm))],
    ids=["max-norm", "table"],
)
def test_so_is_a_net_of_the_project(net: nn.Module) -> None:
    net = deepcopy(net).eval()
    check(plain_graph(net, 8), net)


class Always(nn.Dropout):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(x)


OTHERS = [
    nn.ReLU(inplace=True),
    nn.ReLU6(),
    nn.Softplus(2),
    nn.BatchNorm1d(12),
    nn.LayerNorm(12, bias=False),
    Always(),
    nn.Softmax(),
    nn.Flatten(0),
    nn.Linear(12, 12, dtype=torch.float64),
    nn.Unflatten(1, (3, 4)),
]


@pytest.mark.parametrize("layer", OTHERS, ids=str)
def test_any_other_layer_is_left_to_torch_s_exporter(
    layer: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "exported_graph", lambda module, n_inputs: "exported")
    monkeypatch.setattr(net_graph, "_compared", lambda module, graph, n_inputs: graph)
    assert net_graph.net_graph(between(layer), 8) == "exported"
