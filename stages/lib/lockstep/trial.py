"""Tries a kind of net before it is trained in lockstep: skorch and a stack take a few steps, and have to agree."""

import contextlib
import copy
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from skorch import NeuralNet
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.data import Subset

from stages.lib.lockstep.kinds import python_state
from stages.lib.lockstep.members import Member, make_member, start
from stages.lib.lockstep.stacks.nets import Nets
from stages.lib.lockstep.stacks.noise import GivenNoise
from stages.lib.lockstep.stacks.optimizers import named_tensors
from stages.lib.lockstep.stacks.rows import Order
from stages.lib.lockstep.stacks.step import shallow_copy
from stages.lib.lockstep.stacks.training import Trained, Training
from stages.lib.lockstep.surroundings import Prepared, RefusalError, capture

# Two epochs of three batches, the last one short.
_EPOCHS, _BATCH, _ROWS, _HELD_OUT = 2, 4, 10, 6


class MismatchError(Exception):
    """Says where a stack and skorch differ."""


@dataclass(frozen=True)
class Proof:
    """What a trial has shown of a kind of net.

    Parameters
    ----------
    filled : bool
        Whether batches may be filled up with rows that count for nothing: rows do not see each other in training.
    evaluated : bool
        Whether a stack may answer for rows: they do not see each other in evaluation.
    """

    filled: bool
    evaluated: bool


def prove(member: Member) -> Proof:
    """Train nets of a member's kind both ways.

    Raises
    ------
    RefusalError
        Where the two differ, or one of them raises; it says how.
    """
    reasons: list[Exception] = []
    apart, evaluated = (_rows_are_apart(member, training) for training in (True, False))
    for dtype in (torch.float64, torch.float32):
        for proof in [Proof(True, True)] * apart + [Proof(False, evaluated)]:
            try:
                _compare(member, dtype, proof)
                return proof
            except RefusalError:
                raise
            except Exception as error:  # whatever a module raises under vmap, or in float64
                reasons.append(error)
        if any(isinstance(reason, MismatchError) for reason in reasons):
            break  # only a module that fixes its type gets its trial in that
    reason = reasons[-1]
    if isinstance(reason, MismatchError):
        raise RefusalError(str(reason))
    raise RefusalError(f"{type(reason).__name__}: {(str(reason).splitlines() or [''])[0]}")


def _rows_are_apart(member: Member, training: bool) -> bool:
    """Whether a row's outputs stay what they are with other rows beside it; a look that spares most failing trials."""
    module = copy.deepcopy(member.net.module_).train(training)
    net = shallow_copy(member.net, module_=module)
    # In training, the same number of rows draws the same noise; in evaluation fewer rows are the harder test.
    beside = ([0, 1, 2, 3, 4], [5, 0, 1, 3, 4]) if training else ([0, 1, 2, 3, 4], [2, 3, 4])
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            found = []
            for rows in beside:
                torch.manual_seed(0)
                outputs = net.infer(member.train.take(np.array(rows) % member.train.n).X)
                found.append([part[-2:].double() for part in tree_leaves(outputs)])
    except Exception:  # whatever a module raises; the trial will tell
        return training
    return all(torch.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True) for a, b in zip(*found, strict=True))


def _compare(member: Member, dtype: torch.dtype, proof: Proof) -> None:
    prepared = [_some_rows(member, i, dtype) for i in range(2)]
    members = [make_member(_small(member.net), prepared[i], i, (i, i), {}, dtype=dtype) for i in range(2)]
    before = [python_state(each.net.module_) for each in members]

    def inputs(stack: Nets) -> tuple[Any, bool] | None:
        # Where rows see each other, nets are asked one by one, batch by batch.
        if not proof.evaluated:
            return None
        return tree_map(lambda *parts: torch.stack(parts), *(prepared[i].X for i in stack.order)), False

    training = Training(members, proof.filled, unit=2, inputs=inputs)
    noise = _listen(training)
    found = sorted(training.run(), key=lambda trained: trained.member.split)
    for i, trained in enumerate(found):
        theirs = _by_skorch(_small(member.net), prepared[i], i, noise[i], dtype)
        if python_state(theirs.module_) != before[i]:
            raise RefusalError("the module changes an attribute that is no tensor")
        _check_same(trained, theirs, prepared[i], dtype)


def _small(net: NeuralNet) -> NeuralNet:
    """Return an unfitted copy of a net that takes few rows and epochs."""
    small = clone(net)
    held: dict[str, Any] = {} if net.train_split is None else {"train_split": _first_rows}
    for key in small.get_params_for("iterator_train"):
        if key in {"batch_size", "sampler", "batch_sampler", "num_workers"}:
            held[f"iterator_train__{key}"] = {"batch_size": _BATCH, "num_workers": 0}.get(key)
    if "batch_size" in small.get_params_for("iterator_valid"):
        held["iterator_valid__batch_size"] = _BATCH
    return small.set_params(max_epochs=_EPOCHS, batch_size=_BATCH, verbose=0, **held)


def _first_rows(dataset: Any, y: Any = None, **fit_params: Any) -> tuple[Subset, Subset]:
    rows = list(range(_ROWS + _HELD_OUT))
    return Subset(dataset, rows[:_ROWS]), Subset(dataset, rows[_ROWS:])


def _some_rows(member: Member, number: int, dtype: torch.dtype) -> Prepared:
    n = _ROWS if member.valid is None else _ROWS + _HELD_OUT
    rows = member.train.take((np.arange(n) + 3 * number) % member.train.n).to(dtype)
    return Prepared(rows.X, rows.y)


def _listen(training: Training) -> list[list[Tensor]]:
    """Return lists that will hold the noise of each member's steps."""
    noise: list[list[Tensor]] = [[], []]
    batches = training.stack.batches

    def heard() -> Iterator[Any]:
        for number, batch in enumerate(batches()):
            for i, listed in enumerate(noise):
                place, n = training.stack.positions[i], training.stack.sizes_of(i)[number]
                listed += [each[place, :n] for each in training.stack.noise_of(batch)]
            yield batch

    training.stack.batches = heard  # type: ignore[method-assign]
    return noise


def _by_skorch(net: NeuralNet, prepared: Prepared, seed: int, noise: list[Tensor], dtype: torch.dtype) -> NeuralNet:
    """Train a net as skorch does, with given noise."""
    start(net, prepared, seed)
    X, y = capture(net, prepared)
    net.module_.to(dtype)
    net.criterion_.to(dtype)
    numbers, state = _numpy_state(), torch.get_rng_state()
    with GivenNoise(noise), contextlib.redirect_stdout(io.StringIO()):
        net.partial_fit(X, y)
    state_after = torch.get_rng_state()
    train, valid = net.get_split_datasets(X, y)
    order = Order(net.get_iterator(train, training=True), 1 if valid is None else 2, state)
    for _ in net.history:
        order.state = order.drawn()[1]
    drew = not np.array_equal(numbers, _numpy_state()) or not torch.equal(state_after, order.state)
    if drew and not order.is_fixed:
        raise RefusalError("the net draws random numbers that lockstep can't replay")
    stepped = [param for group in net.optimizer_.param_groups for param in group["params"] if param.requires_grad]
    if any(param.grad is None for param in stepped):
        raise RefusalError("a parameter takes no part in the loss")
    return net


def _numpy_state() -> np.ndarray:
    return np.array(np.random.get_state()[1])  # type: ignore[index]


def _check_same(trained: Trained, theirs: NeuralNet, prepared: Prepared, dtype: torch.dtype) -> None:
    """Raise `MismatchError` where a net from a stack is not skorch's."""
    ours = trained.net
    tolerance = {"rtol": 1e-6, "atol": 1e-9} if dtype == torch.float64 else {"rtol": 1e-3, "atol": 1e-5}

    def compare(what: str, one: Any, other: Any) -> None:
        one, other = (torch.as_tensor(each, dtype=torch.float64) for each in (one, other))
        if one.shape != other.shape or not torch.allclose(one, other, equal_nan=True, **tolerance):
            raise MismatchError(f"in a trial, {what} differed from skorch's")

    named = named_tensors(theirs)
    for name, tensor in named_tensors(ours).items():
        compare(f"the values of {name.partition('.')[2]}", tensor.detach(), named[name].detach())
    for ours_state, their_state in zip(_states(ours), _states(theirs), strict=True):
        for key, value in their_state.items():
            if isinstance(value, Tensor | float | int):
                compare(f"the optimizer's {key}", ours_state[key], value)
    compare("the number of epochs", len(ours.history), len(theirs.history))
    for one, other in zip(_records(ours), _records(theirs), strict=True):
        for key in other:
            compare(f"the history's {key}", one.get(key, math.nan), other[key])
    if trained.outputs is not None:
        made = zip(tree_leaves(trained.outputs), tree_leaves(theirs.forward(prepared.X)), strict=True)
        for one, other in made:
            compare("the output", one, other.cpu())


def _states(net: NeuralNet) -> list[dict[str, Any]]:
    return [
        net.optimizer_.state.get(param, {})
        for group in net.optimizer_.param_groups
        for param in group["params"]
        if param.requires_grad
    ]


def _records(net: NeuralNet) -> list[dict[str, float]]:
    """Return the numbers of each epoch and of each batch, without times."""
    rows = [row for epoch in net.history for row in (epoch, *epoch["batches"])]
    return [{k: float(v) for k, v in row.items() if isinstance(v, float | int) and k != "dur"} for row in rows]
