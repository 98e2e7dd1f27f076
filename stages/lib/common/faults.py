"""What a command says of an error that nobody wrote a sentence for: a fault of the machine, Ctrl-C, or a bug."""

import errno
import sys
import traceback
from pathlib import Path

from stages.lib.common.errors import UserError
from stages.lib.common.own_files import relative_to_here
from stages.lib.common.places import with_line

_RIGHTS = "Change its permissions, or run as the user who owns it."
_REMEDIES = {
    errno.ENOSPC: "Free some space there, then run the command again.",
    errno.EDQUOT: "Free some space there, then run the command again.",
    errno.EFBIG: "Raise the limit on the size of files: `ulimit -f unlimited`.",
    errno.EROFS: "Work in a copy of the repository that can be written to.",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EISDIR: "A file belongs there: move the folder away.",
    errno.ENOTDIR: "A folder belongs there: move the file away.",
    errno.EEXIST: "A folder belongs there: move the file away.",
    errno.EMFILE: "Raise the limit with `ulimit -n 4096`, or lower runtime.n_jobs in params.yaml.",
    errno.ENFILE: "Close other programs, or lower runtime.n_jobs in params.yaml.",
    errno.ENOENT: "Run from the top of the repository; `git status` shows what is missing.",
}
_MEMORY = (
    "Set runtime.n_jobs in params.yaml to 1, lower runtime.max_memory_mb, or use fewer rows with data.sample; other "
    "programs may also need less."
)


class Interrupted(BaseException):
    """Ctrl-C. It is no KeyboardInterrupt, which skorch takes for the wish to end a training early and go on."""


def sentences_on(error: BaseException) -> list[str]:
    """Return what to tell the user of an error: what was found, where, and what to do; nothing if nobody reads on."""
    if isinstance(error, BrokenPipeError) or _is_richs_broken_pipe(error):
        return []
    if isinstance(error, UserError):
        return [f"error: {with_line(str(problem))}" for problem in error.args]
    if isinstance(error, Interrupted | KeyboardInterrupt):
        return ["interrupted"]
    if isinstance(error, MemoryError):
        return [f"error: The memory is used up{_detail(error)}. {_MEMORY}"]
    if isinstance(error, ModuleNotFoundError) and error.name:
        name = error.name.partition(".")[0]
        if name in {"stages", "lockstep"}:
            return [f"error: The module {error.name} is missing. Run `git checkout -- {name}`."]
        return [f"error: The package {name} is missing. Run `pip install --requirement requirements.txt`."]
    if isinstance(error, OSError) and error.errno in _REMEDIES:
        place = error.filename2 or error.filename
        problem = f"{place} can't be used: {error.strerror}" if place else f"{error.strerror}{_where(error)}"
        return [f"error: {problem}. {_REMEDIES[error.errno]}"]
    return [f"error: {type(error).__name__}{_detail(error)}{_where(error)}. {_unforeseen()}"]


def _is_richs_broken_pipe(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError)


def _detail(error: BaseException) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return f": {text}" if text else ""


def _where(error: BaseException) -> str:
    """Return the deepest line of the repository that an error came through."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if path := relative_to_here(frame.filename):
            return f" ({path}, line {frame.lineno})"
    return ""


def _unforeseen() -> str:
    command = " ".join([f"python -m {_module()}", *sys.argv[1:], "--traceback"])
    return f"No check expects this. `{command}` shows how it came about; if it is no fault of your files, report it."


def _module() -> str:
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec.name if spec else "stages." + Path(sys.argv[0]).stem
