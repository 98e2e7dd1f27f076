"""The kernel's programs for the steps of a group of nets, and where the numbers of a net lie in its memory."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch.fx import Graph

from lockstep._compat import TreeSpec, tree_leaves
from lockstep.kernel.operations import NATIVE
from lockstep.kernel.operations.sums import norm
from lockstep.kernel.program import Assembled, Program
from lockstep.kernel.translate import translate
from lockstep.kernel.values import Layout, Value
from lockstep.members.parts import Tensors
from lockstep.optimizers.update import Update
from lockstep.stacks.programs.graphs import graph_of_step
from lockstep.stacks.step import StackedNet, StepInputs


class Step(NamedTuple):
    """A program that takes a step of all nets on batches of one length.

    Its tables are the rows, their targets and weights, the noise, the optimizer's numbers, and, as far as they are
    told, the losses and the predictions.
    """

    program: Assembled
    # The shapes and types of predictions.
    told: list[tuple[tuple[int, ...], torch.dtype]]
    spec: Any  # their structure


@dataclass
class StepPrograms:
    """What the stacks of a group share."""

    layout: Layout
    weights: Value
    parts: list[Value]  # of the weights: the trained parameters
    gradient: Value
    untrained: dict[str, Value]
    rates: Value  # of dropout
    limit: Value  # of the gradient's norm
    state: dict[str, Value] = field(default_factory=dict)  # of the optimizer
    steps: dict[Any, Step] = field(default_factory=dict)
    # Of steps, without the optimizer.
    graphs: dict[Any, tuple[Graph, TreeSpec]] = field(default_factory=dict)

    @classmethod
    def of(cls, trained: Tensors, untrained: Tensors, n_rates: int) -> "StepPrograms":
        """Lay out the memory of a net with these tensors, which have no first dimension of nets."""
        layout = Layout()
        length = sum(tensor.numel() for tensor in trained.values())
        weights = layout.new((length,))
        gradient = layout.new((length,))
        rest = {
            name: layout.new(tuple(tensor.shape)) for name, tensor in untrained.items()
        }
        parts = _parts(weights, [tuple(tensor.shape) for tensor in trained.values()])
        return cls(
            layout,
            weights,
            parts,
            gradient,
            rest,
            layout.new((n_rates,)),
            layout.new(()),
        )

    def step(
        self,
        stacked: StackedNet,
        trained: Tensors,
        inputs: StepInputs,
        update: Update,
        n_numbers: int,
        clips: float | None,
        with_losses: bool,
        with_predictions: bool,
    ) -> Step:
        """Write the program of a step, from the tensors of a net and of a batch; `clips` is the kind of norm."""
        rows = tree_leaves((inputs.x, inputs.y))
        tensors = (*rows, *inputs.weight, *inputs.noise)
        shapes = [tuple(each.shape) for each in tensors]
        key = (*shapes, stacked.drops, with_losses, with_predictions)
        # An optimizer's first step is often a program of its own.
        if key not in self.graphs:
            self.graphs[key] = graph_of_step(
                stacked, trained, inputs, with_losses, with_predictions
            )
        graph, spec = self.graphs[key]
        program = Program()
        given = [program.rows(shape) for shape in shapes]
        numbers = program.rows((1, n_numbers))
        results = translate(
            program, graph, [*self.parts, *self.untrained.values(), self.rates, *given]
        )
        gradients = _parts(self.gradient, [part.shape for part in self.parts])
        told = results[len(gradients) :]
        for gradient, each in zip(gradients, results, strict=False):
            if not each.moves_to(gradient):
                program.emit("copy", each, out=gradient)
        if clips is not None:
            self._clip(program, gradients, clips)
        each_number = [
            numbers.part(1, i, i + 1).without({0, 1}) for i in range(n_numbers)
        ]
        self._update(program, update, each_number)
        for value in told:
            program.store(value if value.shape else value.with_one(0))
        (output,) = graph.find_nodes(op="output")
        dtypes = [node.meta["dtype"] for node in output.args[0]][len(gradients) :]
        of_told = [
            (value.shape, dtype) for value, dtype in zip(told, dtypes, strict=True)
        ]
        return Step(program.assembled(), of_told[with_losses:], spec)

    def _update(self, program: Program, update: Update, numbers: list[Value]) -> None:
        """Add the optimizer's operations.

        Its state ends up below 1e-38 where a weight no longer gets a gradient. Processors take 30 times as long for
        such numbers, so these count as 0.
        """
        program.flush()
        before = [self.state[name] for name in update.before]
        after = translate(
            program, update.graph, [self.weights, self.gradient, *before, *numbers]
        )
        for name, value in zip(update.after, after, strict=True):
            if value is not self.state[name]:
                program.emit("copy", value, out=self.state[name])

    def _clip(self, program: Program, gradients: list[Value], kind: float) -> None:
        """Scale the gradient down to its limit, as torch.nn.utils.clip_grad_norm_ does: by the norm of norms."""
        norms = [norm(program, None, part, kind).with_one(0) for part in gradients]
        total = norm(program, None, NATIVE["cat"](program, None, norms), kind)
        scale = program.emit("div", self.limit, program.emit("add", total, 1e-6))
        share = program.emit("minimum", scale, 1.0)
        program.emit("mul", self.gradient, share, out=self.gradient)


def _parts(flat: Value, shapes: list[tuple[int, ...]]) -> list[Value]:
    """Return the views of tensors that lie one after the other."""
    parts = list[Value]()
    start = 0
    for shape in shapes:
        n = Layout().new(shape).buffer.size
        parts += [
            part
            for part in [flat.part(0, start, start + n).viewed(shape)]
            if part is not None
        ]
        start += n
    return parts
