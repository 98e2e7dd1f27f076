"""Runs single operations of the kernel, on arrays of numbers."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from lockstep.kernel.blocks import Blocks
from lockstep.kernel.program import LANES, Program
from lockstep.kernel.values import Layout


@pytest.fixture(scope="session")
def evaluate() -> Callable[..., np.ndarray]:
    """Return a function that applies an operation to each number of arrays of one length and type."""

    def evaluated(name: str, *operands: np.ndarray) -> np.ndarray:
        n = -(-len(operands[0]) // LANES)
        layout, program = Layout(), Program()
        given, result = [layout.new((n,)) for _ in operands], layout.new((n,))
        program.emit(name, *given, out=result)
        blocks = Blocks(LANES, layout, torch.from_numpy(operands[0][:0]).dtype)
        for value, operand in zip(given, operands, strict=True):
            blocks.put(value, torch.from_numpy(np.resize(operand, (LANES, n))))
        blocks.run(program.assembled(), 1, [])
        made = torch.empty(LANES, n, dtype=blocks.dtype)
        blocks.get(result, made)
        return made.numpy().ravel()[: len(operands[0])]

    return evaluated
