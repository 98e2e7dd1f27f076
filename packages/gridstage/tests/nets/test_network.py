"""The nets. Oracles: torch's own layers and draws in float64, and torch with the kernels of an old processor."""

import copy
import hashlib
import math
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import cross_validate
from skorch import NeuralNetRegressor
from torch import Tensor, nn

import lockstep  # noqa: F401 (registers the backend)
from nets.network import PimaClassifier
from nets.table_net import TableNet


def test_the_base_module_is_the_tutorials() -> None:
    torch.manual_seed(0)
    ours = PimaClassifier()
    torch.manual_seed(0)
    layers = [
        nn.Linear(8, 12, dtype=torch.float64),
        nn.ReLU(),
        nn.Linear(12, 1, dtype=torch.float64),
        nn.Sigmoid(),
    ]
    tutorials = nn.Sequential(*layers).float()
    x = torch.randn(5, 8)
    assert torch.equal(ours(x), tutorials(x))
    module = PimaClassifier(
        n_inputs=30, n_outputs=3, n_layers=2, n_neurons=7, output=nn.Identity
    )
    assert [
        tuple(weight.shape) for weight in module.parameters() if weight.ndim == 2
    ] == [(7, 30), (7, 7), (3, 7)]


def test_an_initialiser_touches_the_weights_only() -> None:
    torch.manual_seed(0)
    plain = PimaClassifier()
    torch.manual_seed(0)
    ones = PimaClassifier(weight_init=nn.init.ones_)
    for (name, before), after in zip(
        plain.named_parameters(), ones.parameters(), strict=True
    ):
        expected = torch.ones_like(before) if name.endswith("weight") else before
        assert torch.equal(after, expected)


@pytest.mark.parametrize("training", [True, False])
def test_max_norm_is_torchs_renorm(training: bool) -> None:
    torch.manual_seed(0)
    module = PimaClassifier(weight_constraint=1.0, weight_init=nn.init.normal_).train(
        training
    )
    weight = module.get_parameter("hidden.0.weight")
    before = weight.detach().clone()
    before[:, 0] = 0
    weight.data.copy_(before)
    x, bare = torch.randn(3, 8), copy.deepcopy(module)
    bare.weight_constraint, bare.hidden[0].weight.data = (
        None,
        torch.renorm(before, p=2, dim=1, maxnorm=1.0),
    )
    torch.testing.assert_close(module(x), bare(x))
    assert torch.equal(module.last.weight, bare.last.weight)
    if training:
        torch.testing.assert_close(weight, bare.hidden[0].weight)
        short = before.norm(dim=0) <= 1
        assert torch.equal(weight[:, short], before[:, short])
    else:
        assert torch.equal(weight, before), (
            "a fitted net is another one when it has predicted"
        )


def test_dropout_follows_the_activation_in_training_only() -> None:
    torch.manual_seed(0)
    module = PimaClassifier(
        n_neurons=1000, dropout_rate=0.25, activation=nn.Sigmoid, output=nn.Identity
    )
    seen: list[Tensor] = []
    module.last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    for training in (True, False):
        module.train(training)(torch.randn(20, 8))
    dropped = (seen[0] == 0).float().mean().item()
    assert dropped == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / 20_000))
    assert (seen[1] > 0).all()


@pytest.mark.parametrize(
    "arguments",
    [
        {"dropout_rate": 1.0},
        {"dropout_rate": -0.1},
        {"weight_constraint": 0.0},
        {"n_layers": 1.5},
    ],
)
def test_numbers_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=f"{next(iter(arguments))} is .*; it should be"
    ):
        PimaClassifier(**arguments)


X = np.random.default_rng(0).normal(size=(120, 5))
Y = np.sin(3 * X[:, :1]) + X[:, 1:2]
EMBEDDINGS: tuple[Any, ...] = ("none", "periodic", "piecewise")
EMBEDDED: dict[str, Any] = {"n_inputs": 5, "n_numbers": 3}


@pytest.mark.parametrize("embedding", EMBEDDINGS)
@pytest.mark.parametrize("norm", [None, nn.LayerNorm, nn.BatchNorm1d])
def test_it_maps_rows_to_outputs(embedding: Any, norm: Any) -> None:
    net = TableNet(
        **EMBEDDED, n_outputs=2, n_layers=3, n_neurons=7, embedding=embedding, norm=norm
    )
    assert net(torch.zeros(4, 5)).shape == (4, 2)
    assert sum(isinstance(layer, nn.SiLU) for layer in net.modules()) == 3


def test_a_piecewise_embedding_starts_straight_and_goes_on_beyond_its_ends() -> None:
    net = TableNet(n_inputs=1, n_numbers=1, embedding="piecewise")
    embedding: Any = net.embedding
    places = torch.linspace(-6, 6, 13).unsqueeze(1)
    curves = embedding(places)[:, 0]
    torch.testing.assert_close(
        curves.diff(n=2, dim=0), torch.zeros(11, 8), atol=1e-5, rtol=0
    )
    with torch.no_grad():
        embedding.linear.weight.fill_(1.0)
    bent = embedding(places)[:, 0]
    assert bent.diff(n=2, dim=0)[4:7].abs().max() > 0.1
    torch.testing.assert_close(
        bent.diff(n=2, dim=0)[[0, -1]], torch.zeros(2, 8), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"n_layers": 0}, "n_layers is 0; it should be a whole number, 1 or more"),
        ({"n_neurons": 2.5}, "n_neurons is 2.5"),
        (
            {"dropout_rate": 1.0},
            "dropout_rate is 1.0; it should be at least 0 and below 1",
        ),
        ({"frequency_scale": 0.0}, "frequency_scale is 0.0; it should be above 0"),
        (
            {"embedding": "periodical"},
            "embedding is 'periodical'; it should be none, periodic, piecewise",
        ),
        (
            {"embedding": "periodic", "n_numbers": 0},
            "the table has no column of numbers; set it to none",
        ),
    ],
)
def test_what_it_refuses(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TableNet(**EMBEDDED | given)


@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_it_trains_in_lockstep_as_by_skorch(embedding: str) -> None:
    about = {
        "module__n_inputs": 5,
        "module__n_numbers": 3,
        "module__embedding": embedding,
        "module__dropout_rate": 0.0,
    }
    net = NeuralNetRegressor(
        TableNet,
        **about,
        optimizer=torch.optim.AdamW,
        lr=0.01,
        max_epochs=3,
        batch_size=16,
        train_split=None,
        verbose=0,
    )
    found = {}
    for stack in (True, False):
        with parallel_config(backend="lockstep", random_state=3, stack=stack):
            rows = X.astype(np.float32), Y.astype(np.float32)
            found[stack] = cross_validate(net, *rows, cv=3, error_score="raise")[
                "test_score"
            ]
    np.testing.assert_allclose(found[True], found[False], rtol=1e-3)


NAMES = "normal_ uniform_ trunc_normal_ kaiming_normal_ kaiming_uniform_ xavier_normal_ xavier_uniform_"
DRAWN = (
    *(getattr(nn.init, name) for name in NAMES.split()),
    partial(nn.init.sparse_, sparsity=0.1),
)


def first_weights() -> str:
    """Return a hash over the first weights of many nets."""
    torch.manual_seed(3)
    nets: list[nn.Module] = [
        PimaClassifier(n_layers=2, weight_init=initialiser)
        for initialiser in (None, *DRAWN)
    ]
    nets += [TableNet(n_numbers=7, embedding=embedding) for embedding in EMBEDDINGS]
    numbers = [
        number.detach().numpy().tobytes()
        for net in nets
        for number in net.state_dict().values()
    ]
    return hashlib.sha256(b"".join(numbers)).hexdigest()


def test_an_old_processor_draws_the_same_weights() -> None:
    code = "from packages.gridstage.tests.nets.test_network import first_weights; print(first_weights())"
    old = os.environ | {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=old,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.stdout.strip() == first_weights()


@pytest.mark.parametrize("initialiser", [None, *DRAWN])
def test_weights_are_torchs_draws_in_float64(
    initialiser: Callable[[Tensor], Any] | None,
) -> None:
    torch.manual_seed(3)
    ours = PimaClassifier(weight_init=initialiser)
    torch.manual_seed(3)
    layers = [
        nn.Linear(8, 12, dtype=torch.float64),
        nn.Linear(12, 1, dtype=torch.float64),
    ]
    for layer in layers if initialiser else []:
        initialiser(layer.weight)  # type: ignore[misc]
    for mine, exact in zip(
        ours.parameters(), nn.Sequential(*layers).parameters(), strict=True
    ):
        assert torch.equal(mine, exact.float())


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_all_weights_of_a_table_net_are_float32(embedding: Any) -> None:
    net = TableNet(n_numbers=7, embedding=embedding, norm=nn.BatchNorm1d)
    assert {number.dtype for number in net.state_dict().values()} == {
        torch.float32,
        torch.int64,
    }
