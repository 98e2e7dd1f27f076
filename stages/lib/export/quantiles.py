"""scikit-learn's QuantileTransformer as a part of a graph: quantiles to a normal shape, and back."""

from typing import Any

import numpy as np
from onnx import TensorProto

from stages.lib.export.graph import Graph
from stages.lib.export.trees import add_steps

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


def add_normal(graph: Graph, x: str, fitted: Any) -> str:
    """Return numbers of shape (n_rows, n_columns) with a normal shape, as `fitted.transform` does, in double."""
    columns = [
        _mean_of_both(quantiles, fitted.references_)
        for quantiles in fitted.quantiles_.T
    ]
    shares = _along(graph, x, columns)
    least, largest = fitted.quantiles_[:1], fitted.quantiles_[-1:]
    shares = graph.add(
        "Where", graph.add("Greater", graph.add("Add", x, _NEAR), largest), 1.0, shares
    )
    shares = graph.add(
        "Where", graph.add("Less", graph.add("Sub", x, _NEAR), least), 0.0, shares
    )
    end = _NEAR - np.spacing(1)
    shares = graph.add("Clip", shares, end, 1 - end)
    q = graph.add("Sub", shares, 0.5)
    r = graph.add("Sub", 0.180625, graph.add("Mul", q, q))
    central = graph.add(
        "Mul", q, graph.add("Div", *(graph.polynomial(r, each) for each in _CENTRAL))
    )
    nearer = graph.add("Min", shares, graph.add("Sub", 1.0, shares))
    r = graph.add(
        "Sub", graph.add("Sqrt", graph.add("Neg", graph.add("Log", nearer))), 1.6
    )
    tail = graph.add("Div", *(graph.polynomial(r, each) for each in _TAIL))
    tail = graph.add("Mul", graph.add("Sign", q), tail)
    return graph.add(
        "Where", graph.add("LessOrEqual", graph.add("Abs", q), 0.425), central, tail
    )


def add_back(graph: Graph, x: str, fitted: Any) -> str:
    """Return what numbers of a normal shape, of shape (n_rows, 1), stand for, as `fitted.inverse_transform` does."""
    z = graph.add("Min", graph.add("Abs", x), _LARGEST)
    tail = graph.add("Div", *(graph.polynomial(z, each) for each in _HART))
    tail = graph.add(
        "Mul", graph.add("Exp", graph.add("Mul", graph.add("Mul", z, z), -0.5)), tail
    )
    shares = graph.add(
        "Where", graph.add("Less", x, 0.0), tail, graph.add("Sub", 1.0, tail)
    )
    quantiles = fitted.quantiles_[:, 0]
    slopes = np.append(np.diff(quantiles) / np.diff(fitted.references_), 0.0)
    line = list(
        zip(fitted.references_, fitted.references_, quantiles, slopes, strict=True)
    )
    numbers = _along(graph, shares, [[(-np.inf, 0.0, 0.0, 0.0), *line]])
    numbers = graph.add(
        "Where",
        graph.add("Greater", graph.add("Add", shares, _NEAR), 1.0),
        quantiles[-1],
        numbers,
    )
    return graph.add(
        "Where",
        graph.add("Less", graph.add("Sub", shares, _NEAR), 0.0),
        quantiles[0],
        numbers,
    )


# The parts of a line: from where on each goes, and the point and the slope that give its heights.
Line = list[tuple[float, float, float, float]]


def _mean_of_both(quantiles: np.ndarray, references: np.ndarray) -> Line:
    """Return the line from quantiles to shares, which is in the middle of its jump where several are one number."""
    places, first, n_same = np.unique(quantiles, return_index=True, return_counts=True)
    below, above = references[first], references[first + n_same - 1]
    line: Line = [(-np.inf, 0.0, 0.0, 0.0)]
    for i, place in enumerate(places):
        if n_same[i] > 1:
            line.append((place, place, (below[i] + above[i]) / 2, 0.0))
        slope = (
            (below[i + 1] - above[i]) / (places[i + 1] - place)
            if i + 1 < len(places)
            else 0.0
        )
        line.append(
            (
                np.nextafter(place, np.inf) if n_same[i] > 1 else place,
                place,
                above[i],
                slope,
            )
        )
    return line


def _along(graph: Graph, x: str, lines: list[Line]) -> str:
    """Return the heights of a line for each column."""
    # A number goes with the last part that begins at or before it.
    part = add_steps(
        graph,
        x,
        [np.nextafter([edge for edge, *_ in line[1:]], -np.inf) for line in lines],
    )
    offsets = np.cumsum([0, *map(len, lines[:-1])])
    part = graph.add("Add", graph.cast(part, TensorProto.INT64), offsets)
    parts = np.array([part for line in lines for part in line])
    start, height, slope = (graph.add("Gather", parts[:, i], part) for i in (1, 2, 3))
    return graph.add("Add", height, graph.add("Mul", slope, graph.add("Sub", x, start)))
