"""Traces one step of a whole stack of nets: each net's gradient, as one straight run of batched tensor operations."""

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import joblib
import torch
from skorch import NeuralNet
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.fx import Node
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode

from stages.lib.lockstep.activations import Slice, Switch, switchable
from stages.lib.lockstep.nets import shallow_copy

aten = torch.ops.aten
Tensors = dict[str, Tensor]


class GivenNoise(TorchFunctionMode):
    """Makes dropout and `rand_like` use given uniform noise, in the order of the calls.

    Drawn inside vmap, noise would depend on the size of the stack and on the net's place in it.

    Parameters
    ----------
    noise : list of Tensor, optional
        Uniform on [0, 1). Without it the mode draws noise, and `shapes` lists the shapes that were requested.
    """

    def __init__(self, noise: list[Tensor] | None = None) -> None:
        super().__init__()
        self.noise = iter(noise) if noise is not None else None
        self.shapes: list[tuple[int, ...]] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Replace the two functions, leave all others alone."""
        if function is nn.functional.dropout:
            return self._dropout(*args, **(kwargs or {}))
        if function is torch.rand_like:
            return self._uniform(args[0])
        return function(*args, **(kwargs or {}))

    def _uniform(self, like: Tensor) -> Tensor:
        self.shapes.append(tuple(like.shape))
        return torch.rand(like.shape, dtype=like.dtype) if self.noise is None else next(self.noise)

    def _dropout(self, x: Tensor, p: float | Tensor = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not training:
            return x
        # A product with a boolean mask would be ten times slower.
        return x * ((self._uniform(x) >= p).to(x.dtype) / (1 - p))


def dropouts(module: nn.Module) -> list[nn.Dropout]:
    """Return a module's dropout layers, in the order of its parts."""
    return [part for part in module.modules() if isinstance(part, nn.Dropout)]


class StackedNet:
    """What all nets of a stack have in common: their module's code, criterion, and what skorch does with both.

    Parameters
    ----------
    net : NeuralNet
        An initialised net; its module is the template whose parameters, buffers and dropout rates are exchanged.
    owners : list of (module, start, stop)
        Whose activations each slice of the stack has.
    """

    def __init__(self, net: NeuralNet, owners: list[Slice]) -> None:
        self.template: nn.Module = copy.deepcopy(net.module_)
        for path in switchable(self.template):
            parts = [(owner.get_submodule(path), start, stop) for owner, start, stop in owners]
            if len({joblib.hash(part) for part, _, _ in parts}) > 1:
                self.template.set_submodule(path, Switch(parts))
        self.dropouts = dropouts(self.template)
        self._net = shallow_copy(net)
        self._net.criterion_ = copy.deepcopy(net.criterion_)
        self._net.criterion_.reduction = "none"

    @contextmanager
    def _exchanged(self, params: Tensors, buffers: Tensors, rates: Tensor | None) -> Iterator[NeuralNet]:
        own = [module.p for module in self.dropouts]
        for i, module in enumerate(self.dropouts):
            module.p = own[i] if rates is None else rates[i]  # type: ignore[assignment]
        self._net.module_ = lambda x: functional_call(self.template, (params, buffers), (x,))
        try:
            yield self._net
        finally:
            for module, p in zip(self.dropouts, own, strict=True):
                module.p = p

    def loss(
        self,
        params: Tensors,
        buffers: Tensors,
        rates: Tensor,
        x: Tensor,
        y: Tensor,
        weight: Tensor,
        noise: list[Tensor],
    ) -> Tensor:
        """Return one net's loss on a batch, as skorch's train step computes it; each row counts by its `weight`."""
        with self._exchanged(params, buffers, rates) as net, GivenNoise(noise):
            losses = net.get_loss(net.infer(x), y, X=x, training=True)
        by_row = losses.reshape(len(x), -1)
        return (by_row[:, 0] if by_row.shape[1] == 1 else by_row.mean(1)) @ weight

    def outputs(self, params: Tensors, buffers: Tensors, x: Tensor) -> Any:
        """Return one net's outputs as skorch's evaluation step computes them."""
        with self._exchanged(params, buffers, None) as net:
            return net.infer(x)

    def noise_shapes(self, x: Tensor) -> list[tuple[int, ...]]:
        """Return the shapes of the noise that a training step on the batch `x` takes."""
        with torch.no_grad(), GivenNoise() as mode:
            copy.deepcopy(self._net.module_).train()(x)
        return mode.shapes

    def evaluate(self, params: Tensors, buffers: Tensors, x: Tensor, shared: bool) -> Any:
        """Return all nets' outputs, shape (n_nets, n_rows, …); `x` has rows for each net, or the same for all."""
        self.template.eval()
        with torch.no_grad():
            return vmap(self.outputs, in_dims=(0, 0, None if shared else 0))(params, buffers, x)


def trace_gradient(
    stacked: StackedNet,
    params: Tensors,
    buffers: Tensors,
    rates: Tensor,
    x: Tensor,
    y: Tensor,
    weight: Tensor,
    noise: list[Tensor],
) -> Callable[..., tuple[Tensor, ...]]:
    """Trace the gradients of all nets' losses.

    Parameters
    ----------
    stacked : StackedNet
    params, buffers, rates, x, y, weight, noise
        Examples of what `StackedNet.loss` takes; every tensor has the nets as its first dimension.

    Returns
    -------
    callable
        Called with the same tensors, flat (`params.values()`, `buffers.values()`, `rates`, `x`, `y`, `weight`,
        `*noise`), it returns the gradient of each parameter, each of shape (n_nets, n_elements). What a module's
        forward does to its own parameters and buffers, it does to the tensors given.

    Raises
    ------
    Exception
        Any exception that vmap or the module raises because the module can't be batched.
    """
    stacked.template.train()
    gradient = vmap(grad(stacked.loss))

    def flat(*tensors: Tensor) -> tuple[Tensor, ...]:
        rest = iter(tensors)
        given = {name: next(rest) for name in params}
        kept = {name: next(rest) for name in buffers}
        found = gradient(given, kept, next(rest), next(rest), next(rest), next(rest), list(rest))
        return tuple(found[name].flatten(1) for name in params)

    example = tuple(t.clone() for t in (*params.values(), *buffers.values(), rates, x, y, weight, *noise))
    graph = make_fx(flat)(*example)
    _simplify(graph)
    with warnings.catch_warnings(), torch.no_grad(), suppress(RuntimeError):
        # TorchScript runs the same operations at two thirds of the cost of Python's interpreter; it fuses nothing. Its
        # tracer refuses some operations, such as the backward of layer norm.
        warnings.simplefilter("ignore")
        return torch.jit.trace(graph, example, check_trace=False)
    return graph


def _simplify(graph: torch.fx.GraphModule) -> None:
    """Take out operations that vmap leaves behind and that change nothing; a third of a small step's time.

    The loss itself goes with them: the gradient does not need it.
    """
    nodes = graph.graph
    for node in list(nodes.nodes):
        source = node.args[0] if node.args else None
        before, after = (each.meta.get("val") if isinstance(each, Node) else None for each in (source, node))
        if not (isinstance(source, Node) and isinstance(before, Tensor) and isinstance(after, Tensor)):
            continue
        if node.target in (aten.view.default, aten._unsafe_view.default, aten.expand.default):
            if before.shape == after.shape:
                node.replace_all_uses_with(source)
        elif node.target is aten.mul.Scalar:
            if node.args[1] == 1 and before.dtype == after.dtype and _is_only_read(node):
                node.replace_all_uses_with(source)
        elif node.target is aten.transpose.int:
            if source.target is aten.transpose.int and set(node.args[1:]) == set(source.args[1:]):
                node.replace_all_uses_with(source.args[0])
        elif node.target is aten.ones_like.default:
            with nodes.inserting_before(node):
                shape, options = list(after.shape), {"dtype": after.dtype, "device": after.device}
                ones = nodes.call_function(aten.ones.default, (shape,), options)  # type: ignore[arg-type]
            ones.meta = node.meta
            node.replace_all_uses_with(ones)
    nodes.eliminate_dead_code()
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
