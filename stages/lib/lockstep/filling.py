"""Finds out whether batches may be filled up with rows that count for nothing."""

import copy

import numpy as np
import torch
from torch.utils._pytree import tree_leaves, tree_map

from stages.lib.lockstep.members.member import Member
from stages.lib.lockstep.members.rows import taken
from stages.lib.lockstep.stacks.nets import EVALUATED_ROWS
from stages.lib.lockstep.stacks.step import shallow_copy

# In how many parts, at most, rows that are evaluated at once are looked at: one odd target shows in a small part.
_PARTS = 16


def fills_up(member: Member) -> bool:
    """Whether the loss of a net's batch is the mean of its rows' losses, for its own rows.

    It is not where classes have weights, or some targets do not count.
    """
    module, criterion = copy.deepcopy((member.net.module_, member.net.criterion_))
    net = shallow_copy(member.net, module_=module, criterion_=criterion)
    apart = shallow_copy(net, criterion_=copy.deepcopy(criterion))
    apart.criterion_.reduction = "none"
    parts = [(rows, training) for rows, training in ((member.train, True), (member.valid, False)) if rows is not None]
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            for rows, training in parts:
                net._set_training(training)
                for start in range(0, rows.n, EVALUATED_ROWS):
                    x, y = taken((rows.X, rows.y), slice(start, start + EVALUATED_ROWS))
                    n = min(rows.n - start, EVALUATED_ROWS)
                    made = net.infer(tree_map(torch.clone, x))
                    each = apart.get_loss(made, y, X=x, training=training).reshape(n, -1).mean(1)
                    size = max(rows.batch, -(-n // _PARTS))
                    for part in (slice(first, first + size) for first in range(0, n, size)):
                        own = taken((made, y, x), part)
                        loss = net.get_loss(*own[:2], X=own[2], training=training)
                        if not torch.allclose(loss, each[part].mean(), rtol=1e-5, equal_nan=True):
                            return False
    except Exception:  # whatever a criterion raises; without filling up the trial will tell
        return False
    return True


def rows_are_apart(member: Member, training: bool) -> bool:
    """Whether a row's outputs stay what they are beside other rows; a trial's batches are shorter than the net's."""
    net = shallow_copy(member.net, module_=copy.deepcopy(member.net.module_).train(training))
    n, width = member.train.n, member.train.width
    if training:  # as many rows, which draw the same noise
        beside = [np.arange(width), np.r_[width : 2 * width - 2, width - 2, width - 1] % n]
    else:
        many = np.arange(min(n, EVALUATED_ROWS))
        beside = [many, many[-width:]]
    found = []
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            for rows in beside:
                torch.manual_seed(0)
                outputs = tree_leaves(net.infer(taken(member.train.X, rows % n)))
                found.append([part[-min(width, 2) :].double() for part in outputs])
    except Exception:  # whatever a module raises; the trial will tell
        return training
    return all(torch.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True) for a, b in zip(*found, strict=True))
