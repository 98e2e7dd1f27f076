"""Trains a stack epoch by epoch, with each net's callbacks; nets leave when they are done."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from lockstep._compat import tree_map, tree_map_only
from lockstep.kernel.program import LANES
from lockstep.members.member import Member
from lockstep.members.numerics import all_finite, finite_in
from lockstep.members.parts import (
    Tensors,
    cloned,
    copied_parts,
    exchange,
    named_tensors,
    shallow_copy,
)
from lockstep.members.refusals import DIVERGED, Refusal, refusal_of
from lockstep.members.rows import taken
from lockstep.stacks.callbacks import Audience
from lockstep.stacks.hold_out import HoldOut
from lockstep.stacks.nets import Job, Nets
from lockstep.stacks.stack import Stack
from lockstep.stacks.trained import Trained, epoch_records, with_outputs

_LOSSES = Refusal("losses are infinite or NaN")
_HELD_OUT = Refusal("outputs or losses for held-out rows are infinite or NaN")

# A smaller stack is worth its costs, such as another table of rows, if it spares as many updates of numbers.
_WORTH_A_STACK = 10_000_000


class Training:
    """The training of one stack.

    `inputs` returns the rows that nets predict, and which of them each net has, or None; `advance` is called with a
    number of finished net-epochs. Unless it `keeps_all`, nets leave whose numbers do not stay finite: skorch has to
    meet these itself, because it may raise or warn.
    """

    def __init__(
        self,
        job: Job,
        inputs: Callable[[Nets], tuple[list[Any], np.ndarray] | None],
        advance: Callable[[int], None] = lambda more: None,
        keeps_all: bool = False,
    ) -> None:
        self.inputs = inputs
        self.advance = advance
        # Nets whose class has this attribute say themselves what they do then.
        self.keeps_all = keeps_all or hasattr(type(job.members[0].net), "diverged_")
        self.ended = list[Trained]()
        self.failed = list[Trained]()
        # The tensors of a net's weights that its callbacks may have kept.
        self.lent: dict[Member, list[Tensors]] = defaultdict(list)
        # For each epoch, shapes (n_batches, n_nets): on the training rows, and on the hold-out; None if not computed.
        self.losses: list[tuple[Tensor | None, Tensor | None]] = []
        # For each epoch, the nets' outputs for the hold-out, if they are recorded.
        self.made: list[Any] = []
        self.audiences: dict[int, Audience] = {}
        self._take_up(Stack(job))

    def _take_up(self, stack: Stack) -> None:
        """Start with a stack, or continue with a smaller one."""
        self.stack = stack
        self.hold_out = HoldOut(stack)
        before = {audience.member: audience for audience in self.audiences.values()}
        self.audiences = {}
        for i, member in enumerate(stack.members):
            if member.has_listeners:
                self.audiences[i] = before.get(member) or Audience(member)
        for i, audience in self.audiences.items():
            # Each tensor gets only its part of the memory; torch copies and saves a view with the memory of all nets.
            memory = tree_map(from_dlpack, stack.tensors_of(i))
            if audience.calls_own_code:
                self.lent[audience.member].append(memory)
            exchange(audience.named, memory)
        self.gone: set[int] = set()
        # The nets that tasks get, by the epoch after which they do.
        self.due: dict[int, list[int]] = defaultdict(list)
        for i, member in enumerate(stack.members):
            for epoch in member.tasks:
                self.due[epoch].append(i)

    def run(self) -> Iterator[Trained]:
        """Train; yields nets as they are done, at the end those with callbacks, and those that skorch has to fit."""
        whole = self.stack.job
        epoch = 0
        while present := self._left():
            if epoch:
                self.stack.batches.next_epoch()
            for i, audience in self._present():
                self._tell(i, epoch, audience.epoch, "on_epoch_begin")
            if self.audiences:
                self.stack.adopt_settings()
            epoch += 1
            self._train(epoch)
            is_wanted = self.stack.job.knows_hold_out or self._waited(epoch)
            if is_wanted and not self.hold_out.is_empty:
                self._validate(epoch)
            batches = self.stack.batches
            for i, audience in self._present():
                if audience.calls_own_code:
                    self.stack.show_state(i, audience.net, audience.named)
                    # As skorch's last pass leaves it.
                    audience.net._set_training(self.hold_out.is_empty)
                order = batches.orders[batches.source_of[i]]
                self._tell(i, epoch, audience.epoch_ends, order)
            members = self.stack.members
            gone = [members[i] for i in present if i in self.gone]
            spared = sum(member.epochs - epoch for member in gone)
            self.advance(len(present) + spared)
            yield from self._done(epoch)
            left = self._left()
            few = 0 < len(left) <= len(members) // 2
            if few and self._spared(left, epoch) > _WORTH_A_STACK:
                self._close_up(left)
        yield from self.failed
        if self.ended:  # evaluated together now, because callbacks may have changed weights until the end
            self.ended.sort(key=lambda trained: whole.members.index(trained.member))
            for trained in self.ended:
                # Its callbacks may have kept tensors that the stack has trained further since.
                for name, tensor in named_tensors(trained.net).items():
                    for memory in self.lent[trained.member]:
                        memory[name].copy_(tensor.detach())
            nets = Nets(
                replace(whole, members=[trained.member for trained in self.ended])
            )
            yield from with_outputs(nets, self.inputs(nets), enumerate(self.ended))

    def _present(self) -> list[tuple[int, Audience]]:
        return [
            (i, audience)
            for i, audience in self.audiences.items()
            if i not in self.gone
        ]

    def _left(self) -> list[int]:
        return [i for i in range(len(self.stack.members)) if i not in self.gone]

    def _waited(self, epoch: int) -> list[int]:
        return [i for i in self.due.get(epoch, ()) if i not in self.gone]

    def _spared(self, left: list[int], epoch: int) -> int:
        """Return how many updates of numbers a smaller stack saves if the nets that are left continue in it."""
        n_epochs = max(self.stack.members[i].epochs for i in left) - epoch
        blocks = -(-len(self.stack.nets) // LANES) - -(-len(left) // LANES)
        n_steps = n_epochs * len(self.stack.batches.lengths)
        return blocks * LANES * n_steps * self.stack.length

    def _tell(self, i: int, epoch: int, event: Callable[..., Any], *about: Any) -> None:
        """Notify a net's callbacks; if they end its training, or raise, the net leaves."""
        if i in self.gone:
            return
        try:
            if event(*about):
                self.ended.append(self._finish(i, epoch))
        except Exception as error:  # whatever the user's own code raises
            self._fail(i, refusal_of(error))

    def _fail(self, i: int, refusal: Refusal) -> None:
        """Let a net leave that skorch has to fit."""
        self.gone.add(i)
        own = self.stack.members[i]
        self.failed.append(
            Trained(own, own.epochs, own.net, False, own.state, refusal=refusal)
        )

    def _check(self, numbers: Any, refusal: Refusal) -> None:
        """Let nets leave whose `numbers` are not finite, a tree of tensors whose first dimension is the nets."""
        if self.keeps_all or all_finite(numbers):
            return
        self.stack.fetch()
        own = finite_in(numbers)
        weights = finite_in(self.stack.flat)
        for i in self._left():
            if not own[i]:
                self._fail(i, refusal if weights[i] else DIVERGED)

    def _train(self, epoch: int) -> None:
        stack = self.stack
        losses = list[Tensor]()
        by_batch = [i for i, audience in self._present() if audience.by_batch]
        scoring = [
            i
            for i, audience in self._present()
            if audience.scores_training and not audience.by_batch
        ]
        for number in range(len(stack.batches.lengths) if by_batch or scoring else 0):
            own = {
                i: stack.batches.of_net(i, number)
                for i in (*by_batch, *scoring)
                if i not in self.gone
            }
            for i in filter(own.__contains__, by_batch):
                self._tell(i, epoch, self.audiences[i].batch_begins, own[i], True)
            if by_batch:
                stack.adopt_settings()
            loss, made = stack.take_step(number)
            losses.append(loss)
            for i, rows in own.items():
                audience = self.audiences[i]
                n_rows = stack.batches.sizes_of(i)[number]
                outputs = taken(made(), (i, slice(n_rows)))
                if i in scoring:
                    audience.predicts(rows, outputs, training=True)
                    continue
                if audience.calls_own_code:
                    stack.show_state(i, audience.net, audience.named)
                about = rows, loss[i], outputs, True
                self._tell(i, epoch, audience.batch_ends, *about)
        told = torch.stack(losses) if by_batch or scoring else stack.train_epoch()
        self.losses.append((told, None))
        if self.audiences:
            stack.fetch()
            self._check(stack.flat, DIVERGED)
        if told is not None:
            self._check(told.T, _LOSSES)
        self._record(told, stack.batches.sizes_of, training=True)

    def _validate(self, epoch: int) -> None:
        """Evaluate the nets on their hold-outs, as skorch does after each epoch."""
        self.stack.fetch()
        losses, made = self.hold_out.evaluate()
        if not self.stack.job.is_evaluated_by_torch:  # whose NaN is skorch's
            self._check((losses.T, made), _HELD_OUT)
        if self.stack.job.knows_losses:
            self.losses[-1] = (self.losses[-1][0], losses)
        if self.stack.job.records_outputs:
            self.made.append(made)
        for i, audience in self._present():
            if audience.by_batch:
                own = self.hold_out.own_batches(i, made)
                for loss, (rows, outputs) in zip(losses[:, i], own, strict=False):
                    self._tell(i, epoch, audience.batch_begins, rows, False)
                    about = rows, loss, outputs, False
                    self._tell(i, epoch, audience.batch_ends, *about)
            else:
                audience.predicts(*self.hold_out.own_rows(i, made), training=False)
        self._record(losses, self.hold_out.lengths.__getitem__, training=False)

    def _record(
        self, losses: Any, sizes_of: Callable[[int], list[int]], training: bool
    ) -> None:
        for i, audience in self._present():
            sizes = sizes_of(i)
            audience.batches_ended(losses[: len(sizes), i].tolist(), sizes, training)

    def _done(self, epoch: int) -> Iterator[Trained]:
        """Yield the nets that tasks get after this epoch; nets with callbacks are kept until the end."""
        waited = self._waited(epoch)
        if waited and not self.audiences:
            self.stack.fetch()
            finished = ((i, self._finish(i, epoch)) for i in waited)
            yield from with_outputs(self.stack, self.inputs(self.stack), finished)
        for i in filter(self.audiences.__contains__, waited):
            self._tell(i, epoch, lambda: True)

    def _finish(self, i: int, epoch: int) -> Trained:
        """Take a net out of the stack, or a copy if its training goes on."""
        member = self.stack.members[i]
        stack = self.stack
        net = member.net
        source = stack.batches.source_of[i]
        if i in self.audiences or epoch == member.epochs:
            self.gone.add(i)
        else:
            net = shallow_copy(net, **copied_parts(net), max_epochs=epoch)
        named = named_tensors(net)
        records = None
        exchange(named, cloned(stack.tensors_of(i, self.hold_out.left)))
        stack.show_state(i, net, named)
        net._set_training(self.hold_out.is_empty)  # as skorch's last epoch leaves it
        if i in self.audiences:
            self.audiences[i].training_ends()
        else:
            sizes = [epoch_sizes[source] for epoch_sizes in stack.batches.sizes]
            records = partial(
                epoch_records, list(self.losses), i, sizes, self.hold_out.lengths[i]
            )
            for recorder in member.recorders if self.made else []:
                recorder.y_, recorder.outputs_ = self.hold_out.recorded(i, self.made)
        random_state = stack.batches.orders[source].after(member.state, epoch)
        return Trained(
            member,
            epoch,
            net,
            bool(stack.flat[i].isfinite().all()),
            random_state,
            records=records,
        )

    def _close_up(self, left: list[int]) -> None:
        """Continue with the nets that are left, in a smaller stack."""
        old = self.stack
        old.fetch()
        for i in left:
            exchange(named_tensors(old.members[i].net), cloned(old.tensors_of(i)))
        new = Stack(replace(old.job, members=[old.members[i] for i in left]), old)
        new.load_states([old.state_of(i) for i in left])
        self._take_up(new)
        self.losses = tree_map_only(Tensor, lambda losses: losses[:, left], self.losses)
        self.made = tree_map(lambda outputs: outputs[left], self.made)
