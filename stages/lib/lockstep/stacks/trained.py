"""A net that leaves its stack."""

from dataclasses import dataclass
from typing import Any

from skorch import NeuralNet
from torch import Tensor

from stages.lib.lockstep.members.member import Member, named_tensors
from stages.lib.lockstep.members.refusals import told
from stages.lib.lockstep.stacks.step import Tensors


@dataclass
class Trained:
    """A net at the end of its training, or a copy on its way to longer ones."""

    member: Member
    epoch: int
    net: NeuralNet
    is_finite: bool
    random_state: Tensor  # of torch's generator after the training
    outputs: Any = None  # what the net makes of the rows that it is evaluated on, where the stack has computed it
    fit_time: float = 0.0
    reason: str = ""  # why skorch is to fit it after all


def failed(member: Member, error: Exception) -> Trained:
    """Return a net whose own callbacks end its training with an error: skorch is to meet it."""
    return Trained(member, member.epochs, member.net, False, member.state, reason=told(error))


def leave_weights(trained: Trained, lent: list[Tensors]) -> None:
    """Put a net's weights where its callbacks have seen them: what they have kept was trained on after it left."""
    for name, tensor in named_tensors(trained.net).items():
        for memory in lent:
            memory[name].copy_(tensor.detach())
