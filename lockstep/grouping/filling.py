"""Finds out whether batches may be filled up with rows of weight zero."""

import copy
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor

from lockstep._compat import tree_leaves, tree_map
from lockstep.members.member import Member
from lockstep.members.numerics import seed_torch
from lockstep.members.own_code import step_view
from lockstep.members.rows import companies, is_close, taken
from lockstep.stacks.nets import EVALUATED_ROWS

# The most parts in which losses are compared: a single odd target shows only in a small part. Rows that influence one
# another show in a few large parts as well.
_PARTS, _FEW_PARTS = 16, 4
# The most blocks of rows that are looked at. To look at all rows of a long table takes as long as an epoch.
_BLOCKS = 16


class OwnRows(NamedTuple):
    """What the rows of a net show; a trial sees only a few of them."""

    is_mean: bool  # whether a batch's loss is the mean of its rows' losses; not with class weights, for example
    are_apart: bool  # whether rows do not influence one another in evaluation


def own_rows(member: Member) -> OwnRows:
    """Check the rows of a net: all of them or, of many, the first, the last, some between them, and the odd ones."""
    net = _elsewhere(member)
    apart = step_view(net, net.module_, copy.deepcopy(net.criterion_))
    apart.criterion_.reduction = "none"
    is_mean = are_apart = True
    for rows, training in zip(member.rows, (True, False), strict=False):
        for places in _looked_at(rows.n, rows.tensors):
            x, y = taken((rows.X, rows.y), places)
            n = len(tree_leaves((x, y))[0])
            short = slice((n - 1) % rows.batch + 1)  # like the last batch, which a loss may treat differently
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                are_apart &= _agree(net, x, n, rows.batch)
                is_mean &= _adds_up(net, apart, (x, y), [*_parts(n, rows.batch), short], training)
    return OwnRows(is_mean, are_apart)


def asked_apart(member: Member, rows: Tensor) -> bool:
    """Whether the rows that a net will predict do not influence one another either."""
    net, batch = _elsewhere(member), member.train.batch
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        blocks = (rows[places] for places in _looked_at(len(rows), [rows]))
        return all(_agree(net, x, len(x), batch) for x in blocks)


def _looked_at(n: int, tensors: list[Tensor]) -> Iterator[Any]:
    """Yield the places of blocks of rows that stand for all; `tensors` have what a net gets of them, and targets."""
    if n <= _BLOCKS * EVALUATED_ROWS:
        yield from (slice(start, min(start + EVALUATED_ROWS, n)) for start in range(0, n, EVALUATED_ROWS))
        return
    starts = np.linspace(0, n - EVALUATED_ROWS, _BLOCKS).astype(int).tolist()
    yield from (slice(start, start + EVALUATED_ROWS) for start in starts)
    yield from torch.tensor(sorted(set().union(*map(_odd, tensors)))).split(EVALUATED_ROWS)


def _odd(tensor: Tensor) -> set[int]:
    """Return rows that are unlike others: with the least, largest or smallest number of a column, or with a rare code.

    A target that a loss leaves out is one of these, such as -100, 0 or NaN, which counts as the least and the largest.
    """
    columns = tensor.detach().cpu().reshape(len(tensor), -1)
    if columns.dtype == torch.bool:
        columns = columns.byte()
    if not columns.numel():
        return set()
    places = [*columns.argmin(0).tolist(), *columns.argmax(0).tolist(), *columns.abs().argmin(0).tolist()]
    if columns.shape[1] == 1 and not columns.is_floating_point():
        _, first, count = np.unique(columns.numpy(), return_index=True, return_counts=True)
        places += first[count.argsort(kind="stable")][:EVALUATED_ROWS].tolist()
    return set(places)


def _elsewhere(member: Member) -> NeuralNet:
    """Return a copy of a net with other weights: a weight that starts at 0, such as a gate, would hide an influence."""
    module, criterion = copy.deepcopy((member.net.module_, member.net.criterion_))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in (param for param in module.parameters() if param.is_floating_point()):
            weight += 0.1 * torch.randn(weight.shape, generator=generator).to(weight)
    return step_view(member.net, module, criterion)


def _parts(n: int, batch: int, least: int = 1, most: int = _PARTS) -> list[slice]:
    """Cut rows into as many parts as there are whole batches, within the bounds."""
    n_parts = min(max(min(most, n // batch), least), n)
    return [slice(*each) for each in pairwise(np.linspace(0, n, n_parts + 1).astype(int))]


def _agree(net: NeuralNet, x: Any, n: int, batch: int) -> bool:
    """Whether the outputs for `n` rows are those for their parts."""
    net._set_training(False)
    parts = _parts(n, batch, 2, _FEW_PARTS)
    try:
        whole = tree_leaves(net.infer(tree_map(torch.clone, x)))
        single = [tree_leaves(net.infer(tree_map(torch.clone, taken(x, part)))) for part in parts]
        return all(is_close(*each).all() for each in zip(whole, map(torch.cat, zip(*single, strict=True)), strict=True))
    except Exception:  # whatever a module raises; skorch never evaluates so many rows at once
        return False


def _adds_up(net: NeuralNet, apart: NeuralNet, rows: Any, parts: list[slice], training: bool) -> bool:
    net._set_training(training)
    try:
        made = net.infer(tree_map(torch.clone, rows[0]))
        by_row = apart.get_loss(made, rows[1], X=rows[0], training=training)
        each = by_row.reshape(len(tree_leaves(rows)[0]), -1).mean(1)
        for part in parts:
            predicted, x, y = taken((made, *rows), part)
            loss = net.get_loss(predicted, y, X=x, training=training)
            if not torch.allclose(loss, each[part].mean(), rtol=1e-5, equal_nan=True):
                return False
    except Exception:  # whatever a criterion raises; the trial without filling up will show it
        return False
    return True


def rows_are_apart(member: Member) -> bool:
    """Whether a row's outputs in training are the same beside other rows, in batches as long as the net's.

    The other rows are as many, so they draw the same noise.
    """
    net = _elsewhere(member)
    net.module_.train()
    outputs, (place, batches) = [], companies(member.train)
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            for rows in batches:
                seed_torch(0)
                outputs.append([part[place] for part in tree_leaves(net.infer(taken(member.train.X, rows)))])
    except Exception:  # whatever a module raises; the trial will show it
        return True
    return all(is_close(*each).all() for other in outputs[1:] for each in zip(outputs[0], other, strict=True))
