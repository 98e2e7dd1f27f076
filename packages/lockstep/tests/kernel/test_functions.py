"""The kernel's functions: within an ulp of exact for floats, two for doubles, and right for the largest numbers."""

from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import torch

from packages.lockstep.tests.kernel.against_torch import N_NETS, by_kernel

Array = np.ndarray
SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
SMALLEST = float(np.finfo(SINGLE).smallest_subnormal)


def reduced(x: Array) -> Array:
    """Return exp(x) - 1 as torch's vectors have it: -1 as soon as exp(x) is below 2**-24."""
    return np.where(x < np.float32(-16.6355323), -1.0, np.expm1(x))


def lost(x: Array) -> Array:
    """Return log(1 + x) as torch's vectors have it: 0 for the smallest float."""
    return np.where(np.abs(x) <= SMALLEST, x * 0, np.log1p(x))


# What each function is compared with for floats, and where its results are neither constant nor trivial; then the same
# for doubles, by numbers of any number of places.
FUNCTIONS: dict[
    str,
    tuple[Callable[[Array], Array], tuple[float, float], Callable, tuple[float, float]],
] = {
    "exp": (np.exp, (-110, 92), mpmath.exp, (-746, 710)),
    "expm1": (reduced, (-20, 92), mpmath.expm1, (-40, 710)),
    "log": (np.log, (0, 10), mpmath.log, (0, 10)),
    "log1p": (lost, (-1, 10), mpmath.log1p, (-1, 10)),
    "tanh": (np.tanh, (-10, 10), mpmath.tanh, (-20, 20)),
    "erf": (
        lambda x: torch.special.erf(torch.from_numpy(x)).numpy(),
        (-4.5, 4.5),
        mpmath.erf,
        (-6, 6),
    ),
    "sin": (np.sin, (-100, 100), mpmath.sin, (-100, 100)),
    "cos": (np.cos, (-100, 100), mpmath.cos, (-100, 100)),
    "sqrt": (np.sqrt, (0, 10), mpmath.sqrt, (0, 10)),
    "floor": (np.floor, (-10, 10), mpmath.floor, (-10, 10)),
}
DOMAINS = {"log": 0.0, "log1p": -1.0, "sqrt": 0.0}
ENDS = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0]


def evaluate(name: str, *operands: Array) -> Array:
    """Return what a function of the kernel gives for each number of arrays of one length and type."""
    n = -(-len(operands[0]) // N_NETS)
    given = [torch.from_numpy(np.resize(each, (N_NETS, n))) for each in operands]
    made, *_ = by_kernel(getattr(torch, name), *given, dtype=given[0].dtype)
    return made.numpy().ravel()[: len(operands[0])]


def numbers(
    name: str, span: tuple[float, float], count: int, dtype: np.dtype, seed: int
) -> Array:
    """Ends, numbers of any bits, of the function's own range, and of the size of a net's outputs."""
    rng = np.random.default_rng(seed)
    limits = np.finfo(dtype)
    ends = [
        *ENDS,
        *(
            sign * size
            for sign in (1, -1)
            for size in (limits.max, limits.tiny, limits.smallest_subnormal)
        ),
    ]
    bits = rng.integers(0, 256, count // 2 * dtype.itemsize, dtype=np.uint8).view(dtype)
    with np.errstate(all="ignore"):
        x = np.concatenate(
            [ends, bits, rng.uniform(*span, count // 4), rng.normal(size=count // 4)]
        ).astype(dtype)
        inside = np.abs(x + 1) - 1 if name == "log1p" else np.abs(x)
    return inside if name in DOMAINS else x


@pytest.mark.parametrize(
    "count", [200_000, pytest.param(10_000_000, marks=pytest.mark.long)]
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_float_is_within_an_ulp_of_exact(name: str, count: int) -> None:
    function, span, _, _ = FUNCTIONS[name]
    x = numbers(name, span, count, SINGLE, 1)
    with np.errstate(all="ignore"):
        exact = function(x.astype(np.float64))
        expected = exact.astype(np.float32)
        found = evaluate(name, x)
        error = np.abs(found.astype(np.float64) - exact) / np.spacing(
            np.abs(expected)
        ).astype(np.float64)
    finite = np.isfinite(expected)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[~finite], expected[~finite])
    np.testing.assert_array_equal(
        np.signbit(found[expected == 0]), np.signbit(expected[expected == 0])
    )
    assert np.max(error[finite], initial=0) <= 0.6


@pytest.mark.parametrize(
    "count", [1_000, pytest.param(100_000, marks=pytest.mark.long)]
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_double_is_within_two_ulp_of_exact(name: str, count: int) -> None:
    _, _, function, span = FUNCTIONS[name]
    x = numbers(name, span, count, DOUBLE, 2)
    x = x[np.isfinite(x)]
    x = x[x != DOMAINS[name]] if name in DOMAINS else x
    with mpmath.workprec(
        1300 if name in {"sin", "cos"} else 160
    ):  # the largest double has 1024 bits
        expected = np.array(
            [float(function(mpmath.mpf(number))) for number in x.tolist()]
        )
    found = evaluate(name, x)
    finite = np.isfinite(expected)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found[~finite], expected[~finite])
    error, is_exact = (
        np.abs(found[finite] - expected[finite]),
        name in {"sqrt", "floor"},
    )
    assert (
        not error.any()
        if is_exact
        else np.max(error / np.spacing(np.abs(expected[finite]))) <= 2
    )


def test_a_power_is_within_an_ulp_for_floats_and_as_exact_as_its_exponent_for_doubles() -> (
    None
):
    rng = np.random.default_rng(4)
    x, y = np.exp(rng.normal(size=(2, 200_000))) * [[1], [3]]
    singles = x.astype(np.float32), y.astype(np.float32)
    with np.errstate(all="ignore"):
        exact = np.power(*(side.astype(np.float64) for side in singles))
        ulp = np.spacing(exact.astype(np.float32)).astype(np.float64)
        found = evaluate("pow", *singles)
        ordinary = np.isfinite(ulp)
        np.testing.assert_array_equal(
            found[~ordinary], exact.astype(np.float32)[~ordinary]
        )
        assert np.max((np.abs(found - exact) / ulp)[ordinary]) <= 0.6
        doubles = np.power(x, y)
        error = np.abs(evaluate("pow", x, y) - doubles) / np.spacing(doubles)
    assert np.all((error <= 3 + 2 * np.abs(y * np.log(x)))[np.isfinite(doubles)])


def test_the_sigmoid_is_torchs_formula_with_its_roundings() -> None:
    x = numbers("sigmoid", (-110, 20), 200_000, SINGLE, 5)
    with np.errstate(all="ignore"):
        expected = np.float32(1) / (
            np.float32(1) + np.exp(-x.astype(np.float64)).astype(np.float32)
        )
        found = evaluate("sigmoid", x)
    # Where an exponential is halfway between two floats, the kernel's may be the other one.
    np.testing.assert_array_max_ulp(found, expected, 2)
    np.testing.assert_array_equal(found[expected == 1], 1)
    np.testing.assert_array_equal(found[expected == 0], 0)
    doubles = numbers("sigmoid", (-709, 40), 10_000, DOUBLE, 6)
    exact = torch.sigmoid(torch.from_numpy(doubles)).numpy()
    np.testing.assert_allclose(evaluate("sigmoid", doubles), exact, rtol=1e-15)


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_angles_have_no_range(name: str) -> None:
    # The double that is nearest to a multiple of pi / 2, relative to its size, and others.
    x = np.array(
        [6381956970095103 * 2.0**797, 1e6, 1e22, 2.0**1023, np.finfo(DOUBLE).max]
    )
    x = np.concatenate(
        [x, -x, np.ldexp(np.linspace(1, 1.99, 900), np.arange(124, 1024))]
    )
    with mpmath.workprec(1300):
        expected = np.array(
            [float(getattr(mpmath, name)(mpmath.mpf(number))) for number in x.tolist()]
        )
    error = np.abs(evaluate(name, x) - expected) / np.spacing(np.abs(expected))
    assert error.max() <= 2
