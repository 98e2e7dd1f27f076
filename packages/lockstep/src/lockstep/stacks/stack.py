"""Nets that take the same steps: the kernel trains them in blocks of 16, an epoch at a call."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby
from math import inf, prod
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import GradientNormClipping
from torch import Tensor

from lockstep._compat import tree_map_only, tree_unflatten
from lockstep.kernel.blocks import Blocks, table
from lockstep.kernel.program import LANES
from lockstep.members.parts import Tensors, optimizer_of
from lockstep.members.rows import taken
from lockstep.optimizers.per_net import is_row
from lockstep.optimizers.recorded import RecordedOptimizer
from lockstep.optimizers.update import Update
from lockstep.stacks.batches import Batches
from lockstep.stacks.nets import Job, Nets
from lockstep.stacks.programs.steps import Step, StepPrograms
from lockstep.stacks.step import StepInputs

# Operations on vectors that a block computes in a call, if a step does not have more: some tenths of a second, because
# Python heeds Ctrl-C between calls only.
_MOST_WORK = 2**28


class Stack(Nets):
    """Nets that take the same steps; `before` is the stack that this one continues, during a training.

    The tensors of `Nets` are copies of what is in the kernel's memory.
    """

    def __init__(self, job: Job, before: "Stack | None" = None) -> None:
        super().__init__(job)
        if "steps" not in job.programs:
            trained, untrained = taken((self.trained, self.untrained), 0)
            job.programs["steps"] = StepPrograms.of(
                trained, untrained, self.rates.shape[1]
            )
        self.common: StepPrograms = job.programs["steps"]
        self.blocks = Blocks(
            len(self.nets), self.common.layout, self.flat.dtype, job.n_threads
        )
        self._optimizer = RecordedOptimizer(
            list(map(optimizer_of, self.nets)), self.flat.dtype, job.updates
        )
        # What the state has before the first step, as Adagrad's does.
        begun = {
            name: value
            for name, value in self._optimizer.state().items()
            if is_row(value)
        }
        self._make_room_for(begun)
        for name, value in begun.items():
            self.blocks.put(
                self.common.state[name], value.expand(len(self.nets), self.length)
            )
        self._clippings = list(map(_clipping_of, self.nets))
        earlier = None if before is None else before.batches
        self.batches: Batches = Batches(
            job, self.flat.dtype, self.stacked.draws, earlier
        )
        self._put()

    def _make_room_for(self, state: Iterable[str]) -> None:
        """Give the tensors of an optimizer's state memory, if they are new."""
        for name in state:
            if name not in self.common.state:
                self.common.state[name] = self.common.layout.new(
                    self.common.weights.shape
                )
        self.blocks.grow(self.common.layout)

    def _put(self) -> None:
        """Write the nets' tensors, which callbacks may have changed, into the kernel's memory."""
        limits = [inf] * len(self.nets)
        kinds = list[float]()
        for i, clipping in enumerate(self._clippings):
            if clipping is None:
                continue
            kinds.append(float(clipping.gradient_clip_norm_type))
            if clipping.gradient_clip_value is not None:
                limits[i] = float(clipping.gradient_clip_value)
        norms = torch.tensor(limits).to(self.flat)
        # The kind of norm, which nets of a stack share.
        self.clips = kinds[0] if norms.isfinite().any() else None
        self.blocks.put(self.common.limit, norms)
        self.blocks.put(self.common.weights, self.flat)
        self.blocks.put(self.common.rates, self.rates)
        for name, value in self.common.untrained.items():
            self.blocks.put(value, self.untrained[name])
        self._is_fetched = True

    def fetch(self) -> None:
        """Copy the nets' tensors from the kernel's memory, if steps were taken since."""
        if self._is_fetched:
            return
        self._is_fetched = True
        self.blocks.get(self.common.weights, self.flat)
        self.blocks.get(self.common.gradient, self.gradient)
        for name, value in self.common.untrained.items():
            self.blocks.get(value, self.untrained[name])

    def adopt_settings(self) -> None:
        """Let optimizers use the settings of schedules and callbacks."""
        self._optimizer.set([optimizer_of(net)[1] for net in self.nets])

    def take_step(self, number: int) -> tuple[Any, Any]:
        """Step all nets on a batch; returns their losses, if needed, and a function for their predictions before it."""
        self._put()
        ((step, losses, told),) = self._train(number, number + 1, tells=True)
        self.fetch()
        made = [
            each[:, 0].to(dtype)
            for each, (_, dtype) in zip(told, step.told, strict=True)
        ]
        predictions = partial(tree_unflatten, made, step.spec)
        return (None if losses is None else losses[:, 0]), predictions

    def train_epoch(self) -> Tensor | None:
        """Take all steps of the epoch; returns the losses, shape (n_batches, n_nets), if needed."""
        if self.job.is_changed_by_evaluations:
            self._put()
        steps = self._train(0, len(self.batches.lengths), tells=False)
        parts = [losses for _, losses, _ in steps if losses is not None]
        if parts:
            return torch.cat(parts, dim=1).T
        return None

    def _train(
        self, first: int, last: int, tells: bool
    ) -> Iterator[tuple[Step, Tensor | None, list[Tensor]]]:
        """Take steps, as many at a time as one program describes; yields what these tell."""
        at = first
        runs = self._optimizer.runs(last - first)
        for run in runs:
            self._make_room_for(run.update.after)
        for run in runs:
            begin = at
            numbers_of_steps = range(at, at + run.n_steps)
            length_of = self.batches.lengths.__getitem__
            for length, steps in groupby(numbers_of_steps, length_of):
                step = self._step(length, run.update, run.numbers.shape[2], tells)
                most = max(_MOST_WORK // step.program.work, 1)
                left = len(list(steps))
                while left:
                    n = min(most, left)
                    done = at - begin
                    some = run.numbers[:, done : done + n]
                    numbers = np.ascontiguousarray(some, self.blocks.number)
                    yield step, *self._run(step, n, at, numbers)
                    at += n
                    left -= n

    def _run(
        self, step: Step, n: int, number: int, numbers: np.ndarray
    ) -> tuple[Tensor | None, list[Tensor]]:
        """Take steps from a batch on; returns the losses, if needed, and what else is told, shapes (n_nets, n, …)."""
        every = np.arange(len(self.nets))
        of_net = every if len(numbers) > 1 else np.zeros_like(every)
        tables = self.batches.tables(number)
        tables.append(table(torch.from_numpy(numbers), of_net))
        shapes = [shape for shape, _ in step.told]
        if self.job.knows_losses:
            shapes.insert(0, ())
        stored = [
            torch.empty(len(every), n, *shape, dtype=self.flat.dtype)
            for shape in shapes
        ]
        tables += [table(each, every) for each in stored]
        self.blocks.run(step.program, n, tables)
        self._is_fetched = False
        return (stored.pop(0) if self.job.knows_losses else None), stored

    def _step(self, length: int, update: Update, n_numbers: int, tells: bool) -> Step:
        steps = self.common.steps
        key = (
            length,
            id(update),
            self.clips,
            tells,
            len(self.batches.draws),
            self.stacked.drops,
        )
        if key not in steps:
            trained, untrained, rates = taken(
                (self.trained, self.untrained, self.rates), 0
            )
            inputs = StepInputs(
                untrained, rates, *self.batches.inputs_of_a_step(length)
            )
            how = self.clips, self.job.knows_losses, tells
            steps[key] = self.common.step(
                self.stacked, trained, inputs, update, n_numbers, *how
            )
        return steps[key]

    def show_state(self, i: int, net: NeuralNet, named: Tensors) -> None:
        """Give a net its gradients of the last step, and its optimizer copies of the state of its parameters."""
        gradients = self.by_name(self.gradient[i].clone())
        state = self.state_of(i)
        rows = {key: self.by_name(each) for key, each in state.items() if is_row(each)}
        for name in self.trained:
            named[name].grad = gradients[name]
            if state:
                own = state | {key: each[name] for key, each in rows.items()}
                net.optimizer_.state[named[name]] = {
                    key: _copied(value) for key, value in own.items()
                }

    def state_of(self, i: int) -> dict[str, Any]:
        """Return the optimizer's state of a net: copies of rows of n_numbers, and numbers."""
        state = self._optimizer.state()
        block, lane = divmod(i, LANES)
        for name, value in self.common.state.items():
            if name in state:
                end = value.start + prod(value.shape)
                rows = self.blocks.memory[block, value.start : end, lane]
                state[name] = torch.from_numpy(rows.copy())
        return state

    def load_states(self, states: list[dict[str, Any]]) -> None:
        """Restore the optimizer's states that `state_of` returned, by net."""
        self.blocks.grow(self.common.layout)
        for name in self.common.state.keys() & states[0].keys():
            self.blocks.put(
                self.common.state[name],
                torch.stack([state[name] for state in states]),
            )
        self._optimizer.load(states[0])


def _clipping_of(net: NeuralNet) -> GradientNormClipping | None:
    for _, callback in net.callbacks_:
        if isinstance(callback, GradientNormClipping):
            return callback
    return None


def _copied(value: Any) -> Any:
    """Return a copy of the tensors in a value, which is nearly always a tensor itself: a walk takes longer."""
    if isinstance(value, Tensor):
        return value.clone()
    return tree_map_only(Tensor, Tensor.clone, value)
