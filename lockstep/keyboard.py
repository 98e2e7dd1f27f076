"""Lets Ctrl-C end a search at once, in any callback and any worker."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

from lockstep._compat import ensure_running


class _Pressed(BaseException):
    """Ctrl-C; not a KeyboardInterrupt, because callbacks of skorch use that to end a training."""


@contextlib.contextmanager
def heed_the_keyboard() -> Iterator[None]:
    """Distinguish Ctrl-C from the KeyboardInterrupt of a callback, which only ends the training of a net."""
    default = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not default:
        yield
        return

    def pressed(number: int, frame: Any) -> None:
        raise _Pressed

    signal.signal(signal.SIGINT, pressed)
    try:
        yield
    except _Pressed:
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGINT, default)


@contextlib.contextmanager
def leave_the_keyboard() -> Iterator[None]:
    """Let processes that are started in the block ignore Ctrl-C, because this process ends them.

    Where signals can't be masked, as on Windows, each of them gets Ctrl-C as well, and ends with it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    ensure_running()  # joblib's tracker, which would change the mask as it starts
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
