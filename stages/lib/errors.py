"""A user's mistake, and how a stage reports it."""

import inspect
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches


class UserError(Exception):
    """Something that the user can mend: a sentence says what was found, where, and what to do."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `"; did you mean 'Adam'?"` for the known word nearest to `word`, or nothing when none is near."""
    known = sorted(known)
    lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), lower, n=1)
    return f"; did you mean {lower[near[0]]!r}?" if near else ""


@contextmanager
def explained(problem: str, advice: str) -> Iterator[None]:
    """Raise what is raised in the block, which runs code that may be the user's own, as a `UserError`.

    Parameters
    ----------
    problem : str
        What did not work; the type and text of what was raised follow.
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


def run(main: Callable[[], None]) -> None:
    """Run a stage or command.

    A `UserError` and warnings go to standard error, as sentences, and the exit status is 1 after an error; `--help`
    prints the docstring of the module.
    """
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(inspect.getdoc(sys.modules[main.__module__]))
        return
    warnings.showwarning = lambda message, *_: print(f"note: {message}", file=sys.stderr)
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
