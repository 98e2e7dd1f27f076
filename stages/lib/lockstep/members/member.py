"""A net of a stack: its rows, the order in which it takes them, and the net itself, initialised as skorch does it."""

import contextlib
import io
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, GradientNormClipping
from torch import Tensor

from stages.lib.lockstep.members.numerics import seed_everything
from stages.lib.lockstep.members.own_fit import Prepared, capture
from stages.lib.lockstep.members.rows import Order, Rows, fetch

# What is the same for nets that share rows: datasets by what they follow from, and orders by their key.
Cache = dict[Any, Any]


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
    noise_seed: int  # of the noise that random layers take, the same for all nets of a split
    output: io.StringIO  # what its callbacks print
    activations: str = ""  # a hash of the module's activations
    optimizer: str = ""  # a hash of the optimizers that one object can step
    known: Any = None  # the rows that it will be asked about

    @property
    def epochs(self) -> int:
        """Return how many epochs the net is trained at most."""
        return max(self.tasks)

    @property
    def has_lone_row(self) -> bool:
        """Whether a batch is a single row, whose dimension `squeeze` takes away; filled up, it would be kept."""
        return 1 in self.order.lengths or (self.valid is not None and self.valid.n % self.valid.batch == 1)

    @cached_property
    def live(self) -> bool:
        """Whether callbacks, or methods of the net's own class, are to be shown each epoch."""
        own = any(type(callback) is not GradientNormClipping for _, callback in self.net.callbacks_)
        return own or is_told(self.net)


def overrides(thing: NeuralNet | Callback, *methods: str) -> bool:
    """Whether a net's or callback's class has one of these methods of its own, instead of skorch's base class's."""
    base = NeuralNet if isinstance(thing, NeuralNet) else Callback
    return any(getattr(type(thing), method) is not getattr(base, method) for method in methods)


def is_told(thing: NeuralNet | Callback) -> bool:
    """Whether a net or callback is told of anything once a training has begun."""
    return overrides(thing, "on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end", "on_train_end")


def named_tensors(net: NeuralNet) -> dict[str, Tensor]:
    """Return a net's parameters and buffers by name, those of its module and of its criterion."""
    return {
        f"{part}.{name}": tensor
        for part, module in (("module", net.module_), ("criterion", net.criterion_))
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]
    }


def trained_params(net: NeuralNet) -> dict[str, Tensor]:
    """Return the parameters that a net's optimizer steps, by name."""
    params = (param for group in net.optimizer_.param_groups for param in group["params"])
    stepped = {id(param) for param in params if param.requires_grad}
    return {name: tensor for name, tensor in named_tensors(net).items() if id(tensor) in stepped}


def optimizer_of(net: NeuralNet) -> tuple[type[torch.optim.Optimizer], dict[str, Any]]:
    """Return a net's optimizer and its settings as they are now."""
    (group,) = net.optimizer_.param_groups
    return type(net.optimizer_), {key: value for key, value in group.items() if key != "params"}


def make_member(
    net: NeuralNet, prepared: Prepared, seeds: tuple[int, int], cache: Cache, key: str = "", dtype: Any = None
) -> Member:
    """Initialise a net as its `fit` does, up to the first epoch; raises whatever skorch or the net raise.

    `seeds` are of the fit and of the noise; `cache` serves all members of a search; nets share a `key` that are given
    rows by the same settings; `dtype` is what to turn the net into.
    """
    X, y = start(net, prepared, seeds[0], dtype)
    state, output = torch.get_rng_state(), io.StringIO()
    with contextlib.redirect_stdout(output):
        net.notify("on_train_begin", X=X, y=y)
    net.check_data(X, y)
    net.check_training_readiness()
    # The same for all nets with these settings, unless the net's own code makes them.
    shared = X is prepared.X and y is prepared.y and not overrides(net, "get_dataset", "get_split_datasets")
    found = cache.get(("rows", id(prepared), key)) if shared else None
    if found is None:
        datasets = net.get_split_datasets(X, y)
        valid = None if datasets[1] is None else fetch(net, datasets[1], training=False)[0]
        found = datasets, valid, *fetch(net, datasets[0], training=True)
        if shared:
            cache["rows", id(prepared), key] = found
    datasets, valid, train, loader = found
    order = Order(loader, 1 if valid is None else 2, state)
    order = cache.setdefault(("order", key, order.key()), order)
    return Member({net.max_epochs: []}, net, (X, y), datasets, train, valid, order, seeds[1], output)


def start(net: NeuralNet, prepared: Prepared, seed: int, dtype: Any) -> tuple[Any, Any]:
    """Initialise a net as its `fit` does under a seed, in another type if one is given; returns what `fit` hands on."""
    seed_everything(seed)
    if prepared.random_state is not None:
        np.random.set_state(prepared.random_state[0])
        torch.set_rng_state(prepared.random_state[1])
    X, y = capture(net, prepared)
    if dtype is not None:
        net.module_.to(dtype)
        net.criterion_.to(dtype)
    return X, y


def has_own(thing: NeuralNet | Callback, method: str) -> bool:
    """Whether a net's or callback's method is none of skorch's."""
    return not getattr(type(thing), method).__module__.startswith("skorch.")


def mentioned(function: Any) -> set[str]:
    """Return the names that a function's code has, and those of the functions in it."""
    code = getattr(function, "__code__", function)
    inner = (mentioned(each) for each in getattr(code, "co_consts", ()) if hasattr(each, "co_names"))
    return set(getattr(code, "co_names", ())).union(*inner)
