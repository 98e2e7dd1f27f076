"""Tries a kind of net before it is trained in lockstep: skorch and a stack take a few steps, and have to agree."""

import contextlib
import copy
import io
import math
import random
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
from stages.lib.lockstep.members import Member, make_member, named_tensors, start, trained_params
from stages.lib.lockstep.stacks.nets import Job, Nets
from stages.lib.lockstep.stacks.noise import GivenNoise
from stages.lib.lockstep.stacks.rows import Order, taken
from stages.lib.lockstep.stacks.step import shallow_copy
from stages.lib.lockstep.stacks.training import Trained, Training
from stages.lib.lockstep.surroundings import Prepared, RefusalError, told

# Two epochs of three batches, the last one short.
_EPOCHS, _BATCH, _ROWS, _HELD_OUT = 2, 4, 10, 6


class MismatchError(Exception):
    """Says where a stack and skorch differ."""


@dataclass(frozen=True)
class Proof:
    """What a trial has shown of a kind of net."""

    filled: bool  # batches may be filled up with rows that count for nothing: rows do not see each other in training
    evaluated: bool  # a stack may answer for rows: they do not see each other in evaluation


def prove(member: Member) -> Proof:
    """Train nets of a member's kind both ways; raises `RefusalError` where the two differ, or one of them raises."""
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
    raise RefusalError(str(reason) if isinstance(reason, MismatchError) else told(reason))


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
                outputs = net.infer(taken(member.train.X, np.array(rows) % member.train.n))
                found.append([part[-2:].double() for part in tree_leaves(outputs)])
    except Exception:  # whatever a module raises; the trial will tell
        return training
    return all(torch.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True) for a, b in zip(*found, strict=True))


def _compare(member: Member, dtype: torch.dtype, proof: Proof) -> None:
    prepared = [_some_rows(member, i, dtype) for i in range(2)]
    members = [make_member(_small(member.net), prepared[i], (i, i), {}, dtype=dtype) for i in range(2)]
    for each, rows in zip(members, prepared, strict=True):
        each.known = tree_map(torch.as_tensor, rows.X)
    before = [python_state(each.net.module_) for each in members]

    def inputs(stack: Nets) -> tuple[Any, bool] | None:
        # Where rows see each other, nets are asked one by one, batch by batch.
        if not proof.evaluated:
            return None
        return tree_map(lambda *parts: torch.stack(parts), *(members[i].known for i in stack.order)), False

    training = Training(Job(members, proof.filled), inputs, unit=2)
    noise = _listen(training)
    for i, trained in enumerate(sorted(training.run(), key=lambda trained: trained.member.noise_seed)):
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
    # Rows of all targets, mixed: weights of classes show where a batch has several.
    target = tree_leaves(member.train.y)[0]
    by_target = target.reshape(member.train.n, -1).double().sum(1).argsort(stable=True).numpy()
    spread = (np.linspace(0, member.train.n - 1, n).round().astype(int) + 3 * number) % member.train.n
    rows = taken((member.train.X, member.train.y), by_target[np.random.default_rng(number).permutation(spread)])
    X, y = tree_map(lambda t: t.to(dtype) if t.is_floating_point() else t, rows)
    as_given = (
        part.numpy() if isinstance(given, np.ndarray) else part
        for part, given in zip((X, y), member.fitted_on, strict=True)
    )
    return Prepared(*as_given)


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
    X, y = start(net, prepared, seed, dtype)
    numbers, state = _other_states(), torch.get_rng_state()
    with GivenNoise(noise), contextlib.redirect_stdout(io.StringIO()):
        net.partial_fit(X, y)
    state_after = torch.get_rng_state()
    train, valid = net.get_split_datasets(X, y)
    order = Order(net.get_iterator(train, training=True), 1 if valid is None else 2, state)
    for _ in net.history:
        order.next_epoch()
    drew = order.fixed is None and not torch.equal(state_after, order.state)
    if drew or _other_states() != numbers:
        raise RefusalError("the net draws random numbers that lockstep can't replay")
    if any(param.grad is None for param in trained_params(net)):
        raise RefusalError("a parameter takes no part in the loss")
    return net


def _other_states() -> Any:
    state = np.random.get_state(legacy=False)["state"]
    return random.getstate(), state["key"].tobytes(), state["pos"]


def _check_same(trained: Trained, theirs: NeuralNet, prepared: Prepared, dtype: torch.dtype) -> None:
    """Raise `MismatchError` where a net from a stack is not skorch's."""
    tolerance = {"rtol": 1e-6, "atol": 1e-9} if dtype == torch.float64 else {"rtol": 1e-3, "atol": 1e-5}

    def compare(what: str, one: Any, other: Any) -> None:
        one, other = (torch.as_tensor(each, dtype=torch.float64) for each in (one, other))
        if one.shape != other.shape or not torch.allclose(one, other, equal_nan=True, **tolerance):
            raise MismatchError(f"in a trial, {what} differed from skorch's")

    ours = dict(_numbers_of(trained.net))
    for (what, place), number in _numbers_of(theirs):
        compare(what, ours.get((what, place), math.nan), number)
    if trained.outputs is not None:
        made = zip(tree_leaves(trained.outputs), tree_leaves(theirs.forward(prepared.X)), strict=True)
        for one, other in made:
            compare("the output", one, other.cpu())


def _numbers_of(net: NeuralNet) -> Iterator[tuple[tuple[str, Any], Any]]:
    """Yield all numbers of a trained net but times, each with what it is and where it stands."""
    for name, tensor in named_tensors(net).items():
        yield (f"the values of {name.partition('.')[2]}", name), tensor.detach()
    for i, param in enumerate(trained_params(net)):
        for key, value in net.optimizer_.state.get(param, {}).items():
            if isinstance(value, Tensor | float | int):
                yield (f"the optimizer's {key}", i), value
    yield ("the number of epochs", None), len(net.history)
    for i, row in enumerate(row for epoch in net.history for row in (epoch, *epoch["batches"])):
        for key, value in row.items():
            if isinstance(value, float | int) and key != "dur":
                yield (f"the history's {key}", i), float(value)
