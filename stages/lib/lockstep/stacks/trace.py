"""Traces a step of a stack once: as one list of operations, it is replayed for each batch."""

import operator
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Graph, GraphModule, Node
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map_only, tree_unflatten

from stages.lib.lockstep.members.lean import LeanMode
from stages.lib.lockstep.stacks.step import StackedNet

aten = torch.ops.aten


class _Recorder(LeanMode):
    """Notes the operations that are carried out under it, as a graph whose inputs are some tensors."""

    def __init__(self, inputs: list[Any]) -> None:
        super().__init__()
        self.graph = Graph()
        self._constants = nn.Module()
        self._nodes: dict[int, Node] = {}
        self._alive: list[Tensor] = []  # another tensor could get the `id` of one that is gone
        for i, tensor in enumerate(inputs):
            self._note(tensor, self.graph.placeholder(f"input_{i}"))

    def _note(self, tensor: Tensor, node: Node, is_known: bool = False) -> None:
        node.meta = {"shape": tensor.shape, "dtype": tensor.dtype, "is_known": is_known}
        self._nodes[id(tensor)] = node
        self._alive.append(tensor)

    def node_of(self, tensor: Tensor) -> Node:
        """Return the node whose result a tensor is."""
        if id(tensor) not in self._nodes:  # such as an attribute of the module that is no buffer
            name = f"constant_{len(self._nodes)}"
            self._constants.register_buffer(name, tensor)
            self._note(tensor, self.graph.get_attr(name))
        return self._nodes[id(tensor)]

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Carry out an operation, and note it."""
        kwargs = kwargs or {}
        noted = tree_map_only(Tensor, self.node_of, (args, kwargs))
        if function is aten.lift_fresh.default:  # what `torch.tensor` ends with; the graph has to keep the original
            function, is_known = aten.lift_fresh_copy.default, True
        else:
            is_known = all(node.meta["is_known"] for node in tree_leaves(noted) if isinstance(node, Node))
        if torch.Tag.data_dependent_output in function.tags and not is_known:
            raise RuntimeError(f"{function} would decide by numbers that differ from batch to batch")
        found = function(*args, **kwargs)
        several = isinstance(found, tuple | list)
        parts = {i: each for i, each in enumerate(found if several else [found]) if isinstance(each, Tensor)}
        if parts or function._schema.is_mutable:
            node = self.graph.call_function(function, *noted)
            for i, each in parts.items():
                part = self.graph.call_function(operator.getitem, (node, i)) if several else node
                self._note(each, part, is_known)
        return found

    def finished(self, results: list[Tensor]) -> GraphModule:
        """Return the graph as a module that returns these results."""
        self.graph.output([self.node_of(each) for each in results])
        return GraphModule(self._constants, self.graph)


def trace(
    stacked: StackedNet, example: tuple[Any, ...], with_losses: bool, compile_graph: bool
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Trace `StackedNet.train` with examples of what it takes; raises whatever vmap or the module raise.

    Returns two functions. The first takes what `train` takes, as tensors one after the other, and returns the gradient
    of each parameter in rows, shape (n_nets, n_elements), the losses if they are wanted, and what the nets predict as
    tensors. What a module's forward does to its own parameters and buffers, it does to the tensors given. The second
    puts the predictions together again. With `compile_graph`, TorchScript runs the operations, at two thirds of the
    cost of Python's interpreter.
    """
    leaves, spec = tree_flatten(example)
    copies = [leaf.clone() for leaf in leaves]
    recorder = _Recorder(copies)
    with recorder:
        gradient, losses, predicted = stacked.train(*tree_unflatten(copies, spec))
        made, out_spec = tree_flatten(predicted)
        rows = [tensor.reshape(len(tensor), -1) for tensor in gradient.values()]
    graph = recorder.finished([*rows, *([losses] if with_losses else []), *made])
    _simplify(graph, len(example[1]), len(tree_leaves(example[1:])))
    run: Callable[..., Any] = graph
    if compile_graph:
        with warnings.catch_warnings(), torch.no_grad(), suppress(RuntimeError):
            # It fuses nothing. Its tracer refuses some operations, such as the backward of layer norm.
            warnings.simplefilter("ignore")
            run = torch.jit.trace(graph, tuple(copies), check_trace=False)

    return run, lambda predicted: tree_unflatten(list(predicted), out_spec)


def _simplify(graph: torch.fx.GraphModule, n_kept: int, n_copies: int) -> None:
    """Take out the copies that come first, and operations that vmap leaves behind and that change nothing."""
    steps = [node for node in graph.graph.nodes if node.op == "call_function"]
    for place, node in enumerate(steps[:n_copies]):
        # Buffers are to be changed; the rows of a batch come again.
        if place < n_kept or _is_only_read(node):
            node.replace_all_uses_with(node.args[0])
    for node in steps[n_copies:]:
        source = node.args[0] if node.args else None
        if not (isinstance(source, Node) and "shape" in source.meta and "shape" in node.meta):
            continue
        same_shape = source.meta["shape"] == node.meta["shape"]
        if node.target is aten.detach.default:
            node.replace_all_uses_with(source)
        elif node.target in (aten.view.default, aten._unsafe_view.default, aten.expand.default):
            if same_shape:
                node.replace_all_uses_with(source)
            elif node.target is aten.view.default:
                # The parameters of a stack are views of its rows, which are not as contiguous as the example's.
                node.target = aten.reshape.default
        elif node.target is aten.transpose.int and source.target is aten.transpose.int:
            if set(node.args[1:]) == set(source.args[1:]):
                node.replace_all_uses_with(source.args[0])
        elif node.target is aten.mul.Scalar and node.args[1] == 1 and source.meta["dtype"] == node.meta["dtype"]:
            if _is_only_read(node):
                node.replace_all_uses_with(source)
        elif node.target is aten.bmm.default and source.meta["shape"][2] == 1:
            node.target = aten.mul.Tensor  # an outer product: the same bits, four times as fast
    graph.graph.eliminate_dead_code()
    graph.recompile()


def _is_only_read(node: Node) -> bool:
    """Whether no operation writes into a node's result, through a view of it or directly."""
    for user in node.users:
        schema = getattr(user.target, "_schema", None)
        if schema is None or schema.is_mutable:
            return False
        if schema.returns[0].alias_info is not None and not _is_only_read(user):
            return False
    return True
