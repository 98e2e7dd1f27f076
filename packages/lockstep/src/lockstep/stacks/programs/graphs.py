"""A step of a net, or its evaluation, as a graph of torch's operations, for the kernel."""

import operator
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.fx import Graph, Node

from lockstep._compat import TreeSpec, tree_flatten, tree_leaves, tree_unflatten
from lockstep.kernel.recording import Recorder, has_effect
from lockstep.members.parts import Tensors
from lockstep.stacks.step import StackedNet, StepInputs


def graph_of_step(
    stacked: StackedNet,
    trained: Tensors,
    inputs: StepInputs,
    with_losses: bool,
    with_predictions: bool,
) -> tuple[Graph, TreeSpec]:
    """Return the step of a net as a graph, and the structure of the predictions.

    The graph takes the inputs of `StackedNet.train` as a flat list, and may write into parameters and buffers. It
    returns the gradient of each parameter, the loss and the predictions as tensors, if they are wanted.
    """
    recorder, (gradient, loss, predicted) = _recorded(stacked.train, trained, inputs)
    made, out_spec = tree_flatten(predicted)
    results = [
        *gradient.values(),
        *([loss] if with_losses else []),
        *(made if with_predictions else []),
    ]
    return _graph(
        recorder, results, len(inputs.untrained), len(tree_leaves(inputs))
    ), out_spec


def graph_of(function: Callable[..., Any], *given: Any) -> tuple[Graph, Any]:
    """Return a method of `StackedNet` that computes no gradient as a graph, and the structure of what it returns."""
    recorder, result = _recorded(function, *given)
    made, out_spec = tree_flatten(result)
    return _graph(recorder, made), out_spec


def _recorded(function: Callable[..., Any], *given: Any) -> tuple[Recorder, Any]:
    """Call a function with copies of tensors; returns what recorded the call, and its results."""
    leaves, spec = tree_flatten(given)
    copies = [leaf.clone() for leaf in leaves]
    recorder = Recorder(copies)
    with recorder:
        return recorder, function(*tree_unflatten(copies, spec))


def _graph(
    recorder: Recorder, results: list[Tensor], n_untrained: int = 0, n_copies: int = 0
) -> Graph:
    """Return what was recorded, without copies that nothing writes into, and operations whose results nothing uses.

    The first `n_copies` operations copy a step's inputs, the first `n_untrained` of these parameters and buffers.
    """
    graph = recorder.graph
    graph.output(list(map(recorder.node_of, results)))
    operations = [node for node in graph.nodes if node.op == "call_function"]
    for place, copied in enumerate(operations[:n_copies]):
        # Buffers have to be changed; the rows of a batch must not be, because they are used again.
        if place < n_untrained or _is_only_read(copied):
            copied.replace_all_uses_with(copied.args[0])
    for node in reversed(graph.nodes):
        if (
            node.op in ("call_function", "get_attr")
            and not node.users
            and not has_effect(node.target)
        ):
            graph.erase_node(node)
    return graph


def _writes(node: Node) -> bool:
    """Whether an operation may write into what it is given; schemas of batch norm do not say so of its statistics."""
    schema = getattr(node.target, "_schema", None)
    return bool(schema and (schema.is_mutable or "batch_norm" in schema.name))


def _is_only_read(node: Node) -> bool:
    """Whether no operation writes into a node's result, through a view of it or directly."""
    for user in node.users:
        schema = getattr(user.target, "_schema", None)
        is_view = user.target is operator.getitem or (
            schema and any(each.alias_info for each in schema.returns)
        )
        if (
            not (schema or is_view)
            or _writes(user)
            or (is_view and not _is_only_read(user))
        ):
            return False
    return True
