"""What a step of a net takes, and which parameters it uses: known before the net is stacked."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import flop_registry

from lockstep._compat import tree_leaves
from lockstep.members.lean import LeanMode
from lockstep.members.member import Member
from lockstep.members.rows import taken
from lockstep.members.step_view import explained, step_view
from lockstep.members.tensors import named_tensors, trained_params
from lockstep.stacks.layers import GivenNoise
from lockstep.stacks.nets import EVALUATED_ROWS


@dataclass(frozen=True)
class Measured:
    """What a step of a net shows."""

    n_bytes: int  # what one more net in a stack takes at most
    n_flops: int  # floating-point operations
    n_operations: int  # of torch
    unused: frozenset[str]  # the parameters that take no part in the loss


def measure(member: Member) -> Measured:
    """Take a step of a lone net, and an evaluation.

    Counted are all results, as if none were freed, and what an optimizer keeps and does.
    """
    net, train = member.net, member.train
    module, criterion = copy.deepcopy((net.module_, net.criterion_))
    trial = step_view(net, module, criterion)
    x, y = taken((train.X, train.y), np.arange(min(train.width, train.n)))
    many = taken(train.X, np.resize(np.arange(train.n), min(EVALUATED_ROWS, train.n)))
    state = torch.get_rng_state()
    try:
        with GivenNoise(in_stack=True), torch.enable_grad(), _Counts() as counted:
            trial._set_training(True)
            trial.get_loss(trial.infer(x), y, X=x, training=True).backward()
            n_flops, n_operations = counted.n_flops, counted.n_operations
            with torch.no_grad():
                trial._set_training(False)
                trial.infer(many)
    except AttributeError as error:
        raise explained(error, net) from None
    finally:
        torch.set_rng_state(state)
    weights = sum(tensor.numel() * tensor.element_size() for tensor in named_tensors(net).values())
    # An optimizer takes about a dozen operations for each number, which count where a table is looked up in.
    n_flops += 12 * sum(param.numel() for param in trained_params(net).values())
    stepped = named_tensors(trial)
    unused = frozenset(name for name in trained_params(net) if stepped[name].grad is None)
    return Measured(counted.total + 6 * weights, n_flops, n_operations, unused)


class _Counts(LeanMode):
    """Adds up the bytes of all results and the floating-point operations, and counts torch's operations."""

    total = n_flops = n_operations = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        self.n_operations += 1
        if count := flop_registry.get(function.overloadpacket):
            self.n_flops += count(*args, **(kwargs or {}), out_val=result)
        self.total += sum(t.numel() * t.element_size() for t in tree_leaves(result) if isinstance(t, Tensor))
        return result
