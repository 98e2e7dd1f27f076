"""The network for tables: its shapes, its embeddings, what it refuses, and that its nets train in lockstep."""

from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import cross_validate
from skorch import NeuralNetRegressor
from torch import nn

import lockstep  # noqa: F401 (registers the backend)
from nets.table_net import TableNet

X = np.random.default_rng(0).normal(size=(120, 5))
Y = np.sin(3 * X[:, :1]) + X[:, 1:2]
EMBEDDED: dict[str, Any] = {"n_inputs": 5, "n_numbers": 3}


@pytest.mark.parametrize("embedding", ["none", "periodic", "piecewise"])
@pytest.mark.parametrize("norm", [None, nn.LayerNorm, nn.BatchNorm1d])
def test_it_maps_rows_to_outputs(embedding: Any, norm: Any) -> None:
    net = TableNet(**EMBEDDED, n_outputs=2, n_layers=3, n_neurons=7, embedding=embedding, norm=norm)
    assert net(torch.zeros(4, 5)).shape == (4, 2)
    assert sum(isinstance(layer, nn.SiLU) for layer in net.modules()) == 3


def test_a_piecewise_embedding_starts_straight_and_goes_on_beyond_its_ends() -> None:
    net = TableNet(n_inputs=1, n_numbers=1, embedding="piecewise")
    embedding: Any = net.embedding
    places = torch.linspace(-6, 6, 13).unsqueeze(1)
    curves = embedding(places)[:, 0]
    torch.testing.assert_close(curves.diff(n=2, dim=0), torch.zeros(11, 8), atol=1e-5, rtol=0)
    with torch.no_grad():
        embedding.linear.weight.fill_(1.0)
    bent = embedding(places)[:, 0]
    assert bent.diff(n=2, dim=0)[4:7].abs().max() > 0.1
    torch.testing.assert_close(bent.diff(n=2, dim=0)[[0, -1]], torch.zeros(2, 8), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"n_layers": 0}, "n_layers is 0; it should be a whole number, 1 or more"),
        ({"n_neurons": 2.5}, "n_neurons is 2.5"),
        ({"dropout_rate": 1.0}, "dropout_rate is 1.0; it should be at least 0 and below 1"),
        ({"frequency_scale": 0.0}, "frequency_scale is 0.0; it should be above 0"),
        ({"embedding": "periodical"}, "embedding is 'periodical'; it should be none, periodic, piecewise"),
        ({"embedding": "periodic", "n_numbers": 0}, "the table has no column of numbers; set it to none"),
    ],
)
def test_what_it_refuses(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TableNet(**EMBEDDED | given)


@pytest.mark.filterwarnings("error::lockstep.LockstepWarning")
@pytest.mark.parametrize("embedding", ["none", "periodic", "piecewise"])
def test_it_trains_in_lockstep_as_by_skorch(embedding: str) -> None:
    about = {"module__n_inputs": 5, "module__n_numbers": 3, "module__embedding": embedding, "module__dropout_rate": 0.0}
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
            found[stack] = cross_validate(net, *rows, cv=3, error_score="raise")["test_score"]
    np.testing.assert_allclose(found[True], found[False], rtol=1e-3)
