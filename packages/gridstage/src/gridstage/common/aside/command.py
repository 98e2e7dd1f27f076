"""Runs a stage or command, and tells how it ended."""

import argparse
import atexit
import gc
import inspect
import os
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from gridstage.common.aside.errors import (
    UserError,
    message_of,
    own_place,
    relative_to_here,
    this_command,
)

_TRACEBACK = "--traceback"
_STATUS, _STATUS_USAGE, _STATUS_INTERRUPTED = 1, 2, 130
_MEMORY = "Set runtime.n_jobs in params.yaml to 1, lower runtime.max_memory_mb, or use fewer rows with data.sample."
_ACTIVATE = (
    "Activate the environment that has it, such as by `source .venv/bin/activate`."
)


class UsageError(UserError):
    """A wrong argument, after which a command ends with status 2."""


class Arguments(argparse.ArgumentParser):
    """Reads the arguments of a stage or a command; `--help` prints its docstring, and how to call it.

    It is an `argparse.ArgumentParser` whose errors are sentences. What follows `Example:` in the docstring comes last.

    Parameters
    ----------
    called : str
        What one types to call it.
    doc : str or None
        Its docstring.

    Examples
    --------
    >>> arguments = Arguments("python -m stages.search", "Runs one search.")
    >>> _ = arguments.add_argument("experiment")
    >>> arguments.parse_args(["dropout"]).experiment
    'dropout'
    """

    def __init__(self, called: str, doc: str | None) -> None:
        form = argparse.RawDescriptionHelpFormatter
        description, _, example = inspect.cleandoc(doc or "").partition("\n\nExample: ")
        super().__init__(
            called,
            description=description,
            epilog=f"example:\n  {example}" if example else None,
            formatter_class=form,
            allow_abbrev=False,
        )
        self.add_argument(
            _TRACEBACK, action="store_true", help="print the traceback of an error, too"
        )

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`, with how the command is called."""
        usage = " ".join(self.format_usage().split()).replace("usage", "Usage", 1)
        raise UsageError(f"{message}. {usage}")


class Interrupted(BaseException):
    """Ctrl-C. It is not a KeyboardInterrupt, which skorch takes for the wish to end a training early and go on."""


def run(main: Callable[..., None], arguments: Arguments | None = None) -> None:
    """Run a stage or a command.

    Warnings and errors go to standard error, as sentences, each warning once.

    Parameters
    ----------
    main : callable
        What is run. It takes what the arguments were parsed into, and nothing if there are none.
    arguments : Arguments, optional
        How the command line is read; by default, it has `--help` and `--traceback` alone.

    Raises
    ------
    SystemExit
        After an error, with the status 1; with 2 after a wrong argument, and with 130 after Ctrl-C.

    Examples
    --------
    >>> def main():
    ...     print(load_params().cv.scoring)
    >>> run(main)
    accuracy
    """
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        # A console script does not have the project's folder there, in which its nets are.
        sys.path.insert(0, here)
    module = sys.modules[main.__module__]
    parser = arguments or Arguments(_called(module), module.__doc__)
    with_traceback = _TRACEBACK in sys.argv[1:]
    sys.argv[1:] = [argument for argument in sys.argv[1:] if argument != _TRACEBACK]
    notes: set[str] = set()

    def note(message: Warning | str, *_: Any, **__: Any) -> None:
        if str(message) not in notes:
            notes.add(str(message))
            print(f"note: {message}", file=sys.stderr)

    shown, warnings.showwarning = warnings.showwarning, note
    handler = signal.signal(signal.SIGINT, _interrupt)
    try:
        for stream in (
            sys.stdout,
            sys.stderr,
        ):  # whatever the locale: names of columns may be in any script
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        options = parser.parse_args()
        if not gc.isenabled():
            gc.freeze()  # what was imported is not looked through again
            gc.enable()
        main(*[options] if arguments else [])
        sys.stdout.flush()
    except BrokenPipeError:  # who reads the output, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(_STATUS) from None
    except BaseException as error:
        if isinstance(error, SystemExit) and {"-h", "--help"} & set(sys.argv[1:]):
            raise
        status = _tell(error, with_traceback)
        if status == _STATUS_INTERRUPTED:
            _end_at_once(status)
        raise SystemExit(status) from None
    finally:
        signal.signal(signal.SIGINT, handler)
        warnings.showwarning = shown


def _called(module: ModuleType) -> str:
    """Return how a stage or a command is called, such as `gridstage check`."""
    name = module.__spec__.name if module.__spec__ else module.__name__
    package, _, last = name.rpartition(".")
    return (
        f"gridstage {last}" if package.startswith("gridstage") else f"python -m {name}"
    )


def _interrupt(*_: Any) -> None:
    raise Interrupted


def _end_at_once(status: int) -> None:
    """Tidy up, then end without Python's own end, in which threads that are in the middle of C++ would abort."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit._run_exitfuncs()
    os._exit(status)


def _tell(error: BaseException, with_traceback: bool) -> int:
    interrupted = isinstance(error, Interrupted | KeyboardInterrupt)
    if with_traceback and not interrupted:
        traceback.print_exception(error.__cause__ or error, file=sys.stderr)
    for sentence in sentences_on(error):
        print(sentence, file=sys.stderr, flush=True)
    if interrupted:
        return _STATUS_INTERRUPTED
    return _STATUS_USAGE if isinstance(error, UsageError) else _STATUS


def tell_errors_of_imports() -> None:
    """Tell errors as `run` does that arise while a command is being imported, because torch takes seconds."""

    def hook(kind: type[BaseException], error: BaseException, trace: object) -> None:
        status = _tell(error, _TRACEBACK in sys.argv)
        if status == _STATUS_INTERRUPTED:
            os._exit(status)  # Python would end by the signal instead

    sys.excepthook = hook


def sentences_on(error: BaseException) -> list[str]:
    """Return what to tell the user of an error: what was found, where, and what to do."""
    if isinstance(error, UserError):
        return [f"error: {problem}" for problem in error.args]
    if isinstance(error, Interrupted | KeyboardInterrupt):
        return ["interrupted", *getattr(error, "__notes__", [])]
    if isinstance(error, MemoryError):
        return [f"error: The memory is used up{message_of(error)}. {_MEMORY}"]
    if isinstance(error, ModuleNotFoundError) and error.name:
        name = error.name.partition(".")[0]
        return [f"error: The package {name} is missing. {_ACTIVATE}"]
    if isinstance(error, subprocess.CalledProcessError):
        why = " ".join(str(error.stderr or "its own message is above").split())
        return [f"error: `{' '.join(map(str, error.cmd))}` failed: {why}"]
    place = own_place(error, relative_to_here)  # in the project's own code, too
    where = f" ({place})" if place else ""
    if isinstance(error, OSError) and error.strerror:
        problem = f"{error.strerror}{where}"
        if error.filename:
            problem = f"{error.filename} can't be used: {error.strerror}"
        return [f"error: {problem}. Remove the cause, then run the command again."]
    way_out = f"`{this_command()} --traceback` shows how it came about; if it is no fault of your files, report it."
    return [
        f"error: {type(error).__name__}{message_of(error)}{where}. No check expects this. {way_out}"
    ]
