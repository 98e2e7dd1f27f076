"""The network that the seven experiments tune."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn


class PimaClassifier(nn.Module):
    """A multilayer perceptron with max-norm and dropout in its hidden layers; a number out of range is a ValueError.

    It maps rows of `n_inputs` numbers to rows of `n_outputs`.

    Parameters
    ----------
    n_layers, n_neurons : int
        Number of hidden layers, and their width.
    activation : type of nn.Module
        Follows each hidden layer; called without arguments.
    weight_init : callable, optional
        An initialiser of `torch.nn.init` for the weights of every layer, which it gets in float64; None, like all
        biases, keeps torch's default.
    dropout_rate : float
        The share of hidden units that a training step drops, at least 0 and below 1. Dropout follows the activation.
    weight_constraint : float, optional
        The largest L2 norm of the outgoing weights of a unit in the layer before (a column of a hidden layer's weight),
        to which longer ones are scaled before every forward pass, in training and in scoring alike (Srivastava et al.
        2014, section 5.1, there per unit).
    output : type of nn.Module
        Follows the last layer: Sigmoid for `BCELoss`, Identity for a criterion that takes logits.
    """

    def __init__(
        self,
        n_inputs: int = 8,
        n_outputs: int = 1,
        n_layers: int = 1,
        n_neurons: int = 12,
        activation: type[nn.Module] = nn.ReLU,
        weight_init: Callable[[torch.Tensor], object] | None = None,
        dropout_rate: float = 0.0,
        weight_constraint: float | None = None,
        output: type[nn.Module] = nn.Sigmoid,
    ) -> None:
        super().__init__()
        for name, count in {"n_layers": n_layers, "n_neurons": n_neurons}.items():
            if not isinstance(count, int) or count < 1:
                raise ValueError(
                    f"{name} is {count!r}; it should be a whole number, 1 or more"
                )
        if not 0 <= dropout_rate < 1:
            raise ValueError(
                f"dropout_rate is {dropout_rate}; it should be at least 0 and below 1"
            )
        if weight_constraint is not None and not weight_constraint > 0:
            raise ValueError(
                f"weight_constraint is {weight_constraint}; it should be above 0, or null for none"
            )

        widths = [n_inputs, *[n_neurons] * n_layers]
        # Weights are drawn in float64 and rounded, because what torch draws in float32 depends on the processor.
        self.hidden = nn.ModuleList(
            nn.Linear(*each, dtype=torch.float64) for each in pairwise(widths)
        )
        self.last = nn.Linear(n_neurons, n_outputs, dtype=torch.float64)
        self.activation = activation()
        self.dropout = nn.Dropout(dropout_rate)
        self.output = output()
        # A buffer belongs to its net, so nets that differ in it can be trained together.
        limit = (
            None
            if weight_constraint is None
            else torch.tensor(float(weight_constraint))
        )
        self.register_buffer("weight_constraint", limit, persistent=False)
        if weight_init is not None:
            for layer in [*self.hidden, self.last]:
                weight_init(layer.weight)
        for weight in self.parameters():
            weight.data = weight.data.to(torch.get_default_dtype())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map rows of shape (n, n_inputs) to outputs of shape (n, n_outputs)."""
        for layer in self.hidden:
            x = self.dropout(self.activation(self._constrained(layer, x)))  # type: ignore[arg-type]
        return self.output(self.last(x))

    weight_constraint: torch.Tensor | None

    def _constrained(self, layer: nn.Linear, x: torch.Tensor) -> torch.Tensor:
        """Map rows by a layer, its weight scaled: in training for good, else for these rows, so a fitted net stays."""
        if self.weight_constraint is None:
            return layer(x)
        with torch.no_grad():
            # Fifteen times faster than torch.linalg.vector_norm over the first dimension.
            norm = layer.weight.square().sum(dim=0, keepdim=True).sqrt()
            # The factor is exactly 1 for columns within the limit, including those of norm 0.
            factor = self.weight_constraint / torch.maximum(
                norm, self.weight_constraint
            )
            if self.training:
                layer.weight.mul_(factor)
        return (
            layer(x)
            if self.training
            else nn.functional.linear(x, layer.weight * factor, layer.bias)
        )
