"""Rows, nets and uses of nets that the tests of calls share, and what is compared."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.datasets import make_classification
from skorch import NeuralNetClassifier, NeuralNetRegressor
from torch import nn

import lockstep.search
from lockstep import LockstepWarning
from lockstep.members.numerics import random_states, seed_everything

SEED = 7


class Net(nn.Module):
    """A small net for rows of any width."""

    def __init__(self, n_in: int = 6, n_out: int = 2, n_hidden: int = 8, rate: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_in, n_hidden), nn.ReLU(), nn.Dropout(rate), nn.Linear(n_hidden, n_out))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.layers(X)
        return made


def _rows(n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    X, y = make_classification(120, 6, n_informative=5, n_redundant=0, n_classes=n_classes, random_state=0)
    return X.astype(np.float32), y


X, y = _rows(2)
THREE = _rows(3)
NUMBERS = (X @ np.arange(6, dtype=np.float32) / 6).reshape(-1, 1)
COMMON: dict[str, Any] = {"max_epochs": 3, "batch_size": 16, "verbose": 0, "iterator_train__shuffle": True}


def classifier(wrapper: Any = NeuralNetClassifier, **settings: Any) -> Any:
    return wrapper(Net, **{"criterion": nn.CrossEntropyLoss, "lr": 0.1} | COMMON | settings)


def regressor(**settings: Any) -> Any:
    return NeuralNetRegressor(Net, **{"module__n_out": 1, "lr": 0.01} | COMMON | settings)


class Sized(NeuralNetClassifier):
    """Takes rows of any width; counts the calls of its `fit`, and draws from two generators."""

    n_fits = 0

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        type(self).n_fits += 1
        self.drawn_ = np.random.rand(), torch.rand(1).item()
        self.set_params(module__n_in=X.shape[1])
        return super().fit(X, y, **fit_params)


@dataclass
class Counted:
    """The nets that were trained in stacks, the stacks, and the nets that skorch has trained; and warnings."""

    stacks: list[int] = field(default_factory=list)
    alone: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def stacked(self) -> int:
        return sum(self.stacks)


@contextmanager
def counted() -> Iterator[Counted]:
    """Count the nets that are trained in the block."""
    counts, train, fit_loop = Counted(), lockstep.search._train, NeuralNetClassifier.fit_loop

    def counting(job: Any, advance: Any) -> Any:
        counts.stacks.append(len(job.members))
        return train(job, advance)

    def looping(self: Any, X: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        counts.alone += len(X) > 30 if hasattr(X, "__len__") else 1  # trials have few rows
        return fit_loop(self, X, y, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        patch.setattr(lockstep.search, "_train", counting)
        patch.setattr("skorch.NeuralNet.fit_loop", looping)
        yield counts
    counts.told = [str(each.message) for each in caught if each.category is LockstepWarning]


def under_lockstep(use: Callable[[], Any], **options: Any) -> tuple[Any, Counted]:
    """Return what a use of nets gives under the backend, and how its nets were trained."""
    seed_everything(0)
    with counted() as counts, parallel_config(backend="lockstep", random_state=SEED, **options):
        given = use()
    return given, counts


def both_ways(use: Callable[[], Any], rtol: float = 2e-3, **options: Any) -> Counted:
    """Compare what a use gives in stacks with what it gives one by one under the same seeds; returns the former's."""
    (ours, counts), (theirs, alone) = (under_lockstep(use, stack=stack, **options) for stack in (True, False))
    drawn = random_states()
    assert not alone.stacks
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=1e-4)
    assert random_states() == drawn
    return counts
