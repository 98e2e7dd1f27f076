"""Lets Ctrl-C end a search at once, in any net, any callback and any worker."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Pressed(BaseException):
    """Ctrl-C; not a KeyboardInterrupt, which skorch takes for the wish of a callback to end the training of a net."""

    def __init__(self, handler: Any, interrupt: KeyboardInterrupt) -> None:
        self.handler = handler
        self.interrupt = interrupt

    def add_note(self, note: str) -> None:
        """Add a note to the KeyboardInterrupt that the caller gets."""
        self.interrupt.add_note(note)


def heeds_the_keyboard(function: Callable[P, R]) -> Callable[P, R]:
    """Let Ctrl-C end a function, whatever trains a net there; its caller gets the KeyboardInterrupt.

    It is the one that the handler of the signal raises, such as Python's own; where a handler raises none, or the
    signal is ignored, this stays so.
    """

    @wraps(function)
    def heeding(*args: P.args, **kwargs: P.kwargs) -> R:
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(
            before
        ):
            return function(*args, **kwargs)

        def pressed(number: int, frame: Any) -> None:
            try:
                before(number, frame)
            except KeyboardInterrupt as interrupt:
                raise Pressed(pressed, interrupt) from None

        # Two blocks, so that Ctrl-C is heeded until the handler is the one of before.
        try:
            signal.signal(signal.SIGINT, pressed)
            try:
                return function(*args, **kwargs)
            finally:
                # Otherwise the user has set one meanwhile.
                if signal.getsignal(signal.SIGINT) is pressed:
                    signal.signal(signal.SIGINT, before)
        except Pressed as ended:
            if ended.handler is not pressed:
                raise
            raise ended.interrupt from None

    return heeding


@contextlib.contextmanager
def leave_the_keyboard() -> Iterator[None]:
    """Let processes that are started in the block ignore Ctrl-C, because this process ends them.

    Where signals can't be masked, as on Windows, each of them gets Ctrl-C as well, and ends with it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Not at the top: on Windows, or with another joblib, these may be missing.
    from multiprocessing import resource_tracker

    from lockstep._compat import ensure_running

    # Now, because these would change the mask as they start.
    for ensure in (
        resource_tracker.ensure_running,
        ensure_running,
    ):
        ensure()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
