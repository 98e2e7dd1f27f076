"""A training step and an evaluation of all nets of a stack, each as one run of batched tensor operations."""

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor, nn
from torch.func import functional_call, vjp, vmap
from torch.fx import Node
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

from stages.lib.lockstep.members.fingerprint import fingerprint
from stages.lib.lockstep.stacks._compat import noting_shapes
from stages.lib.lockstep.stacks.layers import Draw, GivenNoise, Slice, Switch, dropouts, switchable

aten = torch.ops.aten
Tensors = dict[str, Tensor]


class _Parts(nn.Module):
    """A net's module and criterion under one name space, and what skorch does with both."""

    def __init__(self, net: NeuralNet) -> None:
        super().__init__()
        self.module: nn.Module = net.module_
        self.criterion: nn.Module = net.criterion_
        self.__dict__["net"] = net  # no part of the module

    net: NeuralNet

    def forward(self, x: Any, y: Any, training: bool) -> tuple[Tensor, Any]:
        predicted = self.net.infer(x)
        if y is None:
            return predicted
        return self.net.get_loss(predicted, y, X=x, training=training), predicted


class StackedNet:
    """What all nets of a stack have in common: their code, and the numbers by which it differs from net to net.

    `net` is one of them, copied; `owners` say whose activations each slice of the stack has. Where batches are `filled`
    up with rows that count for nothing, the loss is a weighted sum over rows.
    """

    def __init__(self, net: NeuralNet, owners: list[Slice], filled: bool) -> None:
        twin = shallow_copy(net, module_=copy.deepcopy(net.module_), criterion_=copy.deepcopy(net.criterion_))
        for path in switchable(twin.module_):
            parts = [(owner.get_submodule(path), start, stop) for owner, start, stop in owners]
            if len({fingerprint(part) for part, _, _ in parts}) > 1:
                twin.module_.set_submodule(path, Switch(parts))
        if filled:
            twin.criterion_.reduction = "none"
        self._net = net
        self.parts = _Parts(twin)
        self.dropouts = dropouts(twin.module_)

    def draws(self, drops: bool, x: Any, y: Any) -> list[Draw]:
        """Return the noise that a training step on a batch takes; none where no net drops anything, nor draws else."""
        net, x = shallow_copy(self._net, module_=copy.deepcopy(self._net.module_).train()), tree_map(torch.clone, x)
        with torch.no_grad(), GivenNoise() as mode:
            net.get_loss(net.infer(x), y, X=x, training=True)
        return mode.draws if drops or mode.matters else []

    def train(self, trained: Tensors, kept: Tensors, rates: Tensor, x: Any, y: Any, weight: Any, noise: Any) -> Any:
        """Return the gradients of all nets' losses, the losses, and what the nets predict; puts new buffers in place.

        Every tensor has the nets as its first dimension; `weight` has one where rows count differently, else none.
        """
        self.parts.train()

        def step(own: Tensors, *others: Any) -> Any:
            def by_row(own: Tensors) -> Any:
                # A module may write into what it is given, which vjp forbids; `trace` takes these copies out again.
                rest, rates, x, y, weight, noise = tree_map(torch.clone, others)
                tensors = own | rest
                with GivenNoise(noise), self._dropping(rates) if noise else nullcontext():
                    losses, predicted = functional_call(self.parts, tensors, (x, y, True))
                for each in weight:
                    n = len(each)
                    losses = losses.reshape(n) if losses.numel() == n else losses.reshape(n, -1).mean(1)
                return losses, (predicted, {key: tensors[key] for key in rest if tensors[key] is not rest[key]})

            losses, pull_back, (predicted, replaced) = vjp(by_row, own, has_aux=True)  # type: ignore[misc]
            weight = others[4]
            # The gradient of a sum that is weighted by row; without weights, of a criterion's own mean.
            (gradient,) = pull_back(*weight or [torch.ones_like(losses)])
            return gradient, (losses * weight[0]).sum() if weight else losses, predicted, replaced

        gradient, losses, predicted, replaced = vmap(step)(trained, kept, rates, x, y, weight, noise)
        for key, tensor in replaced.items():
            kept[key].copy_(tensor)
        return gradient, losses, predicted

    @contextmanager
    def _dropping(self, rates: Tensor) -> Iterator[None]:
        """Let the dropout layers have other rates."""
        own = [layer.p for layer in self.dropouts]
        for i, layer in enumerate(self.dropouts):
            layer.p = rates[i]
        try:
            yield
        finally:
            for layer, p in zip(self.dropouts, own, strict=True):
                layer.p = p

    def evaluate(self, tensors: Tensors, x: Any, y: Any = None, shared: bool = False) -> Any:
        """Return all nets' outputs, shape (n_nets, n_rows, …); with targets, the losses and the outputs.

        `x` and `y` have the nets as their first dimension, unless the rows are `shared`.
        """
        self.parts.eval()
        x = tree_map(torch.clone, x)  # a module may change its input; the rows are the user's own

        def call(tensors: Tensors, x: Any, y: Any) -> Any:
            with GivenNoise(()):
                return functional_call(self.parts, tensors, (x, y, False))

        dims = (0, None if shared else 0, None if y is None or shared else 0)
        with torch.no_grad():
            return vmap(call, in_dims=dims)(tensors, x, y)


def shallow_copy(net: NeuralNet, **attributes: Any) -> NeuralNet:
    """Return a net that shares every attribute but those given.

    `copy.copy` would make skorch save and load all tensors, and skorch lets no one else set `module_`.
    """
    twin = object.__new__(type(net))
    twin.__dict__.update(net.__dict__ | attributes)
    return twin


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
    out_spec: list[Any] = []

    def flat(*tensors: Tensor) -> list[Tensor]:
        gradient, losses, predicted = stacked.train(*tree_unflatten(list(tensors), spec))
        leaves, out = tree_flatten(predicted)
        out_spec[:] = [out]
        rows = [tensor.reshape(len(tensor), -1) for tensor in gradient.values()]
        return [*rows, *([losses] if with_losses else []), *leaves]

    copies = tuple(leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves)
    with noting_shapes():
        graph = make_fx(flat)(*copies)
    _simplify(graph, len(example[1]), len(tree_leaves(example[1:])))
    run: Callable[..., Any] = graph
    if compile_graph:
        with warnings.catch_warnings(), torch.no_grad(), suppress(RuntimeError):
            # It fuses nothing. Its tracer refuses some operations, such as the backward of layer norm.
            warnings.simplefilter("ignore")
            run = torch.jit.trace(graph, copies, check_trace=False)

    return run, lambda predicted: tree_unflatten(list(predicted), out_spec[0])


def _simplify(graph: torch.fx.GraphModule, n_kept: int, n_copies: int) -> None:
    """Take out the copies that come first, and operations that vmap leaves behind and that change nothing."""
    steps = [node for node in graph.graph.nodes if node.op == "call_function"]
    for place, node in enumerate(steps[:n_copies]):
        # Buffers are to be changed; the rows of a batch come again.
        if place < n_kept or _is_only_read(node):
            node.replace_all_uses_with(node.args[0])
    for node in steps[n_copies:]:
        source = node.args[0] if node.args else None
        before, after = (each.meta.get("val") if isinstance(each, Node) else None for each in (source, node))
        if not (isinstance(source, Node) and isinstance(before, Tensor) and isinstance(after, Tensor)):
            continue
        if node.target in (aten.view.default, aten._unsafe_view.default, aten.expand.default):
            if before.shape == after.shape:
                node.replace_all_uses_with(source)
            elif node.target is aten.view.default:
                # The parameters of a stack are views of its rows, which are not as contiguous as the example's.
                node.target = aten.reshape.default
        elif node.target is aten.transpose.int and source.target is aten.transpose.int:
            if set(node.args[1:]) == set(source.args[1:]):
                node.replace_all_uses_with(source.args[0])
        elif node.target is aten.mul.Scalar and node.args[1] == 1 and before.dtype == after.dtype:
            if _is_only_read(node):
                node.replace_all_uses_with(source)
        elif node.target is aten.bmm.default and before.shape[2] == 1:
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
