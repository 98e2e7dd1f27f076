"""User errors, and how stages report them."""

import inspect
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from stages.lib.common.places import with_line


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
    except Exception as error:
        said = " ".join([f"{type(error).__name__}:", *str(error).split()]).rstrip(":.")
        raise UserError(f"{problem}: {said}. {advice}") from error


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
