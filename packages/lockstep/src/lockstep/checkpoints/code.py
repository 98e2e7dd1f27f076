"""The code that the bytes of a net depend on: the engine's, other packages' by their versions, and the user's own."""

import platform
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from lockstep.kernel.library import KernelError, load
from lockstep.members.reads import KNOWN, is_installed
from lockstep.members.refusals import RefusalError

# Their versions stand for their code.
_PACKAGES = ("torch", "numpy", "skorch", "scikit-learn", "scipy")

# Where a module keeps the hash of its file. A file that is edited while a search runs is not the code that trains.
_HASH = "_hash_of_file"


@cache
def of_the_engine() -> str:
    """Return a hash of the engine, its kernel, the packages that it computes with, and the kind of processor."""
    files = sorted(Path(__file__).parents[1].rglob("*.py"))
    with suppress(KernelError):  # without a kernel, skorch trains all nets
        files.append(load().path)
    hashes = [sha256(path.read_bytes()).hexdigest() for path in files]
    versions = sys.version, *((name, version(name)) for name in _PACKAGES)
    processor = (
        platform.system(),
        platform.machine(),
        torch.backends.cpu.get_cpu_capability(),
    )
    return sha256(repr((hashes, versions, processor)).encode()).hexdigest()


def of_modules(names: Iterable[str]) -> str:
    """Return a hash of the files of modules, and of all that the user's own modules among them have imported.

    Raises `RefusalError` if the code of a module is in no file, as in a notebook.
    """
    files: dict[str, str] = {}
    left = set(names)
    while left:
        name = left.pop()
        if name in files or name.partition(".")[0] in KNOWN:
            continue
        module = sys.modules.get(name)
        path = getattr(module, "__file__", None)
        if module is None or path is None or not Path(path).is_file():
            raise RefusalError(f"the code of {name} is in no file")
        noted = vars(module.__spec__ or module)  # another import makes another spec
        if _HASH not in noted:
            noted[_HASH] = sha256(Path(path).read_bytes()).hexdigest()
        files[name] = noted[_HASH]
        if not is_installed(name):
            left |= _imported(module)
    return sha256(repr(sorted(files.items())).encode()).hexdigest()


def _imported(module: ModuleType) -> set[str]:
    """Return the names of modules that a module has imported, or has imported something from; and its packages'."""
    names = set[Any]()
    for each in list(vars(module).values()):
        if isinstance(each, ModuleType):
            names.add(each.__name__)
        else:
            names.add(getattr(each, "__module__", None))
    *packages, _ = module.__name__.split(".")
    names |= {".".join(packages[: i + 1]) for i in range(len(packages))}
    return {
        name
        for name in names
        if isinstance(name, str) and getattr(sys.modules.get(name), "__file__", None)
    }
