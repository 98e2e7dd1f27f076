"""What stands in for torch's functions where it draws no numbers of its own: torch's results."""

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
def test_dropout_in_place_changes_what_it_is_given(
    function: Callable[..., Tensor],
) -> None:
    given = torch.ones(16, 4, 8)
    with GivenNoise():
        made = function(given, 0.5, training=True, inplace=True)
    assert torch.equal(made, given)
    assert not torch.equal(given, torch.ones(16, 4, 8))


BLIND = torch.tensor([[True, False], [False, False]])


@pytest.mark.parametrize("p", [0.0, 0.25])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"is_causal": True},
        {"scale": 0.3},
        {"attn_mask": torch.tensor([[0.0, -1.0], [0.5, 0.0]])},
        {"attn_mask": BLIND},
        {"attn_mask": torch.zeros(2, 2).masked_fill(~BLIND, -torch.inf)},
        {"enable_gqa": True},
    ],
    ids=[
        "plain",
        "causal",
        "scaled",
        "biased",
        "a row without keys",
        "minus infinity alone",
        "grouped",
    ],
)
def test_attention_that_drops_nothing_is_torchs(
    options: dict[str, Any], p: float
) -> None:
    """All that dropout leaves is scaled up; gradients as well."""
    query, key, value = torch.randn(
        3, 4, 2, 8, generator=torch.Generator().manual_seed(0)
    ).split(1)
    n = 2 if "enable_gqa" in options else 4
    own, theirs = (
        [x.clone().requires_grad_() for x in (query, key[:, :n], value[:, :n])]
        for _ in range(2)
    )
    with GivenNoise([torch.full((1, 4, 2, 2), 0.9)] * (p > 0)):
        made = (1 - p) * F.scaled_dot_product_attention(
            own[0], own[1], own[2], dropout_p=p, **options
        )
    wanted = F.scaled_dot_product_attention(*theirs, **options)
    weights = torch.linspace(-1, 2, wanted.numel()).view_as(wanted)
    for each in (made, wanted):
        (each * weights).sum().backward()
    torch.testing.assert_close(
        [made, *(x.grad for x in own)], [wanted, *(x.grad for x in theirs)]
    )


@pytest.mark.parametrize(
    "options",
    [
        *({"mode": mode} for mode in ("sum", "mean", "max")),
        *({"mode": mode, "padding_idx": -2} for mode in ("sum", "mean", "max")),
        {
            "mode": "sum",
            "per_sample_weights": torch.tensor([[0.5, -1.0, 2.0], [1.0, 3.0, 0.0]]),
        },
        {"mode": "mean", "max_norm": 0.5},
        {"mode": "sum", "scale_grad_by_freq": True},
    ],
    ids=str,
)
def test_bags_are_torchs(options: dict[str, Any]) -> None:
    index, given = (
        torch.tensor([[1, 3, 3], [2, 2, 2]]),
        torch.arange(12.0).view(4, 3).cos(),
    )
    own, theirs = given.clone().requires_grad_(), given.clone().requires_grad_()
    with GivenNoise([], in_stack=True):
        made = F.embedding_bag(index, own, **options)
    wanted = F.embedding_bag(index, theirs, **options)
    for each in (made, wanted):
        (each * torch.arange(6.0).view(2, 3)).sum().backward()
    torch.testing.assert_close([made, own.grad], [wanted, theirs.grad])
