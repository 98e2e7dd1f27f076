"""Oracle: torch. Convolutions and pools, and their gradients."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lockstep.kernel.operations import NATIVE, convolutions, pools
from lockstep.kernel.translate import name_of
from packages.lockstep.tests.kernel.against_torch import (
    check,
    numbers,
    recorded,
    with_gradients,
)

F = nn.functional
# What torch sums in another order.
CLOSE = {torch.float32: {"atol": 2e-5}, torch.float64: {}}
OWN = convolutions.__name__, pools.__name__
OPERATIONS = {
    name
    for name, each in NATIVE.items()
    if isinstance(each, partial) and each.func.__module__ in OWN
}
SERIES, IMAGES = numbers(2, 4, 9), numbers(2, 4, 7, 6)

# The shape of the weights, beside torch's arguments.
CONVOLUTIONS: dict[str, tuple[Any, Tensor, tuple[int, ...], dict[str, Any]]] = {
    "plain": (F.conv2d, IMAGES, (3, 4, 3, 3), {}),
    "padded": (F.conv2d, IMAGES, (3, 4, 3, 2), {"padding": (1, 2)}),
    "same": (F.conv2d, IMAGES, (3, 4, 3, 3), {"padding": "same"}),
    "in steps": (F.conv2d, IMAGES, (3, 4, 2, 3), {"stride": (2, 3), "padding": 1}),
    "dilated": (F.conv2d, IMAGES, (3, 4, 2, 2), {"dilation": (3, 2), "stride": 2}),
    "by group": (F.conv2d, IMAGES, (6, 2, 3, 3), {"groups": 2, "padding": 1}),
    "by channel": (F.conv2d, IMAGES, (4, 1, 3, 3), {"groups": 4}),
    "of one number": (F.conv2d, IMAGES, (3, 4, 1, 1), {}),
    "of series": (F.conv1d, SERIES, (3, 4, 3), {"padding": 1}),
    "of series, in steps": (
        F.conv1d,
        SERIES,
        (6, 2, 2),
        {"groups": 2, "stride": 2, "dilation": 2},
    ),
    "transposed": (F.conv_transpose2d, IMAGES, (4, 3, 3, 2), {}),
    "transposed, in steps": (
        F.conv_transpose2d,
        IMAGES,
        (4, 3, 3, 3),
        {
            "stride": 2,
            "padding": 1,
            "output_padding": (1, 0),
            "groups": 2,
            "dilation": (1, 2),
        },
    ),
    "transposed, of series": (F.conv_transpose1d, SERIES, (4, 3, 2), {"stride": 3}),
}

POOLS: dict[str, tuple[Callable[[Tensor], Any], Tensor]] = {
    "max": (lambda x: F.max_pool2d(x, 2), IMAGES),
    "max, overlapping": (lambda x: F.max_pool2d(x, (3, 2), (2, 1), (1, 0)), IMAGES),
    "max, dilated": (lambda x: F.max_pool2d(x, 2, 2, 1, 2, ceil_mode=True), IMAGES),
    "max of equal numbers": (lambda x: F.max_pool2d(x.sign(), 3, 1), IMAGES),
    "max of series": (lambda x: F.max_pool1d(x, 3, 2, 1), SERIES),
    "max of one image": (lambda x: F.max_pool2d(x, 2), IMAGES[:, 0]),
    "avg": (lambda x: F.avg_pool2d(x, 2), IMAGES),
    "avg, overlapping": (lambda x: F.avg_pool2d(x, 3, (1, 2), 1), IMAGES),
    "avg, partial": (
        lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
        IMAGES,
    ),
    "avg, partial with padding": (
        lambda x: F.avg_pool2d(x, 2, 3, 1, ceil_mode=True),
        IMAGES,
    ),
    "avg, another divisor": (lambda x: F.avg_pool2d(x, 2, divisor_override=3), IMAGES),
    "avg of series": (lambda x: F.avg_pool1d(x, 3, 2, 1), SERIES),
    "adaptive avg": (lambda x: F.adaptive_avg_pool2d(x, (3, 4)), IMAGES),
    "adaptive avg to one": (lambda x: F.adaptive_avg_pool2d(x, 1), IMAGES),
    "adaptive avg of series": (lambda x: F.adaptive_avg_pool1d(x, 4), SERIES),
    "adaptive max": (lambda x: F.adaptive_max_pool2d(x, (3, 4)), IMAGES),
    "adaptive max of series": (lambda x: F.adaptive_max_pool1d(x, 2), SERIES),
    "by a norm": (lambda x: F.lp_pool2d(x, 2.0, 2), IMAGES),
}


def test_every_operation_has_cases() -> None:
    images = [recorded(with_gradients(function), x) for function, x in POOLS.values()]
    weights = numbers(3, 4, 3, 3)
    graphs = [*images, recorded(with_gradients(F.conv2d), IMAGES, weights)]
    assert {
        name_of(node.target)
        for graph in graphs
        for node in graph.nodes
        if node.op == "call_function"
    } >= OPERATIONS


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name: str, dtype: torch.dtype) -> None:
    function, x, shape, options = CONVOLUTIONS[name]
    n = shape[1] * options.get("groups", 1) if "transposed" in name else shape[0]
    for bias in ([], [numbers(n, seed=2)]):
        check(
            with_gradients(partial(function, **options)),
            x,
            numbers(*shape, seed=1),
            *bias,
            dtype=dtype,
            **CLOSE[dtype],
        )


@pytest.mark.parametrize("name", POOLS)
def test_pools(name: str, dtype: torch.dtype) -> None:
    function, x = POOLS[name]
    check(with_gradients(function), x, dtype=dtype)


def test_places_of_the_largest_numbers() -> None:
    for padding in (0, 1):
        check(
            lambda x, p=padding: F.max_pool2d(x, 3, 2, p, return_indices=True),
            IMAGES,
            dtype=torch.float64,
        )
    check(
        lambda x: F.adaptive_max_pool2d(x, (3, 4), return_indices=True),
        IMAGES,
        dtype=torch.float64,
    )


def test_gradients_that_are_not_wanted_are_left_out() -> None:
    """A first layer's rows need no gradient."""

    def of_weights(x: Tensor, w: Tensor) -> Any:
        return with_gradients(lambda w: F.conv2d(x.detach(), w))(w)

    check(of_weights, IMAGES, numbers(3, 4, 3, 3, seed=1), dtype=torch.float64)
