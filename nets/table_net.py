"""A network for tables of any kind, which `adopt` starts from: a perceptron with embeddings of numbers."""

from itertools import pairwise
from statistics import NormalDist
from typing import Any, Literal, get_args

import torch
from rtdl_num_embeddings import PeriodicEmbeddings, PiecewiseLinearEmbeddings
from torch import Tensor, nn

Embedding = Literal["none", "periodic", "piecewise"]

# The piecewise-linear embedding bends where a column with a normal distribution has so many equal shares, and goes on
# straight beyond this many standard deviations.
_N_BINS, _OUTERMOST = 16, 3.0


class TableNet(nn.Module):
    """A multilayer perceptron for columns of numbers, booleans and one-hot categories.

    It maps rows of `n_inputs` numbers to rows of `n_outputs`, and raises ValueError if a number is out of range, or if
    numbers are to be embedded and the table has none.

    Parameters
    ----------
    n_numbers : int
        How many inputs, the first ones, are numbers; only these are embedded. They should be scaled.
    n_layers, n_neurons : int
        Number of hidden layers, and their width.
    activation : type of nn.Module
        Follows each hidden layer; called without arguments. SiLU [1]_ is smooth, as Mish and SELU are, which tuned nets
        for tables prefer [2]_.
    dropout_rate : float
        The share of hidden units that a training step drops, at least 0 and below 1 [3]_; as much as in [2]_.
    norm : type of nn.Module, optional
        Follows the weights of each hidden layer, such as LayerNorm or BatchNorm1d; called with their width.
    embedding : 'none', 'periodic' or 'piecewise'
        What each number is turned into, beside itself [4]_: a linear layer of its own with a ReLU, on sines and cosines
        of frequencies that are learnt, or a function that is linear in pieces, which starts as a straight line [5]_.
    d_embedding, n_frequencies : int
        How many numbers, and how many frequencies of the periodic embedding, stand for each number.
    frequency_scale : float
        The standard deviation of these frequencies at the start, above 0: the larger, the more a net can bend.
    output : type of nn.Module
        Follows the last layer: Sigmoid for `BCELoss`, Identity for a criterion that takes logits.

    References
    ----------
    .. [1] Elfwing, Uchibe & Doya 2018, "Sigmoid-weighted linear units for neural network function approximation in
       reinforcement learning", Neural Networks 107.
    .. [2] Holzmüller, Grinsztajn & Steinwart 2024, "Better by default: strong pre-tuned MLPs and boosted trees on
       tabular data", NeurIPS.
    .. [3] Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15.
    .. [4] Gorishniy, Rubachev & Babenko 2022, "On embeddings for numerical features in tabular deep learning", NeurIPS.
    .. [5] Gorishniy, Kotelnikov & Babenko 2025, "TabM: advancing tabular deep learning with parameter-efficient
       ensembling", ICLR.
    """

    def __init__(
        self,
        n_inputs: int = 8,
        n_outputs: int = 1,
        n_numbers: int = 0,
        n_layers: int = 2,
        n_neurons: int = 64,
        activation: type[nn.Module] = nn.SiLU,
        dropout_rate: float = 0.15,
        norm: type[nn.Module] | None = None,
        embedding: Embedding = "none",
        d_embedding: int = 8,
        n_frequencies: int = 16,
        frequency_scale: float = 0.3,
        output: type[nn.Module] = nn.Identity,
    ) -> None:
        super().__init__()
        counts = {
            "n_layers": n_layers,
            "n_neurons": n_neurons,
            "d_embedding": d_embedding,
        }
        for name, count in (counts | {"n_frequencies": n_frequencies}).items():
            if not isinstance(count, int) or count < 1:
                raise ValueError(
                    f"{name} is {count!r}; it should be a whole number, 1 or more"
                )
        if not 0 <= dropout_rate < 1:
            raise ValueError(
                f"dropout_rate is {dropout_rate}; it should be at least 0 and below 1"
            )
        if not frequency_scale > 0:
            raise ValueError(
                f"frequency_scale is {frequency_scale}; it should be above 0"
            )
        if embedding not in get_args(Embedding):
            raise ValueError(
                f"embedding is {embedding!r}; it should be {', '.join(get_args(Embedding))}"
            )
        if embedding != "none" and n_numbers < 1:
            raise ValueError(
                f"embedding is {embedding!r}, but the table has no column of numbers; set it to none"
            )

        self.n_numbers = n_numbers
        self.embedding: nn.Module | None = None
        # Weights are drawn in float64 and rounded, because what torch draws in float32 depends on the processor.
        drawn: list[Any] = []
        if embedding == "periodic":
            about = {
                "n_frequencies": n_frequencies,
                "frequency_init_scale": frequency_scale,
            }
            self.embedding = PeriodicEmbeddings(
                n_numbers, d_embedding, lite=False, **about
            )
            drawn = [self.embedding.periodic, self.embedding.linear]
        elif embedding == "piecewise":
            bends = [NormalDist().inv_cdf(i / _N_BINS) for i in range(1, _N_BINS)]
            edges = torch.tensor([-_OUTERMOST, *bends, _OUTERMOST])
            self.embedding = PiecewiseLinearEmbeddings(
                [edges] * n_numbers, d_embedding, activation=False, version="B"
            )
            drawn = [self.embedding.linear0]
        for part in drawn:
            part.double().reset_parameters()
        first = n_inputs + (0 if self.embedding is None else n_numbers * d_embedding)
        layers: list[nn.Module] = []
        for before, after in pairwise([first, *[n_neurons] * n_layers]):
            layers += [
                nn.Linear(before, after, dtype=torch.float64),
                *([norm(after)] if norm else []),
            ]
            layers += [activation(), nn.Dropout(dropout_rate)]
        self.hidden = nn.Sequential(*layers)
        self.last = nn.Linear(n_neurons, n_outputs, dtype=torch.float64)
        self.output = output()
        self.to(torch.get_default_dtype())

    def forward(self, x: Tensor) -> Tensor:
        """Map rows of shape (n, n_inputs) to outputs of shape (n, n_outputs)."""
        if self.embedding is not None:
            x = torch.cat([x, self.embedding(x[:, : self.n_numbers]).flatten(1)], dim=1)
        outputs: Tensor = self.output(self.last(self.hidden(x)))
        return outputs
