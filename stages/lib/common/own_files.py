"""Which files are the user's own, whose errors and delays are told with their place."""

import sysconfig
from pathlib import Path

# The code that is not the user's own: the pipeline and the packages beside it.
_OURS = [Path(__file__).resolve().parents[3] / name for name in ("stages", "lockstep", "resampled")]
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
    """Return the same, but None for the pipeline and the packages, too."""
    path = Path(file).resolve()
    return None if any(map(path.is_relative_to, _OURS)) else relative_to_here(path)
