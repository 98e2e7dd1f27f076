"""Measures the cost of a net's step, and which parameters it uses, before the net is stacked."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor
from torch.utils.flop_counter import flop_registry

from lockstep._compat import LeanMode, tree_leaves
from lockstep.members.member import Member
from lockstep.members.own_code import step_view
from lockstep.members.parts import Tensors, cloned, named_tensors, trained_params
from lockstep.members.refusals import RefusalError
from lockstep.members.rows import taken
from lockstep.members.state import AS_BUFFER, other_attribute
from lockstep.stacks.layers import GivenNoise

# The most rows that are looked at together, or evaluated to measure that.
LOOKED_AT_ROWS = 1024


@dataclass(frozen=True)
class Measured:
    """The measures of a net's step."""

    n_bytes: int  # the most memory of a net in a block: of all that a step and an evaluation make
    step_bytes: int  # of all that a step makes
    n_flops: int  # floating-point operations of products, and of the optimizer
    n_numbers: int  # written by other operations
    largest_product: int  # floating-point operations of its largest product of matrices
    unused: frozenset[str]  # the parameters that the loss does not use
    row_bytes: int  # of the module's outputs for a row
    row_noise: int  # numbers that a step draws for a row
    net_bytes: int  # of a net's parameters and buffers
    evaluation_counts: bool = False  # whether an evaluation changes buffers, and so the steps that follow


def measure(member: Member, n_rows: int) -> Measured:
    """Run a step of a single net on `n_rows` of its rows, and an evaluation, and measure them.

    The bytes are those of all results, as if none were freed. The memory and the work of an optimizer are added.
    """
    net, train = member.net, member.train
    module, criterion = copy.deepcopy((net.module_, net.criterion_))
    trial = step_view(net, module, criterion)
    x, y = taken((train.X, train.y), np.resize(np.arange(train.n), n_rows))
    many = taken(train.X, np.resize(np.arange(train.n), min(LOOKED_AT_ROWS, train.n)))
    state = torch.get_rng_state()
    try:
        with GivenNoise(in_stack=True) as noise:
            with torch.enable_grad(), _Counts() as step:
                trial._set_training(True)
                trial.get_loss(trial.infer(x), y, X=x, training=True).backward()
            # Found out here, because a trial takes longer; it finds what else a step changes.
            if path := other_attribute(module, net.module_):
                raise RefusalError(f"a training step changes the module's attribute {path}", AS_BUFFER)
            n_drawn = sum(prod(draw.shape) for draw in noise.draws) if noise.matters else 0
            buffers = cloned(_buffers(trial))
            with torch.no_grad(), _Counts() as evaluation:
                trial._set_training(False)
                outputs = tree_leaves(trial.infer(many))
    finally:
        torch.set_rng_state(state)
    stepped, trained = named_tensors(trial), trained_params(net)
    if halves := sorted(map(str, step.types & {torch.float16, torch.bfloat16} - {t.dtype for t in trained.values()})):
        raise RefusalError(
            f"a step computes in {halves[0]}, as torch.autocast does, and a trial, which is in float64, can't show that"
        )
    net_bytes = _n_bytes(named_tensors(net).values())
    return Measured(
        n_bytes=step.n_bytes + evaluation.n_bytes + 6 * net_bytes,
        step_bytes=step.n_bytes,
        # An optimizer has about a dozen operations for each number, which matter for embeddings.
        n_flops=step.n_flops + 12 * sum(param.numel() for param in trained.values()),
        n_numbers=step.n_numbers,
        largest_product=step.largest_product,
        unused=frozenset(name for name in trained if stepped[name].grad is None),
        row_bytes=sum(part.nbytes for part in outputs) // len(tree_leaves(many)[0]),
        row_noise=n_drawn // n_rows,
        net_bytes=net_bytes,
        evaluation_counts=not all(torch.equal(each, buffers[name]) for name, each in _buffers(trial).items()),
    )


def _buffers(net: NeuralNet) -> Tensors:
    return dict(net.module_.named_buffers())


def _n_bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)  # a sparse tensor has no `nbytes`


class _Counts(LeanMode):
    """Adds up the bytes of all results, the numbers in them, and the floating-point operations."""

    n_bytes = n_flops = n_numbers = largest_product = 0
    types: frozenset[torch.dtype] = frozenset()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        tensors = [t for t in tree_leaves(result) if isinstance(t, Tensor)]
        self.types |= {t.dtype for t in tensors}
        if count := flop_registry.get(function.overloadpacket):
            n_flops = count(*args, **(kwargs or {}), out_val=result)
            self.n_flops += n_flops
            self.largest_product = max(self.largest_product, n_flops)
        elif not function.is_view and any(t.is_floating_point() for t in tensors):
            self.n_numbers += sum(tensor.numel() for tensor in tensors)
        self.n_bytes += _n_bytes(tensors)
        return result
