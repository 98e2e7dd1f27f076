"""The memory of nets that the kernel computes, in blocks of 16, and the tables that a program reads and writes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import prod
from threading import Event
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lockstep.kernel.library import aligned, load
from lockstep.kernel.program import LANES, Assembled
from lockstep.kernel.values import Layout, Value

# How many operations on vectors are worth handing over to a thread, which costs as much as some ten thousand.
_WORTH_A_THREAD = 2**18

_TABLE = np.dtype([("rows", "u8", LANES), ("index", "u8", LANES)])


@dataclass
class Table:
    """The rows that the nets of a program read or write in its steps, one after the other.

    `rows` and `index` have an address for each net; without an index, rows come in order. `arrays` are those there.
    A program may take `n_rows`.
    """

    rows: np.ndarray
    index: np.ndarray | None
    n_rows: int
    row_bytes: int
    arrays: Any  # which would be gone otherwise

    def later(self, n_rows: int) -> "Table":
        """Return the table from a later row on."""
        if n_rows == 0:
            return self
        left = self.n_rows - n_rows
        if self.index is None:
            start = self.rows + np.uint64(n_rows * self.row_bytes)
            return replace(self, rows=start, n_rows=left)
        return replace(self, index=self.index + np.uint64(4 * n_rows), n_rows=left)


def table(
    rows: Tensor | Sequence[Tensor], of_net: np.ndarray, index: np.ndarray | None = None
) -> Table:
    """Return a table.

    `rows` are tensors of rows, all contiguous, of which each net has the one at its number in `of_net`; in `index`,
    int32, the numbers of the rows have the same places. Raises `IndexError` if a number is not that of a row, because
    the kernel would read other memory.
    """
    if isinstance(rows, Tensor):
        apart = rows.stride(0) * rows.itemsize
        start = rows.data_ptr() + np.arange(len(rows)) * apart
    else:
        start = np.array([each.data_ptr() for each in rows])
    order = None
    n_rows = min(map(len, rows))
    if index is not None:
        for each, numbers in zip(rows, index, strict=True):
            _check_numbers(numbers, len(each))
        n_rows = index.shape[1]
        order = (index.ctypes.data + of_net * index.strides[0]).astype("u8")
    row_bytes = prod(rows[0].shape[1:]) * rows[0].itemsize
    return Table(start[of_net].astype("u8"), order, n_rows, row_bytes, (rows, index))


def _check_numbers(numbers: np.ndarray, n_rows: int) -> None:
    if not numbers.size:
        return
    lowest, highest = int(numbers.min()), int(numbers.max())
    if lowest < 0 or highest >= n_rows:
        wrong = lowest if lowest < 0 else highest
        raise IndexError(f"a table of {n_rows} rows has no row {wrong}")


class Blocks:
    """The numbers that a program keeps for each of some nets; up to `n_threads` threads compute the blocks."""

    def __init__(
        self, n_nets: int, layout: Layout, dtype: torch.dtype, n_threads: int = 1
    ) -> None:
        self.n_nets = n_nets
        self.dtype = dtype
        self.n_threads = n_threads
        self.number = torch.empty(0, dtype=dtype).numpy().dtype
        self.n_blocks = -(-n_nets // LANES)
        # The net of each lane; those without one compute what the last net does.
        self._lanes = (
            np.arange(self.n_blocks * LANES)
            .clip(max=n_nets - 1)
            .reshape(self.n_blocks, LANES)
        )
        self.memory = aligned((self.n_blocks, max(layout.size, 1), LANES), self.number)
        self._scratch: dict[int, tuple[Assembled, list[np.ndarray]]] = {}

    def grow(self, layout: Layout) -> None:
        """Make room for what the layout has in addition by now."""
        if layout.size > self.memory.shape[1]:
            larger = aligned((self.n_blocks, layout.size, LANES), self.number)
            larger[:, : self.memory.shape[1]] = self.memory
            self.memory = larger

    def put(self, value: Value, tensor: Tensor) -> None:
        """Write a tensor whose first dimension is the nets."""
        n = prod(value.shape)
        start = value.start
        rows = tensor.detach().reshape(self.n_nets, n).numpy()
        self.memory[:, start : start + n] = rows[self._lanes].transpose(0, 2, 1)

    def get(self, value: Value, out: Tensor) -> None:
        """Copy to a tensor whose first dimension is the nets."""
        n = prod(value.shape)
        start = value.start
        rows = (
            self.memory[:, start : start + n]
            .transpose(0, 2, 1)
            .reshape(self.n_blocks * LANES, n)[: self.n_nets]
        )
        out.copy_(torch.from_numpy(rows).reshape(out.shape))

    def run(self, program: Assembled, n_steps: int, tables: list[Table]) -> None:
        """Run the steps of all blocks; raises `IndexError` if a table is shorter than they are."""
        for each, n in zip(tables, program.of_tables, strict=True):
            if each.n_rows * each.row_bytes < n * n_steps * self.number.itemsize:
                raise IndexError(f"a table of {each.n_rows} rows ends before the steps")
        given = np.zeros((self.n_blocks, max(len(tables), 1)), _TABLE)
        for i, each in enumerate(tables):
            given["rows"][:, i] = each.rows[self._lanes]
            if each.index is not None:
                given["index"][:, i] = each.index[self._lanes]
        n = self._n_at_once(program, n_steps)
        ended = Event()

        def run_some(first: int, scratch: np.ndarray) -> None:
            self._run_some(
                range(first, self.n_blocks, n),
                program,
                n_steps,
                given,
                scratch.ctypes.data,
                ended,
            )

        parts = [
            partial(run_some, *each) for each in enumerate(self._scratch_of(program, n))
        ]
        if n == 1:
            parts[0]()
            return
        others = [self._pool.submit(part) for part in parts[1:]]
        try:
            parts[0]()
            for other in others:
                other.result()
        finally:  # after Ctrl-C as well, the others still use the memory
            ended.set()
            wait(others)

    def _run_some(
        self,
        blocks: range,
        program: Assembled,
        n_steps: int,
        given: np.ndarray,
        scratch: int,
        ended: Event,
    ) -> None:
        library = load()
        instructions = program.instructions
        call = library.run_float if self.dtype == torch.float32 else library.run_double
        memory = self.memory.ctypes.data
        code = instructions.ctypes.data
        tables = given.ctypes.data
        n = len(instructions)
        for block in blocks:
            if ended.is_set():
                return
            own = memory + block * self.memory.strides[0]
            own_tables = tables + block * given.strides[0]
            call(own, scratch, code, n, n_steps, own_tables)

    def _n_at_once(self, program: Assembled, n_steps: int) -> int:
        """Return how many threads the blocks are worth."""
        if self.n_threads == 1:
            return 1
        work = program.work * n_steps * self.n_blocks
        return max(1, min(self.n_threads, self.n_blocks, work // _WORTH_A_THREAD))

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        """The threads beside the one that calls; they end when nobody needs the blocks any more."""
        return ThreadPoolExecutor(self.n_threads - 1)

    def _scratch_of(self, program: Assembled, n: int) -> list[np.ndarray]:
        """Return memory for a program's steps, for each of some threads."""
        _, scratches = self._scratch.setdefault(id(program), (program, []))
        size = len(program.scratch)
        while len(scratches) < n:
            scratch = aligned((max(size, 1), LANES), self.number)
            scratch[:size] = program.scratch[:, None]
            scratches.append(scratch)
        return scratches[:n]
