"""Oracles: xoshiro128+ as its authors have published it, and the distributions of scipy."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from lockstep.stacks.noise import Draw
from lockstep.stacks.streams import Streams


def published(seed: int, n_calls: int) -> np.ndarray:
    """Return what so many calls of each of a stream's 16 generators give, shape (n_calls, 16)."""
    states = np.random.SeedSequence(seed).generate_state(64, np.uint32).reshape(4, 16)
    made = np.empty((n_calls, 16), np.uint32)
    for call in range(n_calls):
        made[call] = states[0] + states[3]
        shifted = states[1] << np.uint32(9)
        states[2] ^= states[0]
        states[3] ^= states[1]
        states[1] ^= states[2]
        states[0] ^= states[3]
        states[2] ^= shifted
        states[3] = states[3] << np.uint32(11) | states[3] >> np.uint32(21)
    return made


def doubles(seed: int, n: int) -> np.ndarray:
    """Return the numbers of a stream, of two calls each: 27 and 26 bits."""
    high, low = (
        np.float64(published(seed, 2 * -(-n // 16)))
        .reshape(-1, 2, 16)
        .transpose(1, 0, 2)
    )
    return ((high // 2**5 * 2**26 + low // 2**6) / 2**53).ravel()[:n]


def test_numbers_are_those_of_the_published_generator() -> None:
    streams, draw = Streams([3, 8]), Draw(False, (1, 3))
    found = streams.draw(draw, 15, torch.float32).reshape(2, 45).numpy()
    for seed, numbers in zip((3, 8), found, strict=True):
        np.testing.assert_array_equal(
            numbers, np.float32(published(seed, 3) // 2**8 / 2**24).ravel()[:45]
        )
    again = torch.empty(1, 15, 3)
    Streams([8, 3]).chosen([1]).refill(draw, again)
    np.testing.assert_array_equal(again.numpy().ravel(), found[0])
    np.testing.assert_array_equal(
        Streams([5]).draw(draw, 15, torch.float64).numpy().ravel(), doubles(5, 45)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("normal", "distribution"), [(False, "uniform"), (True, "norm")]
)
def test_streams_have_their_distribution_and_are_independent(
    normal: bool, distribution: str, dtype: torch.dtype
) -> None:
    """A stream beside those of the next seeds, and beside itself one, two and sixteen numbers later."""
    drawn = (
        Streams(range(20))
        .draw(Draw(normal, (1, 50)), 800, dtype)
        .reshape(20, -1)
        .numpy()
    )
    assert kstest(drawn.ravel(), distribution).pvalue > 0.01
    together = np.corrcoef(
        [*drawn[:, 16:], *(drawn[0, 16 - lag : -lag] for lag in (1, 2, 16))]
    )
    assert np.abs(together - np.eye(len(together))).max() < 5 / drawn.shape[1] ** 0.5
