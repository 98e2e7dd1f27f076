"""A net of a stack: its rows, their order, and the net itself, initialised as by skorch."""

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from skorch import NeuralNet
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from lockstep.members.callbacks import check_callbacks, hears
from lockstep.members.fingerprint import fingerprint
from lockstep.members.numerics import (
    drawn_others,
    other_states,
    random_states,
    seed_everything,
    set_random_states,
)
from lockstep.members.own_code import has_own
from lockstep.members.own_fit import Prepared, capture
from lockstep.members.parts import Tensors, copied_parts, named_tensors, trained_params
from lockstep.members.recorder import HoldOutRecorder
from lockstep.members.refusals import SCRIPTED, RefusalError
from lockstep.members.rows import Order, Rows, fetch
from lockstep.members.state import own_params
from lockstep.turns import caught

# Objects that nets with the same rows share: splits and orders, by key.
Cache = dict[Any, Any]

# The settings by which a net is given its rows.
OF_ROWS = ("dataset", "iterator_train", "iterator_valid")


@dataclass(eq=False)
class Member:
    """A net that is trained in a stack; it is initialised, and its callbacks know that the training begins."""

    # The numbers of the tasks that get the net, by the epoch after which they get it.
    tasks: dict[int, list[int]]
    net: NeuralNet
    fitted_on: tuple[Any, Any]  # X and y as `fit` received them
    datasets: tuple[Any, Any]  # skorch's for training, and for the hold-out or None
    train: Rows
    valid: Rows | None
    order: Order  # shared by all members whose batches are the same
    state: Tensor  # of torch's generator before the first epoch
    others: Any  # the states of the other generators, if its fit has drawn from them
    noise_seed: int  # of the noise for random layers, the same for all nets of a split
    output: io.StringIO  # what it and its callbacks print
    # The parameters that the loss does not use; optimizers skip them.
    unused: frozenset[str] = frozenset()
    # Whether an evaluation changes its buffers, and so its next steps.
    evaluation_counts: bool = False
    # Whether torch evaluates it otherwise than it is recorded.
    evaluated_by_torch: bool = False
    rows_to_answer: Any = None  # the rows that it will predict
    follows: bool = False  # whether torch's generator stands where skorch's does at the end of each epoch

    @cached_property
    def tensors(self) -> Tensors:
        """The net's parameters and buffers by name; a training changes what is in them."""
        return named_tensors(self.net)

    @property
    def rows(self) -> list[Rows]:
        """The rows that the net trains on, and those that it holds out, if it does."""
        return [self.train, *([] if self.valid is None else [self.valid])]

    @property
    def epochs(self) -> int:
        """Return how many epochs the net is trained at most."""
        return max(self.tasks)

    @property
    def numbers(self) -> list[int]:
        """The numbers of all tasks that get the net."""
        return [number for each in self.tasks.values() for number in each]

    @property
    def has_lone_row(self) -> bool:
        """Whether a batch is a single row: `squeeze` removes its dimension, unless the batch is filled up."""
        if 1 in self.order.lengths:
            return True
        valid = self.valid
        return valid is not None and has_lone_row(valid.n, valid.batch)

    def follow(self) -> None:
        """Allow for random numbers that callbacks draw at the end of epochs, for example when they predict."""
        self.follows = True
        self.order = self.order.followed(self.state)

    @cached_property
    def has_listeners(self) -> bool:
        """Whether callbacks must see each epoch; recorders get their outputs at the end."""
        events = (
            "on_epoch_begin",
            "on_epoch_end",
            "on_batch_begin",
            "on_batch_end",
            "on_train_end",
        )
        return any(
            hears(each, *events)
            for _, each in self.net.callbacks_
            if type(each) is not HoldOutRecorder
        )

    @cached_property
    def recorders(self) -> list[HoldOutRecorder]:
        """Return the callbacks that keep the net's outputs for its held-out rows."""
        return [
            callback
            for _, callback in self.net.callbacks_
            if type(callback) is HoldOutRecorder
        ]


class _Split(NamedTuple):
    """The rows that a net trains on and holds out, and the states of the generators after the split."""

    datasets: tuple[Any, Any]
    valid: Rows | None
    train: Rows
    loader: Any
    states: Any


def has_lone_row(n: int, batch: int) -> bool:
    """Whether the last batch of `n` rows is a single row; a batch size of -1 means all rows."""
    return n > 0 and (n - 1) % (batch if batch > 0 else n) == 0


def make_member(
    net: NeuralNet,
    prepared: Prepared,
    seeds: tuple[int, int],
    cache: Cache,
    dtype: Any = None,
) -> Member:
    """Initialise a net as its `fit` does, up to the first epoch; raises whatever skorch or the net raise.

    `seeds` are those of the fit and of the noise; all members of a search share `cache`; the net is cast to `dtype`.
    """
    output = io.StringIO()
    with caught(output):
        X, y, others = start(net, prepared, seeds[0], dtype)
        if any(map(is_lazy, named_tensors(net).values())):
            raise RefusalError(
                "a lazy layer has no weights before its first batch",
                "take one that is given its sizes, as nn.Linear is",
            )

        layers = [*net.module_.modules(), *net.criterion_.modules()]
        if any(map(_has_script, layers)):
            raise RefusalError(*SCRIPTED)
        check_callbacks(net)
        net.notify("on_train_begin", X=X, y=y)
        net.check_data(X, y)
        net.check_training_readiness()
    # Nets with these settings have the same rows, unless a `fit` of the net's own makes its rows.
    settings = [
        net.batch_size,
        net.train_split,
        *((k, v) for k, v in vars(net).items() if k.startswith(OF_ROWS)),
    ]
    if has_own(net, "get_params_for"):
        settings += [type(net), own_params(net)]
    key: Any = net
    if X is prepared.X and y is prepared.y:
        key = fingerprint(settings)
    split = _split(net, (X, y), (id(prepared), key), cache)
    state = torch.get_rng_state()
    order = Order(split.loader, 1 if split.valid is None else 2, state)
    order = cache.setdefault(("order", key, order.key()), order)
    if not order.lengths:
        raise RefusalError(
            "an epoch has no batch, as with drop_last and fewer rows than batch_size"
        )
    has_drawn = prepared.random_states is not None or drawn_others() != others
    return Member(
        tasks={net.max_epochs: []},
        net=net,
        fitted_on=(X, y),
        datasets=split.datasets,
        train=split.train,
        valid=split.valid,
        order=order,
        state=state,
        others=other_states() if has_drawn else None,
        noise_seed=seeds[1],
        output=output,
    )


def _has_script(layer: nn.Module) -> bool:
    """Whether a layer is TorchScript, or has a function that is."""
    kinds = torch.jit.ScriptModule, torch.jit.ScriptFunction
    return any(isinstance(each, kinds) for each in (layer, *vars(layer).values()))


def _split(net: NeuralNet, rows: tuple[Any, Any], key: Any, cache: Cache) -> _Split:
    """Return the rows that a net trains on and holds out, computed once for all nets with the same key."""
    if ("split", key) in cache:
        split: _Split = cache["split", key]
        return split
    # If `train_split` draws numbers, nets whose generators agree share its result, and get the state after it.
    drawn = random_states()
    if ("split", key, drawn) in cache:
        split = cache["split", key, drawn]
        set_random_states(split.states)
        return split
    datasets = net.get_split_datasets(*rows)
    valid = None
    if datasets[1] is not None:
        valid, _ = fetch(net, datasets[1], training=False)
    train, loader = fetch(net, datasets[0], training=True)
    split = _Split(datasets, valid, train, loader, random_states())
    cache[("split", key) if split.states == drawn else ("split", key, drawn)] = split
    return split


def begin(net: NeuralNet, prepared: Prepared, seed: int, dtype: Any = None) -> None:
    """Start a net, and notify its callbacks that its training begins: one of them may make the module anew."""
    X, y, _ = start(net, prepared, seed, dtype)
    net.notify("on_train_begin", X=X, y=y)


def start(
    net: NeuralNet, prepared: Prepared, seed: int, dtype: Any
) -> tuple[Any, Any, Any]:
    """Initialise a net as its `fit` does under a seed, and cast it to `dtype` if that is not None.

    Returns the rows and targets that `fit` trains on, and what changes if `fit` draws from the other generators.
    """
    seed_everything(seed)
    if prepared.random_states is not None:
        set_random_states(prepared.random_states)
    others = drawn_others()
    X, y = capture(net, prepared)
    if dtype is not None:
        # Copies, because a module may contain objects of the user's, such as a pretrained part.
        net.__dict__.update(copied_parts(net))
        for param in trained_params(net).values():
            # Adagrad makes its sums with itself; made for parameters of `dtype`, they would have it too.
            state = net.optimizer_.state.get(param, {})
            for key, value in state.items():
                is_like = isinstance(value, Tensor) and value.dim()
                if is_like and value.dtype == param.dtype:
                    state[key] = value.to(dtype)
        net.module_.to(dtype)
        net.criterion_.to(dtype)
    return X, y, others
