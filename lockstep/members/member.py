"""A net of a stack: its rows, the order in which it takes them, and the net itself, initialised as skorch does it."""

import contextlib
import io
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import GradientNormClipping
from torch import Tensor
from torch.nn.parameter import is_lazy

from lockstep.members.fingerprint import fingerprint
from lockstep.members.numerics import other_states, random_states, seed_everything, set_others
from lockstep.members.optimizer import copied_parts
from lockstep.members.own_code import is_own, is_told, overrides
from lockstep.members.own_fit import Prepared, capture, left_alone
from lockstep.members.refusals import RefusalError
from lockstep.members.rows import Order, Rows, fetch

# What is the same for nets that share rows: datasets by what they follow from, and orders by their key.
Cache = dict[Any, Any]

# The settings by which a net is given its rows, and the methods that give them.
OF_ROWS = ("dataset", "iterator_train", "iterator_valid")
_GIVES_ROWS = ("get_dataset", "get_split_datasets", "get_iterator")


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
    known: Any = None  # the rows that it will be asked about
    follows: bool = False  # whether torch's generator stands where skorch's does at the end of each epoch

    @property
    def epochs(self) -> int:
        """Return how many epochs the net is trained at most."""
        return max(self.tasks)

    @property
    def has_lone_row(self) -> bool:
        """Whether a batch is a single row, whose dimension `squeeze` takes away; filled up, it would be kept."""
        return 1 in self.order.lengths or (self.valid is not None and has_lone_row(self.valid.n, self.valid.batch))

    def follow(self) -> None:
        """Take numbers into account that callbacks draw at the end of epochs, as one that predicts does."""
        self.follows, self.order = True, self.order.followed(self.state)

    @cached_property
    def live(self) -> bool:
        """Whether callbacks, or methods of the net's own class, are to be shown each epoch."""
        own = any(type(callback) is not GradientNormClipping for _, callback in self.net.callbacks_)
        return own or is_told(self.net)


def has_lone_row(n: int, batch: int) -> bool:
    """Whether the last of the batches that rows are taken in is a single row; -1 takes all at once."""
    return n > 0 and (n - 1) % (batch if batch > 0 else n) == 0


def named_tensors(net: NeuralNet) -> dict[str, Tensor]:
    """Return a net's parameters and buffers by name, those of its module and of its criterion."""
    return {
        f"{part}.{name}": tensor
        for part, module in (("module", net.module_), ("criterion", net.criterion_))
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]
    }


def hooks_of(tensor: Tensor) -> tuple[int, int]:
    """Return how many hooks a tensor has for its gradient, and after it."""
    return len(tensor._backward_hooks or ()), len(getattr(tensor, "_post_accumulate_grad_hooks", None) or ())


def trained_params(net: NeuralNet) -> dict[str, Tensor]:
    """Return the parameters that a net's optimizer steps, by name."""
    params = (param for group in net.optimizer_.param_groups for param in group["params"])
    stepped = {id(param) for param in params if param.requires_grad}
    return {name: tensor for name, tensor in named_tensors(net).items() if id(tensor) in stepped}


def make_member(net: NeuralNet, prepared: Prepared, seeds: tuple[int, int], cache: Cache, dtype: Any = None) -> Member:
    """Initialise a net as its `fit` does, up to the first epoch; raises whatever skorch or the net raise.

    `seeds` are of the fit and of the noise; `cache` serves all members of a search; the net is turned into `dtype`.
    """
    output = io.StringIO()
    own = [net, *net.callbacks] if isinstance(net.callbacks, list) else [net]
    may_write = any(is_own(type(each[-1] if isinstance(each, tuple) else each)) for each in own)
    watched = left_alone(prepared) if may_write else contextlib.nullcontext()
    with watched, contextlib.redirect_stdout(output):
        X, y, others = start(net, prepared, seeds[0], dtype)
        if any(map(is_lazy, named_tensors(net).values())):
            raise RefusalError("a lazy layer has no weights before its first batch")
        storages = [param.untyped_storage() for param in trained_params(net).values()]
        held = _holders(storages)
        net.notify("on_train_begin", X=X, y=y)
        if any(now > was for now, was in zip(_holders(storages), held, strict=True)):
            raise RefusalError("a callback keeps a view of a parameter, which would not follow it")
        net.check_data(X, y)
        net.check_training_readiness()
    # The same for all nets with these settings, unless the net's own code makes them. A split may draw numbers.
    shared = X is prepared.X and y is prepared.y and not overrides(net, *_GIVES_ROWS)
    settings = [type(net), net.batch_size, net.train_split]
    settings += [(name, value) for name, value in vars(net).items() if name.startswith(OF_ROWS)]
    key = fingerprint(settings) if shared else net
    place, state = ("rows", id(prepared), key), None
    found = cache.get(place)
    if found is None:
        drawn = random_states()
        found, state, split = cache.get((*place, drawn)) or (None, None, None)
        if split is not None:
            set_others(split)
    if found is None:
        datasets = net.get_split_datasets(X, y)
        valid = None if datasets[1] is None else fetch(net, datasets[1], training=False)[0]
        found = datasets, valid, *fetch(net, datasets[0], training=True)
        if random_states() == drawn:
            cache[place] = found
        else:
            cache[*place, drawn] = found, torch.get_rng_state(), other_states()
    datasets, valid, train, loader = found
    state = torch.get_rng_state() if state is None else state
    order = Order(loader, 1 if valid is None else 2, state)
    order = cache.setdefault(("order", key, order.key()), order)
    if not order.lengths:
        raise RefusalError("an epoch has no batch")
    drawn_others = None if (now := other_states()) == others else now
    tasks: dict[int, list[int]] = {net.max_epochs: []}
    return Member(tasks, net, (X, y), datasets, train, valid, order, state, drawn_others, seeds[1], output)


def _holders(storages: list[torch.UntypedStorage]) -> list[int]:
    """Return how many hold each memory, or a part of it: tensors, and the list itself."""
    return [torch._C._storage_Use_Count(storage._cdata) for storage in storages]


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
