"""Records calls of the kernel, in files that harness.c replays on other systems.

A file has six numbers of eight bytes: which function is called, its count of instructions or streams, its count of
steps or numbers, the bytes of the program, the tables, and the regions of memory. The program, the tables and the
regions follow, each region after its address and its size. A second file has the bytes of the regions after the call.
"""

import struct
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import string_at
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from torch import Tensor

from lockstep.kernel.blocks import Blocks, Table
from lockstep.kernel.library import aligned, load
from lockstep.kernel.program import LANES

# As harness.c numbers them.
_FUNCTIONS = "run_float", "run_double", "noise_float", "noise_double"
# Of each kind of program, so many calls are recorded.
_CALLS = 2

# An address, and a number of bytes.
Region = tuple[int, int]


@dataclass
class Call:
    """A call of the kernel: its arguments, and the regions of memory that it may read and write."""

    function: str
    count: int
    steps: int
    program: bytes
    n_tables: int
    tables: bytes
    regions: list[Region]

    def before(self) -> bytes:
        """Return the content of the first file."""
        head = struct.pack(
            "<6q",
            _FUNCTIONS.index(self.function),
            self.count,
            self.steps,
            len(self.program),
            self.n_tables,
            len(self.regions),
        )
        regions = [
            struct.pack("<Qq", *each) + string_at(*each) for each in self.regions
        ]
        return b"".join([head, self.program, self.tables, *regions])

    def after(self) -> bytes:
        """Return the content of the second file, once the call has been made."""
        return b"".join(string_at(*each) for each in self.regions)


class Recorder:
    """Writes calls of the kernel into a folder, as N.call and N.after."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.n_calls = 0

    def record(self, call: Call, make: Callable[[], Any]) -> None:
        """Make a call, and write its files."""
        path = self.folder / f"{self.n_calls:03}.call"
        path.write_bytes(call.before())
        make()
        path.with_suffix(".after").write_bytes(call.after())
        self.n_calls += 1

    def noise(self) -> None:
        """Record a draw of noise of each type."""
        library = load()
        draws = {np.float32: library.noise_float, np.float64: library.noise_double}
        n_streams, n_numbers = 3, 1001
        for dtype, draw in draws.items():
            states = np.arange(1, n_streams * 4 * LANES + 1, dtype="u4")
            states *= np.uint32(2654435761)
            drawn = aligned((n_streams, n_numbers), dtype)
            regions = [(each.ctypes.data, each.nbytes) for each in (states, drawn)]
            places = [place for place, _ in regions]
            name = draw.__name__.removeprefix("lockstep_")
            call = Call(name, n_streams, n_numbers, b"", 0, b"", regions)
            self.record(call, partial(draw, *places, n_streams, n_numbers))

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Record the first calls of each kind of program, in one block each, for as long as the block runs."""
        tables: list[Table] = []
        seen = Counter[Any]()
        run = Blocks.run
        run_some = Blocks._run_some

        def noting(
            self: Blocks, program: Any, n_steps: int, given: list[Table]
        ) -> None:
            tables[:] = given
            run(self, program, n_steps, given)

        def recording(
            nets: Blocks, blocks: range, program: Any, n_steps: int, *about: Any
        ) -> None:
            kind = len(program.instructions)
            seen[kind] += 1
            if seen[kind] > _CALLS:
                run_some(nets, blocks, program, n_steps, *about)
                return
            given, scratch, _ = about
            call = _call_of(
                nets, blocks.start, program, n_steps, given, scratch, tables
            )
            self.record(
                call, lambda: run_some(nets, blocks[:1], program, n_steps, *about)
            )
            run_some(nets, blocks[1:], program, n_steps, *about)

        with (
            patch.object(Blocks, "run", noting),
            patch.object(Blocks, "_run_some", recording),
        ):
            yield


def _call_of(
    nets: Blocks,
    block: int,
    program: Any,
    n_steps: int,
    given: np.ndarray,
    scratch: int,
    tables: Sequence[Table],
) -> Call:
    """Return the call for a block of nets."""
    own = nets.memory[block]
    n_scratch = max(len(program.scratch), 1) * LANES
    regions = [(own.ctypes.data, own.nbytes), (scratch, n_scratch * own.itemsize)]
    regions += sorted({region for table in tables for region in _regions_of(table)})
    return Call(
        "run_float" if nets.number == np.float32 else "run_double",
        len(program.instructions),
        n_steps,
        program.instructions.tobytes(),
        len(given[block]),
        given[block].tobytes(),
        regions,
    )


def _regions_of(table: Table) -> Iterator[Region]:
    """Yield the memory that the addresses of a table are in."""
    rows, index = table.arrays
    for tensor in [rows] if isinstance(rows, Tensor) else rows:
        storage = tensor.untyped_storage()
        yield storage.data_ptr(), storage.nbytes()
    if index is not None:
        whole = index if index.base is None else index.base
        yield whole.ctypes.data, whole.nbytes
