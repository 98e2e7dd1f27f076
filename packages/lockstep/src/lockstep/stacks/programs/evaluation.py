"""The evaluation of nets by the kernel: where their tensors lie in its memory, and its programs for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor

from lockstep._compat import tree_flatten, tree_leaves, tree_map, tree_unflatten
from lockstep.kernel.blocks import Blocks, Table, table
from lockstep.kernel.influences import rows_are_apart
from lockstep.kernel.program import Assembled, Program
from lockstep.kernel.translate import check_whole, translate
from lockstep.kernel.values import Layout, Value
from lockstep.members.parts import Tensors, named_tensors
from lockstep.stacks.layers import rates_of
from lockstep.stacks.programs.graphs import graph_of
from lockstep.stacks.step import StackedNet

# How many rows a step of an evaluation has; a row's numbers do not depend on the others.
SOME_ROWS = 16


@dataclass
class Evaluation:
    """A program that evaluates nets on some rows, and how its results are put together."""

    layout: Layout
    values: dict[str, Value]
    rates: Value
    program: Program
    outputs: list[tuple[tuple[int, ...], torch.dtype]]
    spec: Any

    @cached_property
    def assembled(self) -> Assembled:
        """The program as the kernel takes it."""
        return self.program.assembled()


class Evaluated(NamedTuple):
    """The code of nets, their parameters and buffers, and their rates of dropout."""

    stacked: StackedNet
    tensors: Tensors
    rates: Tensor


class RowsOfNets(NamedTuple):
    """The rows on which nets are evaluated: in batches, or a few at a time if `batch` is None."""

    sources: Sequence[tuple[Any, ...]]  # which nets may share, with or without targets
    of_net: np.ndarray  # the source of each net
    n_rows: int  # of each source; copies of its last row fill up what it lacks
    batch: int | None = None


class Evaluator:
    """Evaluates nets on some rows; `programs` are those so far, to which its own is added.

    The tensors of `nets` are those of any nets of the kind, at the beginning of their training: torch's losses refuse
    numbers of nets that diverge.
    """

    def __init__(
        self,
        nets: Evaluated,
        rows: RowsOfNets,
        programs: dict[Any, Any],
        n_threads: int = 1,
    ) -> None:
        rates = nets.rates
        leaves, spec = tree_flatten(rows.sources[0])
        # By tensor, then by source.
        parts = list(zip(*map(tree_leaves, rows.sources), strict=True))
        check_whole(*(leaf for each in parts for leaf in each))
        self.n_rows = rows.n_rows
        self.batch = rows.batch
        n = rows.batch or SOME_ROWS
        self.n_steps = -(-rows.n_rows // n)
        features = tuple((leaf.shape[1:], leaf.dtype) for leaf in leaves)
        key = "evaluation", n, spec, features
        if key not in programs:
            some = [leaf[np.arange(n) % len(leaf)] for leaf in leaves]
            given = tree_unflatten(some, spec)
            one = {name: tensor[0] for name, tensor in nets.tensors.items()}
            programs[key] = _evaluation(nets.stacked.evaluate, one, rates[0], *given)
        self.how: Evaluation = programs[key]
        self.blocks = Blocks(len(rates), self.how.layout, rates.dtype, n_threads)
        self.blocks.put(self.how.rates, rates)
        every = np.arange(n * self.n_steps, dtype=np.int32)
        index = np.stack([every.clip(max=len(source) - 1) for source in parts[0]])
        self.given = list[Table]()
        for each in parts:
            numbers = [leaf.to(rates.dtype).contiguous() for leaf in each]
            self.given.append(table(numbers, rows.of_net, index))

    def __call__(self, tensors: Tensors) -> Any:
        """Evaluate nets with these tensors, which a forward pass may change.

        Results have shape (n_nets, n_rows, …), or (n_nets, n_batches, …) with batches.
        """
        how = self.how
        blocks = self.blocks
        for name, tensor in tensors.items():
            blocks.put(how.values[name], tensor)
        of_net = np.arange(blocks.n_nets)
        made = [
            torch.empty(len(of_net), self.n_steps, *shape, dtype=blocks.dtype)
            for shape, _ in how.outputs
        ]
        tables = [*self.given, *(table(each, of_net) for each in made)]
        blocks.run(how.assembled, self.n_steps, tables)
        for name, tensor in tensors.items():
            blocks.get(how.values[name], tensor)
        outputs = [
            each.to(dtype) for each, (_, dtype) in zip(made, how.outputs, strict=True)
        ]
        if not self.batch:
            outputs = [each.flatten(1, 2)[:, : self.n_rows] for each in outputs]
        return tree_unflatten(outputs, how.spec)


def single(net: NeuralNet) -> Evaluated:
    """Return the code of a single net, its parameters and buffers, and its rates of dropout."""
    tensors = {name: tensor.detach() for name, tensor in named_tensors(net).items()}
    first, *_ = tensors.values()
    rates = torch.tensor(rates_of(net), dtype=first.dtype)
    stacked = StackedNet(net, filled=False, drops=bool(rates.any()))
    return Evaluated(stacked, tensors, rates)


def outputs_of(programs: dict[Any, Any], net: NeuralNet, x: Tensor) -> Any:
    """Return the outputs of a trained net for rows; `programs` are those of the nets of its kind."""
    tensors = {
        name: tensor.detach().clone().unsqueeze(0)
        for name, tensor in named_tensors(net).items()
    }
    first, *_ = tensors.values()
    rates = torch.tensor([rates_of(net)], dtype=first.dtype)
    if "one" not in programs:
        programs["one"] = StackedNet(net, filled=False, drops=bool(rates.any()))
    one = Evaluated(programs["one"], tensors, rates)
    rows = RowsOfNets([(x,)], np.zeros(1, int), len(x))
    outputs = Evaluator(one, rows, programs)(tensors)
    return tree_map(lambda each: each[0], outputs)


def keeps_rows_apart(net: NeuralNet, x: Any, y: Any, training: bool) -> bool:
    """Whether a net's outputs for a row depend on that row alone, whatever its weights and rows are."""
    stacked, tensors, rates = single(net)
    how: tuple[Any, ...] = stacked.evaluate, tensors, rates
    if training:
        noise = [torch.rand(draw.shape) for draw in stacked.draws(x, y)]
        how = stacked.outputs_in_training, tensors, rates, noise
    try:
        emitted = _evaluation(*how, x).program.emitted
        return rows_are_apart(emitted, len(tree_leaves(x)[0]))
    except Exception:  # whatever a module raises; the trial will show it
        return False


def _evaluation(
    function: Callable[..., Any], tensors: Tensors, rates: Tensor, *rows: Any
) -> Evaluation:
    """Return the program of a method of `StackedNet`, which gets a net's tensors, its rates, and rows."""
    graph, out_spec = graph_of(function, tensors, rates, *rows)
    layout = Layout()
    program = Program()
    values = {name: layout.new(tuple(tensor.shape)) for name, tensor in tensors.items()}
    own_rates = layout.new(tuple(rates.shape))
    given = [program.rows(tuple(row.shape)) for row in tree_leaves(rows)]
    results = translate(program, graph, [*values.values(), own_rates, *given])
    (output,) = graph.find_nodes(op="output")
    for each in results:
        program.store(each)
    outputs = [
        (each.shape, node.meta["dtype"])
        for each, node in zip(results, output.args[0], strict=True)
    ]
    return Evaluation(layout, values, own_rates, program, outputs, out_spec)
