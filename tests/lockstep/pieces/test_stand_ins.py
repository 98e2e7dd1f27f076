"""What stands in for torch's functions that draw: what they leave and what they scale, beside torch's own."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lockstep.stacks.layers import GivenNoise

F = nn.functional
ONES = torch.ones(64, 48)

# Each function on an input; rates at which the pattern of what is dropped is seen.
DRAWS: dict[str, Callable[[], Tensor]] = {
    "dropout": lambda: F.dropout(ONES, 0.3),
    "dropout1d": lambda: F.dropout1d(ONES.view(16, 4, 48), 0.3),
    "dropout2d": lambda: F.dropout2d(ONES.view(16, 4, 6, 8), 0.3),
    "dropout3d": lambda: F.dropout3d(ONES.view(16, 4, 6, 4, 2), 0.3),
    "feature_alpha_dropout": lambda: F.feature_alpha_dropout(ONES.view(16, 4, 48), 0.3, training=True),
    "bernoulli": lambda: torch.bernoulli(ONES * 0.7),
    "bernoulli of p": lambda: torch.bernoulli(ONES, p=0.7),
    "rand of a size": lambda: (torch.rand(64, 1, dtype=torch.float64).expand(64, 48) > 0.3).float(),
    "bernoulli in place": lambda: torch.empty(64, 48).bernoulli_(0.7),
}

# Functions that draw many values, 64 times 48 of them: their means and deviations are compared.
VALUES: dict[str, Callable[[], Tensor]] = {
    "randn of a size": lambda: torch.randn((64, 48)),
    "normal of a size": lambda: torch.normal(2.0, 3.0, size=(64, 48)),
    "normal by means": lambda: torch.normal(ONES, 2 * ONES),
    "normal in place": lambda: torch.empty(64, 48).normal_(1, 2),
    "uniform in place": lambda: torch.empty(64, 48).uniform_(-1, 2),
    "exponential in place": lambda: torch.empty(64, 48).exponential_(0.5),
    "gumbel_softmax": lambda: F.gumbel_softmax(torch.arange(48.0).div(20).expand(64, 48), tau=2.0)[:, -1:],
}


def pattern(made: Tensor) -> tuple[Any, ...]:
    """Return the type, the values, and along how many numbers in a row all are alike: those of one unit."""
    flat = made.flatten()
    changes = (flat[1:] != flat[:-1]).nonzero().flatten() + 1
    unit = math.gcd(len(flat), *changes.tolist())
    return made.dtype, sorted({round(value, 5) for value in flat.tolist()}), unit


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", DRAWS)
def test_a_function_that_draws_leaves_what_torchs_does(name: str) -> None:
    torch.manual_seed(0)
    theirs = DRAWS[name]()
    with GivenNoise():
        ours = DRAWS[name]()
    assert pattern(ours) == pattern(theirs)
    assert abs(float((ours > 0.5).float().mean() - (theirs > 0.5).float().mean())) < 0.15


@pytest.mark.parametrize("name", VALUES)
def test_a_function_that_draws_has_the_distribution_of_torchs(name: str) -> None:
    torch.manual_seed(0)
    theirs = VALUES[name]()
    with GivenNoise() as mode:
        ours = VALUES[name]()
    assert len(mode.draws) == 1
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    for quantity in (Tensor.mean, Tensor.std):
        torch.testing.assert_close(quantity(ours), quantity(theirs), rtol=0.1, atol=0.1)


@pytest.mark.parametrize("draw", [torch.rand, torch.randn])
def test_a_generator_of_its_own_is_refused(draw: Callable[..., Tensor]) -> None:
    with GivenNoise([]), pytest.raises(ValueError, match="gets a generator"):
        draw(3, 2, generator=torch.Generator())


@pytest.mark.parametrize("function", [F.dropout, F.alpha_dropout, F.dropout1d])
def test_dropout_in_place_changes_what_it_is_given(function: Callable[..., Tensor]) -> None:
    given = torch.ones(16, 4, 8)
    with GivenNoise():
        made = function(given, 0.5, training=True, inplace=True)
    assert torch.equal(made, given)
    assert not torch.equal(given, torch.ones(16, 4, 8))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"is_causal": True},
        {"scale": 0.3},
        {"attn_mask": torch.tensor([[0.0, -1.0], [0.5, 0.0]])},
    ],
    ids=["plain", "causal", "scaled", "biased"],
)
def test_attention_that_drops_nothing_is_torchs(options: dict[str, Any]) -> None:
    """All that is left is scaled up."""
    query, key, value = torch.randn(3, 4, 2, 8, generator=torch.Generator().manual_seed(0)).split(1)
    with GivenNoise([torch.full((1, 4, 2, 2), 0.9)]):
        ours = F.scaled_dot_product_attention(query, key, value, dropout_p=0.25, **options)
    theirs = F.scaled_dot_product_attention(query, key, value, **options)
    torch.testing.assert_close(0.75 * ours, theirs)


IN_TABLES: dict[str, Callable[[Tensor], Tensor]] = {
    "embedding": lambda index: F.embedding(index, torch.arange(12.0).view(4, 3), padding_idx=1),
    "index_fill in place": lambda index: torch.arange(12.0).view(4, 3).index_fill_(0, index, 7.0),
}


@pytest.mark.parametrize("name", IN_TABLES)
@pytest.mark.parametrize("index", [[0, 2, 2], [1, 4], [0, -1], [-5]])
def test_numbers_of_rows_are_looked_up_as_torch_does(name: str, index: list[int]) -> None:
    """One that is out of range is an error; in a stack, a row of another net would stand there."""
    try:
        theirs = IN_TABLES[name](torch.tensor(index))
    except IndexError:
        with pytest.raises((IndexError, RuntimeError), match="out of bounds"), GivenNoise([], in_stack=True):
            IN_TABLES[name](torch.tensor(index))
    else:
        with GivenNoise([], in_stack=True):
            assert torch.equal(IN_TABLES[name](torch.tensor(index)), theirs)
