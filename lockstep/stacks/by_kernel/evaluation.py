"""Nets that the kernel evaluates: where their tensors lie in its memory, and its programs for them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor

from lockstep._compat import tree_flatten, tree_map, tree_unflatten
from lockstep.kernel.blocks import Blocks, Table, table
from lockstep.kernel.program import Assembled, Program
from lockstep.kernel.translate import check_whole, translate
from lockstep.kernel.values import Layout, Value
from lockstep.members.parts import Tensors, named_tensors
from lockstep.stacks.layers import dropouts
from lockstep.stacks.step import StackedNet
from lockstep.stacks.trace import graph_of_evaluation

# How many rows a step of an evaluation has; a row's numbers do not depend on the others.
_ROWS = 16


@dataclass
class Evaluation:
    """A program that evaluates nets on some rows, and how its results are put together."""

    layout: Layout
    values: dict[str, Value]
    rates: Value
    program: Assembled
    outputs: list[tuple[tuple[int, ...], torch.dtype]]
    spec: Any


def evaluated(
    stacked: StackedNet, tensors: Tensors, rates: Tensor, x: Any, y: Any, shared: bool, kept: dict[Any, Any]
) -> Any:
    """Do what `StackedNet.evaluate` does, by the kernel; `kept` has the programs so far.

    Without targets, or where a row has a loss of its own, rows are evaluated a few at a time.
    """
    leaves, spec = tree_flatten((x,) if y is None else (x, y))
    dim = 0 if shared else 1
    check_whole(*leaves)
    n_rows = leaves[0].shape[dim]
    by_row = y is None or stacked.filled
    n = min(_ROWS, n_rows) if by_row else n_rows
    n_steps = -(-n_rows // n)
    key = "evaluation", n, y is None, spec, tuple((leaf.shape[dim + 1 :], leaf.dtype) for leaf in leaves)
    if key not in kept:
        kept[key] = _evaluation(stacked, tensors, rates, [leaf if shared else leaf[0] for leaf in leaves], n, spec)
    how: Evaluation = kept[key]
    n_nets = len(rates)
    blocks = Blocks(n_nets, how.layout, rates.dtype)
    for name, tensor in tensors.items():
        blocks.put(how.values[name], tensor)
    blocks.put(how.rates, rates)
    tables = [_filled_up(leaf, dim, n * n_steps, rates) for leaf in leaves]
    made = [torch.empty(n_nets, n_steps, *shape, dtype=rates.dtype) for shape, _ in how.outputs]
    tables += [table(each, np.arange(n_nets)) for each in made]
    blocks.run(how.program, n_steps, tables)
    for name, tensor in tensors.items():  # which a forward pass may change
        blocks.get(how.values[name], tensor)
    joined = [each.to(dtype) for each, (_, dtype) in zip(made, how.outputs, strict=True)]
    whole = [each.flatten(1, 2)[:, :n_rows] if by_row else each.squeeze(1) for each in joined]
    return tree_unflatten(whole, how.spec)


def outputs_of(traces: dict[Any, Any], net: NeuralNet, x: Tensor) -> Any:
    """Return the outputs of a trained net for rows; `traces` are those of the nets of its kind."""
    tensors = {name: tensor.detach().clone().unsqueeze(0) for name, tensor in named_tensors(net).items()}
    rates = torch.tensor([[layer.p for layer in dropouts(net)]], dtype=next(iter(tensors.values())).dtype)
    if "one" not in traces:
        traces["one"] = StackedNet(net, [(net.module_, 0, 1)], filled=False, drops=bool(rates.any()))
    return tree_map(lambda each: each[0], evaluated(traces["one"], tensors, rates, x, None, True, traces))


def _evaluation(stacked: StackedNet, tensors: Tensors, rates: Tensor, leaves: Any, n: int, spec: Any) -> Evaluation:
    rows = [leaf[torch.arange(n) % len(leaf)] for leaf in leaves]
    one = {name: tensor[0] for name, tensor in tensors.items()}
    graph, out_spec = graph_of_evaluation(stacked, one, rates[0], *tree_unflatten(rows, spec))
    layout, program = Layout(), Program()
    values = {name: layout.new(tuple(tensor.shape)) for name, tensor in one.items()}
    own_rates = layout.new(tuple(rates.shape[1:]))
    given = [program.rows(tuple(row.shape)) for row in rows]
    results = translate(program, graph, [*values.values(), own_rates, *given])
    (output,) = graph.find_nodes(op="output")
    for each in results:
        program.store(each)
    outputs = [(each.shape, node.meta["dtype"]) for each, node in zip(results, output.args[0], strict=True)]
    return Evaluation(layout, values, own_rates, program.assembled(), outputs, out_spec)


def _filled_up(leaf: Tensor, dim: int, n: int, like: Tensor) -> Table:
    """Return rows as a table, with copies of the last at the end."""
    rows = leaf.movedim(dim, 0)
    rows = rows[torch.arange(n).clamp(max=len(rows) - 1)].movedim(0, dim).to(like.dtype).contiguous()
    n_nets = len(like)
    return table([rows], np.zeros(n_nets, int)) if dim == 0 else table(rows, np.arange(n_nets))
