"""Where functions reach 0, 1, -1, inf and numbers below 1.2e-38, in torch and in the kernel.

`python -m benchmarks.engine.saturation [--all] [NAME ...]` compares at a million float32 inputs, evenly spaced among
all finite ones in their order, and finds the exact input between two of them at which a result becomes of another kind.
With `--all`, it compares at each of the 2**32 inputs, in two minutes a function. torch's functions end elsewhere
without vectors: see there by `ATEN_CPU_CAPABILITY=default`.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from packages.lockstep.tests.kernel.against_torch import N_NETS, by_kernel

Function = Callable[[Tensor], Tensor]

# Kinds of results, by number; the last one is any other number.
KINDS = "-inf", "-1", "0", "1", "inf", "NaN", "subnormal", ""
_TINY = float(np.finfo(np.float32).tiny)
# The bits of the largest finite float32 numbers, in order: as many below 0 as above.
_LARGEST = 0x7F7FFFFF
_STEP = 2**12
# Zero, the whole powers of two, and what is next to them.
_SPECIAL = (np.arange(-254, 255)[:, None] * 2**23 + np.arange(-2, 3)).ravel()
# Where a kind comes and goes in so many inputs, that is rounding, and one range.
_GAP = 2**9
# Whole vectors of every processor, four at a time.
_FILLED = 64


def _two(x: Tensor) -> Tensor:
    """Return two classes' logits for each number."""
    return torch.stack([x, torch.zeros_like(x)], dim=1)


def _bce(x: Tensor, y: float) -> Tensor:
    return functional.binary_cross_entropy(
        torch.sigmoid(x), torch.full_like(x, y), reduction="none"
    )


def _bce_of_probability(x: Tensor, y: float) -> Tensor:
    return functional.binary_cross_entropy(
        x.abs().clamp(max=1.0), torch.full_like(x, y), reduction="none"
    )


def _with_logits(x: Tensor, y: float) -> Tensor:
    return functional.binary_cross_entropy_with_logits(
        x, torch.full_like(x, y), reduction="none"
    )


ONE_INPUT: dict[str, Function] = {
    **{
        name: getattr(torch, name)
        for name in "exp expm1 log log1p tanh sigmoid erf sin cos sqrt".split()
    },
    "x ** 3.5": lambda x: torch.pow(x, 3.5),
    "x ** -1.5": lambda x: torch.pow(x, -1.5),
    "10 ** x": lambda x: torch.pow(10.0, x),
    "0.3 ** x": lambda x: torch.pow(0.3, x),
}
LAYERS: dict[str, Function] = {
    "Softplus": nn.Softplus(),
    "Softplus(beta=2)": nn.Softplus(2.0),
    "SiLU": nn.SiLU(),
    "GELU": nn.GELU(),
    "GELU(tanh)": nn.GELU("tanh"),
    "ELU": nn.ELU(),
    "SELU": nn.SELU(),
    "CELU": nn.CELU(),
    "Mish": nn.Mish(),
    "LogSigmoid": nn.LogSigmoid(),
    "Tanhshrink": nn.Tanhshrink(),
    "Softsign": nn.Softsign(),
    "Hardsigmoid": nn.Hardsigmoid(),
    "Hardswish": nn.Hardswish(),
    "log(sigmoid)": lambda x: torch.log(torch.sigmoid(x)),
    "log(1 - sigmoid)": lambda x: torch.log(1 - torch.sigmoid(x)),
    "log1p(exp)": lambda x: torch.log1p(torch.exp(x)),
    "sigmoid, BCELoss of 0": partial(_bce, y=0.0),
    "sigmoid, BCELoss of 1": partial(_bce, y=1.0),
    "BCELoss of 0": partial(_bce_of_probability, y=0.0),
    "BCELoss of 1": partial(_bce_of_probability, y=1.0),
    "BCEWithLogitsLoss of 0": partial(_with_logits, y=0.0),
    "BCEWithLogitsLoss of 1": partial(_with_logits, y=1.0),
    "softmax": lambda x: torch.softmax(_two(x), 1)[:, 0],
    "softmax, the other": lambda x: torch.softmax(_two(x), 1)[:, 1],
    "softmax, first dim": lambda x: torch.softmax(_two(x).T, 0)[0],
    "log_softmax": lambda x: torch.log_softmax(_two(x), 1)[:, 0],
    "log(softmax)": lambda x: torch.log(torch.softmax(_two(x), 1)[:, 0]),
    "log(softmax), the other": lambda x: torch.log(torch.softmax(_two(x), 1)[:, 1]),
    "logsumexp": lambda x: torch.logsumexp(_two(x), 1),
}


def gradient(function: Function, x: Tensor) -> Tensor:
    """Return the derivative at each number."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(function(x).sum(), x)
    return found


def functions() -> dict[str, Function]:
    """Return all functions that are compared, by name."""
    derivatives = {
        f"{name}, gradient": partial(gradient, function)
        for name, function in LAYERS.items()
    }
    together = [
        each
        for pair in zip(LAYERS.items(), derivatives.items(), strict=True)
        for each in pair
    ]
    return ONE_INPUT | dict(together)


def numbers(places: np.ndarray) -> np.ndarray:
    """Return the float32 numbers at places in their order: 0 is at place 0, the smallest one above at 1."""
    size = np.abs(places).astype(np.uint32)
    return (
        np.where(places < 0, size | np.uint32(2**31), size)
        .astype(np.uint32)
        .view(np.float32)
    )


def kinds(y: np.ndarray) -> np.ndarray:
    """Return the number in KINDS of each result."""
    size = np.abs(y)
    tests = (
        y == -np.inf,
        y == -1,
        y == 0,
        y == 1,
        y == np.inf,
        np.isnan(y),
        size < _TINY,
    )
    return np.select(tests, range(7), 7).astype(np.uint8)


def by_torch(function: Function, x: np.ndarray) -> np.ndarray:
    """Return torch's results, as its vectors have them; a few numbers that fill no vector may have others."""
    filled = np.resize(x, -(-len(x) // _FILLED) * _FILLED)
    return function(torch.from_numpy(filled)).detach().numpy()[: len(x)]


def ours(function: Function, x: np.ndarray) -> np.ndarray:
    """Return the kernel's results."""
    n = -(-len(x) // N_NETS)
    given = torch.from_numpy(np.resize(x, (N_NETS, n)))
    made, *_ = by_kernel(function, given, dtype=torch.float32)
    return made.numpy().ravel()[: len(x)]


Side = Callable[[Function, np.ndarray], np.ndarray]


class Change(NamedTuple):
    """The first place at which results are of another kind than at the place before."""

    place: int
    kind: int


def changes(side: Side, function: Function, step: int) -> Iterator[Change]:
    """Yield where the kind of a result changes, from the lowest input to the highest, looking at each `step`-th one."""
    last = -_LARGEST
    yield Change(last, int(kinds(side(function, numbers(np.array([last]))))[0]))
    while last < _LARGEST:
        end = min(last + step * 2**20, _LARGEST)
        inside = _SPECIAL[(last < _SPECIAL) & (_SPECIAL < end)]
        places = np.sort(
            np.concatenate([np.arange(last, end, step), inside, [end]]), kind="stable"
        )
        found = kinds(side(function, numbers(places)))
        while len(
            apart := np.flatnonzero((found[1:] != found[:-1]) & (np.diff(places) > 1))
        ):
            middle = (places[apart] + places[apart + 1]) // 2
            places = np.insert(places, apart + 1, middle)
            found = np.insert(found, apart + 1, kinds(side(function, numbers(middle))))
        at = np.flatnonzero(found[1:] != found[:-1]) + 1
        yield from map(Change, places[at].tolist(), found[at].tolist())
        last = end


def ranges(found: list[Change]) -> dict[str, list[list[int]]]:
    """Return the places from the first to the last one of each kind of results."""
    made: dict[str, list[list[int]]] = {name: [] for name in KINDS[:-1]}
    ends = [each.place - 1 for each in found[1:]] + [_LARGEST]
    for change, end in zip(found, ends, strict=True):
        own = made.get(KINDS[change.kind])
        if own and change.place - own[-1][1] <= _GAP:
            own[-1][1] = end
        elif own is not None:
            own.append([change.place, end])
    return made


def words(places: list[list[int]]) -> str:
    """Say the ranges of a kind of results."""
    if len(places) > 4:
        return f"{len(places)} times"
    parts = []
    for low, high in numbers(np.array(places, dtype=np.int64).reshape(-1, 2)).tolist():
        parts.append(f"{low:.8g}" if low == high else f"{_end(low)} … {_end(high)}")
    return ", ".join(parts) or "never"


def _end(number: float) -> str:
    return (
        f"{number:.8g}"
        if abs(number) < float(np.finfo(np.float32).max)
        else "max"
        if number > 0
        else "-max"
    )


def agreement(theirs: list[list[int]], own: list[list[int]]) -> str:
    """Say whether two lists of ranges are the same, but for an input's last bits; nothing if they are many."""
    if len(theirs) != len(own):
        return "" if min(len(theirs), len(own)) > 4 else "NO"
    furthest = np.abs(np.array(theirs) - np.array(own)).max(initial=0)
    return "yes" if furthest == 0 else f"{furthest} ulp" if furthest <= _GAP else "NO"


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    chosen = [each for each in sys.argv[1:] if each != "--all"]
    step = 1 if "--all" in sys.argv else _STEP
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    print("| function | result | torch | kernel | agree |\n|---|---|---|---|---|")
    for name, function in functions().items():
        if chosen and name not in chosen:
            continue
        theirs, own = (
            ranges(list(changes(side, function, step))) for side in (by_torch, ours)
        )
        for kind in theirs:
            if theirs[kind] or own[kind]:
                agree = agreement(theirs[kind], own[kind])
                print(
                    f"| {name} | {kind} | {words(theirs[kind])} | {words(own[kind])} | {agree} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
