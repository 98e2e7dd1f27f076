"""A stack that the kernel trains, in blocks of 16 nets, an epoch at a call."""

from collections.abc import Iterator
from functools import partial
from itertools import accumulate, groupby
from math import inf, prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lockstep._compat import tree_flatten, tree_leaves, tree_unflatten
from lockstep.kernel.blocks import Blocks, table
from lockstep.kernel.program import LANES
from lockstep.kernel.translate import check_whole
from lockstep.members.parts import optimizer_of
from lockstep.members.rows import taken
from lockstep.optimizers.recorded import RecordedOptimizer, Run
from lockstep.optimizers.update import Update
from lockstep.optimizers.watched import is_row
from lockstep.stacks.by_kernel.programs import Plan, Step
from lockstep.stacks.nets import Job
from lockstep.stacks.stack import Stack
from lockstep.stacks.step import StepInputs

# Operations on vectors that a block computes in a call, if a step does not have more: some tenths of a second, because
# Python heeds Ctrl-C between calls only.
_MOST_WORK = 2**28


class KernelStack(Stack):
    """Nets that take the same steps; the tensors of `Nets` are copies of what is in the kernel's memory."""

    optimizer: "KernelOptimizer"

    def __init__(self, job: Job, before: "KernelStack | None" = None) -> None:
        super().__init__(job, before)
        self._put()

    def _make_optimizer(self) -> "KernelOptimizer":
        if "plan" not in self.job.traces:
            trained, untrained = taken((self.trained, self.untrained), 0)
            self.job.traces["plan"] = Plan.of(trained, untrained, self.rates.shape[1])
        self.plan: Plan = self.job.traces["plan"]
        self.blocks = Blocks(len(self.nets), self.plan.layout, self.flat.dtype, self.job.n_threads)
        return KernelOptimizer(self)

    def _put(self) -> None:
        """Write the nets' tensors, which callbacks may have changed, into the kernel's memory."""
        limits = [getattr(each, "gradient_clip_value", None) for each in self.clips]
        norms = torch.tensor([inf if limit is None else float(limit) for limit in limits]).to(self.flat)
        self.blocks.put(self.plan.limit, norms[self.order])
        self.blocks.put(self.plan.weights, self.flat[:, : self.length])
        self.blocks.put(self.plan.rates, self.rates)
        for name, value in self.plan.untrained.items():
            self.blocks.put(value, self.untrained[name])
        self._is_fetched = True

    def fetch(self) -> None:
        """Copy the nets' tensors from the kernel's memory, if steps were taken since."""
        if self._is_fetched:
            return
        self._is_fetched = True
        self.blocks.get(self.plan.weights, self.flat[:, : self.length])
        self.blocks.get(self.plan.gradient, self.gradient[:, : self.length])
        for name, value in self.plan.untrained.items():
            self.blocks.get(value, self.untrained[name])

    def _lay_out(self, index: Tensor, weight: Tensor | None) -> None:
        """Note where the kernel finds an epoch's rows: in the sources' own tensors."""
        if not self.tables:
            rows = [(member.train.X, member.train.y) for member in self.sources]
            self._spec = tree_flatten(rows[0])[1]
            # By tensor, then by source.
            self._rows = list(zip(*map(tree_leaves, rows), strict=True))
            check_whole(*(part for parts in self._rows for part in parts))
            self._numbers = [[part.to(self.flat.dtype).contiguous() for part in parts] for parts in self._rows]
        self._index = index.to(torch.int32).numpy()
        self._starts = [0, *accumulate(self.lengths)]  # of the batches among an epoch's rows
        of_net = self.source.numpy()
        self.tables = [table(parts, of_net, self._index) for parts in self._numbers]
        if weight is not None:
            self.tables.append(table(weight.to(self.flat.dtype).contiguous(), of_net))
        self._is_weighted = weight is not None

    def _draw(self) -> None:
        super()._draw()
        self._noise_tables = [table(noise, self.split.numpy()) for noise in self.noise]

    def _example(self) -> list[Tensor]:
        """Return the rows of a net's first batch."""
        return [parts[0][self._index[0][: self.lengths[0]]] for parts in self._rows]

    def batches(self) -> Iterator[int]:  # type: ignore[override]
        """Yield the numbers of an epoch's batches."""
        yield from range(len(self.lengths))

    def own_batch(self, batch: Any, i: int, number: int) -> tuple[Any, Any]:
        """Return a member's rows of a batch, and their targets."""
        source, start = self.source_of[i], self._starts[number]
        rows = self._index[source][start : start + self.sizes_of(i)[number]]
        return tree_unflatten([parts[source][rows] for parts in self._rows], self._spec)

    def take_step(self, batch: Any) -> tuple[Any, Any]:
        """Step all nets on a batch; returns their losses, if needed, and a function for their predictions before it."""
        self._put()
        ((step, losses, told),) = self._train(batch, batch + 1, tells=True)
        self.fetch()
        made = [each[:, 0].to(dtype) for each, (_, dtype) in zip(told, step.told, strict=True)]
        return (None if losses is None else losses[:, 0]), partial(tree_unflatten, made, step.spec)

    def train_epoch(self) -> Tensor | None:
        """Take all steps of the epoch; returns the losses, shape (n_batches, n_nets), if needed."""
        if self.job.is_changed_by_evaluations:
            self._put()
        parts = [losses for _, losses, _ in self._train(0, len(self.lengths), tells=False) if losses is not None]
        return torch.cat(parts, dim=1).T if parts else None

    def _train(self, first: int, last: int, tells: bool) -> Iterator[tuple[Step, Tensor | None, list[Tensor]]]:
        """Take steps, as many at a time as one program describes; yields what these tell."""
        at = first
        for run in self.optimizer.runs(last - first):
            end, begin = at + run.n_steps, at
            for length, steps in groupby(range(at, end), key=self.lengths.__getitem__):
                step = self._step(length, run.update, run.numbers.shape[2], tells)
                most, left = max(_MOST_WORK // step.program.work, 1), len(list(steps))
                while left:
                    n = min(most, left)
                    numbers = np.ascontiguousarray(run.numbers[:, at - begin : at - begin + n], self.blocks.number)
                    yield step, *self._run(step, n, self._starts[at], numbers)
                    at, left = at + n, left - n

    def _run(self, step: Step, n: int, start: int, numbers: np.ndarray) -> tuple[Tensor | None, list[Tensor]]:
        """Take `n` steps from a row on; returns the losses, if needed, and what else is told, shapes (n_nets, n, …)."""
        n_nets = len(self.nets)
        every = np.arange(n_nets)
        tables = [each.later(start) for each in (*self.tables, *self._noise_tables)]
        tables.append(table(torch.from_numpy(numbers), every if len(numbers) > 1 else np.zeros_like(every)))
        shapes = [()] * self.job.knows_losses + [shape for shape, _ in step.told]
        stored = [torch.empty(n_nets, n, *shape, dtype=self.flat.dtype) for shape in shapes]
        self.blocks.run(step.program, n, [*tables, *(table(each, every) for each in stored)])
        self._is_fetched = False
        return (stored.pop(0) if self.job.knows_losses else None), stored

    def _step(self, length: int, update: Update, n_numbers: int, tells: bool) -> Step:
        steps, kinds = self.plan.steps, [float(each.gradient_clip_norm_type) for each in self.clips if each is not None]
        clips = kinds[0] if self.clip is not None else None
        key = length, id(update), clips, tells, len(self.draws), self.stacked.drops
        if key not in steps:
            rows = np.arange(length) % len(self._index[0])
            x, y = tree_unflatten([parts[0][rows % len(parts[0])] for parts in self._rows], self._spec)
            weight = (torch.ones(length, dtype=self.flat.dtype),) if self._is_weighted else ()
            noise = [each[0, :length] for each in self.noise]
            trained, untrained, rates = taken((self.trained, self.untrained, self.rates), 0)
            inputs = StepInputs(untrained, rates, x, y, weight, noise)
            how = clips, self.job.knows_losses, tells
            steps[key] = self.plan.step(self.stacked, trained, inputs, update, n_numbers, *how)
        return steps[key]


class KernelOptimizer:
    """The optimizer of a kernel's stack: says what its next steps are, and hands out the state of nets.

    It does not refer to the stack, whose rows would otherwise stay in memory until Python looks for cycles.
    """

    def __init__(self, stack: KernelStack) -> None:
        self._plan, self._blocks = stack.plan, stack.blocks
        optimizers = [optimizer_of(net) for net in stack.nets]
        self._recorded = RecordedOptimizer(optimizers, stack.flat.dtype, stack.plan.updates)
        begun = {name: value for name, value in self._recorded.state().items() if is_row(value)}  # such as Adagrad's
        stack.plan.make_room_for(list(begun))
        stack.blocks.grow(stack.plan.layout)
        for name, value in begun.items():
            stack.blocks.put(stack.plan.state[name], value.expand(len(stack.nets), stack.length))

    def set(self, settings: list[Any]) -> None:
        """Use the nets' current settings, such as rates that a schedule has changed."""
        self._recorded.set(settings)

    def runs(self, n_steps: int) -> list[Run]:
        """Return the next steps, and make room for the state that they need."""
        runs = self._recorded.runs(n_steps)
        for run in runs:
            self._plan.make_room_for(run.update.kept)
        self._blocks.grow(self._plan.layout)
        return runs

    def state_of(self, place: int) -> dict[str, Any]:
        """Return the optimizer's state of a net: copies of rows of n_numbers, and numbers."""
        state, (block, lane) = self._recorded.state(), divmod(place, LANES)
        for name, value in self._plan.state.items():
            if name in state:
                rows = self._blocks.memory[block, value.start : value.start + prod(value.shape), lane]
                state[name] = torch.from_numpy(rows.copy())
        return state

    def load_states(self, states: list[dict[str, Any]]) -> None:
        """Restore the states that `state_of` returned, by net."""
        blocks, plan = self._blocks, self._plan
        blocks.grow(plan.layout)
        for name in plan.state.keys() & states[0].keys():
            blocks.put(plan.state[name], torch.stack([state[name] for state in states]))
        self._recorded.load(states[0])
