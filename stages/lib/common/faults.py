"""What a command says of an error that nobody wrote a sentence for: a fault of the machine, Ctrl-C, or a bug."""

import subprocess
import sys

from stages.lib.common.errors import UserError, message_of, own_place, this_command
from stages.lib.common.own_files import relative_to_here
from stages.lib.common.places import with_line

_MEMORY = (
    "Set runtime.n_jobs in params.yaml to 1, lower runtime.max_memory_mb, or use fewer rows with data.sample; other "
    "programs may also need less."
)


# In a virtual environment, and outside of any.
_INSTALL = "Run `pip install --requirement requirements.txt`."
_ACTIVATE = "Run `make check` once, which makes the environment, then activate it: `source .venv/bin/activate`."


class Interrupted(BaseException):
    """Ctrl-C. It is not a KeyboardInterrupt, which skorch takes for the wish to end a training early and go on."""


def sentences_on(error: BaseException) -> list[str]:
    """Return what to tell the user of an error: what was found, where, and what to do; nothing if nobody reads on."""
    cause = error.__context__ if isinstance(error, SystemExit) else error  # rich exits after a broken pipe
    if isinstance(cause, BrokenPipeError):
        return []
    if isinstance(error, UserError):
        return [f"error: {with_line(str(problem))}" for problem in error.args]
    if isinstance(error, Interrupted | KeyboardInterrupt):
        return ["interrupted"]
    if isinstance(error, MemoryError):
        return [f"error: The memory is used up{message_of(error)}. {_MEMORY}"]
    if isinstance(error, ModuleNotFoundError) and error.name:
        name = error.name.partition(".")[0]
        if name in {"stages", "lockstep", "resampled"}:
            return [f"error: The module {error.name} is missing. Run `git checkout -- {name}`."]
        return [f"error: The package {name} is missing. {_INSTALL if sys.prefix != sys.base_prefix else _ACTIVATE}"]
    if isinstance(error, subprocess.CalledProcessError):
        why = " ".join(str(error.stderr or "its own message is above").split())
        return [f"error: `{' '.join(map(str, error.cmd))}` failed: {why}"]
    place = own_place(error, relative_to_here)  # in the project's own code, too
    where = f" ({place})" if place else ""
    if isinstance(error, OSError) and error.strerror:
        name = error.filename
        problem = f"{name} can't be used: {error.strerror}" if name else f"{error.strerror}{where}"
        return [f"error: {problem}. Remove the cause, then run the command again."]
    way_out = f"`{this_command()} --traceback` shows how it came about; if it is no fault of your files, report it."
    return [f"error: {type(error).__name__}{message_of(error)}{where}. No check expects this. {way_out}"]
