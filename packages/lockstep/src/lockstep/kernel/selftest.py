"""Tries a library that was just built: a dozen operations on numbers that are always the same, whose results are known.

A compiler that contracts a product and a sum, changes the order of a sum, or takes a root or a quotient that is not
rounded exactly, gives other bytes. When the operations change, `python -m lockstep.kernel.selftest` prints the hashes
of each level that is installed, to be written here if all are the same, as built by gcc and by clang.
"""

import sys
from hashlib import sha256
from typing import Any

import numpy as np

from lockstep.kernel.library import KernelError, Library, aligned, levels, load
from lockstep.kernel.program import LANES, Program
from lockstep.kernel.values import Layout

EXPECTED = {
    "float": "c3e97c76fe86f0f9d3d755131d198c72661ee09779c2b2185958f282eb198ca2",
    "double": "3ad7d2096f3dbe0bbec904fd452490f39b97b82cc7b38a74fcaff743f8b983e2",
}

# The memory has parts of so many blocks of LANES numbers; the first parts are given, each operation fills one more.
_BLOCKS, _GIVEN = 64, 3
_OPERATIONS = (
    "add sub mul div maximum addcmul lerp sqrt floor exp expm1 log log1p tanh sigmoid erf "
    "pow sin cos"
).split()


def check(library: Library, compiler: str) -> None:
    """Raise `KernelError` if the numbers of a library are not those of every correct one."""
    if digests(library) != EXPECTED:
        raise KernelError(
            f"{compiler} makes a kernel whose numbers differ from those of other compilers, so it is not installed. "
            "Flags such as -ffast-math or -ffp-contract=fast do this: remove them from CFLAGS, or name another "
            "compiler in CC."
        )


def digests(library: Library) -> dict[str, str]:
    """Return a hash of what the operations compute, by the type of the numbers."""
    runs = {
        "float": (library.run_float, np.float32),
        "double": (library.run_double, np.float64),
    }
    return {name: _digest(run, np.dtype(dtype)) for name, (run, dtype) in runs.items()}


def _digest(run: Any, dtype: np.dtype) -> str:
    layout = Layout()
    program = Program()
    parts = [layout.new((_BLOCKS,)) for _ in range(_GIVEN)]
    for name in _OPERATIONS:
        program.emit(name, *parts, out=layout.new((_BLOCKS,)))
    program.flush()
    program.emit("mul", *parts, out=layout.new((_BLOCKS,)))
    instructions = program.assembled().instructions
    memory = aligned((layout.size * LANES,), dtype)
    given = memory[: _GIVEN * _BLOCKS * LANES]
    # The numbers of this old generator are the same in every version of numpy.
    given[:] = np.random.RandomState(46).standard_normal(len(given))
    given[::97], given[13::101], given[29::103], given[31::107] = (
        0.0,
        np.inf,
        np.nan,
        -np.finfo(dtype).tiny / 4,
    )
    far = given[37::109]
    far[:] = np.ldexp(far, 8 * np.arange(len(far)) - 100)
    run(
        memory.ctypes.data,
        memory.ctypes.data,
        instructions.ctypes.data,
        len(instructions),
        1,
        None,
    )
    memory[np.isnan(memory)] = np.nan  # the sign of a NaN depends on the processor
    return sha256(memory.astype(dtype.newbyteorder("<")).tobytes()).hexdigest()


def main() -> None:
    """Print the hashes of every level that this processor has; end with status 1 if one is not as it should be."""
    found = {level: digests(load(level)) for level in levels()}
    for level, digest in found.items():
        print(level, digest)
    sys.exit(any(digest != EXPECTED for digest in found.values()))


if __name__ == "__main__":
    main()
