"""Traces a step of a stack once, as a list of operations that is replayed for each batch."""

import operator
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx import Graph, GraphModule, Node

from lockstep._compat import TreeSpec, tree_flatten, tree_leaves, tree_unflatten
from lockstep.kernel.recording import Recorder, has_effect, is_check
from lockstep.members.parts import Tensors
from lockstep.stacks.step import StackedNet, StepInputs

aten = torch.ops.aten


@dataclass(frozen=True)
class Trace:
    """A step as a list of operations."""

    run: Callable[..., Any]
    branches: list[bool]  # by which Python branched
    predicted: TreeSpec
    written: list[int]  # the indices of the inputs that a step changes

    def __call__(self, *tensors: Tensor) -> Any:
        """Run a step; raises `RuntimeError` if Python would have branched differently."""
        results = self.run(*tensors)
        n = len(results) - len(self.branches)
        if list(map(bool, results[n:])) != self.branches:
            raise RuntimeError("a branch in the module's Python code differs between steps")
        return results[:n]

    def unflatten(self, predicted: list[Tensor]) -> Any:
        """Rebuild the structure of the predictions."""
        return tree_unflatten(predicted, self.predicted)


def trace(stacked: StackedNet, trained: Tensors, inputs: StepInputs, with_losses: bool, compile_graph: bool) -> Trace:
    """Trace `StackedNet.train` with example inputs; raises whatever vmap or the module raise.

    The trace takes the inputs of `train` as a flat list of tensors. It returns the gradient of each parameter in rows,
    shape (n_nets, n_elements), the losses if they are wanted, and the predictions as tensors. If a module's forward
    changes its own parameters and buffers, the trace changes its inputs. With `compile_graph`,
    TorchScript runs the operations, at two thirds of the cost of Python's interpreter.
    """
    leaves, spec = tree_flatten((trained, inputs))
    copies = [leaf.clone() for leaf in leaves]
    # A row that fills up a batch might decide a branch differently from the batch without it.
    recorder = Recorder(copies, allowed=not stacked.filled)
    with recorder:
        gradient, losses, predicted = stacked.train(*tree_unflatten(copies, spec))
        made, out_spec = tree_flatten(predicted)
        rows = [tensor.reshape(len(tensor), -1) for tensor in gradient.values()]
    graph, results = recorder.graph, [*rows, *([losses] if with_losses else []), *made]
    graph.output([*map(recorder.node_of, results), *(node for node, _ in recorder.branches)])
    _simplify(graph, len(inputs.untrained), len(tree_leaves(inputs)))
    constants = {str(node.target): node.meta["tensor"] for node in graph.find_nodes(op="get_attr")}
    run: Callable[..., Any] = GraphModule(constants, graph)
    if compile_graph and not any(is_check(node.target) for node in graph.nodes):  # which TorchScript would drop
        with warnings.catch_warnings(), torch.no_grad(), suppress(RuntimeError):
            # It fuses nothing. Its tracer refuses some operations, such as the backward of layer norm.
            warnings.simplefilter("ignore")
            run = torch.jit.trace(run, tuple(copies), check_trace=False)
    own = graph.find_nodes(op="placeholder")[: len(trained) + len(inputs.untrained)]
    written = [i for i, node in enumerate(own) if not _is_only_read(node)]
    return Trace(run, [branch for _, branch in recorder.branches], out_spec, written)


def graph_of_step(
    stacked: StackedNet, trained: Tensors, inputs: StepInputs, with_losses: bool, with_predictions: bool
) -> tuple[Graph, TreeSpec]:
    """Return the step of one net as a graph for the kernel, and the structure of the predictions.

    The graph takes the inputs of `train_one` as a flat list, and may write into parameters and buffers. It returns the
    gradient of each parameter, the loss and the predictions as tensors, if they are wanted.
    """
    leaves, spec = tree_flatten((trained, inputs))
    copies = [leaf.clone() for leaf in leaves]
    recorder = Recorder(copies, for_kernel=True)
    with recorder:
        gradient, loss, predicted = stacked.train_one(*tree_unflatten(copies, spec))
    made, out_spec = tree_flatten(predicted)
    results = [*gradient.values(), *([loss] if with_losses else []), *(made if with_predictions else [])]
    graph = recorder.graph
    graph.output(list(map(recorder.node_of, results)))
    _simplify(graph, len(inputs.untrained), len(tree_leaves(inputs)))
    return graph, out_spec


def graph_of_evaluation(
    stacked: StackedNet, tensors: Tensors, rates: Tensor, x: Any, y: Any = None
) -> tuple[Graph, Any]:
    """Return an evaluation of one net as a graph for the kernel, and the structure of what `evaluate_one` returns."""
    leaves, spec = tree_flatten((tensors, rates, *((x,) if y is None else (x, y))))
    copies = [leaf.clone() for leaf in leaves]
    recorder = Recorder(copies, for_kernel=True)
    with recorder:
        result = stacked.evaluate_one(*tree_unflatten(copies, spec))
    made, out_spec = tree_flatten(result)
    recorder.graph.output(list(map(recorder.node_of, made)))
    _simplify(recorder.graph, 0, 0)
    return recorder.graph, out_spec


def _simplify(graph: Graph, n_untrained: int, n_copies: int) -> None:
    """Remove operations without effect, which come from vmap and from the copies of a step's inputs.

    The first `n_copies` operations are these copies, and the first `n_untrained` of them are of parameters and buffers.
    """
    operations = [node for node in graph.nodes if node.op == "call_function"]
    for place, copied in enumerate(operations[:n_copies]):
        # Buffers have to be changed; the rows of a batch must not be, because they are used again.
        if place < n_untrained or _is_only_read(copied):
            copied.replace_all_uses_with(copied.args[0])
    for node in operations[n_copies:]:
        source = node.args[0] if node.args else None
        if isinstance(source, Node) and "shape" in source.meta and "shape" in node.meta:
            for rewrite in _REWRITES.get(node.target, ()):
                rewrite(node, source)
    for node in reversed(graph.nodes):
        if node.op in ("call_function", "get_attr") and not node.users and not has_effect(node.target):
            graph.erase_node(node)


def _without_detach(node: Node, source: Node) -> None:
    """`x.detach()` → `x`: a trace has no gradients."""
    node.replace_all_uses_with(source)


def _without_view(node: Node, source: Node) -> None:
    """`x.view(x.shape)` → `x`."""
    if source.meta["shape"] == node.meta["shape"]:
        node.replace_all_uses_with(source)


def _reshaped(node: Node, source: Node) -> None:
    """`x.view(shape)` → `x.reshape(shape)`: a stack's parameters are views of rows, not contiguous as the example's."""
    if source.meta["shape"] != node.meta["shape"]:
        node.target = aten.reshape.default


def _transposed_once(node: Node, source: Node) -> None:
    """`x.transpose(i, j).transpose(i, j)` → `x`."""
    if source.target is aten.transpose.int and set(node.args[1:]) == set(source.args[1:]):
        original: Any = source.args[0]
        node.replace_all_uses_with(original)


def _times_one(node: Node, source: Node) -> None:
    """`x * 1` → `x`, if nobody writes into the product."""
    if node.args[1] == 1 and source.meta["dtype"] == node.meta["dtype"] and _is_only_read(node):
        node.replace_all_uses_with(source)


def _outer_product(node: Node, source: Node) -> None:
    """`bmm(column, row)` → `column * row`: the same bits, four times as fast."""
    if source.meta["shape"][2] == 1:
        node.target = aten.mul.Tensor


def _linear(node: Node, source: Node) -> None:
    """`bias + bmm(x, weight)` → `baddbmm(bias, x, weight)`, in one pass, as torch adds the bias of a single net."""
    product: Any = node.args[1]
    if getattr(product, "target", None) is not aten.bmm.default or node.kwargs:
        return
    is_like = product.meta["shape"] == node.meta["shape"] and product.meta["dtype"] == source.meta["dtype"]
    if is_like and not any(map(_writes, _between(product, node))):
        node.target, node.args = aten.baddbmm.default, (source, *product.args)


# Simplifications, by operation; each takes a node and the node of its first argument.
_REWRITES: dict[Any, tuple[Callable[[Node, Node], None], ...]] = {
    aten.detach.default: (_without_detach,),
    aten.view.default: (_without_view, _reshaped),
    aten._unsafe_view.default: (_without_view,),
    aten.expand.default: (_without_view,),
    aten.transpose.int: (_transposed_once,),
    aten.mul.Scalar: (_times_one,),
    aten.bmm.default: (_outer_product,),
    aten.add.Tensor: (_linear,),
}


def _between(first: Node, last: Node) -> Iterator[Node]:
    while (first := first.next) is not last:
        yield first


def _writes(node: Node) -> bool:
    """Whether an operation may write into what it is given; schemas of batch norm do not say so of its statistics."""
    schema = getattr(node.target, "_schema", None)
    return bool(schema and (schema.is_mutable or "batch_norm" in schema.name))


def _is_only_read(node: Node) -> bool:
    """Whether no operation writes into a node's result, through a view of it or directly."""
    for user in node.users:
        schema = getattr(user.target, "_schema", None)
        is_view = user.target is operator.getitem or (schema and any(each.alias_info for each in schema.returns))
        if not (schema or is_view) or _writes(user) or (is_view and not _is_only_read(user)):
            return False
    return True
