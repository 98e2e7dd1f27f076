"""A net that leaves its stack, with its outputs, and its history as skorch would record it."""

import contextlib
import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from skorch import NeuralNet
from skorch.history import History
from torch import Tensor

from lockstep.members.member import Member
from lockstep.members.parts import copied_parts, named_tensors, shallow_copy
from lockstep.members.refusals import Refusal
from lockstep.members.rows import taken
from lockstep.stacks.nets import Nets


@dataclass
class Trained:
    """A net at the end of its training; a copy, if the training goes on for other tasks."""

    member: Member
    epoch: int
    net: NeuralNet
    is_finite: bool
    random_state: Tensor  # of torch's generator after the training
    outputs: Any = None  # the net's outputs for the rows to predict, if the stack has computed them
    fit_time: float = 0.0
    refusal: Refusal | None = None  # why skorch has to fit it after all
    # Computes its history, if no callback has written it.
    records: Callable[[], list[dict[str, Any]]] | None = None

    def history(self, is_looked_at: bool) -> History:
        """Return the history; an empty one if nobody will read it and no callback has written it."""
        if self.records is None:
            return self.net.history_
        return History(self.records() if is_looked_at else [])

    def copy(self) -> "Trained":
        """Return a copy for another fit, because a scorer may change a net."""
        net = shallow_copy(
            self.net, **copied_parts(self.net), history_=copy.copy(self.net.history_)
        )
        for own, copied in zip(
            named_tensors(self.net).values(), named_tensors(net).values(), strict=True
        ):
            copied.grad = copy.copy(own.grad)  # `copy.deepcopy` leaves out gradients
        return replace(self, net=net)


def with_outputs(
    nets: Nets,
    inputs: tuple[list[Any], np.ndarray] | None,
    trained: Iterable[tuple[int, Trained]],
) -> Iterator[Trained]:
    """Yield trained nets, each after its place in `nets`, with their outputs for `inputs`, computed together."""
    outputs = None
    # Whatever it raises, such as for a module that writes into rows that nets share, the nets predict themselves.
    with contextlib.suppress(Exception):
        outputs = inputs and nets.outputs(*inputs)
    for i, each in trained:
        each.outputs = outputs if outputs is None else taken(outputs, i)
        yield each


def batch_records(
    training: bool, losses: list[float], sizes: list[int]
) -> list[dict[str, Any]]:
    """Return skorch's records of batches with these losses and numbers of rows."""
    kind = "train" if training else "valid"
    loss = f"{kind}_loss"
    size = f"{kind}_batch_size"
    return [{loss: each, size: n} for each, n in zip(losses, sizes, strict=True)]


def epoch_records(
    losses: list[tuple[Tensor | None, Tensor | None]],
    place: int,
    sizes: list[list[int]],
    held: list[int],
) -> list[dict[str, Any]]:
    """Return skorch's records of the net at a place, without callbacks; batches are recorded only with their losses.

    `losses` has for each epoch the losses on the training rows and on the hold-out, shape (n_batches, n_nets), or None;
    `sizes` has the lengths of each epoch's batches, `held` those of the hold-out's batches.
    """
    of_held = {"valid_batch_count": len(held)} if held else {}
    epochs: list[dict[str, Any]] = []
    for number, ((train, valid), each) in enumerate(
        zip(losses, sizes, strict=True), start=1
    ):
        batches: list[dict[str, Any]] = []
        if train is not None:
            batches += batch_records(True, train[: len(each), place].tolist(), each)
        if valid is not None:
            batches += batch_records(False, valid[: len(held), place].tolist(), held)
        epochs.append(
            {
                "batches": batches,
                "epoch": number,
                "train_batch_count": len(each),
                **of_held,
            }
        )
    return epochs
