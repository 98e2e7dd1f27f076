"""Lets searches in several threads wait for each other's fits, and catches what one of them prints.

Random numbers, standard output and torch's number of threads belong to the process, not to a thread.
"""

import contextlib
import io
import sys
import threading
import warnings
from collections.abc import Iterator

# Held while nets of a search are fitted; a search that a fit starts itself goes on in the same thread.
FITS = threading.RLock()


@contextlib.contextmanager
def caught(mine: io.StringIO) -> Iterator[None]:
    """In the block, write to `mine` what this thread prints; what other threads print is shown as before."""
    with contextlib.redirect_stdout(_Sorted(mine)):
        yield


@contextlib.contextmanager
def unseen() -> Iterator[None]:
    """In the block, show nothing that this thread prints, and no warnings."""
    with warnings.catch_warnings(action="ignore"), caught(io.StringIO()):
        yield


class _Sorted(io.StringIO):
    """Standard output, of which one thread has its own."""

    def __init__(self, mine: io.StringIO) -> None:
        super().__init__()
        self.thread = threading.get_ident()
        self.mine = mine
        self.others = sys.stdout

    def write(self, text: str) -> int:
        if threading.get_ident() == self.thread:
            return self.mine.write(text)
        return self.others.write(text)
