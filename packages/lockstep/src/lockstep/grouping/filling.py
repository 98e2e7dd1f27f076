"""Finds out whether batches may be filled up with rows of weight zero."""

import copy
from collections.abc import Iterator
from itertools import chain, pairwise, starmap
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor

from lockstep._compat import tree_leaves, tree_map
from lockstep.grouping.odd_rows import odd_places
from lockstep.members.member import Member
from lockstep.members.own_code import step_view
from lockstep.members.rows import taken
from lockstep.stacks.programs.evaluation import keeps_rows_apart

# The most rows that are looked at together.
_ROWS = 1024
# The most parts in which losses are compared: a single odd target shows only in a small part.
_PARTS = 16
# The most blocks of rows that are looked at. To look at all rows of a long table takes as long as an epoch.
_BLOCKS = 16


def rows_are_apart(member: Member) -> tuple[bool, bool]:
    """Whether rows of batches as long as the net's do not influence one another, in training and in evaluation."""
    net = elsewhere(member)  # a step may change buffers
    x, y = taken(
        (member.train.X, member.train.y), np.arange(member.train.width) % member.train.n
    )
    with torch.random.fork_rng(devices=[]):
        return keeps_rows_apart(net, x, y, True), keeps_rows_apart(net, x, y, False)


def loss_is_mean(member: Member) -> bool:
    """Whether a batch's loss is the mean of its rows' losses; with class weights, for example, it is not.

    Looks at all rows of a net or, of many, at the first, the last, some between them, and the odd ones.
    """
    net = elsewhere(member)
    apart = step_view(net, net.module_, copy.deepcopy(net.criterion_))
    apart.criterion_.reduction = "none"
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for rows, training in zip(member.rows, (True, False), strict=False):
            for places in _looked_at(rows.n, rows.tensors):
                some = taken((rows.X, rows.y), places)
                if not _adds_up(net, apart, some, rows.batch, training):
                    return False
    return True


def _looked_at(n: int, tensors: list[Tensor]) -> Iterator[Any]:
    """Yield the places of blocks of rows that stand for all; `tensors` have what a net gets of them, and targets."""
    if n <= _BLOCKS * _ROWS:
        yield from (slice(start, min(start + _ROWS, n)) for start in range(0, n, _ROWS))
        return
    starts = np.linspace(0, n - _ROWS, _BLOCKS).astype(int).tolist()
    yield from (slice(start, start + _ROWS) for start in starts)
    odd = set(chain.from_iterable(map(odd_places, tensors)))
    yield from torch.tensor(sorted(odd)).split(_ROWS)


def elsewhere(member: Member) -> NeuralNet:
    """Return a copy of a net with other weights, because outputs that are all alike would hide how losses differ."""
    module, criterion = copy.deepcopy((member.net.module_, member.net.criterion_))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in module.parameters():
            if weight.is_floating_point():
                drawn = torch.randn(weight.shape, generator=generator)
                weight += 0.1 * drawn.to(weight)
    return step_view(member.net, module, criterion)


def _adds_up(
    net: NeuralNet, apart: NeuralNet, rows: Any, batch: int, training: bool
) -> bool:
    net._set_training(training)
    n = len(tree_leaves(rows)[0])
    # The ends of as many parts as there are batches.
    n_parts = min(max(min(_PARTS, n // batch), 1), n)
    ends = np.linspace(0, n, n_parts + 1).astype(int)
    # Like the last batch, which a loss may treat differently.
    short = slice((n - 1) % batch + 1)
    try:
        made = net.infer(tree_map(torch.clone, rows[0]))
        by_row = apart.get_loss(made, rows[1], X=rows[0], training=training)
        each = by_row.reshape(n, -1).mean(1)
        for part in (*starmap(slice, pairwise(ends)), short):
            predicted, x, y = taken((made, *rows), part)
            loss = net.get_loss(predicted, y, X=x, training=training)
            if not torch.allclose(loss, each[part].mean(), rtol=1e-5, equal_nan=True):
                return False
    except Exception:
        # Whatever a criterion raises; the trial without filling up will show it.
        return False
    return True
