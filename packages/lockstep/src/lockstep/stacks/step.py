"""A training step and an evaluation of a net of a stack, whose parameters, buffers and rates are inputs."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from skorch import NeuralNet
from torch import Tensor, nn
from torch.func import functional_call

from lockstep._compat import tree_map, vjp
from lockstep.members.own_code import step_view
from lockstep.members.parts import Tensors
from lockstep.stacks.layers import GivenNoise, dropouts
from lockstep.stacks.noise import Draw


class StepInputs(NamedTuple):
    """The inputs of a training step besides the trained parameters."""

    untrained: Tensors  # the parameters that are not trained, and the buffers
    rates: Tensor  # of dropout
    x: Any
    y: Any
    # One tensor if rows have different weights, otherwise none.
    weight: tuple[Tensor, ...]
    noise: list[Tensor]


class _Parts(nn.Module):
    """A net's module and criterion under one name space, called as skorch calls them."""

    def __init__(self, net: NeuralNet) -> None:
        super().__init__()
        self.module: nn.Module = net.module_
        self.criterion: nn.Module = net.criterion_
        self.__dict__["net"] = net  # not a part of the module

    net: NeuralNet

    def forward(self, x: Any, y: Any, training: bool) -> tuple[Tensor, Any]:
        predicted = self.net.infer(x)
        if y is None:
            return predicted
        return self.net.get_loss(predicted, y, X=x, training=training), predicted


def _by_row(losses: Tensor, n: int) -> Tensor:
    """Return one loss for each of `n` rows."""
    if losses.numel() == n:
        return losses.reshape(n)
    return losses.reshape(n, -1).mean(1)


class StackedNet:
    """The code that all nets of a stack share; `net` is one of them, copied.

    If batches are `filled` up with rows of weight zero, the loss is a weighted sum over rows. `drops` is whether any of
    the nets drops something.
    """

    def __init__(self, net: NeuralNet, filled: bool, drops: bool) -> None:
        twin = step_view(net, copy.deepcopy(net.module_), copy.deepcopy(net.criterion_))
        if filled:
            twin.criterion_.reduction = "none"
        self._net = net
        self.filled = filled
        self.drops = drops
        self.parts = _Parts(twin)
        self.params = dict(self.parts.named_parameters()).keys()
        self.dropouts = dropouts(twin)

    def draws(self, x: Any, y: Any) -> list[Draw]:
        """Return the draws of a training step on a batch; none if there is only dropout with rate 0."""
        net = step_view(
            self._net, copy.deepcopy(self._net.module_).train(), self._net.criterion_
        )
        x = tree_map(torch.clone, x)
        with torch.enable_grad(), GivenNoise() as mode:  # a loss may need gradients
            net.get_loss(net.infer(x), y, X=x, training=True)
        if self.drops or mode.matters:
            return mode.draws
        return []

    def train(self, trained: Tensors, inputs: StepInputs) -> Any:
        """Return the gradients of a net's loss, the loss and the predictions; updates the buffers."""
        self.parts.train()

        def by_row(trained: Tensors) -> Any:
            # A module may change its inputs, which vjp forbids; the graph is without these copies.
            own: StepInputs = tree_map(torch.clone, inputs)
            tensors = trained | own.untrained
            self._mark(tensors)
            with GivenNoise(own.noise, in_stack=True), self._dropping(own.rates):
                losses, predicted = functional_call(
                    self.parts, tensors, (own.x, own.y, True)
                )
            for each in own.weight:
                losses = _by_row(losses, len(each))
            new_buffers = {
                key: tensors[key]
                for key, was in own.untrained.items()
                if tensors[key] is not was
            }
            return losses, (predicted, new_buffers)

        losses, pull_back, (predicted, new_buffers) = vjp(by_row, trained)
        if inputs.weight:
            (weight,) = inputs.weight
            gradient = pull_back(weight)  # of the weighted sum over rows
            # Rows that fill up are NaN if a loss is infinite.
            loss = torch.where(weight > 0, losses * weight, 0).sum()
        else:
            gradient = pull_back(torch.ones_like(losses))
            loss = losses
        for key, tensor in new_buffers.items():
            inputs.untrained[key].copy_(tensor)
        return gradient, loss, predicted

    def _mark(self, tensors: Tensors) -> None:
        """Mark tensors as parameters, because a module may assign one again after a change in place (`weight *= 2`)."""
        for name in self.params:
            tensors[name]._is_param = True

    @contextmanager
    def _dropping(self, rates: Tensor) -> Iterator[None]:
        """Set the rates of the dropout layers in the block, if any net drops something."""
        own = [layer.p for layer in self.dropouts]
        for i, layer in enumerate(self.dropouts if self.drops else ()):
            layer.p = rates[i]
        try:
            yield
        finally:
            for layer, p in zip(self.dropouts, own, strict=True):
                layer.p = p

    def evaluate(self, tensors: Tensors, rates: Tensor, x: Any, y: Any = None) -> Any:
        """Return a net's outputs for rows; with targets, the losses and the outputs."""
        return self._called(tensors, rates, (), x, y, False)

    def evaluate_by_torch(self, tensors: Tensors, x: Any, y: Any) -> Any:
        """Return a net's loss on rows, and its outputs, as torch computes them if nothing is recorded."""
        self.parts.train(False)
        with torch.no_grad():
            return functional_call(self.parts, tensors, (x, y, False))

    def outputs_in_training(
        self, tensors: Tensors, rates: Tensor, noise: list[Tensor], x: Any
    ) -> Any:
        """Return a net's outputs for rows as in a training step."""
        return self._called(tensors, rates, noise, x, None, True)

    def _called(self, tensors: Tensors, rates: Tensor, noise: Any, *about: Any) -> Any:
        self.parts.train(about[-1])
        self._mark(tensors)
        with torch.no_grad(), GivenNoise(noise, in_stack=True), self._dropping(rates):
            return functional_call(self.parts, tensors, about)
