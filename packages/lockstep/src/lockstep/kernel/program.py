"""A program of the kernel: instructions on tensors that lie in a block's memory, without the dimension of the nets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import prod
from operator import itemgetter, mul
from typing import Any, NamedTuple

import numpy as np

from lockstep.kernel.strips import in_strips
from lockstep.kernel.values import Buffer, Emitted, Value, contiguous
from lockstep.members.refusals import Refusal, RefusalError

# Nets of a block, each with a lane of its own in every vector. One number of a block is that many numbers of memory.
LANES = 16

# In the order of kernel.c, as a test checks.
OPERATIONS = (
    """copy add sub mul div maximum minimum where gt ge lt le eq ne threshold_backward sigmoid_backward tanh_backward
    addcmul addcdiv lerp neg abs sign sqrt floor trunc exp expm1 log log1p tanh sigmoid erf pow sin cos product rows
    store pick put add_at repeat flush"""
).split()

_NUMBER_OF = {name: i for i, name in enumerate(OPERATIONS)}

# Operations with loops of their own; the kernel runs the others over four nested loops, as they are given.
_WITH_LOOPS = {"product", "rows", "store"}

_OPERAND = np.dtype([("place", "i8"), ("advance", "i8"), ("strides", "i8", 4)])
INSTRUCTION = np.dtype(
    [
        ("operation", "i8"),
        ("n", "i8", 4),
        ("table", "i8"),
        *((name, _OPERAND) for name in ("out", "a", "b", "c")),
    ]
)
_N_NUMBERS = INSTRUCTION.itemsize // 8

_Ints = tuple[int, ...]


class UnsupportedError(RefusalError):
    """The kernel lacks an operation; takes the operation's name."""

    def __init__(self, operation: str) -> None:
        Exception.__init__(self, operation)  # by which it is pickled
        self.refusal = Refusal(f"the kernel has no {operation}")


class Assembled(NamedTuple):
    """A program for the kernel."""

    instructions: np.ndarray  # of type INSTRUCTION
    # The program's own memory, float64 of shape (n_numbers,), with its constants.
    scratch: np.ndarray
    work: int  # operations on vectors that a step of a block has; a core does about a billion in a second
    of_tables: list[int]  # how many numbers of each table a step takes


@dataclass
class Program:
    """Instructions that a step consists of."""

    emitted: list[Emitted] = field(default_factory=list)
    constants: dict[bytes, tuple[np.ndarray, Value]] = field(default_factory=dict)
    of_tables: list[int] = field(default_factory=list)
    # Of tensors that have a copy where torch has a view.
    torn: set[Buffer] = field(default_factory=set)

    def new(self, shape: tuple[int, ...]) -> Value:
        """Return a tensor that is needed within a step only."""
        return Value(Buffer(prod(shape)), shape, contiguous(shape))

    def constant(self, numbers: Any) -> Value:
        """Return a number, or an array of numbers, that is the same for all nets and steps."""
        array = np.asarray(numbers, dtype=np.float64)
        key = repr(array.shape).encode() + array.tobytes()
        if key not in self.constants:
            self.constants[key] = array, self.new(array.shape)
        return self.constants[key][1]

    def value(self, operand: Any) -> Value:
        """Return a tensor or a number as a tensor."""
        if isinstance(operand, Value):
            return operand
        return self.constant(operand)

    def check_writable(self, x: Value) -> None:
        """Raise `UnsupportedError` if something else would keep, or lose, what is written into a tensor."""
        constants = [value.buffer for _, value in self.constants.values()]
        if x.buffer in self.torn or x.buffer in constants:
            raise UnsupportedError(
                "writing into a tensor that the kernel has copied, or that is a constant"
            )

    def emit(self, operation: str, *operands: Any, out: Value | None = None) -> Value:
        """Add an operation on each number; returns the tensor of its results, `out` if that is given."""
        values = [self.value(each) for each in operands]
        if out is None:
            shapes = (each.shape for each in values)
            out = self.new(tuple(np.broadcast_shapes(*shapes)))
        spread = tuple(each.spread(out.shape) for each in values)
        self.emitted.append(Emitted(operation, out.shape, (out, *spread), -1, (0, 0)))
        return out

    def reduced(self, operation: str, x: Value, dims: set[int], start: float) -> Value:
        """Add a sum, or another operation that joins numbers one after the other, over dimensions that stay as 1."""
        shape = list(x.shape)
        for dim in dims:
            shape[dim] = 1
        out = self.new(tuple(shape))
        self.emit("copy", start, out=out)
        joined = out.spread(x.shape)
        self.emitted.append(
            Emitted(operation, x.shape, (joined, joined, x), -1, (0, 0))
        )
        return out

    def product(
        self, a: Value, b: Value, plus: Value | None = None, out: Value | None = None
    ) -> Value:
        """Add the product of two matrices, plus a third; sums run over the inner dimension from first to last."""
        i, k = a.shape
        _, j = b.shape
        if out is None:
            out = self.new((i, j))
        c = self.value(0.0 if plus is None else plus).spread((i, j))
        if k == 0:
            return self.emit("copy", c, out=out)
        operands = (
            replace(out, strides=(*out.strides, 0, 0)),
            replace(a, strides=(a.strides[0], 0, a.strides[1], 0)),
            replace(b, strides=(0, b.strides[1], b.strides[0], 0)),
            replace(c, strides=(*c.strides, 0, 0)),
        )
        self.emitted.append(Emitted("product", (i, j, k, 1), operands, -1, (0, 0)))
        return out

    def rows(self, shape: tuple[int, ...]) -> Value:
        """Return a tensor that is filled in each step from the next rows of a table, a further one."""
        return self._moved("rows", self.new(shape))

    def store(self, x: Value) -> None:
        """Write a tensor into the next rows of a table, a further one, in each step."""
        self._moved("store", x if x.is_contiguous else self.emit("copy", x))

    def _moved(self, operation: str, x: Value) -> Value:
        n = (x.shape[0], prod(x.shape[1:]), 1, 1) if x.shape else (1, 1, 1, 1)
        rows = replace(x, strides=(n[1], 1, 0, 0))
        about = n[0], 0
        self.emitted.append(Emitted(operation, n, (rows,), len(self.of_tables), about))
        self.of_tables.append(prod(n))
        return x

    def indexed(
        self, operation: str, out: Value, x: Value, index: Value, stride: int, n: int
    ) -> None:
        """Add `pick`, `put` or `add_at`: one of `out` and `x` has a further dimension, of `n` places with a stride."""
        shape = index.shape
        self.emitted.append(Emitted(operation, shape, (out, x, index), -1, (stride, n)))

    def flush(self) -> None:
        """Count numbers below 1e-38 as 0 from here to the end of a step."""
        self.emitted.append(Emitted("flush", (), ()))

    def assembled(self) -> Assembled:
        """Return the program as the kernel takes it."""
        in_loops = [part for each in self.emitted for part in _in_four_loops(each)]
        emitted = in_strips(in_loops)
        constants = [value.buffer for _, value in self.constants.values()]
        scratch = _place(emitted, constants)
        for numbers, value in self.constants.values():
            start = ~(value.buffer.place or 0)
            scratch[start : start + numbers.size] = numbers.ravel()
        records = np.array([_record(each) for each in emitted], np.int64)
        instructions = records.reshape(-1, _N_NUMBERS).view(INSTRUCTION)[:, 0]
        work = sum(prod(each.n) for each in self.emitted)
        return Assembled(instructions, scratch, work, self.of_tables)


def _in_four_loops(each: Emitted) -> Iterator[Emitted]:
    """Yield instructions that do the same by at most four nested loops, which is what the kernel has."""
    if len(each.n) <= 4:
        yield each
        return
    n, strides = _collapsed(each.n, [operand.strides for operand in each.operands])
    for outer in np.ndindex(n[:-4]):
        operands = list[Value]()
        for operand, own in zip(each.operands, strides, strict=True):
            offset = operand.offset + sum(map(mul, outer, own))
            operands.append(replace(operand, offset=offset, strides=own[-4:]))
        yield each._replace(n=n[-4:], operands=tuple(operands))


def _record(each: Emitted) -> list[int]:
    """Return the numbers of an instruction, in the order of INSTRUCTION."""
    if each.operation in ("repeat", "flush"):
        numbers = [_NUMBER_OF[each.operation], *each.n]
        return numbers + [0] * (_N_NUMBERS - len(numbers))
    n = each.n
    strides = [operand.strides for operand in each.operands]
    if each.operation not in _WITH_LOOPS:
        n, strides = _collapsed(n, strides)
    lead = 4 - len(n)
    numbers = [_NUMBER_OF[each.operation], *[1] * lead, *n, each.table]
    advances = each.advances or [0] * len(strides)
    for operand, own, advance in zip(each.operands, strides, advances, strict=False):
        numbers += [operand.start, advance, *[0] * lead, *own]
    numbers += [0] * (_N_NUMBERS - len(numbers))
    if any(each.about):
        numbers[-4:-2] = each.about
        if each.operation in ("rows", "store"):
            numbers[-5] = advances[-1]
    return numbers


def _collapsed(n: _Ints, strides: list[_Ints]) -> tuple[_Ints, list[_Ints]]:
    """Join dimensions over which all operands step evenly: one long loop is faster than nested short ones."""
    joined = list[tuple[int, _Ints]]()
    for length, steps in zip(n, zip(*strides, strict=True), strict=True):
        before, outer = joined[-1] if joined else (0, ())
        if joined and outer == tuple(step * length for step in steps):
            joined[-1] = before * length, steps
        elif length != 1:
            joined.append((length, steps))
    lengths = tuple(length for length, _ in joined)
    of_operands = [tuple(steps[i] for _, steps in joined) for i in range(len(strides))]
    return lengths, of_operands


def _place(emitted: list[Emitted], constants: list[Buffer]) -> np.ndarray:
    """Give buffers their places; one whose numbers are no longer needed leaves its place to later ones."""
    last = {
        operand.buffer: i for i, each in enumerate(emitted) for operand in each.operands
    }
    size = 0
    free = list[tuple[int, int]]()
    ends = defaultdict[int, list[Buffer]](list)
    for buffer in constants:
        buffer.place = ~size
        size += buffer.size
    for i, each in enumerate(emitted):
        for buffer in dict.fromkeys(operand.buffer for operand in each.operands):
            if buffer.place is not None:
                continue
            large = (hole for hole in free if hole[1] >= buffer.size)
            fit = min(large, key=itemgetter(1), default=None)
            if fit is None:
                buffer.place = ~size
                size += buffer.size
            else:
                free.remove(fit)
                start, n = fit
                buffer.place = ~start
                if n > buffer.size:
                    free.append((start + buffer.size, n - buffer.size))
            ends[last[buffer]].append(buffer)
        free += [(~(buffer.place or 0), buffer.size) for buffer in ends.pop(i, [])]
        free = _joined_holes(free)
    return np.zeros(size)


def _joined_holes(free: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined = list[tuple[int, int]]()
    for place, n in sorted(free):
        if joined and sum(joined[-1]) == place:
            place, before = joined.pop()
            n += before
        joined.append((place, n))
    return joined
