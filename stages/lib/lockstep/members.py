"""A net of a stack: its rows, the order in which it takes them, and the net itself, initialised as skorch does it."""

import contextlib
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from torch.utils.data import SequentialSampler

from stages.lib.lockstep.numerics import seed_everything
from stages.lib.lockstep.stacks.rows import Order, Rows, fetch
from stages.lib.lockstep.surroundings import Prepared, RefusalError, capture
from stages.lib.lockstep.watching import is_watched


@dataclass(eq=False)
class Member:
    """A net that is trained in a stack.

    Parameters
    ----------
    tasks : dict of list of int
        The numbers of the tasks that get the net, by the number of epochs after which they do.
    net : NeuralNet
        Initialised; it has been told that the training begins.
    split : int
    fitted_on : tuple
        X and y as `fit` received them.
    datasets : tuple
        skorch's for training, and for the hold-out or None.
    train, valid : Rows
        What the net takes steps on, and the hold-out.
    order : Order
        Shared by all members whose batches are the same.
    width, valid_width : int
        The rows of a batch, where batches are filled up.
    valid_batch : int
        The rows of a batch of the hold-out.
    noise_seed : int
        Of the noise that random layers take, the same for all nets of a split.
    activations, optimizer : str
        Hashes of the module's activations, and of the optimizers that one object can step.
    live : bool
        Whether callbacks watch the net, so that it is shown each epoch.
    """

    tasks: dict[int, list[int]]
    net: NeuralNet
    split: int
    fitted_on: tuple[Any, Any]
    datasets: tuple[Any, Any]
    train: Rows
    valid: Rows | None
    order: Order
    order_key: tuple[Any, ...]
    width: int
    valid_batch: int
    valid_width: int
    noise_seed: int
    activations: str = ""
    optimizer: str = ""
    live: bool = False
    known: Any = None
    output: io.StringIO = field(default_factory=io.StringIO)

    @property
    def epochs(self) -> int:
        """Return how many epochs the net is trained at most."""
        return max(self.tasks)


# What is the same for nets that share rows: datasets by what they follow from, and orders by their key.
Cache = dict[Any, Any]


def make_member(
    net: NeuralNet,
    prepared: Prepared,
    split: int,
    seeds: tuple[int, int],
    cache: Cache,
    key: str = "",
    dtype: torch.dtype | None = None,
) -> Member:
    """Initialise a net as its `fit` does, up to the first epoch.

    Parameters
    ----------
    net : NeuralNet
        Unfitted.
    prepared : Prepared
        What it is given.
    split : int
    seeds : tuple of int
        Of the fit, and of the noise that random layers take.
    cache : dict
        Shares rows and orders between members of one search.
    key : str
        What nets share that are given rows by the same settings; see `rows_settings`.
    dtype : torch.dtype, optional
        What to turn the net into.

    Raises
    ------
    Exception
        Whatever skorch or the net raise; `RefusalError` where it can't be trained in lockstep.
    """
    start(net, prepared, seeds[0])
    X, y = capture(net, prepared)
    if dtype is not None:
        net.module_.to(dtype)
        net.criterion_.to(dtype)
    state, output = torch.get_rng_state(), io.StringIO()
    with contextlib.redirect_stdout(output):
        net.notify("on_train_begin", X=X, y=y)
    net.check_data(X, y)
    net.check_training_readiness()
    datasets, train, valid, loader, held = _rows(net, prepared, X, y, cache, key)
    order = Order(loader, 1 if valid is None else 2, state)
    order_key = (key, order.key())
    batch, valid_batch = loader.batch_size or 0, held.batch_size if held is not None else 0
    return Member(
        tasks={net.max_epochs: []},
        net=net,
        split=split,
        fitted_on=(X, y),
        datasets=datasets,
        train=train,
        valid=valid,
        order=cache.setdefault(("order", *order_key), order),
        order_key=order_key,
        width=_width(batch, train.n),
        valid_batch=valid_batch,
        valid_width=0 if valid is None else _width(valid_batch, valid.n),
        noise_seed=seeds[1],
        live=is_watched(net),
        output=output,
    )


_OF_ROWS = ("dataset", "iterator_train", "iterator_valid")


def rows_settings(net: NeuralNet) -> list[Any]:
    """Return the settings by which a net is given its rows, and in which order."""
    own = {key: value for key, value in net.get_params(deep=False).items() if key.startswith(_OF_ROWS)}
    return [type(net), own, net.batch_size, net.train_split]


def start(net: NeuralNet, prepared: Prepared, seed: int) -> None:
    """Put the global generators where a fit of the net finds them."""
    seed_everything(seed)
    if prepared.random_state is not None:
        np.random.set_state(prepared.random_state[0])
        torch.set_rng_state(prepared.random_state[1])


def _width(batch_size: int, n: int) -> int:
    """Return how many rows a batch is filled up to; one that takes all rows needs few more."""
    return min(batch_size, -(-n // 16) * 16)


def _rows(net: NeuralNet, prepared: Prepared, X: Any, y: Any, cache: Cache, key: str) -> tuple[Any, ...]:
    """Return skorch's datasets, the rows of both, and the loaders."""
    plain = all(getattr(type(net), name) is getattr(NeuralNet, name) for name in ("get_dataset", "get_split_datasets"))
    plain = plain and X is prepared.X and y is prepared.y
    place = ("rows", id(prepared), key)
    if not plain or place not in cache:
        datasets = net.get_split_datasets(X, y)
        train, loader = fetch(net, datasets[0], training=True)
        valid, held = (None, None) if datasets[1] is None else fetch(net, datasets[1], training=False)
        cache[place if plain else object()] = datasets, train, valid
        if held is not None and type(held.sampler) is not SequentialSampler:
            raise RefusalError("the hold-out is not taken in its order")
        return datasets, train, valid, loader, held
    datasets, train, valid = cache[place]
    loader = net.get_iterator(datasets[0], training=True)
    held = None if valid is None else net.get_iterator(datasets[1], training=False)
    return datasets, train, valid, loader, held
