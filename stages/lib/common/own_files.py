"""Which files are the user's own, whose errors and delays are told with their place."""

import sysconfig
from pathlib import Path

# The rooms of this library lie in folders here, and the default network, which users edit, beside them.
_LIB = Path(__file__).resolve().parents[1]
# The packages beside `stages`.
_PACKAGES = [_LIB.parents[1] / name for name in ("lockstep", "resampled")]
# What is installed; a virtual environment may be inside the repository.
_INSTALLED = [Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "purelib", "platlib")]


def relative_to_here(file: str | Path | None) -> Path | None:
    """Return a file in the working directory, relative to that; None for another one, and for what is installed."""
    if file is None:
        return None
    path, here = Path(file).resolve(), Path.cwd().resolve()
    # Code without a file has a name such as <string>.
    if not path.is_file() or not path.is_relative_to(here) or any(map(path.is_relative_to, _INSTALLED)):
        return None
    return path.relative_to(here)


def own_code(file: str) -> Path | None:
    """Return the same, but None for the project's scripts and rooms, and for the packages, too."""
    path = Path(file).resolve()
    ours = any(map(path.is_relative_to, _PACKAGES)) or (path.is_relative_to(_LIB.parent) and path.parent != _LIB)
    return None if ours else relative_to_here(path)
