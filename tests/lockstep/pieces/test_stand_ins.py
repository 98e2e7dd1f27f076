"""What stands in for torch's functions where it draws no numbers of its own, or looks up rows: torch's results."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lockstep.stacks.layers import GivenNoise

F = nn.functional


@pytest.mark.parametrize("draw", [torch.rand, torch.randn])
def test_a_generator_of_its_own_is_left_alone(draw: Callable[..., Tensor]) -> None:
    with GivenNoise([]):
        drawn = draw(3, 2, generator=torch.Generator().manual_seed(4))
    assert torch.equal(drawn, draw(3, 2, generator=torch.Generator().manual_seed(4)))


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
