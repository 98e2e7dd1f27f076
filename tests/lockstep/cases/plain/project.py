"""Cases: the project's net on its data, which the engine doesn't know, with the values of params.yaml."""

from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetBinaryClassifier, NeuralNetRegressor
from skorch.dataset import ValidSplit
from torch import nn

from tests.lockstep import nets
from tests.lockstep.cases.base import Case
from tests.project import ACTIVATIONS, INITIALISERS, OPTIMIZERS


class OwnNet(nn.Module):
    """A module that knows nothing of the project: other layers, a buffer, an attribute, layer norm."""

    def __init__(self, width: int = 6, slope: float = 0.1, gain: float = 1.0) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, width), nn.LayerNorm(width), nn.LeakyReLU(slope))
        self.head = nn.Linear(width, 1)
        self.register_buffer("gain", torch.tensor(gain))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.gain * self.head(self.body(x / 100)))


def project() -> dict[str, Case]:
    X, Y = nets.first_rows(151, np.float64)
    case = partial(Case, X=X, y=Y)
    net = partial(nets.net, optimizer=torch.optim.Adamax, lr=0.01, batch_size=16)
    # Plain SGD: where a logit is large, sigmoid(logit) - 1 has few digits, and Adamax would amplify the rounding.
    logits = partial(net, module__output=nn.Identity, optimizer=torch.optim.SGD, lr=1e-4, max_epochs=2)
    binary = partial(logits, criterion=nn.BCEWithLogitsLoss)
    momentum: dict[str, list[Any]] = {"optimizer__lr": [0.001, 0.1], "optimizer__momentum": [0.0, 0.9]}
    pipeline = Pipeline([("scale", StandardScaler()), ("net", net())])
    return {
        "optimizers": case(net(), {"optimizer": [getattr(torch.optim, name) for name in OPTIMIZERS]}),
        "rate and momentum": case(net(optimizer=torch.optim.SGD, optimizer__nesterov=False), momentum),
        "activations": case(net(), {"module__activation": [getattr(nn, name) for name in ACTIVATIONS]}),
        "initialisers": case(net(), {"module__weight_init": [getattr(nn.init, name) for name in INITIALISERS]}),
        "max-norm": case(net(), {"module__weight_constraint": [None, 0.3, 2.0]}),
        "max-norm, no hold-out": case(net(train_split=None), {"module__weight_constraint": [None, 0.3, 2.0]}),
        "lengths and short last batches": case(net(), {"batch_size": [7, 16, 1000], "max_epochs": [1, 2, 4]}),
        "folds of unequal size": case(net(train_split=None), {"lr": [0.01, 0.1]}, cv=KFold(4)),
        "widths and layers": case(net(), {"module__n_neurons": [1, 5, 30], "module__n_layers": [1, 3]}),
        "a scaler": case(pipeline, {"net__lr": [0.01, 0.1], "net__module__weight_constraint": [1.0]}),
        "another module": case(net(module=OwnNet), {"module__slope": [0.1, 0.2], "module__gain": [0.5, 1.0]}),
        "logits": case(binary(), {"lr": [1e-4, 1e-5]}),
        "logits, binary": case(binary(wrapper=NeuralNetBinaryClassifier), {"lr": [1e-4, 1e-5]}, y=Y.ravel()),
        "two logits": case(
            logits(criterion=nn.CrossEntropyLoss, module__n_outputs=2),
            {"lr": [1e-4, 1e-5]},
            y=Y.ravel().astype(np.int64),
        ),
        "regression": case(
            logits(wrapper=NeuralNetRegressor, criterion=nn.MSELoss, train_split=ValidSplit(5)), {"lr": [1e-4, 1e-5]}
        ),
    }
