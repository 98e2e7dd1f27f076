"""Runs a stage or command, and tells how it ended."""

import atexit
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from stages.lib.common.arguments import Arguments, UsageError
from stages.lib.common.faults import Interrupted, sentences_on

_TRACEBACK = "--traceback"
_STATUS, _STATUS_USAGE, _STATUS_INTERRUPTED = 1, 2, 130


def run(main: Callable[..., None], arguments: Arguments | None = None) -> None:
    """Run a stage or command; `main` takes what its `arguments` were parsed into, and nothing if it has none.

    Warnings and errors go to standard error, as sentences, each warning once. After an error, the exit status is 1; it
    is 2 after a wrong argument, and 130 after Ctrl-C. It is 1 too, without a word, if nobody reads the output any more
    before the work is done: DVC must not take the outputs that are there for new ones.
    """
    module = sys.modules[main.__module__]
    parser = arguments or Arguments(module.__spec__.name if module.__spec__ else module.__name__, module.__doc__)
    with_traceback = _TRACEBACK in sys.argv[1:]
    sys.argv[1:] = [argument for argument in sys.argv[1:] if argument != _TRACEBACK]
    notes: set[str] = set()

    def note(message: Warning | str, *_: Any, **__: Any) -> None:
        if str(message) not in notes:
            notes.add(str(message))
            print(f"note: {message}", file=sys.stderr)

    warnings.showwarning = note
    handler = signal.signal(signal.SIGINT, _interrupt)
    try:
        _write_utf_8()
        if {"-h", "--help"} & set(sys.argv[1:]):
            parser.print_help()
            return
        options = parser.parse_args()
        main(*[options] if arguments else [])
        _flush(BrokenPipeError)  # the work is done, whether the reader, such as `head`, reads on or not
    except BaseException as error:
        status = _tell(error, with_traceback)
        _flush(OSError)
        if status == _STATUS_INTERRUPTED:
            _end_at_once(status)
        raise SystemExit(status) from None
    finally:
        signal.signal(signal.SIGINT, handler)


def _interrupt(*_: Any) -> None:
    raise Interrupted


def _end_at_once(status: int) -> None:
    """Tidy up, then end without Python's own end, in which threads that are in the middle of C++ would abort."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit._run_exitfuncs()
    os._exit(status)


def _write_utf_8() -> None:
    """Write UTF-8 whatever the locale, as to files: names of columns and classes may be in any script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _flush(ignored: type[OSError]) -> None:
    """Write what was printed; after an error that is to be ignored, drop it, or Python would try again as it ends."""
    try:
        print(end="", flush=True)
    except ignored:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(error: BaseException, with_traceback: bool) -> int:
    interrupted = isinstance(error, Interrupted | KeyboardInterrupt)
    if with_traceback and not interrupted:
        traceback.print_exception(error.__cause__ or error, file=sys.stderr)
    for sentence in sentences_on(error):
        print(sentence, file=sys.stderr, flush=True)
    return _STATUS_INTERRUPTED if interrupted else _STATUS_USAGE if isinstance(error, UsageError) else _STATUS


def tell_errors_of_imports() -> None:
    """Tell errors as `run` does that arise while a command is being imported, because torch takes seconds."""

    def hook(kind: type[BaseException], error: BaseException, trace: object) -> None:
        status = _tell(error, _TRACEBACK in sys.argv)
        if status == _STATUS_INTERRUPTED:
            os._exit(status)  # Python would end by the signal instead

    sys.excepthook = hook
