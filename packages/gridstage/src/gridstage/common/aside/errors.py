"""Errors that say what was found, where, and what to do."""

import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from gridstage.common.aside.problem import Problem

# What a user's own code may raise; `SystemExit` is not an `Exception`, but ends a stage in silence.
RAISED = (Exception, SystemExit)


def _folders_of(package: str) -> list[str]:
    """Return the folders of a package, without importing it."""
    spec = find_spec(package)
    return list(spec.submodule_search_locations or ()) if spec else []


# More of a message is cut off: torch's may list every tensor.
_LONGEST = 600

# The code that is not the user's own: the pipeline and the packages beside it.
_OURS = [
    Path(folder).resolve()
    for name in ("gridstage", "lockstep", "resampled", "stages")
    for folder in _folders_of(name)
]
# What is installed; a virtual environment may be inside the repository.
_INSTALLED = [
    Path(sysconfig.get_path(kind)).resolve()
    for kind in ("stdlib", "purelib", "platlib")
]


class UserError(Exception):
    """An error that the user can fix; its arguments are problems, or sentences where a problem has no place."""

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))

    @property
    def problems(self) -> list[Problem]:
        """The arguments as problems."""
        return list(map(_as_problem, self.args))


def _as_problem(argument: object) -> Problem:
    return argument if isinstance(argument, Problem) else Problem(str(argument))


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return `"; did you mean 'Adam'?"` for the one of `words` closest to `word`, or "" if none is close."""
    lower = {name.lower(): name for name in sorted(words)}
    near = get_close_matches(word.lower(), lower, n=1, cutoff=0.65)
    return f"; did you mean {lower[near[0]]!r}?" if near else ""


@contextmanager
def as_user_error(
    problem: str, advice: str | Callable[[BaseException], str]
) -> Iterator[None]:
    """Turn any exception in the block, which may run the user's own code, into a `UserError`.

    It has the `problem`, the type and text of the exception, and the `advice`, which may depend on the exception. If
    memory is used up, that is not a fault of that code, and is raised unchanged.
    """
    try:
        yield
    except (UserError, MemoryError):
        raise
    except RAISED as error:
        remedy = advice(error) if callable(advice) else advice
        raise UserError(Problem(f"{problem}: {described(error)}", remedy)) from error


def described(error: BaseException) -> str:
    """Return the type and message of an error and, if the user's own code raised it, the file and line there."""
    message = message_of(error)
    if len(message) > _LONGEST:
        message = f"{message[:_LONGEST]}…"
    place = own_place(error)
    where = f", at {place}" if place else ""
    return f"{type(error).__name__}{message}{where}"


def message_of(error: BaseException) -> str:
    """Return a colon and the message of an error in one line; "" if it has none."""
    text = " ".join(str(error).split()).rstrip(".")
    return f": {text}" if text else ""


def is_installed(file: str | Path) -> bool:
    """Whether a file belongs to Python or to a package that pip has installed."""
    return any(map(Path(file).resolve().is_relative_to, _INSTALLED))


def relative_to_here(file: str | Path | None) -> Path | None:
    """Return a file in the working directory, relative to that; None for another one, and for what is installed."""
    if file is None:
        return None
    path, here = Path(file).resolve(), Path.cwd().resolve()
    # Code without a file has a name such as <string>.
    if not path.is_file() or not path.is_relative_to(here) or is_installed(path):
        return None
    return path.relative_to(here)


def own_code(file: str) -> Path | None:
    """Return the same, but None for the pipeline and the packages, too."""
    path = Path(file).resolve()
    return None if any(map(path.is_relative_to, _OURS)) else relative_to_here(path)


def own_place(
    error: BaseException, own: Callable[[str], Path | None] = own_code
) -> str | None:
    """Return the file and line of the deepest frame of an error in a file that is the user's own; None if none is."""
    # As text, because an error of another process has its frames in the text of its cause.
    text = "".join(traceback.format_exception(error))
    frames = re.findall(r'File "([^"\n]+)", line (\d+)', text)
    for file, line in reversed(frames):
        if path := own(file):
            return f"{path}, line {line}"
    return None


def this_command() -> str:
    """Return how this process was started, such as `python -m stages.search dropout`, or `gridstage check`."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    called = sys.argv[0]
    if spec and not called.startswith("gridstage "):
        called = f"python -m {spec.name}"
    return " ".join([called, *sys.argv[1:]])
