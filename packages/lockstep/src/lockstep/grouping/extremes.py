"""Compares what the kernel computes of extreme numbers with what torch does, in the net's own precision.

A trial in float64 does not come to where float32 is full: a sigmoid is 1 from 17 on, and the logarithm of 0 counts.
"""

from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor

from lockstep._compat import tree_leaves, tree_map
from lockstep.grouping.closeness import is_close
from lockstep.grouping.odd_rows import oddest
from lockstep.kernel.program import LANES
from lockstep.members.member import Member
from lockstep.members.own_code import step_view
from lockstep.members.parts import cloned, copied_parts
from lockstep.members.refusals import RefusalError
from lockstep.members.rows import taken
from lockstep.stacks.programs.evaluation import (
    SOME_ROWS,
    Evaluated,
    Evaluator,
    RowsOfNets,
    single,
)

# How many times as large as they begin weights are, for the nets of a block: a training lets logits grow.
_TIMES = np.geomspace(1, 1000, LANES).tolist()

# How far a loss and outputs may be apart, as a share of the largest. One bit of a number next to 1 changes the
# logarithm of its distance from 1 by 4 %.
_TOLERANCE = 0.1


def check_extremes(member: Member) -> None:
    """Raise `RefusalError` if the kernel's outputs, or its loss, for the net's oddest rows are not torch's."""
    rows = taken(
        (member.train.X, member.train.y), oddest(member.train.tensors, SOME_ROWS)
    )
    parts = copied_parts(member.net)
    net = step_view(member.net, parts["module_"], parts["criterion_"])
    net._set_training(False)
    stacked, tensors, rates = single(net)
    of_nets = {}
    for name, tensor in tensors.items():
        grown = [_grown(name, tensor, times) for times in _TIMES]
        of_nets[name] = torch.stack(grown)
    nets = np.zeros(LANES, int)  # which have the same rows
    grown_nets = Evaluated(stacked, of_nets, rates.expand(LANES, -1))
    evaluate = Evaluator(grown_nets, RowsOfNets([rows], nets, SOME_ROWS, SOME_ROWS), {})
    ours = tree_leaves(evaluate(cloned(of_nets)))
    for i in range(LANES):
        for name, tensor in tensors.items():
            tensor.copy_(of_nets[name][i])
        theirs = tree_leaves(_by_torch(net, *rows))
        for one, other in zip(ours, theirs, strict=True):
            if not is_close(one[i].reshape(other.shape), other, _TOLERANCE):
                raise RefusalError(
                    "in float32, outputs or losses for extreme numbers differ from torch's"
                )


def _grown(name: str, tensor: Tensor, times: float) -> Tensor:
    """Return a weight of the module so many times as large; others stay as they are."""
    is_weight = name.startswith("module.") and tensor.is_floating_point()
    return tensor * times if is_weight else tensor


def _by_torch(net: NeuralNet, x: Any, y: Any) -> Any:
    with torch.no_grad():
        made = net.infer(tree_map(torch.clone, x))
        return net.get_loss(made, y, X=x, training=False), made
