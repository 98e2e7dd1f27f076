"""Finds out whether batches may be filled up with rows that count for nothing."""

import copy
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor

from lockstep._compat import tree_leaves, tree_map
from lockstep.members.member import Member
from lockstep.members.rows import companies, is_close, taken
from lockstep.members.step_view import step_view
from lockstep.stacks.nets import EVALUATED_ROWS

# In how many parts, at most, losses of rows are looked at: one odd target shows in a small part. A row that sees others
# shows in a few large parts as well.
_PARTS, _FEW_PARTS = 16, 4


class OwnRows(NamedTuple):
    """What all of a net's own rows show, of which a trial sees a few."""

    is_mean: bool  # whether a batch's loss is the mean of its rows' losses; it is not where classes have weights, say
    are_apart: bool  # whether rows do not see each other in evaluation


def own_rows(member: Member) -> OwnRows:
    """Look at all of a net's own rows."""
    net = _elsewhere(member)
    apart = step_view(net, net.module_, copy.deepcopy(net.criterion_))
    apart.criterion_.reduction = "none"
    is_mean = are_apart = True
    for rows, training in zip(filter(None, (member.train, member.valid)), (True, False), strict=False):
        for start in range(0, rows.n, EVALUATED_ROWS):
            x, y = taken((rows.X, rows.y), slice(start, start + EVALUATED_ROWS))
            n = min(rows.n - start, EVALUATED_ROWS)
            short = slice((n - 1) % rows.batch + 1)  # as the last batch, of which a loss may take another view
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                are_apart &= _agree(net, x, _parts(n, rows.batch, 2, _FEW_PARTS))
                is_mean &= _adds_up(net, apart, (x, y), [*_parts(n, rows.batch), short], training)
    return OwnRows(is_mean, are_apart)


def asked_apart(member: Member, rows: Tensor) -> bool:
    """Whether rows that a net will be asked about do not see each other either."""
    net, batch = _elsewhere(member), member.train.batch
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        return all(_agree(net, x, _parts(len(x), batch, 2, _FEW_PARTS)) for x in rows.split(EVALUATED_ROWS))


def _elsewhere(member: Member) -> NeuralNet:
    """Return a copy of a net with other weights: what starts at 0, such as a gate, hides what comes through later."""
    module, criterion = copy.deepcopy((member.net.module_, member.net.criterion_))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in (param for param in module.parameters() if param.is_floating_point()):
            weight += 0.1 * torch.randn(weight.shape, generator=generator).to(weight)
    return step_view(member.net, module, criterion)


def _parts(n: int, batch: int, least: int = 1, most: int = _PARTS) -> list[slice]:
    """Cut rows into as many parts as there are whole batches, but for the bounds."""
    n_parts = min(max(min(most, n // batch), least), n)
    return [slice(*each) for each in pairwise(np.linspace(0, n, n_parts + 1).astype(int))]


def _agree(net: NeuralNet, x: Any, parts: list[slice]) -> bool:
    net._set_training(False)
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
    except Exception:  # whatever a criterion raises; without filling up the trial will tell
        return False
    return True


def rows_are_apart(member: Member) -> bool:
    """Whether a row's outputs stay what they are beside other rows in training, where batches are as long as the net's.

    As many rows as are beside it draw the same noise.
    """
    net = _elsewhere(member)
    net.module_.train()
    outputs, (place, batches) = [], companies(member.train)
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            for rows in batches:
                torch.manual_seed(0)
                outputs.append([part[place] for part in tree_leaves(net.infer(taken(member.train.X, rows)))])
    except Exception:  # whatever a module raises; the trial will tell
        return True
    return all(is_close(*each).all() for other in outputs[1:] for each in zip(outputs[0], other, strict=True))
