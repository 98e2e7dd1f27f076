"""Records torch's operations as a graph."""

import inspect
import operator
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from math import prod
from typing import Any
from weakref import ref

import torch
from torch import Tensor
from torch.fx import Graph, Node
from torch.fx.node import map_aggregate

from lockstep._compat import LeanMode, decomposition_table
from lockstep.kernel.translate import is_native, name_of
from lockstep.members.refusals import RefusalError

aten = torch.ops.aten


class Recorder(LeanMode):
    """Records the operations that run under it, as a graph whose inputs are some tensors.

    An operation that the kernel has not is recorded as those that torch's own decomposition consists of. If Python
    reads a number that may differ from step to step, a `RefusalError` is raised.
    """

    def __init__(self, inputs: list[Any]) -> None:
        super().__init__()
        self.graph = Graph()
        self._is_paused = False
        self._whole = ""
        # By the tensors' identity; weak, because a step may make more tensors than there is memory for.
        self._nodes: dict[int, tuple[ref[Tensor], Node]] = {}
        # Addresses of the tensors that may differ from step to step.
        self._unknown: set[int] = set()
        self._n_inputs = 0
        for tensor in inputs:
            self.take(tensor)

    def take(self, tensor: Tensor) -> None:
        """Make a tensor a further input of the graph."""
        self._note(tensor, self.graph.placeholder(f"input_{self._n_inputs}"))
        self._n_inputs += 1

    @contextmanager
    def _within(self, name: str) -> Iterator[None]:
        """In the block, note of which operation others are parts."""
        before = self._whole
        self._whole = self._whole or name
        try:
            yield
        finally:
            self._whole = before

    def _note(self, tensor: Tensor, node: Node, is_known: bool = False) -> None:
        node.meta.update(
            shape=tensor.shape, dtype=tensor.dtype, is_known=is_known, whole=self._whole
        )
        self._nodes[id(tensor)] = ref(tensor), node
        if not is_known and not tensor._is_zerotensor():  # which has no memory
            self._unknown.add(tensor.untyped_storage().data_ptr())

    @contextmanager
    def paused(self) -> Iterator[None]:
        """In the block, record nothing."""
        self._is_paused = True
        try:
            yield
        finally:
            self._is_paused = False

    def node_of(self, tensor: Tensor) -> Node:
        """Return the node whose result a tensor is."""
        noted, node = self._nodes.get(id(tensor), (None, None))
        # Otherwise one that is gone had the identity.
        if noted and node and noted() is tensor:
            return node
        # Such as an attribute of the module that is not a buffer.
        is_known = (
            tensor._is_zerotensor()
            or tensor.untyped_storage().data_ptr() not in self._unknown
        )
        number = len(self.graph.find_nodes(op="get_attr"))
        node = self.graph.get_attr(f"constant_{number}")
        self._note(tensor, node, is_known)
        node.meta["tensor"] = tensor
        return node

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run an operation, and record it."""
        kwargs = kwargs or {}
        if self._is_paused:
            return function(*args, **kwargs)
        if found := _number_by_mask(function, *args) or _decomposition(function):
            with self, self._within(name_of(function)):
                result = found(*args, **kwargs)
            if result is not NotImplemented:
                return result
        operands: list[Node] = []

        def noted(argument: Any) -> Any:
            if not isinstance(argument, Tensor):
                return argument
            operands.append(node := self.node_of(argument))
            return node

        own_args = map_aggregate(args, noted)
        own_kwargs = map_aggregate(kwargs, noted)
        if function is aten.lift_fresh.default:
            # The last operation of `torch.tensor`; the graph must keep the original.
            function = aten.lift_fresh_copy.default
            is_known = True
        else:
            is_known = all(node.meta["is_known"] for node in operands)
        result = function(*args, **kwargs)
        self._check(function, is_known)
        several = isinstance(result, tuple | list)
        results = enumerate(result if several else [result])
        parts = {i: each for i, each in results if isinstance(each, Tensor)}
        if parts or has_effect(function):
            node = self.graph.create_node(
                "call_function", function, own_args, own_kwargs, name_of(function)
            )
            node.meta["whole"] = self._whole
            for i, each in parts.items():
                part = node
                if several:
                    part = self.graph.call_function(operator.getitem, (node, i))
                self._note(each, part, is_known)
        return result

    def _check(self, function: Any, is_known: bool) -> None:
        """Raise `RefusalError` if Python gets to know what may differ from step to step."""
        if is_known or not (tags := function.tags):
            return
        if torch.Tag.dynamic_output_shape in tags and function is not aten.index.Tensor:
            raise RefusalError("a tensor's size may differ from step to step")
        if torch.Tag.data_dependent_output in tags:
            raise RefusalError(
                "the module's Python code reads numbers that may differ from step to step"
            )


@cache
def has_effect(function: Any) -> bool:
    """Whether an operation does something besides returning tensors: it writes or draws numbers.

    One that returns nothing raises, where a matrix can't be inverted, say.
    """
    schema = getattr(function, "_schema", None)
    draws = torch.Tag.nondeterministic_seeded in getattr(function, "tags", ())
    return draws or bool(schema and (schema.is_mutable or not schema.returns))


def _number_by_mask(function: Any, *args: Any) -> Any:
    """Return what puts a number where a mask is true, if that is the operation, else None."""
    if function is not aten.index_put_.default or args[2].dim() or len(args) > 3:
        return None
    x, (mask, *others), number = args
    is_mask = (
        not others
        and mask is not None
        and mask.dtype == torch.bool
        and mask.shape == x.shape
    )
    if is_mask:
        return lambda *args: x.masked_fill_(mask, number)
    return None


def _layer_norm_backward(
    grad: Tensor,
    x: Tensor,
    shape: list[int],
    mean: Tensor,
    rstd: Tensor,
    weight: Any,
    bias: Any,
    mask: list[bool],
) -> tuple[Any, ...]:
    """Do what torch's decomposition does, which imports sympy, in a third of a second."""
    outer = [*range(x.dim() - len(shape))]
    inner = [*range(x.dim() - len(shape), x.dim())]
    x_hat = (x - mean) * rstd
    of_hat = grad if weight is None else grad * weight
    n = prod(shape)
    of_x = (
        rstd
        / n
        * (
            of_hat * n
            - of_hat.sum(inner, True)
            - x_hat * (of_hat * x_hat).sum(inner, True)
        )
    )
    of_weight = grad * x_hat
    if outer:
        of_weight = of_weight.sum(outer)
        of_bias = grad.sum(outer)
    else:
        of_bias = grad.clone()
    _, for_weight, for_bias = mask
    return of_x, of_weight if for_weight else None, of_bias if for_bias else None


@cache
def _decomposition(function: Any) -> Any:
    """Return a function that computes an operation by others, torch's own but for one, or None if there is none."""
    schema = getattr(function, "_schema", None)
    # `lift_fresh` is recorded as a copy.
    if is_native(function) or function is aten.lift_fresh.default:
        return None
    if function is aten.native_layer_norm_backward.default:
        return _layer_norm_backward
    if function in decomposition_table:
        # What is around a decomposition casts types, and imports sympy.
        return inspect.unwrap(decomposition_table[function])
    if schema is None or not schema.is_mutable:
        return getattr(function, "decompose", None)
    overloads = getattr(aten, name_of(function), None)
    plain = getattr(overloads, function._overloadname, None)
    if plain not in decomposition_table:
        return None
    found = inspect.unwrap(decomposition_table[plain])
    return lambda x, *args, **kwargs: x.copy_(found(x, *args, **kwargs))
