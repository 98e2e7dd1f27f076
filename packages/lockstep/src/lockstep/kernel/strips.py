"""Lets the instructions of a long step run in strips of rows, so that what a strip makes stays in the cache.

Instructions of which each row's numbers depend on that row alone are repeated strip by strip, and so are sums over
rows, which go on from where the strip before has ended. No sum gets another order, so no bit of a result changes.
Which instructions these are is seen from where rows lie in memory: a buffer has a period, and the row of the number at
a place is `place // period % n_rows`.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from math import prod
from typing import NamedTuple

from lockstep.kernel.values import Buffer, Emitted, Value

# An instruction on fewer numbers of a block begins no loop.
_LARGE = 2**10


def _strip(n_instructions: int, shared: int = 0) -> int:
    """Return how many numbers a strip should have.

    Half a MiB in float32 fits the cache. A turn of an instruction costs some nanoseconds, and what all strips read,
    such as weights, is fetched for each.
    """
    return max(2**13, 64 * n_instructions, 2 * shared)


def in_strips(emitted: list[Emitted]) -> list[Emitted]:
    """Return instructions that do the same, strip by strip where that is worth it."""
    if _most_at_once(emitted) < 4 * _strip(len(emitted)):
        return emitted
    uses = Counter(operand.buffer for each in emitted for operand in each.operands)
    of_tables = (each.n[0] for each in emitted if each.operation == "rows")
    n_rows = next((n for n in of_tables if n > 1), 0)
    made = list[Emitted]()
    loop = _Loop(n_rows)
    for each in emitted:
        if each.operation == "flush":  # which is about all that follows
            made += [*loop.cut(uses), each]
            loop = _Loop(n_rows)
        elif not loop.take(each):
            made += loop.cut(uses)
            has_rows = n_rows and any(n % n_rows == 0 for n in each.n)
            loop = _Loop(n_rows if has_rows else max(each.n, default=0))
            loop.take(each, begins=True)
    return made + loop.cut(uses)


def _most_at_once(emitted: list[Emitted]) -> int:
    """Return how many numbers instructions need at the same time."""
    last = {
        operand.buffer: i for i, each in enumerate(emitted) for operand in each.operands
    }
    most = 0
    size = 0
    seen = set[Buffer]()
    for i, each in enumerate(emitted):
        own = {operand.buffer for operand in each.operands}
        size += sum(buffer.size for buffer in own - seen)
        most = max(most, size)
        seen |= own
        size -= sum(buffer.size for buffer in own if last[buffer] == i)
    return most


class _Memory(set[Buffer]):
    """Buffers; the gradient's parts are buffers of their own, in the memory of the whole."""

    def meets(self, some: set[Buffer], but_itself: bool = False) -> bool:
        """Whether some buffers have memory in common with these; `but_itself`, with another one of these."""
        if not but_itself and not self.isdisjoint(some):
            return True
        placed = [each for each in some if each.place is not None]
        return bool(placed) and any(
            a is not b and a.overlaps(b) for b in self for a in placed
        )


class _Use(NamedTuple):
    """What a strip does with the buffers of an instruction."""

    periods: dict[Buffer, int]  # uses its own rows of them
    shared: set[Buffer]  # reads all of them
    sums: set[Buffer]  # adds to all of them


@dataclass
class _Loop:
    """Instructions that follow one another, some of which can be repeated strip by strip.

    The others come before or after the loop. Where that is another order, they have no memory in common.
    """

    n_rows: int
    # All, in the order in which they were given.
    whole: list[Emitted] = field(default_factory=list)
    before: list[Emitted] = field(default_factory=list)
    # With the dimension of the rows.
    body: list[tuple[Emitted, int]] = field(default_factory=list)
    after: list[Emitted] = field(default_factory=list)
    # Of buffers of which a strip uses its own rows.
    periods: dict[Buffer, int] = field(default_factory=dict)
    shared: _Memory = field(default_factory=_Memory)  # what every strip reads
    sums: _Memory = field(default_factory=_Memory)  # what every strip adds to
    touched: _Memory = field(default_factory=_Memory)  # by the body: all these
    written: _Memory = field(default_factory=_Memory)
    later: _Memory = field(default_factory=_Memory)  # touched by what comes after
    later_written: _Memory = field(default_factory=_Memory)

    def take(self, each: Emitted, begins: bool = False) -> bool:
        """Add an instruction, if it does not rather begin another loop."""
        large = prod(each.n) >= _LARGE
        reads = each.reads
        writes = each.writes
        follows = self.later_written.meets(reads) or self.later.meets(writes)
        precedes = not (
            follows or self.written.meets(reads) or self.touched.meets(writes)
        )
        by_row = (
            large
            or each.operation == "rows"
            or not self.periods.keys().isdisjoint(reads | writes)
        )
        cuts = by_row and not follows
        if cuts and any(self._cuts(each, dim) for dim in range(len(each.n))):
            pass  # it is in the body
        elif precedes and (self.body or begins or not large):
            self.before.append(each)
        elif large and not begins:
            return False
        else:
            self.after.append(each)
            self.later |= reads | writes
            self.later_written |= writes
        self.whole.append(each)
        return True

    def _cuts(self, each: Emitted, dim: int) -> bool:
        """Add an instruction to the body, if it can be cut along a dimension."""
        if self.n_rows < 2 or each.n[dim] == 0 or each.n[dim] % self.n_rows:
            return False
        start = list[Emitted]()
        # A sum over rows goes on from what is there.
        if each.operation == "product" and dim == 2:
            out, plus = (
                replace(operand, strides=operand.strides[:2])
                for operand in each.operands[::3]
            )
            start = [Emitted("copy", each.n[:2], (out, plus))]
            each = each._replace(operands=(*each.operands[:3], each.operands[0]))
        use = self._use(each, dim)
        if use is None or not self._may_follow(each, use):
            return False
        for one in start:
            if self.written.meets(one.reads) or self.later_written.meets(one.reads):
                return False
        self.before += start
        self.body.append((each, dim))
        self.periods.update(use.periods)
        self.shared |= use.shared
        self.sums |= use.sums
        self.touched |= each.reads | each.writes
        self.written |= each.writes
        return True

    def _use(self, each: Emitted, dim: int) -> _Use | None:
        """Return what a strip of an instruction does with buffers; None if the rows of one lie elsewhere."""
        use = _Use({}, set(), set())
        out = each.operands[0]
        for i, operand in enumerate(each.operands):
            if operand.strides[dim]:
                period = operand.strides[dim] * (each.n[dim] // self.n_rows)
                known = self.periods.get(operand.buffer, period)
                known = use.periods.get(operand.buffer, known)
                if known != period or not self._is_by_row(each, i, dim, period):
                    return None
                use.periods[operand.buffer] = period
            elif i == 0:
                use.sums.add(operand.buffer)
            elif operand != out:
                use.shared.add(operand.buffer)
        if not use.sums or each.goes_on(dim):
            return use
        return None

    def _may_follow(self, each: Emitted, use: _Use) -> bool:
        """Whether an instruction can be in the body: each strip then finds what it would find without strips."""
        if use.sums and self.touched.meets(use.sums):
            return False
        of_strips = self.periods.keys() | use.periods.keys()
        of_all = use.shared | self.shared
        sums = use.sums | self.sums
        if (of_all | sums) & of_strips or use.shared & sums:
            return False
        return not (
            self.touched.meets(each.writes, but_itself=True)
            or self.written.meets(each.reads, but_itself=True)
        )

    def _is_by_row(self, each: Emitted, i: int, dim: int, period: int) -> bool:
        """Whether the rows of an operand lie where the period says."""
        operand = each.operands[i]
        steps = [
            (n, stride)
            for j, (n, stride) in enumerate(zip(each.n, operand.strides, strict=True))
            if j != dim
        ]
        steps.append((each.n[dim] // self.n_rows, operand.strides[dim]))
        inner = sum(
            (n - 1) * stride for n, stride in steps if stride % (period * self.n_rows)
        )
        if i == {"pick": 1, "put": 0, "add_at": 0}.get(each.operation):
            inner += (each.about[1] - 1) * each.about[0]
        first, within = divmod(operand.offset, period)
        return (
            first % self.n_rows == 0
            and within + inner < period
            and (dim == 0 or each.table < 0)
        )

    def cut(self, uses: Counter[Buffer]) -> list[Emitted]:
        """Return the instructions: as they were given, or in strips."""
        size = _most_at_once([each for each, _ in self.body])
        shared = sum(buffer.size for buffer in self.shared)
        strip = _strip(len(self.body), shared)
        if size < 4 * strip:
            return self.whole
        rows = max(strip * self.n_rows // size, 1)
        n_strips, rest = divmod(self.n_rows, rows)
        own = Counter(
            operand.buffer for each, _ in self.body for operand in each.operands
        )
        inside = {
            buffer
            for buffer, period in self.periods.items()
            if buffer in self.written
            and buffer.place is None
            and own[buffer] == uses[buffer]
            if buffer.size % (period * self.n_rows) == 0
        }
        lasting = tuple(Value(buffer, (), ()) for buffer in own if buffer not in inside)
        loop = self._rows(rows, 0, rows, inside)
        # What the loop needs in its next turn must keep its memory from the first instruction to the last.
        begins = Emitted("repeat", (0, 0), lasting)
        ends = Emitted("repeat", (n_strips, len(loop)), lasting)
        last = self._rows(rest, n_strips * rows, 0, inside) if rest else []
        return [*self.before, begins, *loop, ends, *last, *self.after]

    def _rows(
        self, rows: int, start: int, further: int, inside: set[Buffer]
    ) -> list[Emitted]:
        """Return the body for some rows; what is needed inside of a strip alone has memory for these rows."""
        small = {buffer: Buffer(buffer.size // self.n_rows * rows) for buffer in inside}
        made = list[Emitted]()
        for each, dim in self.body:
            operands = list[Value]()
            advances = list[int]()
            for operand in each.operands:
                period = self.periods.get(operand.buffer, 0)
                if operand.buffer in small:
                    buffer = small[operand.buffer]
                    operands.append(self._in_small(operand, buffer, period, rows))
                    advances.append(0)
                else:
                    offset = operand.offset + start * period
                    operands.append(replace(operand, offset=offset))
                    advances.append(further * period)
            n = list(each.n)
            n[dim] = n[dim] // self.n_rows * rows
            part = each._replace(
                n=tuple(n), operands=tuple(operands), advances=(*advances, further)
            )
            if each.table >= 0:
                part = part._replace(about=(each.about[0], start))
            made.append(part)
        return made

    def _in_small(
        self, operand: Value, buffer: Buffer, period: int, rows: int
    ) -> Value:
        """Return an operand in a buffer that has memory for some rows alone."""
        all_rows = period * self.n_rows
        strides = list[int]()
        for stride in operand.strides:
            over_rows = stride % all_rows == 0
            strides.append(stride // self.n_rows * rows if over_rows else stride)
        start = operand.offset // all_rows * period * rows
        offset = start + operand.offset % period
        return Value(buffer, operand.shape, tuple(strides), offset)
