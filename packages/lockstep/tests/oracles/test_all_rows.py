"""Oracle: skorch. What a trial does not train on: extreme numbers, padded rows, batches of other lengths.

All in float32, as users search. Scores, histories and warnings are those of the search without stacks.
"""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import TimeSeriesSplit, cross_validate
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from torch import Tensor, nn

from packages.lockstep.tests.cases.base import classifier
from packages.lockstep.tests.searches import SEED, of_the_engine

Rows = tuple[np.ndarray, np.ndarray]


class Waves(nn.Module):
    """Sees the time of its rows as angles."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.cat([x.sin(), x.cos()], 1))


class Encoder(nn.Module):
    """A transformer over tokens, of which 0 is padding."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(12, 16), nn.Linear(16, 2)
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(
            self.encoder(self.embedding(x), src_key_padding_mask=x == 0).mean(1)
        )


class Attention(nn.Module):
    """Attention over tokens, with the mask for each row that a name says."""

    def __init__(
        self, mask: str = "key_padding_mask", need_weights: bool = False
    ) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(12, 16), nn.Linear(16, 2)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.mask, self.need_weights = mask, need_weights

    def forward(self, x: Tensor) -> Tensor:
        seen, padding = self.embedding(x), x == 0
        if self.mask == "attn_mask":
            padding = (
                padding.unsqueeze(1).repeat_interleave(2, 0).expand(-1, x.shape[1], -1)
            )
        masks = {self.mask: padding, "need_weights": self.need_weights}
        return self.out(self.attention(seen, seen, seen, **masks)[0].mean(1))


class Counting(nn.Module):
    """Treats batches of some lengths in another way."""

    def __init__(self, when: str) -> None:
        super().__init__()
        self.up, self.out, self.when = nn.Linear(20, 16), nn.Linear(16, 2), when

    def forward(self, x: Tensor) -> Tensor:
        is_counted = self.when == "always" or self.training == (
            self.when == "in training"
        )
        if is_counted and len(x) % 3 == 0:
            x = 3 * x
        return self.out(self.up(x).relu())


class Sigmoid(nn.Sequential):
    """The tutorial's net."""

    def __init__(self, n_inputs: int) -> None:
        super().__init__(
            nn.Linear(n_inputs, 12), nn.ReLU(), nn.Linear(12, 1), nn.Sigmoid()
        )


def tokens() -> Rows:
    """Return 240 series, of which three are padded, and three are padding alone."""
    X = np.random.RandomState(0).randint(1, 12, (240, 6))
    X[[5, 75, 145], 3:] = 0
    X[[9, 79, 149]] = 0
    return X, (X[:, 0] > 5).astype(np.int64)


def seconds(first: int) -> Rows:
    """Return angles; those of rows from one on are some millions larger."""
    X = np.random.RandomState(0).rand(240, 2) * 6
    X[first:] += 2e6
    return X.astype(np.float32), (np.sin(X[:, 0]) > 0).astype(np.int64)


def numbers() -> Rows:
    X = np.random.RandomState(0).randn(400, 20).astype(np.float32)
    return X, (X[:, 0] > 0).astype(np.int64)


def cancers() -> Rows:
    """Return a table that is not scaled, so that sigmoids are 0 or 1."""
    X, y = load_breast_cancer(return_X_y=True)
    return X.astype(np.float32), y.astype(np.float32).reshape(-1, 1)


def net(module: Any, **settings: Any) -> NeuralNet:
    given = {
        "optimizer": torch.optim.Adam,
        "lr": 0.01,
        "max_epochs": 4,
        "batch_size": 32,
        "callbacks": [],
    }
    return classifier(module, **given | settings)


def patient(module: Any, **settings: Any) -> NeuralNet:
    return net(module, max_epochs=12, callbacks=[EarlyStopping(patience=2)], **settings)


def unscaled() -> NeuralNet:
    without = {"train_split": None, "criterion": nn.BCELoss, "batch_size": 10}
    return net(Sigmoid, module__n_inputs=30, wrapper=NeuralNetClassifier, **without)


class Search(NamedTuple):
    """Nets on rows, their splits, and whether the kernel trains them."""

    net: Callable[[], NeuralNet]
    rows: Callable[[], Rows]
    cv: Any = 3
    in_lockstep: bool = True
    rtol: float = 2e-3


SEARCHES = {
    "seconds that are only scored": Search(
        partial(net, Waves), partial(seconds, 180), TimeSeriesSplit(3)
    ),
    "seconds": Search(partial(net, Waves), partial(seconds, 0)),
    "an encoder with padding": Search(partial(net, Encoder), tokens),
    "an encoder with padding that stops early": Search(
        partial(patient, Encoder), tokens
    ),
    "attention with padding": Search(partial(net, Attention), tokens),
    "attention with a mask for each row": Search(
        partial(net, Attention, module__mask="attn_mask"), tokens
    ),
    "attention with padding that stops early": Search(
        partial(patient, Attention), tokens
    ),
    "attention with weights": Search(
        partial(net, Attention, module__need_weights=True), tokens, in_lockstep=False
    ),
    "a length that counts": Search(
        partial(net, Counting, module__when="always"), numbers
    ),
    "a length that counts in training": Search(
        partial(net, Counting, module__when="in training"), numbers
    ),
    "a length that counts in evaluation": Search(
        partial(net, Counting, module__when="in evaluation"), numbers
    ),
    "sigmoids that are full": Search(
        unscaled, cancers, rtol=0.05
    ),  # where rounding errors grow
}


def found(
    search: Search, stack: bool
) -> tuple[np.ndarray, list[Any], list[str], list[str]]:
    """Return scores, histories, the engine's warnings, and the other ones."""
    X, y = search.rows()
    backend = parallel_config(backend="lockstep", random_state=SEED, stack=stack)
    with warnings.catch_warnings(record=True) as caught, backend:
        warnings.simplefilter("always")
        how = {"scoring": ["accuracy", "neg_log_loss"], "return_estimator": True}
        made = cross_validate(search.net(), X, y, cv=search.cv, **how)
    scores = np.array([made["test_accuracy"], made["test_neg_log_loss"]])
    kept = ("train_loss", "valid_loss", "epoch")
    histories = [
        [[row[key] for key in kept if key in row] for row in each.history]
        for each in made["estimator"]
    ]
    return scores, histories, of_the_engine(caught), of_the_engine(caught, False)


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_that_of_skorch(name: str) -> None:
    search = SEARCHES[name]
    scores, histories, said, others = found(search, stack=True)
    their_scores, theirs, _, their_others = found(search, stack=False)
    np.testing.assert_allclose(scores, their_scores, rtol=search.rtol)
    assert list(map(len, histories)) == list(map(len, theirs))
    for one, other in zip(histories, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=search.rtol)
    assert others == their_others
    assert bool(said) != search.in_lockstep, said
