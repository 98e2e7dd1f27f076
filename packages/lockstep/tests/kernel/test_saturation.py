"""Oracle: torch. Its functions and the kernel's are 0, 1, -1, inf, NaN and subnormal for the same float32 numbers."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import cross_validate
from skorch import NeuralNet
from torch import Tensor, nn

from benchmarks.engine.saturation import (
    Function,
    agreement,
    by_torch,
    changes,
    functions,
    ours,
    ranges,
    words,
)

# torch has several of these: MKL's, oneDNN's and SLEEF's, which end at different places. The kernel's are exact, so by
# one bit of 1 they end elsewhere, and what is left of 1 does so as well.
OTHERS = {
    "erf",
    "GELU",
    "GELU, gradient",
    "GELU(tanh)",
    "GELU(tanh), gradient",
    "Mish, gradient",
    "Tanhshrink",
}
FAST = (
    "exp",
    "sigmoid",
    "log(1 - sigmoid)",
    "sigmoid, BCELoss of 1, gradient",
    "log(softmax)",
    "ELU",
    "LogSigmoid",
)

needs_vectors = pytest.mark.skipif(
    not torch.backends.cpu.get_cpu_capability().startswith("AVX"),
    reason="torch's functions differ between processors",
)


def compare(name: str, step: int) -> None:
    function = functions()[name]
    theirs, own = (
        ranges(list(changes(side, function, step))) for side in (by_torch, ours)
    )
    # A gradient may be 1 by chance, where it is nearly so.
    compared = [
        kind
        for kind in theirs
        if not (name.endswith("gradient") and kind in ("1", "-1"))
    ]
    differ = [kind for kind in compared if agreement(theirs[kind], own[kind]) == "NO"]
    assert not differ, [
        (kind, words(theirs[kind]), words(own[kind])) for kind in differ
    ]


@needs_vectors
@pytest.mark.parametrize("name", FAST)
def test_functions_end_where_torchs_do(name: str) -> None:
    compare(name, 2**18)


@needs_vectors
@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in functions() if name not in OTHERS])
def test_all_functions_end_where_torchs_do(name: str) -> None:
    compare(name, 2**12)


@needs_vectors
@pytest.mark.long
@pytest.mark.parametrize("name", ["exp", "sigmoid"])
def test_functions_end_where_torchs_do_at_each_input(name: str) -> None:
    compare(name, 1)


def test_what_the_table_says_is_other_is_other() -> None:
    sides: list[Function] = [torch.sigmoid, lambda x: torch.sigmoid(2 * x)]
    exact, early = (ranges(list(changes(by_torch, own, 2**18))) for own in sides)
    assert agreement(exact["1"], exact["1"]) == "yes"
    assert agreement(exact["1"], early["1"]) == agreement(exact["1"], []) == "NO"
    assert words(exact["1"]) == "16.635532 … max"


class Logarithm(nn.NLLLoss):
    """The loss of probabilities, as many write it."""

    def forward(self, probabilities: Tensor, target: Tensor) -> Tensor:
        return super().forward(torch.log(probabilities), target)


def constant(net: Any, X: Any, y: Any) -> float:
    return 0.0


def trained(
    net: NeuralNet, X: np.ndarray, y: np.ndarray, stack: bool
) -> tuple[list[float], Tensor]:
    """Return a net's losses in its epochs, and its weights."""
    rows = np.arange(len(X))
    with parallel_config(backend="lockstep", stack=stack):
        found = cross_validate(
            net, X, y, cv=[(rows, rows)], scoring=constant, return_estimator=True
        )
    fitted = found["estimator"][0]
    return fitted.history[:, "train_loss"], fitted.module_.weight.detach()


CERTAIN = [
    *(
        (nn.Sigmoid(), logits)
        for logits in ([16.0, -16.0], [16.64, 17.0], [-88.0, 88.0], [-89.0, 100.0])
    ),
    *((nn.Softmax(1), logits) for logits in ([8.0, 8.5], [20.0, -30.0], [44.0, -44.0])),
]


@pytest.mark.parametrize(("last", "logits"), CERTAIN)
def test_a_step_on_rows_that_are_wrong_for_certain_is_that_of_skorch(
    last: nn.Module, logits: list[float]
) -> None:
    """Probabilities are exactly 1, exactly 0, or below 1.2e-38."""
    X = np.array(logits * 4, np.float32)[:, None]
    is_softmax = isinstance(last, nn.Softmax)
    y = (X[:, 0] > 0).astype(np.int64) if is_softmax else (X < 0).astype(np.float32)

    class Certain(nn.Linear):
        def __init__(self) -> None:
            super().__init__(1, 2 if is_softmax else 1, bias=False)
            self.last = last
            with torch.no_grad():
                self.weight.copy_(torch.tensor([[1.0], [-1.0]])[: len(self.weight)])

        def forward(self, X: Tensor) -> Tensor:
            made: Tensor = self.last(super().forward(X))
            return made

    criterion = Logarithm if is_softmax else nn.BCELoss
    net = NeuralNet(
        Certain,
        criterion,
        lr=1e-4,
        max_epochs=2,
        batch_size=-1,
        train_split=None,
        verbose=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # if skorch fits the net
        own, weights = trained(net, X, y, stack=True)
    theirs, their_weights = trained(net, X, y, stack=False)
    np.testing.assert_allclose(own, theirs, rtol=1e-6)
    torch.testing.assert_close(weights, their_weights, rtol=1e-6, atol=0)
