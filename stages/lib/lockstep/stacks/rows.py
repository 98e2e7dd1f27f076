"""The rows that a net is trained on, and the order in which it takes them, as skorch's own loaders give both."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.dataset import Dataset, unpack_data
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.data import BatchSampler, DataLoader, IterableDataset, SequentialSampler, Subset, default_collate

from stages.lib.lockstep._compat import fingerprint
from stages.lib.lockstep.surroundings import RefusalError

# Batches of row numbers.
Batches = list[list[int]]


@dataclass(frozen=True)
class Rows:
    """Rows and their targets as a batch of all of them: tensors, or mappings and lists of tensors."""

    X: Any
    y: Any
    n: int

    def to(self, dtype: torch.dtype) -> "Rows":
        """Return the rows with their floats in another type."""
        X, y = (tree_map(lambda t: t.to(dtype) if t.is_floating_point() else t, part) for part in (self.X, self.y))
        return Rows(X, y, self.n)

    def take(self, rows: Any) -> "Rows":
        """Return some of the rows."""
        X, y = (tree_map(lambda t: t[rows], part) for part in (self.X, self.y))
        return Rows(X, y, len(tree_leaves(X)[0]))


class Order:
    """The batches of each epoch, as skorch's loader of a net gives them.

    Parameters
    ----------
    loader : DataLoader
    n_draws : int
        How many loaders an epoch starts, each of which draws a seed: one, and another one for the hold-out.
    state : Tensor
        Of torch's generator at the first epoch.
    """

    def __init__(self, loader: DataLoader, n_draws: int, state: Tensor) -> None:
        self.loader: Any = loader
        self.n_draws, self.state = n_draws, state
        batches: Any = loader.batch_sampler
        plain = type(loader.sampler) is SequentialSampler and type(batches) is BatchSampler
        self._batches: Batches | None = list(batches) if plain else None

    @property
    def is_fixed(self) -> bool:
        """Whether all epochs have the same batches."""
        return self._batches is not None

    def key(self) -> tuple[Any, ...]:
        """Return what the batches of nets with the same loader settings follow from."""
        sized = (len(self.loader.dataset), self.loader.batch_size)
        return sized if self.is_fixed else (*sized, self.n_draws, self.state.numpy().tobytes())

    def next_epoch(self) -> Batches:
        """Return an epoch's batches, and move the generator on as skorch's epoch does."""
        if self._batches is not None:
            return self._batches
        batches, self.state = self.drawn()
        return batches

    def drawn(self) -> tuple[Batches, Tensor]:
        """Draw an epoch's batches; returns the generator's state after it as well."""
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.state)
            for i in range(self.n_draws):
                # DataLoader draws a seed for its workers, whether it has some or not.
                torch.empty((), dtype=torch.int64).random_(generator=self.loader.generator)
                if i == 0:
                    batches = [[int(row) for row in batch] for batch in self.loader.batch_sampler]
            return batches, torch.get_rng_state()

    def peek(self) -> Batches:
        """Return the next epoch's batches without taking them."""
        state = self.state
        try:
            return self.next_epoch()
        finally:
            self.state = state


def fetch(net: NeuralNet, dataset: Any, training: bool) -> tuple[Rows, DataLoader]:
    """Return all rows of a dataset as the net's loader would give them in one batch, and the loader.

    Raises
    ------
    RefusalError
        Where batches are more than rows put together.
    """
    kind = "iterator_train" if training else "iterator_valid"
    if getattr(net, kind) is not DataLoader:
        raise RefusalError(f"{kind} is no plain DataLoader")
    loader = net.get_iterator(dataset, training=training)
    if isinstance(dataset, IterableDataset) or loader.batch_sampler is None or not len(dataset):
        raise RefusalError("the dataset gives no batches of numbered rows")
    if loader.collate_fn is not default_collate:
        raise RefusalError(f"{kind}__collate_fn is set")
    first = default_collate([dataset[0]])
    rows = _as_arrays(dataset)
    if rows is None:
        batch = default_collate([dataset[i] for i in range(len(dataset))])
    else:
        batch = tree_map(lambda whole, one: torch.as_tensor(whole).to(one.dtype), rows, list(first))
    if rows is None and not _equal(first, default_collate([dataset[0]])):
        raise RefusalError("the dataset gives other rows each time")
    X, y = unpack_data(batch)
    return Rows(_plain(X), _plain(y), len(dataset)), loader


def _as_arrays(dataset: Any) -> list[Any] | None:
    """Return X and y where they are arrays or tensors in skorch's own dataset, so that no row need be taken singly."""
    base, numbers = dataset, None
    if isinstance(dataset, Subset):
        base, numbers = dataset.dataset, np.asarray(dataset.indices)
    if type(base) is not Dataset or base.y is None:
        return None

    def taken(part: Any) -> Any:
        return part if numbers is None else part[numbers]

    parts = [base.X, base.y]
    if not all(isinstance(part, np.ndarray | Tensor) for part in parts):
        return None
    return [taken(part) for part in parts]


def _plain(batch: Any) -> Any:
    return {key: _plain(value) for key, value in batch.items()} if isinstance(batch, dict) else batch


def _equal(one: Any, other: Any) -> bool:
    return fingerprint(one) == fingerprint(other)
