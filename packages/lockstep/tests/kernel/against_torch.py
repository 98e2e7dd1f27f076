"""Runs functions of tensors by the kernel, for many nets at once, and by torch, net by net."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.fx import Graph

from lockstep._compat import vjp
from lockstep.kernel.blocks import Blocks
from lockstep.kernel.program import Program
from lockstep.kernel.recording import Recorder
from lockstep.kernel.translate import translate
from lockstep.kernel.values import Layout

N_NETS = 19  # a block and a part of one
TOLERANCES = {
    torch.float32: {"rtol": 2e-5, "atol": 2e-6},
    torch.float64: {"rtol": 1e-12, "atol": 1e-13},
}


def numbers(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    """Return normal numbers of each net, shape (N_NETS, …)."""
    return torch.randn(
        N_NETS,
        *shape,
        generator=torch.Generator().manual_seed(seed),
        dtype=torch.float64,
    ).to(dtype)


def recorded(function: Callable[..., Any], *inputs: Tensor) -> Graph:
    """Return the graph of a function, from the inputs of the first net."""
    copies = [each[0].clone() for each in inputs]
    recorder = Recorder(copies)
    with recorder:
        results = _listed(function(*copies))
    recorder.graph.output(list(map(recorder.node_of, results)))
    return recorder.graph


def by_kernel(
    function: Callable[..., Any], *inputs: Tensor, dtype: torch.dtype = torch.float64
) -> list[Tensor]:
    """Return what a function gives for each net, and the inputs after it; the nets are the first dimension of all."""
    layout, program = Layout(), Program()
    given = [layout.new(tuple(each.shape[1:])) for each in inputs]
    results = translate(program, recorded(function, *inputs), given)
    kept = [
        program.emit("copy", value, out=layout.new(value.shape)) for value in results
    ]
    blocks = Blocks(N_NETS, layout, dtype)
    for value, each in zip(given, inputs, strict=True):
        blocks.put(value, each.to(dtype))
    blocks.run(program.assembled(), 1, [])
    made = [torch.empty(N_NETS, *value.shape, dtype=dtype) for value in (*kept, *given)]
    for value, each in zip((*kept, *given), made, strict=True):
        blocks.get(value, each)
    return made


def check(
    function: Callable[..., Any], *inputs: Tensor, dtype: torch.dtype, **tolerance: Any
) -> None:
    """Raise if the kernel's results differ from torch's, or if it leaves something else in the inputs."""
    inputs = tuple(
        each.to(dtype) if each.is_floating_point() else each for each in inputs
    )
    found = by_kernel(function, *inputs, dtype=dtype)
    copies = [each.clone() for each in inputs]
    wanted = [_listed(function(*(each[i] for each in copies))) for i in range(N_NETS)]
    stacked = [torch.stack(each) for each in zip(*wanted, strict=True)]
    for ours, theirs in zip(found, (*stacked, *copies), strict=True):
        close: Any = TOLERANCES[dtype] | tolerance
        torch.testing.assert_close(ours, theirs.to(dtype), equal_nan=True, **close)


def with_gradients(function: Callable[..., Tensor]) -> Callable[..., Any]:
    """Return a function that also gives the gradients of a weighted sum of the results, as a training step does."""

    def both(*inputs: Tensor) -> list[Tensor]:
        own = {
            str(i): each for i, each in enumerate(inputs) if each.is_floating_point()
        }

        def called(own: dict[str, Tensor]) -> Any:
            return function(
                *(own.get(str(i), each) for i, each in enumerate(inputs))
            ), ()

        result, pull_back, _ = vjp(called, own)
        weights = torch.linspace(-1, 2, max(result.numel(), 2), dtype=result.dtype)[
            : result.numel()
        ]
        return [result, *pull_back(weights.reshape(result.shape)).values()]

    return both


def _listed(results: Any) -> list[Tensor]:
    return list(results) if isinstance(results, tuple | list) else [results]


def special(dtype: torch.dtype) -> Tensor:
    """Return numbers with which operations have cases of their own, shape (N_NETS, n)."""
    own = np.array(
        [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            -0.5,
            2.0,
            -3.0,
            np.inf,
            -np.inf,
            np.nan,
            88.0,
            -90.0,
            1e-30,
            1e15,
        ]
    )
    return torch.tensor(own, dtype=dtype).repeat(N_NETS, 1)
