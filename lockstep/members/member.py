"""A net of a stack: its rows, the order in which it takes them, and the net itself, initialised as skorch does it."""

import contextlib
import io
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from skorch import NeuralNet
from torch import Tensor
from torch.nn.parameter import is_lazy

from lockstep.members.fingerprint import fingerprint
from lockstep.members.listed import check_callbacks
from lockstep.members.numerics import other_states, random_states, seed_everything, set_others
from lockstep.members.own_code import has_own, is_told
from lockstep.members.own_fit import capture
from lockstep.members.prepared import Prepared
from lockstep.members.recorder import HoldOutRecorder
from lockstep.members.refusals import RefusalError
from lockstep.members.rows import Order, Rows, fetch
from lockstep.members.state import own_params
from lockstep.members.tensors import copied_parts, named_tensors

# What is the same for nets that share rows: splits by what they follow from, and orders by their key.
Cache = dict[Any, Any]

# The settings by which a net is given its rows.
OF_ROWS = ("dataset", "iterator_train", "iterator_valid")


@dataclass(eq=False)
class Member:
    """A net that is trained in a stack; it is initialised, and has been told that the training begins."""

    tasks: dict[int, list[int]]  # the numbers of the tasks that get it, by the epoch after which they do
    net: NeuralNet
    fitted_on: tuple[Any, Any]  # X and y as `fit` received them
    datasets: tuple[Any, Any]  # skorch's for training, and for the hold-out or None
    train: Rows
    valid: Rows | None
    order: Order  # shared by all members whose batches are the same
    state: Tensor  # of torch's generator before the first epoch
    others: Any  # the states of the others, where its fit has drawn from them
    noise_seed: int  # of the noise that random layers take, the same for all nets of a split
    output: io.StringIO  # what it and its callbacks print
    activations: str = ""  # a hash of the module's activations
    optimizer: str = ""  # a hash of the optimizers that one object can step
    unused: frozenset[str] = frozenset()  # the parameters that take no part in the loss, which optimizers leave alone
    rows_to_answer: Any = None  # the rows that it will be asked about
    follows: bool = False  # whether torch's generator stands where skorch's does at the end of each epoch

    @property
    def epochs(self) -> int:
        """Return how many epochs the net is trained at most."""
        return max(self.tasks)

    @property
    def has_lone_row(self) -> bool:
        """Whether a batch is a single row, whose dimension `squeeze` takes away; filled up, it would be kept."""
        return 1 in self.order.lengths or (self.valid is not None and has_lone_row(self.valid.n, self.valid.batch))

    def other_lengths(self, filled: bool) -> set[int]:
        """Return how many rows batches have that are not as long as a whole one of the training."""
        train, valid = self.train, self.valid
        lengths = set() if filled else set(self.order.lengths)
        if valid is not None:
            lengths |= {valid.width} if filled else {min(valid.batch, valid.n), valid.n % valid.batch}
        return lengths - {0, min(train.width, train.n)}

    def follow(self) -> None:
        """Take numbers into account that callbacks draw at the end of epochs, as one that predicts does."""
        self.follows, self.order = True, self.order.followed(self.state)

    @cached_property
    def has_listeners(self) -> bool:
        """Whether callbacks are to be shown each epoch; what a recorder keeps is handed over at the end."""
        others = (callback for _, callback in self.net.callbacks_ if type(callback) is not HoldOutRecorder)
        return any(map(is_told, others))

    @cached_property
    def recorders(self) -> list[HoldOutRecorder]:
        """Return the callbacks that keep what the net makes of its hold-out."""
        return [callback for _, callback in self.net.callbacks_ if type(callback) is HoldOutRecorder]


class _Split(NamedTuple):
    """What a net trains on, what it holds out, and where the generators stand once rows are split."""

    datasets: tuple[Any, Any]
    valid: Rows | None
    train: Rows
    loader: Any
    torchs_state: Tensor
    other_states: Any


def has_lone_row(n: int, batch: int) -> bool:
    """Whether the last of the batches that rows are taken in is a single row; -1 takes all at once."""
    return n > 0 and (n - 1) % (batch if batch > 0 else n) == 0


def make_member(net: NeuralNet, prepared: Prepared, seeds: tuple[int, int], cache: Cache, dtype: Any = None) -> Member:
    """Initialise a net as its `fit` does, up to the first epoch; raises whatever skorch or the net raise.

    `seeds` are of the fit and of the noise; `cache` serves all members of a search; the net is turned into `dtype`.
    """
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        X, y, others = start(net, prepared, seeds[0], dtype)
        if any(map(is_lazy, named_tensors(net).values())):
            raise RefusalError("a lazy layer has no weights before its first batch")
        check_callbacks(net)
        net.notify("on_train_begin", X=X, y=y)
        net.check_data(X, y)
        net.check_training_readiness()
    # Nets with these settings have the same rows, unless a `fit` of the net's own makes its rows.
    settings = [net.batch_size, net.train_split, *((k, v) for k, v in vars(net).items() if k.startswith(OF_ROWS))]
    settings += [type(net), own_params(net)] if has_own(net, "get_params_for") else []
    key = fingerprint(settings) if X is prepared.X and y is prepared.y else net
    split = _split(net, (X, y), (id(prepared), key), cache)
    state = torch.get_rng_state()
    order = Order(split.loader, 1 if split.valid is None else 2, state)
    order = cache.setdefault(("order", key, order.key()), order)
    if not order.lengths:
        raise RefusalError("an epoch has no batch")
    return Member(
        tasks={net.max_epochs: []},
        net=net,
        fitted_on=(X, y),
        datasets=split.datasets,
        train=split.train,
        valid=split.valid,
        order=order,
        state=state,
        others=None if (now := other_states()) == others else now,
        noise_seed=seeds[1],
        output=output,
    )


def _split(net: NeuralNet, rows: tuple[Any, Any], key: Any, cache: Cache) -> _Split:
    """Return what a net trains on, and what it holds out: once for all nets of a key.

    A `train_split` may draw numbers. Then nets share its result whose generators stand at the same place, and these are
    put where it leaves them.
    """
    if ("split", key) in cache:
        split: _Split = cache["split", key]
        return split
    drawn = random_states()
    if ("split", key, drawn) in cache:
        split = cache["split", key, drawn]
        torch.set_rng_state(split.torchs_state)
        set_others(split.other_states)
        return split
    datasets = net.get_split_datasets(*rows)
    valid = None if datasets[1] is None else fetch(net, datasets[1], training=False)[0]
    train, loader = fetch(net, datasets[0], training=True)
    split = _Split(datasets, valid, train, loader, torch.get_rng_state(), other_states())
    cache[("split", key) if random_states() == drawn else ("split", key, drawn)] = split
    return split


def start(net: NeuralNet, prepared: Prepared, seed: int, dtype: Any) -> tuple[Any, Any, Any]:
    """Initialise a net as its `fit` does under a seed, in another type if one is given.

    Returns what `fit` hands on, and where the generators of numpy and random stood before it.
    """
    seed_everything(seed)
    if prepared.random_state is not None:
        set_others(prepared.random_state[0])
        torch.set_rng_state(prepared.random_state[1])
    others = other_states()
    X, y = capture(net, prepared)
    if dtype is not None:
        # Copies, as a module may have parts that are the user's own, such as a pretrained one.
        net.__dict__.update(copied_parts(net))
        net.module_.to(dtype)
        net.criterion_.to(dtype)
    return X, y, others
