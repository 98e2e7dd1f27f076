"""The first weights of the nets. Oracles: torch's draws in float64, and torch with the kernels of an old processor."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from nets.network import PimaClassifier
from nets.table_net import TableNet

DRAWN = (
    nn.init.normal_,
    nn.init.uniform_,
    nn.init.trunc_normal_,
    nn.init.kaiming_normal_,
    nn.init.kaiming_uniform_,
    nn.init.xavier_normal_,
    nn.init.xavier_uniform_,
    partial(nn.init.sparse_, sparsity=0.1),
)
EMBEDDINGS: tuple[Any, ...] = ("none", "periodic", "piecewise")


def first_weights() -> str:
    """Return a hash over the first weights of many nets."""
    torch.manual_seed(3)
    nets: list[nn.Module] = [PimaClassifier(n_layers=2, weight_init=initialiser) for initialiser in (None, *DRAWN)]
    nets += [TableNet(n_numbers=7, embedding=embedding) for embedding in EMBEDDINGS]
    numbers = [number.detach().numpy().tobytes() for net in nets for number in net.state_dict().values()]
    return hashlib.sha256(b"".join(numbers)).hexdigest()


def test_an_old_processor_draws_the_same_weights() -> None:
    code = "from tests.nets.test_draws import first_weights; print(first_weights())"
    old = os.environ | {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}
    done = subprocess.run([sys.executable, "-c", code], env=old, check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.strip() == first_weights()


@pytest.mark.parametrize("initialiser", [None, *DRAWN])
def test_weights_are_torchs_draws_in_float64(initialiser: Callable[[torch.Tensor], Any] | None) -> None:
    torch.manual_seed(3)
    ours = PimaClassifier(weight_init=initialiser)
    torch.manual_seed(3)
    layers = [nn.Linear(8, 12, dtype=torch.float64), nn.Linear(12, 1, dtype=torch.float64)]
    for layer in layers if initialiser else []:
        initialiser(layer.weight)  # type: ignore[misc]
    for mine, exact in zip(ours.parameters(), nn.Sequential(*layers).parameters(), strict=True):
        assert torch.equal(mine, exact.float())


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_all_weights_of_a_table_net_are_float32(embedding: Any) -> None:
    net = TableNet(n_numbers=7, embedding=embedding, norm=nn.BatchNorm1d)
    assert {number.dtype for number in net.state_dict().values()} == {torch.float32, torch.int64}
