"""What stands in for torch's functions that draw: what they leave and what they scale, beside torch's own."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stages.lib.lockstep.stacks.layers import GivenNoise

F = nn.functional
ONES = torch.ones(64, 48)

# Each function on an input; rates at which the pattern of what is dropped is seen.
DRAWS: dict[str, Callable[[], Tensor]] = {
    "dropout": lambda: F.dropout(ONES, 0.3),
    "dropout1d of rows": lambda: F.dropout1d(ONES, 0.3),
    "dropout1d": lambda: F.dropout1d(ONES.view(16, 4, 48), 0.3),
    "dropout2d of series": lambda: F.dropout2d(ONES.view(16, 4, 48), 0.3),
    "dropout2d": lambda: F.dropout2d(ONES.view(16, 4, 6, 8), 0.3),
    "dropout3d of images": lambda: F.dropout3d(ONES.view(64, 4, 3, 4), 0.3),
    "dropout3d": lambda: F.dropout3d(ONES.view(16, 4, 6, 4, 2), 0.3),
    "feature_alpha_dropout": lambda: F.feature_alpha_dropout(ONES.view(16, 4, 48), 0.3, training=True),
    "bernoulli": lambda: torch.bernoulli(ONES * 0.7),
    "bernoulli of p": lambda: torch.bernoulli(ONES, p=0.7),
    "a tensor's bernoulli of p": lambda: ONES.bernoulli(0.7),
    "rand_like of a type": lambda: (torch.rand_like(ONES, dtype=torch.float64) > 0.3).float(),
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
        {"attn_mask": torch.tensor([[True, False], [True, True]])},
        {"attn_mask": torch.tensor([[0.0, -1.0], [0.5, 0.0]])},
    ],
    ids=["plain", "causal", "scaled", "masked", "biased"],
)
def test_attention_that_drops_nothing_is_torchs(options: dict[str, Any]) -> None:
    """All that is left is scaled up."""
    query, key, value = torch.randn(3, 4, 2, 8, generator=torch.Generator().manual_seed(0)).split(1)
    with GivenNoise([torch.full((1, 4, 2, 2), 0.9)]):
        ours = F.scaled_dot_product_attention(query, key, value, dropout_p=0.25, **options)
    theirs = F.scaled_dot_product_attention(query, key, value, **options)
    torch.testing.assert_close(0.75 * ours, theirs)
