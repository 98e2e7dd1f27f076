"""The random numbers that the nets of a stack draw as noise: a stream for each split, which its nets share."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from lockstep.kernel.library import load
from lockstep.kernel.program import LANES
from lockstep.stacks.noise import Draw


class Streams:
    """A stream for each of some seeds.

    The kernel draws uniform numbers of all streams at once, in a tenth of the time that torch takes; numpy draws normal
    ones. numpy's `SeedSequence` makes states of the seeds that are independent of each other.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        sequences = [np.random.SeedSequence(seed) for seed in seeds]
        self._states = np.array(
            [each.generate_state(4 * LANES, np.uint32) for each in sequences]
        )
        self._normal = [
            np.random.Generator(np.random.SFC64(each)) for each in sequences
        ]

    def chosen(self, places: list[int]) -> "Streams":
        """Return the streams at some places, to go on with these alone."""
        streams = Streams([])
        streams._states = self._states[places]
        streams._normal = [self._normal[i] for i in places]
        return streams

    def draw(self, draw: Draw, n_rows: int, dtype: torch.dtype) -> Tensor:
        """Draw the numbers for `n_rows` rows, shape (n_streams, n_rows, …)."""
        out = torch.empty(len(self._states), n_rows, *draw.shape[1:], dtype=dtype)
        self.refill(draw, out)
        return out

    def refill(self, draw: Draw, out: Tensor) -> None:
        """Draw the next numbers into those of an earlier draw."""
        if draw.normal:  # in float64, because the last bit of a number of the tails depends on the system's logarithm
            for part, stream in zip(out, self._normal, strict=True):
                part.copy_(torch.from_numpy(stream.standard_normal(part.shape)))
            return
        library = load()
        is_float = out.dtype == torch.float32
        fill = library.noise_float if is_float else library.noise_double
        fill(self._states.ctypes.data, out.data_ptr(), len(out), out[0].numel())
