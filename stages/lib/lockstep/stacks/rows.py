"""The rows that a net is trained on, and the order in which it takes them, as skorch's own loaders give both."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.dataset import Dataset, unpack_data
from torch import Tensor
from torch.utils._pytree import tree_map
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
    batch: int  # rows of a batch
    width: int  # the same, where batches are filled up; one that takes all rows needs few more


class Order:
    """The batches of each epoch, as skorch's loader of a net gives them; `fixed` where all epochs have the same.

    An epoch starts `n_draws` loaders, each of which draws a seed: one, and another one for the hold-out. `state` is
    that of torch's generator before the next epoch.
    """

    def __init__(self, loader: DataLoader, n_draws: int, state: Tensor) -> None:
        self.loader: Any = loader
        self.n_draws, self.state = n_draws, state
        batches: Any = loader.batch_sampler
        plain = type(loader.sampler) is SequentialSampler and type(batches) is BatchSampler
        self.fixed: Batches | None = list(batches) if plain else None

    def key(self) -> tuple[Any, ...]:
        """Return what the batches of nets with the same loader settings follow from."""
        sized = (len(self.loader.dataset), self.loader.batch_size)
        return (*sized, self.n_draws, self.state.numpy().tobytes()) if self.fixed is None else sized

    def next_epoch(self) -> Batches:
        """Return an epoch's batches, and move the generator on as skorch's epoch does."""
        if self.fixed is not None:
            return self.fixed
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.state)
            for i in range(self.n_draws):
                # DataLoader draws a seed for its workers, whether it has some or not.
                torch.empty((), dtype=torch.int64).random_(generator=self.loader.generator)
                if i == 0:
                    batches = [[int(row) for row in batch] for batch in self.loader.batch_sampler]
            self.state = torch.get_rng_state()
        return batches


def fetch(net: NeuralNet, dataset: Any, training: bool) -> tuple[Rows, DataLoader]:
    """Return all rows of a dataset as the net's loader would give them in one batch, and the loader."""
    kind = "iterator_train" if training else "iterator_valid"
    if getattr(net, kind) is not DataLoader:
        raise RefusalError(f"{kind} is no plain DataLoader")
    loader = net.get_iterator(dataset, training=training)
    n = 0 if isinstance(dataset, IterableDataset) or loader.batch_sampler is None else len(dataset)
    if not n:
        raise RefusalError("the dataset gives no batches of numbered rows")
    if loader.collate_fn is not default_collate:
        raise RefusalError(f"{kind}__collate_fn is set")
    first = default_collate([dataset[0]])
    arrays = _as_arrays(dataset)
    if arrays is None:
        batch = default_collate([dataset[i] for i in range(n)])
        if fingerprint(first) != fingerprint(default_collate([dataset[0]])):
            raise RefusalError("the dataset gives other rows each time")
    else:
        batch = [torch.as_tensor(whole).to(one.dtype) for whole, one in zip(arrays, first, strict=True)]
    X, y = unpack_data(batch)
    size = loader.batch_size or 0 if training else loader.batch_size
    return Rows(_plain(X), _plain(y), n, size, min(size, -(-n // 16) * 16)), loader


def _as_arrays(dataset: Any) -> list[Any] | None:
    """Return X and y where they are arrays or tensors in skorch's own dataset, so that no row need be taken singly."""
    base, rows = dataset, None
    if isinstance(dataset, Subset):
        base, rows = dataset.dataset, np.asarray(dataset.indices)
    if type(base) is not Dataset or not all(isinstance(part, np.ndarray | Tensor) for part in (base.X, base.y)):
        return None
    parts = [part if rows is None else part[rows] for part in (base.X, base.y)]
    return [contiguous(part) for part in parts]


def contiguous(rows: Any) -> Any:
    """Return rows in a form that torch takes; it refuses arrays that run backwards."""
    return np.ascontiguousarray(rows) if isinstance(rows, np.ndarray) else rows


def _plain(batch: Any) -> Any:
    return {key: _plain(value) for key, value in batch.items()} if isinstance(batch, dict) else batch


def weights(sizes: list[list[int]], width: int) -> Tensor:
    """Return how much rows count in batches of these sizes that are filled up, shape (n_nets, n_batches, width)."""
    found = torch.zeros(len(sizes), max(map(len, sizes)), width, dtype=torch.float64)
    for i, lengths in enumerate(sizes):
        for j, length in enumerate(lengths):
            found[i, j, :length] = 1 / length
    return found


def taken(tree: Any, places: Any) -> Any:
    """Return the same places of all tensors in a tree."""
    return tree_map(lambda tensor: tensor[places], tree)


def filled_up(rows: Tensor, n: int) -> Tensor:
    """Return `n` rows: those given, and copies of the first."""
    return torch.cat([rows, rows[:1].expand(n - len(rows), *rows.shape[1:])])
