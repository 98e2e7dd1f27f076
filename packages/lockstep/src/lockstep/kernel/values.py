"""Tensors of one net, as views of the kernel's memory, and the instructions on them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import NamedTuple


@dataclass(eq=False)
class Buffer:
    """Numbers of memory: a block's own, at places from 0 on, or of a program, which all blocks use, at places below 0.

    The place in a program's memory is found when the program is assembled; place -1 is the first number there.
    """

    size: int
    place: int | None = None

    def overlaps(self, other: Buffer) -> bool:
        """Whether two buffers have memory in common, as far as they have places."""
        if self.place is None or other.place is None:
            return self is other
        return (
            self.place < other.place + other.size
            and other.place < self.place + self.size
        )


@dataclass(frozen=True)
class Value:
    """A tensor of each net, as a view of a buffer."""

    buffer: Buffer
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    def spread(self, shape: tuple[int, ...]) -> Value:
        """Return the tensor broadcast to a shape."""
        strides = [0] * (len(shape) - len(self.shape))
        for n, stride in zip(self.shape, self.strides, strict=True):
            strides.append(0 if n == 1 else stride)
        return self._seen(shape, tuple(strides))

    def permuted(self, order: list[int]) -> Value:
        """Return the tensor with its dimensions in another order."""
        return self._seen(
            tuple(self.shape[i] for i in order), tuple(self.strides[i] for i in order)
        )

    def part(self, dim: int, start: int, stop: int, step: int = 1) -> Value:
        """Return a slice along a dimension."""
        n = len(range(start, stop, step))
        stride = self.strides[dim]
        shape = list(self.shape)
        strides = list(self.strides)
        shape[dim], strides[dim] = n, stride * step
        return Value(
            self.buffer, tuple(shape), tuple(strides), self.offset + start * stride
        )

    def without(self, dims: set[int]) -> Value:
        """Return the tensor without some dimensions, at their first index."""
        return self.permuted([i for i in range(len(self.shape)) if i not in dims])

    def with_one(self, dim: int) -> Value:
        """Return the tensor with a further dimension of length 1."""
        return self._seen(
            (*self.shape[:dim], 1, *self.shape[dim:]),
            (*self.strides[:dim], 0, *self.strides[dim:]),
        )

    def _seen(self, shape: tuple[int, ...], strides: tuple[int, ...]) -> Value:
        return Value(self.buffer, shape, strides, self.offset)

    @property
    def start(self) -> int:
        """The place of the first number."""
        place = self.buffer.place or 0
        if place >= 0:
            return place + self.offset
        return place - self.offset

    def moves_to(self, other: Value) -> bool:
        """Let another tensor's memory have the numbers, if no other tensor has this one's; returns whether it does."""
        if self.buffer.place is not None or other.start < 0:
            return False
        has_all = self.offset == 0 and self.buffer.size == prod(self.shape)
        if not has_all or not self.is_contiguous:
            return False
        self.buffer.place = other.start
        return True

    def viewed(self, shape: tuple[int, ...]) -> Value | None:
        """Return the tensor in another shape if its memory allows, else None."""
        if shape == self.shape:
            return self
        if not self.is_contiguous:
            return None
        return self._seen(shape, contiguous(shape))

    @property
    def is_contiguous(self) -> bool:
        """Whether the numbers lie one after the other."""
        if 0 in self.shape:
            return True
        own = zip(self.shape, self.strides, contiguous(self.shape), strict=True)
        return all(n == 1 or stride == wanted for n, stride, wanted in own)


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of a tensor whose numbers lie one after the other."""
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


class Emitted(NamedTuple):
    """An instruction on tensors."""

    operation: str
    n: tuple[int, ...]
    operands: tuple[Value, ...]  # the first is written, or stored
    table: int = -1
    # Of `pick`, `put` and `add_at`: the stride of an index, and how many there are. Of `rows` and `store`: the rows of
    # a step, and the first one of these.
    about: tuple[int, int] = (0, 0)
    # From strip to strip: of the operands, or of a tensor and the rows of its table.
    advances: tuple[int, ...] = ()

    @property
    def reads(self) -> set[Buffer]:
        """What the instruction reads; a sum is in what it writes."""
        return {
            operand.buffer for operand in self.operands[self.operation != "store" :]
        }

    @property
    def writes(self) -> set[Buffer]:
        """What the instruction writes."""
        if self.operation != "store":
            return {self.operands[0].buffer}
        return set()

    def goes_on(self, dim: int) -> bool:
        """Whether the instruction adds to each number what there is along a dimension, from first to last."""
        outer = list(zip(self.n[:dim], self.operands[0].strides, strict=False))
        if self.operation in ("put", "add_at"):
            return all(n == 1 for n, _ in outer)
        adds = self.operation == "product" or self.operands[0] == self.operands[1]
        return adds and all(n == 1 or stride for n, stride in outer)


@dataclass
class Layout:
    """What a block keeps from step to step."""

    size: int = 0

    def new(self, shape: tuple[int, ...]) -> Value:
        """Return a tensor with memory of its own."""
        buffer = Buffer(prod(shape), self.size)
        self.size += buffer.size
        return Value(buffer, shape, contiguous(shape))
