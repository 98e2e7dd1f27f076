"""User errors, and how stages report them."""

import inspect
import os
import re
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from stages.lib.common.places import with_line

# What a user's own code may raise; `SystemExit` is no `Exception`, but ends a stage in silence.
RAISED = (Exception, SystemExit)

# The rooms of this library lie in folders here, and the default network, which users edit, beside them.
_LIB = Path(__file__).resolve().parents[1]

# More of a message is cut off, as of torch's, which may list every tensor.
_LONGEST = 600


class UserError(Exception):
    """An error that the user can fix; the message says what was found, where, and what to do.

    Several problems are several arguments, so that each is told as an error.
    """

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `"; did you mean 'Adam'?"` for the known word closest to `word`, or "" if none is close."""
    known = sorted(known)
    lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), lower, n=1)
    return f"; did you mean {lower[near[0]]!r}?" if near else ""


@contextmanager
def explained(problem: str, advice: str) -> Iterator[None]:
    """Turn any exception in the block, which may run the user's own code, into a `UserError`.

    Parameters
    ----------
    problem : str
        What failed; the type and text of the exception follow.
    advice : str
        What to do about it.
    """
    try:
        yield
    except UserError:
        raise
    except RAISED as error:
        raise UserError(f"{problem}: {described(error)}. {advice}") from error


def described(error: BaseException) -> str:
    """Return the type and message of an error and, if the user's own code raised it, the file and line there."""
    message = " ".join(str(error).split()).rstrip(".")
    message = message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
    said = f"{type(error).__name__}: {message}" if message else type(error).__name__
    place = own_place(error)
    return f"{said}, at {place}{_hint()}" if place else said


def own_place(error: BaseException) -> str | None:
    """Return the file and line of the deepest frame of an error that is in the user's own code; None if none is.

    That is code in the working directory, apart from what is installed there and from the stages.
    """
    installed = [Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "purelib", "platlib")]
    # As text, because an error of another process has its frames in the text of its cause.
    frames = re.findall(r'File "([^"\n]+)", line (\d+)', "".join(traceback.format_exception(error)))
    for file, line in reversed(frames):
        path, here = Path(file).resolve(), Path.cwd().resolve()
        ours = path.is_relative_to(_LIB.parent) and path.parent != _LIB
        if (
            path.is_file()
            and path.is_relative_to(here)
            and not ours
            and not any(path.is_relative_to(folder) for folder in installed)
        ):
            return f"{path.relative_to(here)}, line {line}"
    return None


def _hint() -> str:
    """Return how to see the whole traceback of an error, where a stage runs."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is None or not spec.name.startswith("stages.") or "--traceback" in sys.argv:
        return ""
    command = " ".join(["python -m", spec.name, *sys.argv[1:]])
    return f" (add --traceback to `{command}` to see the whole traceback)"


def only_argument(usage: str, what: str = "") -> str:
    """Return the one argument of the command.

    Parameters
    ----------
    usage : str
        How the command is called, for the `UserError` that is raised if there is none or more than one.
    what : str
        What the argument is, where the usage does not say so.
    """
    if len(sys.argv) != 2:
        raise UserError(f"one argument is needed{what and f', {what}'}: {usage}")
    return sys.argv[1]


def run(main: Callable[[], None]) -> None:
    """Run a stage or command.

    A `UserError` and warnings go to standard error without a traceback; after an error, the exit status is 1. `--help`
    prints the docstring of the module, which says how to call it if it takes an argument.
    """
    if {"-h", "--help"} & set(sys.argv[1:]):
        module = sys.modules[main.__module__]
        text = inspect.getdoc(module) or ""
        name = module.__spec__.name if module.__spec__ else module.__name__
        print(text if "python -m" in text else f"{text}\n\nUsage: python -m {name}")
        return
    warnings.showwarning = lambda message, *_: print(f"note: {message}", file=sys.stderr)
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has stopped reading
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except UserError as error:
        for problem in error.args:
            print(f"error: {with_line(str(problem))}", file=sys.stderr)
        raise SystemExit(1) from None
