"""An optimizer's step as a graph, which is compared with torch's own step where it is recorded."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx import Graph

from lockstep.kernel.blocks import Blocks
from lockstep.kernel.program import Program
from lockstep.kernel.translate import translate
from lockstep.kernel.values import Layout
from lockstep.members.refusals import RefusalError
from lockstep.optimizers.per_net import is_row
from lockstep.optimizers.settings import Settings, build

# How many numbers are stepped, and how far they may differ, as shares of the largest.
_N, _TOLERANCES = 16, {torch.float32: 1e-4, torch.float64: 1e-9}


@dataclass(frozen=True)
class Update:
    """An optimizer's step, as a graph of the operations on the parameters.

    The graph gets the parameters, their gradients, the tensors of the state that there are by then, and the numbers
    that differ between nets and steps; it writes the parameters, and returns the tensors of the state.
    """

    graph: Graph
    before: list[str]  # what the state has before the step
    after: list[str]

    def check(
        self, cls: type, settings: Settings, state: dict[str, Any], numbers: Tensor
    ) -> None:
        """Raise `RefusalError` if a step that the kernel takes is not the one that torch's own optimizer takes.

        The optimizer has the settings of a net, and the numbers of a `state`; the graph gets the `numbers` of that
        step, in the type of the parameters. Parameters, gradients, and the tensors of the state are given ones.
        """
        generator = torch.Generator().manual_seed(0)
        dtype = numbers.dtype
        param, grad = torch.randn(2, _N, generator=generator, dtype=dtype)
        # A square and a mean, say, have to leave a variance.
        drawn = {
            key: 0.25 + 0.2 * torch.rand(_N, generator=generator, dtype=dtype)
            for key in self.before
        }
        found = self._by_kernel([param, grad, *drawn.values(), *numbers])
        param.grad = grad
        optimizer = build(cls, settings, [param])
        if state:
            rows = {key: drawn[key] for key, value in state.items() if is_row(value)}
            optimizer.state[param] = state | rows
        with torch.no_grad():
            optimizer.step(lambda: 0.0)
        after = optimizer.state[param]
        for name, ours in found.items():
            theirs = after.get(name, param)
            allowed = _TOLERANCES[dtype] * float(theirs.abs().max())
            if not torch.allclose(ours, theirs, rtol=0, atol=allowed, equal_nan=True):
                raise RefusalError(
                    f"in a step that was tried, {name} of {cls.__name__} differed from torch's"
                )

    def _by_kernel(self, given: list[Tensor]) -> dict[str, Tensor]:
        """Return the parameters, and the tensors of the state, after a step of the graph from its inputs."""
        layout = Layout()
        program = Program()
        inputs = [layout.new(tuple(each.shape)) for each in given]
        after = translate(program, self.graph, inputs)
        found = {name: layout.new((_N,)) for name in self.after}
        found["weights"] = inputs[0]
        for name, value in zip(self.after, after, strict=True):
            program.emit("copy", value, out=found[name])
        blocks = Blocks(1, layout, given[0].dtype)
        for value, tensor in zip(inputs, given, strict=True):
            blocks.put(value, tensor.unsqueeze(0))
        blocks.run(program.assembled(), 1, [])
        rows = {name: torch.empty(1, _N, dtype=given[0].dtype) for name in found}
        for name, value in found.items():
            blocks.get(value, rows[name])
        return {name: row[0] for name, row in rows.items()}
