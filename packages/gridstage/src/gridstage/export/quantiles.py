"""scikit-learn's QuantileTransformer as a part of a graph: quantiles to a normal shape, and back."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from onnx import TensorProto

from gridstage.export.graph import Value
from gridstage.export.trees import add_steps

# How near to the least or the largest number another one counts as that; scikit-learn's BOUNDS_THRESHOLD.
_NEAR = 1e-7
# The quantiles of the normal distribution: Wichura 1988, algorithm AS 241 (PPND16), without its third pair of
# polynomials, which is for tails that scikit-learn clips. Highest power first.
_CENTRAL = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_TAIL = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
# The normal distribution's tail: Hart 1968, algorithm 5666, as in West 2005, "Better approximations to cumulative
# normal functions"; exact to 1e-15. Highest power first.
_HART = (
    (0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931,
     220.206867912376),
    (0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831,
     793.826512519948, 440.413735824752),
)  # fmt: skip
_LARGEST = 7.0  # beyond which the tail is below 1e-11


class Part(NamedTuple):
    """A part of a line of several: from where on it goes, a point of it, and its slope."""

    edge: float
    start: float
    height: float
    slope: float


# The part that goes before all others.
_BEFORE = Part(-np.inf, 0.0, 0.0, 0.0)


def add_normal(x: Value, fitted: Any) -> Value:
    """Return numbers of shape (n_rows, n_columns) with a normal shape, as `fitted.transform` does, in double."""
    references = fitted.references_
    lines = [_mean_of_both(column, references) for column in fitted.quantiles_.T]
    shares = _along(x, lines)
    least, largest = fitted.quantiles_[:1], fitted.quantiles_[-1:]
    shares = shares.where(x + _NEAR > largest, 1.0)
    shares = shares.where(x - _NEAR < least, 0.0)
    end = _NEAR - np.spacing(1)
    shares = shares.apply("Clip", end, 1 - end)
    q = shares - 0.5
    central = q * _ratio(0.180625 - q * q, _CENTRAL)
    nearer = shares.apply("Min", 1.0 - shares)
    r = (-nearer.apply("Log")).apply("Sqrt") - 1.6
    tail = _ratio(r, _TAIL)
    tail = q.apply("Sign") * tail
    return tail.where(abs(q) <= 0.425, central)


def add_back(x: Value, fitted: Any) -> Value:
    """Return what numbers of a normal shape, of shape (n_rows, 1), stand for, as `fitted.inverse_transform` does."""
    z = abs(x).apply("Min", _LARGEST)
    tail = _ratio(z, _HART)
    tail = (z * z * -0.5).apply("Exp") * tail
    is_below = x < 0.0
    shares = (1.0 - tail).where(is_below, tail)
    quantiles, references = fitted.quantiles_[:, 0], fitted.references_
    slopes = np.append(np.diff(quantiles) / np.diff(references), 0.0)
    line = map(Part, references, references, quantiles, slopes)
    numbers = _along(shares, [[_BEFORE, *line]])
    numbers = numbers.where(shares + _NEAR > 1.0, quantiles[-1])
    return numbers.where(shares - _NEAR < 0.0, quantiles[0])


def _ratio(x: Value, polynomials: tuple[tuple[float, ...], tuple[float, ...]]) -> Value:
    above, below = (_polynomial(x, each) for each in polynomials)
    return above / below


def _polynomial(x: Value, coefficients: tuple[float, ...]) -> Value:
    """Return a polynomial, with the coefficient of the highest power first, by Horner's rule."""
    first, second, *others = coefficients
    value = x * first + second
    for each in others:
        value = x * value + each
    return value


def _mean_of_both(quantiles: np.ndarray, references: np.ndarray) -> list[Part]:
    """Return the line from quantiles to shares, which is in the middle of its jump where several are one number."""
    return [_BEFORE, *_parts(quantiles, references)]


def _parts(quantiles: np.ndarray, references: np.ndarray) -> Iterator[Part]:
    places, first, n_same = np.unique(quantiles, return_index=True, return_counts=True)
    below, above = references[first], references[first + n_same - 1]
    slopes = np.append((below[1:] - above[:-1]) / np.diff(places), 0.0)
    for i, place in enumerate(places):
        edge = place
        if n_same[i] > 1:
            yield Part(place, place, (below[i] + above[i]) / 2, 0.0)
            edge = np.nextafter(place, np.inf)
        yield Part(edge, place, above[i], slopes[i])


def _along(x: Value, lines: list[list[Part]]) -> Value:
    """Return the heights of a line for each column."""
    arrays = [np.array(line) for line in lines]
    # A number goes with the last part that begins at or before it.
    steps = [np.nextafter(each[1:, 0], -np.inf) for each in arrays]
    within = add_steps(x, steps).cast(TensorProto.INT64)
    place = within + np.cumsum([0, *map(len, lines[:-1])])
    _, starts, heights, slopes = np.concatenate(arrays).T
    start, height, slope = (
        x.graph.add("Gather", each, place) for each in (starts, heights, slopes)
    )
    return height + slope * (x - start)
