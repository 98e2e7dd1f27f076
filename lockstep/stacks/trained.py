"""A net that leaves its stack, and what skorch records of one that is trained there."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from skorch import NeuralNet
from skorch.history import History
from torch import Tensor

from lockstep.members.member import Member, named_tensors
from lockstep.members.optimizer import copied_parts
from lockstep.members.refusals import told
from lockstep.stacks.step import Tensors, shallow_copy


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
    changed: bool = False  # by its callbacks, at the end of its training
    reason: str = ""  # why skorch is to fit it after all

    def copy(self) -> "Trained":
        """Return the same for another fit, as a scorer may change a net."""
        net = shallow_copy(self.net, **copied_parts(self.net), history_=copy.copy(self.net.history_))
        for own, copied in zip(named_tensors(self.net).values(), named_tensors(net).values(), strict=True):
            copied.grad = copy.copy(own.grad)  # which `copy.deepcopy` leaves out
        return replace(self, net=net)


def failed(member: Member, error: Exception) -> Trained:
    """Return a net whose own callbacks end its training with an error: skorch is to meet it."""
    return Trained(member, member.epochs, member.net, False, member.state, reason=told(error))


def leave_weights(trained: Trained, lent: list[Tensors]) -> None:
    """Put a net's weights where its callbacks have seen them: what they have kept was trained on after it left."""
    for name, tensor in named_tensors(trained.net).items():
        for memory in lent:
            memory[name].copy_(tensor.detach())


class LateHistory(History):
    """A net's history, put together when somebody looks at it: most searches ask for scores alone.

    `records` returns the list of epochs; it is None once that has been called.
    """

    def __init__(self, records: Callable[[], list[dict[str, Any]]]) -> None:
        super().__init__()
        self.records: Callable[[], list[dict[str, Any]]] | None = records

    def __reduce_ex__(self, protocol: Any) -> Any:
        return History, (self.to_list(),)

    def __radd__(self, other: list[Any]) -> list[Any]:
        return other + list(self)  # a list would read the memory of this one


def _look(name: str) -> Callable[..., Any]:
    plain = getattr(History, name)

    def filled(history: LateHistory, *about: Any, **named: Any) -> Any:
        if history.records is not None:
            records, history.records = history.records, None
            history.extend(records())
        return plain(history, *about, **named)

    return filled


# All that a list and a History do, but for what an object is made and pickled by.
_OF_AN_OBJECT = {"__init__", "__new__", "__getattribute__", "__class_getitem__", "from_file"}
for _name in {name for cls in (list, History) for name in vars(cls)} - _OF_AN_OBJECT:
    if callable(getattr(History, _name)):
        setattr(LateHistory, _name, _look(_name))


def batch_records(training: bool, losses: list[float] | None, sizes: list[int]) -> list[dict[str, Any]]:
    """Return what skorch records of batches with these losses, if they are known, and numbers of rows."""
    kind = "train" if training else "valid"
    known = [{}] * len(sizes) if losses is None else [{f"{kind}_loss": loss} for loss in losses]
    return [loss | {f"{kind}_batch_size": n} for loss, n in zip(known, sizes, strict=True)]


def epoch_records(
    losses: list[tuple[Tensor | None, Tensor | None]], place: int, sizes: list[list[int]], held: list[int]
) -> list[dict[str, Any]]:
    """Return what skorch records of the net at a place, without callbacks.

    `losses` are those of each epoch, shape (n_batches, n_nets), on the training rows and on the hold-out, or None;
    `sizes` are the lengths of each epoch's batches, and `held` those of the hold-out's.
    """

    def records(training: bool, found: Tensor | None, lengths: list[int]) -> list[dict[str, Any]]:
        return batch_records(training, None if found is None else found[: len(lengths), place].tolist(), lengths)

    epochs: list[dict[str, Any]] = []
    for number, ((train, valid), each) in enumerate(zip(losses, sizes, strict=True), start=1):
        batches = records(True, train, each) + records(False, valid, held)
        counts = {"train_batch_count": len(each)} | ({"valid_batch_count": len(held)} if held else {})
        epochs.append({"batches": batches, "epoch": number, **counts})
    return epochs
