"""The rows that a net is trained on, and their order, both as skorch's own loaders give them."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, TypeVar

import numpy as np
import torch
from skorch import NeuralNet
from skorch.dataset import Dataset, unpack_data
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
)

from lockstep._compat import tree_leaves, tree_map
from lockstep.members.refusals import RefusalError

# The datasets, also as subsets, and the samplers that are supported.
_DATASETS = (Dataset, TensorDataset)
_SAMPLERS = (SequentialSampler, RandomSampler, WeightedRandomSampler)

T = TypeVar("T")

# Batches of row numbers.
Batches = list[list[int]]


@dataclass(frozen=True)
class Rows:
    """Rows and their targets as a batch of all of them: tensors, or mappings and lists of tensors."""

    X: Any
    y: Any
    n: int
    batch: int  # rows of a batch
    width: int  # the length of batches that are filled up; if a batch has all rows, not much longer

    @cached_property
    def tensors(self) -> list[Tensor]:
        """The tensors of rows and targets, one after the other."""
        return tree_leaves((self.X, self.y))

    @property
    def lengths(self) -> list[int]:
        """The lengths of their batches, one after the other."""
        starts = range(0, self.n, self.batch)
        return [min(self.batch, self.n - start) for start in starts]


class Order:
    """The batches of each epoch, as skorch's loader of a net gives them.

    An epoch starts `n_draws` loaders, one for training and one for a hold-out, and each draws a seed. `state` is that
    of torch's generator before the next epoch; if all epochs have the same batches, before the first.
    """

    is_followed = False

    def __init__(self, loader: DataLoader, n_draws: int, state: Tensor) -> None:
        self.loader: Any = loader
        self.n_draws = n_draws
        self.state = state
        self.is_fixed = (
            type(loader.sampler) is SequentialSampler
            and type(loader.batch_sampler) is BatchSampler
        )

    def key(self) -> tuple[Any, ...]:
        """Return a key of the batches, for nets with the same loader settings."""
        sized = len(self.loader.dataset), self.loader.batch_size
        if self.is_fixed:
            return sized
        return (*sized, self.n_draws, self.state.numpy().tobytes())

    def followed(self, state: Tensor) -> "Order":
        """Return a copy for one net whose callbacks draw numbers: its state must be skorch's before each epoch."""
        order = copy.copy(self)
        order.state = state
        order.is_followed = True
        vars(order).pop("fixed", None)
        return order

    @cached_property
    def fixed(self) -> Batches | None:
        """The batches of each epoch if all epochs have the same, else None."""
        if self.is_fixed and not self.is_followed:
            return self._drawn()
        return None

    @cached_property
    def lengths(self) -> list[int]:
        """The lengths of the first epoch's batches."""
        return [len(batch) for batch in self.fixed or copy.copy(self).next_epoch()]

    def after(self, state: Tensor, epochs: int) -> Tensor:
        """Return the state of torch's generator after these epochs of a net whose first epoch began at `state`."""
        if self.fixed is None:
            return self.state
        generator = torch.Generator()
        generator.set_state(state)
        torch.empty(self.n_draws * epochs, dtype=torch.int64).random_(
            generator=generator
        )
        return generator.get_state()

    def next_epoch(self) -> Batches:
        """Return an epoch's batches, and move the generator on as skorch's epoch does."""
        if self.fixed is not None:
            return self.fixed
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self.state)
            for i in range(self.n_draws):
                # DataLoader draws a seed for its workers, even if it has none.
                torch.empty((), dtype=torch.int64).random_(
                    generator=self.loader.generator
                )
                if i == 0:
                    batches = self._drawn()
            self.state = torch.get_rng_state()
        return batches

    def _drawn(self) -> Batches:
        """Draw an epoch's batches; raises `RefusalError` if they have rows that the dataset has not."""
        n = len(self.loader.dataset)
        batches = [list(map(int, batch)) for batch in self.loader.batch_sampler]
        if any(min(batch) < 0 or max(batch) >= n for batch in batches):
            raise RefusalError(
                "a sampler draws rows that a split does not have",
                "let it draw from those of the split, which are fewer than the table's",
            )
        return batches


def fetch(net: NeuralNet, dataset: Any, training: bool) -> tuple[Rows, Any]:
    """Return all rows of a dataset as the net's loader would give them in one batch, and the loader.

    Raises `RefusalError` if the dataset or the loader is not supported.
    """
    base = dataset
    while type(base) is Subset:
        base = base.dataset
    if type(base) not in _DATASETS:
        raise RefusalError(
            f"{type(base).__name__} is a dataset of your own",
            "give rows as arrays, tensors, or dicts of them",
        )
    kind = "iterator_train" if training else "iterator_valid"
    loader: Any = None
    if getattr(net, kind) is DataLoader:
        loader = net.get_iterator(dataset, training=training)
    if type(loader) is not DataLoader:
        raise RefusalError(f"{kind} is not torch's DataLoader")
    _check_loader(loader, kind)
    n = len(dataset)
    own = dataset, getattr(dataset, "dataset", None)
    is_plain = type(base) is Dataset and base in own
    if is_plain and all(
        isinstance(part, np.ndarray | Tensor) for part in (base.X, base.y)
    ):
        # All rows at once, but with the types that single rows have.
        first = default_collate([dataset[0]])
        places = slice(None) if base is dataset else np.asarray(dataset.indices)
        batch = [
            as_tensor(part[places]).to(one.dtype)
            for part, one in zip((base.X, base.y), first, strict=True)
        ]
    else:
        batch = default_collate([dataset[i] for i in range(n)])
    X, y = unpack_data(batch)
    size: Any = loader.batch_size
    return Rows(X, y, n, size, min(size, -(-n // 16) * 16)), loader


def _check_loader(loader: Any, kind: str) -> None:
    """Raise `RefusalError` if a loader does not use torch's own samplers and batches of one size."""
    sampler = loader.sampler
    if loader.batch_size is None or type(loader.batch_sampler) is not BatchSampler:
        raise RefusalError(f"{kind} does not take batches of one size")
    if type(sampler) not in _SAMPLERS:
        raise RefusalError(
            f"{type(sampler).__name__} is a sampler of your own",
            "torch's shuffling and its WeightedRandomSampler go in lockstep",
        )
    if loader.collate_fn is not default_collate:
        raise RefusalError(
            f"{kind}__collate_fn is set", "do what it does in the module's forward"
        )
    if loader.persistent_workers:
        raise RefusalError(
            f"{kind}__persistent_workers is set, so later epochs draw fewer random numbers"
        )
    if loader.generator is not None or getattr(sampler, "generator", None) is not None:
        raise RefusalError(
            f"{kind} has a generator of its own", "leave it out: each split has a seed"
        )
    if kind == "iterator_valid" and type(sampler) is not SequentialSampler:
        raise RefusalError(
            "the held-out rows are not taken in order",
            "leave out iterator_valid__shuffle or __sampler",
        )


def as_tensor(rows: Any) -> Tensor:
    """Return an array or a tensor as a tensor; torch refuses negative strides, and warns of read-only arrays."""
    if isinstance(rows, np.ndarray):
        rows = np.require(rows, requirements=["C", "W"])
    return torch.as_tensor(rows)


def weights(sizes: list[list[int]], width: int) -> Tensor:
    """Return how much rows count in batches of these sizes that are filled up, shape (n_nets, n_batches, width)."""
    padded = pad_sequence(list(map(torch.tensor, sizes)), batch_first=True)
    lengths = padded.unsqueeze(2)
    return (torch.arange(width) < lengths).double() / lengths.clamp(min=1)


def taken(tree: Any, places: Any) -> Any:
    """Return the same places of all tensors in a tree."""
    return tree_map(lambda tensor: tensor[places], tree)


def distinct(of_nets: Sequence[T]) -> tuple[list[T], np.ndarray]:
    """Return each of some objects once, and which of them each net has: nets of a split have the same rows."""
    once = {id(each): each for each in of_nets}
    places = {key: place for place, key in enumerate(once)}
    return list(once.values()), np.array([places[id(each)] for each in of_nets])


def lengths_of(n: int, batch: int) -> frozenset[int]:
    """Return the lengths of the batches of `n` rows but for 1: a lone row is computed alone; -1 means all rows."""
    if not 0 < batch < n:
        batch = n
    return frozenset({batch, n % batch or batch} - {1})


def spans(lengths: list[int]) -> list[slice]:
    """Return the places of batches of these lengths, one after the other."""
    return [
        slice(end - n, end) for n, end in zip(lengths, accumulate(lengths), strict=True)
    ]


def filled_up(rows: Tensor, n: int) -> Tensor:
    """Return rows filled up to `n` with copies of the first."""
    return torch.cat([rows, rows[:1].expand(n - len(rows), *rows.shape[1:])])
