"""Finds and loads the kernel that was built, in the version for this processor.

A wheel has the libraries in the folder of this package. `python -m lockstep.kernel.build` puts them under `sys.prefix`,
in a folder whose name is a hash of what they are made of: so every copy of the code that has the same kernel finds
them, and code that has another one does not.
"""

import ctypes
import platform
import sys
from functools import cache
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

# The version of the interface; kernel.c has the same number. Raise both when instructions change.
VERSION = 4

PACKAGE = Path(__file__).parent
SOURCE = PACKAGE / "kernel.c"

# Each compiler gives the same bytes with these: no product and sum are contracted, and roots set no errno.
FLAGS = ("-std=gnu11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fPIC")
# The levels of processors, the best first, by `platform.machine()`: what a compiler calls them, with the bytes of a
# vector, and the names that numpy has for their instructions, of which it knows one or the other.
LEVELS: dict[str, dict[str, tuple[str, ...]]] = {
    "x86_64": {
        "x86-64-v4": (
            "-march=x86-64-v4",
            "-mprefer-vector-width=512",
            "-DVECTOR_BYTES=64",
        ),
        "x86-64-v3": ("-march=x86-64-v3", "-DVECTOR_BYTES=32"),
        "x86-64": ("-march=x86-64", "-DVECTOR_BYTES=16"),
    },
    "arm64": {"arm64": ("-mcpu=generic", "-DVECTOR_BYTES=16")},
}
_NEEDS = {"x86-64-v4": {"X86_V4", "AVX512_SKX"}, "x86-64-v3": {"X86_V3", "AVX2"}}

_RUNS = "run_float", "run_double", "noise_float", "noise_double"

BUILD = "`python -m lockstep.kernel.build`"


class KernelError(Exception):
    """Says in a sentence why there is no kernel that can be used, and what to do."""


class Library:
    """The functions of a library, as kernel.c has them; addresses of arrays are numbers (`array.ctypes.data`).

    Raises `KernelError` if the file can't be loaded, or is of another version.
    """

    def __init__(self, path: Path) -> None:
        way_out = f"Delete {path}, and run {BUILD}."
        try:
            functions = ctypes.CDLL(str(path))
            version, *runs = (
                functions[f"lockstep_{name}"] for name in ("version_float", *_RUNS)
            )
        except (OSError, AttributeError) as error:
            reason = " ".join(str(error).replace(str(path), "the file").split())
            raise KernelError(
                f"{path} is not a kernel for this processor and system ({reason}). {way_out}"
            ) from error
        version.restype = ctypes.c_int64
        if (found := version()) != VERSION:
            raise KernelError(
                f"{path} has version {found} of the kernel, but this engine needs {VERSION}. {way_out}"
            )
        address = ctypes.c_void_p
        number = ctypes.c_int64
        of_noise = address, address, number, number
        of_run = address, address, address, number, number, address
        for function, name in zip(runs, _RUNS, strict=True):
            function.restype = None
            function.argtypes = of_noise if "noise" in name else of_run
        self.path = path
        self.run_float, self.run_double, self.noise_float, self.noise_double = runs


def aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Return zeros at an address that suits the widest vectors."""
    size = prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, "u1")
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)


def machine() -> str:
    """Return the name that LEVELS has for the machine's architecture, or the machine's own."""
    own = platform.machine()
    return {"aarch64": "arm64", "AMD64": "x86_64"}.get(own, own)


def levels() -> list[str]:
    """Return the levels of this machine's architecture that its processor has, the best first."""
    extensions: Any = np.show_config(mode="dicts")["SIMD Extensions"]
    has = {name for kind in ("baseline", "found") for name in extensions.get(kind, ())}
    return [
        level
        for level in LEVELS.get(machine(), {})
        if level not in _NEEDS or _NEEDS[level] & has
    ]


def built_folder() -> Path:
    """Return where the build puts the libraries: under `sys.prefix`, by the hash of the source and of all flags."""
    content = SOURCE.read_bytes() + repr((FLAGS, LEVELS)).encode()
    return Path(sys.prefix) / "lib/lockstep-kernel" / sha256(content).hexdigest()[:16]


def file_of(level: str) -> str:
    """Return the name of a level's library."""
    return f"kernel-{level}.so"


def path_of(level: str) -> Path | None:
    """Return the library of a level: of the wheel, or of the build; None if it is in neither place."""
    folders = [PACKAGE, *([built_folder()] if SOURCE.exists() else [])]
    for folder in folders:
        path = folder / file_of(level)
        if path.exists():
            return path
    return None


def no_version() -> str:
    """Return the sentence on a machine that the kernel has no version for."""
    return f"The kernel has no version for {platform.system()} on {machine()}."


@cache
def load(level: str = "") -> Library:
    """Load the library of a level, by default of the best that this processor has; raises `KernelError`."""
    if not (known := [level] if level else levels()):
        raise KernelError(no_version())
    if (path := path_of(known[0])) is None:
        raise KernelError(f"The kernel is not built for {known[0]}. Run {BUILD}.")
    return Library(path)


def missing() -> str | None:
    """Return why the engine has no kernel, and what to do, in sentences.

    Returns
    -------
    str or None
        None if there is a kernel for this processor, and nothing keeps it from being loaded.

    Examples
    --------
    Without a kernel, a search only warns, so a script that counts on one asks first:

    >>> from lockstep import missing_kernel
    >>> if reason := missing_kernel():
    ...     raise SystemExit(reason)
    >>> print(missing_kernel())
    None
    """
    try:
        load()
    except KernelError as error:
        return str(error)
    return None
