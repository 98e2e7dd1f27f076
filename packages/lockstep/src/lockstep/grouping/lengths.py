"""Finds out whether a module's outputs for rows change with the number of rows in a batch.

The kernel computes rows a few at a time, and fills up short batches. A module that asks for the length of its batch
(`if len(x) % 3 == 0`) would get another one than by skorch. The oddest rows are looked at.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from lockstep._compat import tree_leaves, tree_map
from lockstep.grouping.closeness import is_close
from lockstep.grouping.filling import elsewhere
from lockstep.grouping.odd_rows import oddest
from lockstep.members.member import Member
from lockstep.members.rows import taken
from lockstep.stacks.programs.evaluation import SOME_ROWS, single

# How far outputs may be apart that are the same but for rounding, as a share of the largest.
_ROUNDING = 1e-3


def trains_alike(member: Member) -> bool:
    """Whether the module gives rows the same outputs in batches of all lengths that the net's training has."""
    net = elsewhere(member)
    train = member.train
    n = train.width
    rows, targets = taken((train.X, train.y), oddest(train.tensors, n))
    try:
        with torch.random.fork_rng(devices=[]):
            stacked, tensors, rates = single(net)
            noise = [torch.rand(draw.shape) for draw in stacked.draws(rows, targets)]
            whole = stacked.outputs_in_training(
                tensors, rates, noise, tree_map(torch.clone, rows)
            )
            for length in set(member.order.lengths) - {1, n}:
                first = slice(length)
                made = stacked.outputs_in_training(
                    tensors, rates, *taken((noise, rows), first)
                )
                if not _are_alike(taken(whole, first), made):
                    return False
    except Exception:  # whatever a module raises; the trial will show it
        return False
    return True


def evaluates_alike(member: Member, x: Any, lengths: Iterable[int]) -> bool:
    """Whether skorch gives rows of `x`, in batches of these lengths, the outputs that are recorded for a few rows.

    torch may take a fast path where skorch evaluates a net, and does not where it is recorded.
    """
    net = elsewhere(member)
    net._set_training(False)
    rows = taken(x, oddest(tree_leaves(x), SOME_ROWS))
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            stacked, tensors, rates = single(net)
            few = stacked.evaluate(tensors, rates, tree_map(torch.clone, rows))
            for length in lengths:
                places = np.arange(length) % SOME_ROWS
                made = net.infer(taken(rows, places))
                if not _are_alike(taken(few, places), made):
                    return False
    except Exception:  # whatever a module raises; the trial will show it
        return False
    return True


def _are_alike(ones: Any, others: Any) -> bool:
    pairs = zip(tree_leaves(ones), tree_leaves(others), strict=True)
    return all(
        one.shape == other.shape and is_close(one, other, _ROUNDING)
        for one, other in pairs
    )
