"""User errors: sentences that say what was found, where, and what to do."""

import errno
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from stages.lib.common.own_files import own_code

# What a user's own code may raise; `SystemExit` is no `Exception`, but ends a stage in silence.
RAISED = (Exception, SystemExit)

# More of a message is cut off, as of torch's, which may list every tensor.
_LONGEST = 600


class UserError(Exception):
    """An error that the user can fix; the message says what was found, where, and what to do.

    Several problems are several arguments, so that each is told as an error.
    """

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return `"; did you mean 'Adam'?"` for the one of `words` closest to `word`, or "" if none is close."""
    lower = {name.lower(): name for name in sorted(words)}
    near = get_close_matches(word.lower(), lower, n=1, cutoff=0.65)
    return f"; did you mean {lower[near[0]]!r}?" if near else ""


@contextmanager
def explained(problem: str, advice: str | Callable[[BaseException], str]) -> Iterator[None]:
    """Turn any exception in the block, which may run the user's own code, into a `UserError`.

    What the machine lacks, such as memory or space on a disk, is no fault of that code, and is raised as it is.

    Parameters
    ----------
    problem : str
        What failed; the type and text of the exception follow.
    advice : str, or callable that returns it for the exception
        What to do about it.
    """
    try:
        yield
    except UserError:
        raise
    except RAISED as error:
        if is_fault_of_machine(error):
            raise
        way_out = advice(error) if callable(advice) else advice
        raise UserError(f"{problem}: {described(error)}. {way_out}") from error


def is_fault_of_machine(error: BaseException) -> bool:
    """Whether an error says that the machine lacks something, whatever code it arose in."""
    lacks = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in lacks)


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
    # As text, because an error of another process has its frames in the text of its cause.
    frames = re.findall(r'File "([^"\n]+)", line (\d+)', "".join(traceback.format_exception(error)))
    for file, line in reversed(frames):
        if path := own_code(file):
            return f"{path}, line {line}"
    return None


def _hint() -> str:
    """Return how to see the whole traceback of an error, where a stage runs."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is None or not spec.name.startswith("stages."):
        return ""
    command = " ".join(["python -m", spec.name, *sys.argv[1:]])
    return f" (add --traceback to `{command}` to see the whole traceback)"
