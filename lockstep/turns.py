"""Lets searches in several threads take turns, and catches what one of them prints.

Random numbers, standard output and torch's number of threads belong to the process, not to a thread.
"""

import contextlib
import io
import sys
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from types import CodeType, FrameType
from typing import NamedTuple

# How often a thread that waits looks whether it is its turn, in seconds.
_PAUSE = 0.01


class _Turn(NamedTuple):
    """A call that is made in a thread: its code, and where in their code the functions stand that lead to it.

    The call is not kept itself, because that would keep its rows and nets.
    """

    thread: int
    callers: list[tuple[CodeType, int]]
    code: CodeType

    @classmethod
    def of(cls, call: FrameType) -> "_Turn":
        """Return the turn of a thread's own call."""
        return cls(threading.get_ident(), _places(_calls(call.f_back)), call.f_code)

    def is_over(self) -> bool:
        """Whether the call has ended, with a result or an exception."""
        calls = _calls(sys._current_frames().get(self.thread))
        before, after = calls[: len(self.callers)], calls[len(self.callers) :]
        return _places(before) != self.callers or not after or after[0].f_code is not self.code


_lock = threading.Lock()
_turn: _Turn | None = None

# The thread whose turn also holds in this thread, which works for it while it waits.
WORKS_FOR: ContextVar[int | None] = ContextVar("works_for", default=None)


def take_turn(call: FrameType) -> None:
    """Wait until no other thread of this process is in a search; the turn of this thread ends with a call in it.

    If scikit-learn has called, the turn ends with its outermost call, such as `fit` of a search, because the refit
    belongs to the search. If this thread has the turn already, that goes on.
    """
    global _turn
    own = _Turn.of(next((each for each in _calls(call) if _is_scikit_learns(each)), call))
    while True:
        with _lock:
            if _turn is None or _turn.is_over():
                _turn = own
            if _turn.thread in (own.thread, WORKS_FOR.get()):
                return
        time.sleep(_PAUSE)


def _is_scikit_learns(call: FrameType) -> bool:
    return str(call.f_globals.get("__name__")).startswith("sklearn.")


def _calls(call: FrameType | None) -> list[FrameType]:
    """Return a call and those that led to it, the outermost first."""
    calls = []
    while call is not None:
        calls.append(call)
        call = call.f_back
    return calls[::-1]


def _places(calls: list[FrameType]) -> list[tuple[CodeType, int]]:
    return [(each.f_code, each.f_lasti) for each in calls]


@contextlib.contextmanager
def caught(mine: io.StringIO) -> Iterator[None]:
    """In the block, write to `mine` what this thread prints; what other threads print is shown as before."""
    with contextlib.redirect_stdout(_Sorted(mine)):
        yield


class _Sorted(io.StringIO):
    """Standard output, of which one thread has its own."""

    def __init__(self, mine: io.StringIO) -> None:
        super().__init__()
        self.thread, self.mine, self.others = threading.get_ident(), mine, sys.stdout

    def write(self, text: str) -> int:
        return (self.mine if threading.get_ident() == self.thread else self.others).write(text)
