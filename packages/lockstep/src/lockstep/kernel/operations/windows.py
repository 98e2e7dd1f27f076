"""Windows that slide over the last dimensions of a tensor: which numbers they see, and where these came from."""

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from lockstep.kernel.program import Program, UnsupportedError
from lockstep.kernel.values import Value


class Windows(NamedTuple):
    """Windows along each of the last dimensions, of lengths `n`; `out` is how many there are."""

    n: list[int]
    size: list[int]
    stride: list[int]
    # Before the first number, and as far as a window reaches after the last.
    padding: list[int]
    dilation: list[int]
    out: list[int]

    def seen(self, p: Program, x: Value, fill: float = 0.0) -> list[Value]:
        """Return, for each place in a window, the numbers that all windows have there."""
        if self._whole() != self.n:
            whole = p.emit("copy", fill, out=self._around(p, x))
            p.emit("copy", x, out=self._inner(whole))
            x = whole
        return list(self._views(x))

    def added(self, p: Program, parts: list[Value]) -> Value:
        """Return the sum of what windows say of each number: the reverse of `seen`."""
        whole = p.emit("copy", 0.0, out=self._around(p, parts[0]))
        for part, seen in zip(parts, self._views(whole), strict=True):
            p.emit("add", seen, part, out=seen)
        return self._inner(whole)

    def places(self) -> Iterator[tuple[int, ...]]:
        """Return the places in a window."""
        return product(*map(range, self.size))

    def _around(self, p: Program, x: Value) -> Value:
        """Return memory for all that windows see."""
        return p.new((*x.shape[: -len(self.n)], *self._whole()))

    def _whole(self) -> list[int]:
        """Return the lengths with all that windows see."""
        about = zip(
            self.n,
            self.size,
            self.stride,
            self.padding,
            self.dilation,
            self.out,
            strict=True,
        )
        return [
            max(pad + n, (out - 1) * step + apart * (k - 1) + 1)
            for n, k, step, pad, apart, out in about
        ]

    def _inner(self, whole: Value) -> Value:
        first = len(whole.shape) - len(self.n)
        for i, (n, pad) in enumerate(zip(self.n, self.padding, strict=True), first):
            whole = whole.part(i, pad, pad + n)
        return whole

    def _views(self, x: Value) -> Iterator[Value]:
        first = len(x.shape) - len(self.n)
        for place in self.places():
            part = x
            about = zip(place, self.stride, self.dilation, self.out, strict=True)
            for i, (k, step, apart, out) in enumerate(about, first):
                part = part.part(i, k * apart, k * apart + (out - 1) * step + 1, step)
            yield part


def windows(
    shape: Any,
    size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil: bool = False,
    out: Any = None,
) -> Windows:
    """Return windows over numbers of a shape, as torch's arguments describe them."""
    d = len(size)
    if d > 2:
        raise UnsupportedError(f"convolution in {d} dimensions")
    n = list(shape[-d:])
    size, stride, padding, dilation = (
        list(each) * (d // len(each))
        for each in (size, stride or size, padding, dilation)
    )
    about = list(zip(n, size, stride, padding, dilation, strict=True))
    if out is None:
        out = [_n_windows(*each, ceil) for each in about]
    return Windows(n, size, stride, padding, dilation, list(out))


def _n_windows(
    n: int, size: int, step: int, padding: int, apart: int, ceil: bool
) -> int:
    spare = n + 2 * padding - apart * (size - 1) - 1
    if not ceil:
        return spare // step + 1
    count = -(-spare // step) + 1
    if (count - 1) * step < n + padding:
        return count
    return count - 1  # without a window that would begin after the last number
