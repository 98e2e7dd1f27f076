"""Nets as ONNX graphs. Oracle: torch itself, on random rows."""

import os
import subprocess
import sys
from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from onnxruntime import InferenceSession
from torch import Tensor, nn

from gridstage.export.graph import NotExportableError
from gridstage.export.net_graph import net_graph
from gridstage.export.plain_net import INPUT, OUTPUT
from nets.network import PimaClassifier
from nets.table_net import TableNet

ACTIVATIONS: list[type[nn.Module]] = [
    getattr(nn, name)
    for name in """Identity ReLU ReLU6 LeakyReLU PReLU ELU CELU SELU GELU SiLU Mish Hardswish Softplus Softsign Softmax
    Tanh Tanhshrink Hardtanh Sigmoid Hardsigmoid Softshrink Hardshrink""".split()
]


class AllActivations(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.activations = nn.ModuleList(
            each(dim=1) if each is nn.Softmax else each() for each in ACTIVATIONS
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([activation(x) for activation in self.activations], 1)


class Convolution(nn.Module):
    """Takes the columns for a series; knows by `len` how many rows there are."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.last = nn.Conv1d(1, 4, 3), nn.Linear(24, 2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.last(self.convolution(x[:, None]).relu().reshape(len(x), -1))
        return y


class Attention(nn.Module):
    """Has attention between columns, and a name that the graph's input has, too."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.last = nn.Linear(1, 8), nn.Linear(64, 2)
        self.x = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        between = self.x(self.up(x[:, :, None]))
        return self.last(between.flatten(1)), between


def drawn(module: nn.Module) -> nn.Module:
    """Return a net with numbers of its own instead of those of the start, of which many are equal."""
    rng = np.random.default_rng(1)  # torch's draws in float32 depend on the processor
    with torch.no_grad():
        for key, number in module.state_dict().items():
            low = 0.5 if key.endswith("running_var") else -0.5
            number.copy_(torch.as_tensor(rng.uniform(low, 0.8, number.shape)))
    return module


def nets() -> dict[str, nn.Module]:
    embedded: dict[str, Any] = {"n_numbers": 6, "n_neurons": 16}
    made = {
        "constrained": PimaClassifier(
            n_layers=2, weight_constraint=0.5, dropout_rate=0.4
        ),
        "periodic": TableNet(
            **embedded, embedding="periodic", norm=nn.BatchNorm1d, n_outputs=3
        ),
        "piecewise": TableNet(
            **embedded, embedding="piecewise", norm=nn.LayerNorm, activation=nn.Mish
        ),
        "activations": AllActivations(),
        "convolution": Convolution(),
        "attention": Attention(),
    }
    return {name: drawn(net) for name, net in made.items()}


NETS = nets()


@cache
def graph_of(name: str) -> onnx.ModelProto:
    return net_graph(NETS[name], 8)


def outputs(graph: onnx.ModelProto, rows: Tensor) -> np.ndarray:
    session = InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    made: list[np.ndarray] = session.run([OUTPUT], {INPUT: rows.numpy()})
    return made[0]


@pytest.mark.parametrize("name", NETS)
def test_a_graph_gives_what_torch_gives_for_any_number_of_rows(name: str) -> None:
    net, before = (
        NETS[name],
        {key: number.clone() for key, number in NETS[name].state_dict().items()},
    )
    graph = graph_of(name)
    assert net.training
    for key, number in net.state_dict().items():
        assert torch.equal(number, before[key])
    check(graph, deepcopy(net).eval())  # max-norm changes weights


def check(graph: onnx.ModelProto, net: nn.Module) -> None:
    for n_rows in (1, 1000):
        rows = 2 * torch.randn(
            n_rows, 8, generator=torch.Generator().manual_seed(n_rows)
        )
        with torch.no_grad():
            expected = net(rows)
        expected = expected[0] if isinstance(expected, tuple) else expected
        size = max(
            1.0, float(expected.abs().max())
        )  # a logit is a sum of terms that may be larger than itself
        np.testing.assert_allclose(
            outputs(graph, rows), expected.numpy(), rtol=0, atol=1e-6 * size
        )


@pytest.mark.parametrize("name", NETS)
def test_weights_keep_their_names_and_nothing_else_is_told(name: str) -> None:
    net = NETS[name]
    graph = graph_of(name)
    numbers = {
        each.name: numpy_helper.to_array(each) for each in graph.graph.initializer
    }
    for key, number in net.state_dict().items():
        if "num_batches_tracked" not in key:  # of no use to a net that predicts
            np.testing.assert_array_equal(numbers[key], number.numpy())
    text = "".join(
        map(str, [*graph.graph.node, *graph.graph.initializer])
    )  # which the file of a model has
    assert "metadata" not in text
    assert "doc_string" not in text
    assert ".py" not in text


def test_a_net_in_double_or_made_under_a_default_of_double_is_exact() -> None:
    class Double(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            return 0.1 * self.layer(x.double()).tanh()

    torch.set_default_dtype(torch.float64)
    try:
        net = drawn(Double())
        graph = net_graph(net, 8)
    finally:
        torch.set_default_dtype(torch.float32)
    rows = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = net(rows).numpy()
    assert expected.dtype == np.float64
    np.testing.assert_allclose(
        outputs(graph, rows), expected, rtol=1e-7
    )  # torch rounds 0.1 to float32


class Branches(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class RowByRow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([row * 2 for row in x])


class OneRowApart(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if len(x) > 1 else 2 * x


class Random(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x)


class Bessel(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.special.bessel_j0(x)


class DoubleMish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.mish(x.double())


class NoCopy(nn.Module):
    def __deepcopy__(self, memo: Any) -> nn.Module:
        raise TypeError("it holds a lock.\nAnd more")


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (
            Branches,
            "torch can't export the net: its forward takes another way for other numbers$",
        ),
        (
            RowByRow,
            "torch can't export the net: its forward runs for a fixed number of rows only$",
        ),
        (
            OneRowApart,
            "onnxruntime and torch give other numbers for a batch of 1: the net may draw random numbers, or",
        ),
        (
            Random,
            "onnxruntime and torch give other numbers for a batch of 1: the net may draw random numbers, or",
        ),
        (Bessel, "torch can't export the net: No ONNX function found for .*bessel_j0"),
        (
            DoubleMish,
            "onnxruntime can't run the net: .* Could not find an implementation for Softplus",
        ),
        (NoCopy, "torch can't export the net: it holds a lock$"),
        (
            lambda: nn.Linear(9, 1),
            "torch can't export the net: a and b must have same reduction dim",
        ),
    ],
)
def test_a_net_that_can_t_be_exported_is_refused_with_its_reason(
    module: Any,
    reason: str,
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    with pytest.raises(NotExportableError, match=f"^{reason}"):
        net_graph(module(), 8)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def written() -> bytes:
    return b"".join(
        graph_of(name).SerializeToString(deterministic=True) for name in NETS
    )


@pytest.mark.long
def test_another_processor_writes_the_same_bytes() -> None:
    code = f"import sys; from {__name__} import written; sys.stdout.buffer.write(written())"
    simd: Any = np.show_config(mode="dicts")["SIMD Extensions"]
    old = {
        "ATEN_CPU_CAPABILITY": "default",
        "NPY_DISABLE_CPU_FEATURES": " ".join(simd.get("found", ())),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | old,
        check=True,
        stdout=subprocess.PIPE,
    )
    assert done.stdout == written()
