"""Finds out from instructions whether rows have an influence on one another, whatever the numbers are."""

import numpy as np

from lockstep.kernel.values import Buffer, Emitted

# The operand that has a further dimension of places.
_WITH_PLACES = {"pick": 1, "put": 0, "add_at": 0}


def rows_are_apart(emitted: list[Emitted], n_rows: int) -> bool:
    """Whether each row that is stored is computed from the same row of all tables alone."""
    # For each number of a buffer, a bit for each row that has an influence on it.
    known: dict[Buffer, np.ndarray] = {}
    # Rows may share a bit, because what mixes rows does not mix just those that do.
    own = 1 << np.arange(n_rows) % 61
    for each in emitted:
        buffer = each.operands[0].buffer
        if each.operation == "rows":
            known[buffer] = own.repeat(each.n[1])
        elif each.operation != "store":
            while _spreads(each, known):
                pass
        elif buffer in known:
            found = known[buffer][_places(each, 0)].reshape(each.n[0], -1)
            if each.n[0] != n_rows or (found & ~own[:, None]).any():
                return False
    return True


def _spreads(each: Emitted, known: dict[Buffer, np.ndarray]) -> bool:
    """Note what has an influence on what an instruction writes; returns whether it may have a further one by that."""
    out, *others = each.operands
    places = _places(each, 0)
    made = np.zeros((1,) * len(each.n), int)
    summed = tuple(i for i in range(len(each.n)) if not out.strides[i])
    for i, one in enumerate(others, start=1):
        if one.buffer in known:
            found = known[one.buffer][_places(each, i)]
            found = np.bitwise_or.reduce(found, tuple(range(len(each.n), found.ndim)))
            made = made | np.bitwise_or.reduce(found, summed, keepdims=True)
    if not made.any():
        return False
    bits = known.setdefault(out.buffer, np.zeros(out.buffer.size, int))
    before = bits[places]
    made = made.reshape(*made.shape, *[1] * (places.ndim - made.ndim))
    np.bitwise_or.at(bits, places, np.broadcast_to(made, places.shape))
    # A sum goes on from what it has written.
    return any(
        one.buffer is out.buffer and one != out for one in others
    ) and not np.array_equal(before, bits[places])


def _places(each: Emitted, i: int) -> np.ndarray:
    """Return where an operand's numbers are in its buffer, with length 1 along dimensions of stride 0."""
    places = np.array(each.operands[i].offset)
    dims = list(zip(each.n, each.operands[i].strides, strict=True))
    if _WITH_PLACES.get(each.operation) == i:
        dims.append((each.about[1], each.about[0]))
    for n, stride in dims:
        places = places[..., None] + np.arange(n if stride else 1) * stride
    return places
