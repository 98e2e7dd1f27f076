"""A training step and an evaluation of all nets of a stack, each as one run of batched tensor operations."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.utils._pytree import tree_map

from lockstep.members.fingerprint import fingerprint
from lockstep.members.lean import vjp
from lockstep.stacks.activations import Slice, Switch, switchable
from lockstep.stacks.layers import GivenNoise, dropouts
from lockstep.stacks.noise import Draw

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

    def __init__(self, net: NeuralNet, owners: list[Slice], filled: bool, drops: bool) -> None:
        twin = shallow_copy(net, module_=copy.deepcopy(net.module_), criterion_=copy.deepcopy(net.criterion_))
        for path in switchable(twin.module_):
            parts = [(owner.get_submodule(path), start, stop) for owner, start, stop in owners]
            if len({fingerprint(part) for part, _, _ in parts}) > 1:
                twin.module_.set_submodule(path, Switch(parts))
        if filled:
            twin.criterion_.reduction = "none"
        self._net, self.filled, self.drops = net, filled, drops
        self.parts = _Parts(twin)
        self.params = dict(self.parts.named_parameters()).keys()
        self.dropouts = dropouts(twin)

    def draws(self, x: Any, y: Any) -> list[Draw]:
        """Return the noise that a training step on a batch takes; none where no net drops anything, nor draws else."""
        net, x = shallow_copy(self._net, module_=copy.deepcopy(self._net.module_).train()), tree_map(torch.clone, x)
        with torch.enable_grad(), GivenNoise() as mode:  # a loss may ask for gradients
            net.get_loss(net.infer(x), y, X=x, training=True)
        return mode.draws if self.drops or mode.matters else []

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
                self._mark(tensors)
                with GivenNoise(noise, in_stack=True), self._dropping(rates):
                    losses, predicted = functional_call(self.parts, tensors, (x, y, True))
                for each in weight:
                    n = len(each)
                    losses = losses.reshape(n) if losses.numel() == n else losses.reshape(n, -1).mean(1)
                return losses, (predicted, {key: tensors[key] for key in rest if tensors[key] is not rest[key]})

            losses, pull_back, (predicted, replaced) = vjp(by_row, own)
            weight = others[4]
            # The gradient of a sum that is weighted by row; without weights, of a criterion's own mean.
            gradient = pull_back(*weight or [torch.ones_like(losses)])
            if weight:  # what fills up is no number where a loss is infinite
                losses = torch.where(weight[0] > 0, losses * weight[0], 0).sum()
            return gradient, losses, predicted, replaced

        gradient, losses, predicted, replaced = vmap(step)(trained, kept, rates, x, y, weight, noise)
        for key, tensor in replaced.items():
            kept[key].copy_(tensor)
        return gradient, losses, predicted

    def _mark(self, tensors: Tensors) -> None:
        """Let parameters be taken for such: a module may put one back that it has changed in place (`weight *= 2`)."""
        for name in self.params:
            tensors[name]._is_param = True

    @contextmanager
    def _dropping(self, rates: Tensor) -> Iterator[None]:
        """Let the dropout layers have other rates, where some net drops something."""
        own = [layer.p for layer in self.dropouts]
        for i, layer in enumerate(self.dropouts if self.drops else ()):
            layer.p = rates[i]
        try:
            yield
        finally:
            for layer, p in zip(self.dropouts, own, strict=True):
                layer.p = p

    def evaluate(self, tensors: Tensors, rates: Tensor, x: Any, y: Any = None, shared: bool = False) -> Any:
        """Return all nets' outputs, shape (n_nets, n_rows, …); with targets, the losses and the outputs.

        `x` and `y` have the nets as their first dimension, unless the rows are `shared`.
        """
        self.parts.eval()
        x = tree_map(torch.clone, x)  # a module may change its input; the rows are the user's own

        def call(tensors: Tensors, rates: Tensor, x: Any, y: Any) -> Any:
            self._mark(tensors)
            with GivenNoise((), in_stack=True), self._dropping(rates):
                return functional_call(self.parts, tensors, (x, y, False))

        dims = (0, 0, None if shared else 0, None if y is None or shared else 0)
        with torch.no_grad():
            return vmap(call, in_dims=dims)(tensors, rates, x, y)


def shallow_copy(net: NeuralNet, **attributes: Any) -> NeuralNet:
    """Return a net that shares every attribute but those given, and lists, dicts and sets.

    `copy.copy` would make skorch save and load all tensors, and skorch lets no one else set `module_`.
    """
    twin = object.__new__(type(net))
    twin.__dict__.update(own_attributes(net) | attributes)
    return twin


def own_attributes(thing: Any) -> dict[str, Any]:
    """Return an object's attributes as they are now; skorch notes parameters in dicts and lists as well."""
    return {k: copy.copy(v) if type(v) in (list, dict, set) else v for k, v in vars(thing).items()}
