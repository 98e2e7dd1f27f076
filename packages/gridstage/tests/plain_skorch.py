"""The other side of many comparisons: the project's net in skorch alone, nothing of the project's own in between."""

from typing import Any

import torch
from skorch import NeuralNet, NeuralNetClassifier
from skorch.dataset import ValidSplit
from torch import nn

from nets.network import PimaClassifier


def plain_net(
    wrapper: type[NeuralNet] = NeuralNetClassifier, **settings: Any
) -> NeuralNet:
    """Return a net with the loss, optimizer and hold-out of the tutorial, unless `settings` name others."""
    base: dict[str, Any] = {
        "module": PimaClassifier,
        "criterion": nn.BCELoss,
        "optimizer": torch.optim.Adam,
        "train_split": ValidSplit(5, stratified=True),
        "verbose": 0,
    }
    return wrapper(**(base | settings))
