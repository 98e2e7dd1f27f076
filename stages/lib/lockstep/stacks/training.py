"""Trains a stack epoch by epoch, with each net's callbacks, and lets nets go when they are done."""

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor
from torch.utils._pytree import tree_map

from stages.lib.lockstep.members import Member
from stages.lib.lockstep.numerics import subnormals_as_zero
from stages.lib.lockstep.stacks.callbacks import Audience, StopTrainingError, clipping, n_rows
from stages.lib.lockstep.stacks.hold_out import HoldOut
from stages.lib.lockstep.stacks.late_history import LateHistory, epoch_records
from stages.lib.lockstep.stacks.nets import NETS, Nets
from stages.lib.lockstep.stacks.optimizers import named_tensors, optimizer_of
from stages.lib.lockstep.stacks.stack import Stack
from stages.lib.lockstep.stacks.step import shallow_copy

# What the nets of a stack are evaluated on: rows for each place, or the same for all.
Inputs = Callable[[Nets], tuple[Any, bool] | None]


@dataclass
class Trained:
    """A net at the end of its training, or on its way to longer ones.

    `outputs` is what the net makes of the rows that it is evaluated on, where the stack has computed it.
    """

    member: Member
    epoch: int
    net: NeuralNet
    is_finite: bool
    is_last: bool
    outputs: Any = None
    fit_time: float = 0.0


class Training:
    """The training of one stack.

    Parameters
    ----------
    members, filled, size, unit, traces
        As for `Stack`.
    inputs : callable
        Gives the rows to evaluate nets on.
    advance : callable
        Called with a number of net-epochs that are done.
    """

    def __init__(
        self,
        members: list[Member],
        filled: bool,
        size: int = 0,
        unit: int = NETS,
        traces: dict[str, Any] | None = None,
        inputs: Inputs = lambda stack: None,
        advance: Callable[[int], None] = lambda more: None,
    ) -> None:
        self.unit, self.inputs, self.advance = unit, inputs, advance
        self.ended: list[Trained] = []
        self._take_up(Stack(members, filled, size, unit, traces))

    def _take_up(self, stack: Stack) -> None:
        """Start with a stack, or go on with one that has closed up."""
        self.stack = stack
        self.hold_out = HoldOut(stack)
        self.audiences = {i: Audience(member) for i, member in enumerate(stack.members) if member.live}
        for i in self.audiences:
            _exchange(stack.members[i].net, stack.tensors_of(i))
        self.clip = clipping(stack.members, stack.order, [t[0].numel() for t in stack.trained.values()], stack.flat)
        self.gone: set[int] = set()
        # Of each epoch, shapes (n_batches, n_nets): on the training rows, and on the hold-out.
        self.losses: list[tuple[Tensor, Tensor | None]] = []

    def run(self) -> Iterator[Trained]:
        """Train; yields nets as they are done, those with callbacks at the end."""
        members, size = self.stack.members, len(self.stack.order)
        epoch = 0
        while self._left():
            if epoch:
                self.stack.next_epoch()
            self._tell(Audience.epoch_begins, epoch)
            epoch += 1
            self._train(epoch)
            self._validate()
            self._tell(Audience.epoch_ends, epoch)
            self.advance(len(self._left()))
            yield from self._done(epoch)
            self._adopt_settings()
            left = self._left()
            if left and len(left) <= len(self.stack.members) // 2 and len(self.stack.order) > self.unit:
                self._close_up(left)
        yield from self._evaluated(members, size)

    def _left(self) -> list[int]:
        return [i for i in range(len(self.stack.members)) if i not in self.gone]

    def _tell(self, event: Callable[[Audience], None], epoch: int, only: list[int] | None = None) -> None:
        """Tell the callbacks; a net whose training they end leaves."""
        for i in list(self.audiences) if only is None else only:
            if i not in self.gone:
                try:
                    event(self.audiences[i])
                except StopTrainingError:
                    self.ended.append(self._finish(i, epoch))

    @subnormals_as_zero()
    def _train(self, epoch: int) -> None:
        """Take the epoch's steps."""
        stack, losses = self.stack, []
        by_batch = [i for i, audience in self.audiences.items() if audience.by_batch]
        scoring = [i for i, audience in self.audiences.items() if audience.scores_training and not audience.by_batch]
        for number, batch in enumerate(stack.batches()):
            own = {i: stack.own_batch(batch, i, number) for i in (*by_batch, *scoring) if i not in self.gone}
            for i in [i for i in by_batch if i in own]:
                self._tell(partial(Audience.batch_begins, batch=own[i], training=True), epoch, [i])
            loss, made = stack.take_step(batch, self.clip)
            losses.append(loss)
            for i, rows in own.items():
                place, n = stack.positions[i], n_rows(rows)
                outputs = tree_map(lambda t, place=place, n=n: t[place, :n], made())
                if i in scoring:
                    self.audiences[i].predicts(rows, outputs, training=True)
                else:
                    event = partial(Audience.batch_ends, batch=rows, loss=loss[place], predicted=outputs, training=True)
                    self._tell(event, epoch, [i])
            if by_batch:
                self._adopt_settings()
        self.losses.append((torch.stack(losses), None))
        self._record(self.losses[-1][0], stack.sizes_of, training=True)

    def _validate(self) -> None:
        """Evaluate the nets on their hold-outs, as skorch does after each epoch."""
        if self.hold_out.is_empty:
            return
        losses, made = self.hold_out.evaluate()
        self.losses[-1] = (self.losses[-1][0], losses)
        for i, audience in self.audiences.items():
            if i in self.gone:
                continue
            if audience.by_batch:
                for loss, (rows, outputs) in zip(
                    losses[:, self.stack.positions[i]], self.hold_out.own_batches(i, made), strict=False
                ):
                    audience.batch_begins(rows, False)
                    audience.batch_ends(rows, loss, outputs, False)
            else:
                audience.predicts(*self.hold_out.own_rows(i, made), training=False)
        self._record(losses, self.hold_out.lengths.__getitem__, training=False)

    def _record(self, losses: Tensor, sizes_of: Callable[[int], list[int]], training: bool) -> None:
        listed = losses.T.tolist() if self.audiences else []
        for i, audience in self.audiences.items():
            if i not in self.gone:
                sizes = sizes_of(i)
                audience.batches_ended(listed[self.stack.positions[i]][: len(sizes)], sizes, training)

    def _adopt_settings(self) -> None:
        """Let optimizers go on with what schedules have set."""
        if self.audiences:
            settings = [optimizer_of(self.stack.members[i].net)[1] for i in self.stack.order]
            self.stack.optimizer.set(settings)

    def _done(self, epoch: int) -> Iterator[Trained]:
        """Yield the nets that somebody waits for after this epoch; those with callbacks are kept."""
        waited = [i for i in self._left() if epoch in self.stack.members[i].tasks]
        self.ended += [self._finish(i, epoch) for i in waited if i in self.audiences]
        if waited := [i for i in waited if i not in self.audiences]:
            inputs = self.inputs(self.stack)
            outputs = None if inputs is None else self.stack.outputs(*inputs)
            for i in waited:
                yield _with_outputs(self._finish(i, epoch), outputs, self.stack.positions[i])

    def _evaluated(self, members: list[Member], size: int) -> Iterator[Trained]:
        """Yield the nets with callbacks, which may have changed weights to the last, evaluated together."""
        self.ended.sort(key=lambda trained: members.index(trained.member))
        if self.ended:
            nets = Nets([trained.member for trained in self.ended], self.stack.filled, size, self.unit)
            inputs = self.inputs(nets)
            outputs = None if inputs is None else nets.outputs(*inputs)
            for i, trained in enumerate(self.ended):
                yield _with_outputs(trained, outputs, nets.positions[i])

    def _finish(self, i: int, epoch: int) -> Trained:
        """Take a net out of the stack, or a copy where it is trained on."""
        member, stack = self.stack.members[i], self.stack
        net, last = member.net, i in self.audiences or epoch == member.epochs
        if not last:
            module, criterion, optimizer = copy.deepcopy((net.module_, net.criterion_, net.optimizer_))
            net = shallow_copy(net, module_=module, criterion_=criterion, optimizer_=optimizer, max_epochs=epoch)
        _exchange(net, {name: tensor.clone() for name, tensor in stack.tensors_of(i, self.hold_out.left).items()})
        named, state = named_tensors(net), net.optimizer_.state
        for name, kept in stack.optimizer_state_of(i).items():
            if kept:
                state[named[name]] = kept
        if i in self.audiences:
            with contextlib.suppress(StopTrainingError):
                self.audiences[i].training_ends()
        else:
            sizes = [(each, self.hold_out.lengths[i]) for each in stack.sizes_until_now(i)]
            net.history_ = LateHistory(partial(epoch_records, list(self.losses), stack.positions[i], sizes))
        if last:
            self.gone.add(i)
        return Trained(member, epoch, net, stack.finite(i), last)

    def _close_up(self, left: list[int]) -> None:
        """Go on with the nets that are left, in a smaller stack."""
        old, losses = self.stack, self.losses
        for i in left:
            _exchange(old.members[i].net, {name: t.clone() for name, t in old.tensors_of(i).items()})
        new = Stack([old.members[i] for i in left], old.filled, 0, self.unit, old.traces, old)
        new.optimizer.load_states([old.optimizer.state_of(old.positions[left[i]]) for i in new.order])
        self._take_up(new)
        places = torch.tensor([old.positions[left[i]] for i in new.order])
        self.losses = [(a[:, places], None if b is None else b[:, places]) for a, b in losses]


def _with_outputs(trained: Trained, outputs: Any, place: int) -> Trained:
    if outputs is not None:
        trained.outputs = tree_map(lambda t: t[place], outputs)
    return trained


def _exchange(net: NeuralNet, tensors: dict[str, Tensor]) -> None:
    """Give a net's parameters and buffers other memory."""
    with torch.no_grad():
        for name, own in named_tensors(net).items():
            own.data = tensors[name]
