"""Shows what a stage is doing: on a terminal a line that moves, elsewhere a line after a second, then every ten."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

# When the first line is printed, and how long after a line the next one.
SECONDS_BEFORE_FIRST = 1.0
_SECONDS_BETWEEN = 10.0


class Work:
    """What is being done, and how much of it is done."""

    def __init__(self, bar: Progress) -> None:
        self.bar, self.task = bar, bar.add_task("", total=None)

    def begin(self, what: str, unit: str = "") -> None:
        """Show the next part of the work."""
        self.what, self.unit, self.done, self.total, self.start = what, unit, 0, 0, time.monotonic()
        self.bar.reset(self.task, description=what, total=None)

    def advance(self, more: int, total: int) -> None:
        """Show that more units are done, and how many there are in all."""
        self.done, self.total = self.done + more, total
        self.bar.update(self.task, description=str(self), completed=self.done, total=total)

    def __str__(self) -> str:
        if not self.total:
            return self.what
        left = (time.monotonic() - self.start) * (self.total - self.done) / self.done if self.done else None
        about = "" if left is None else f", about {left:.0f} s left"
        return f"{self.what}: {self.done:,} of {self.total:,} {self.unit} done{about}"


@contextmanager
def doing(what: str, unit: str = "") -> Iterator[Work]:
    """Show on standard error what the block does, such as "dropout: reading data/rides.csv"."""
    terminal = sys.stderr.isatty()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not terminal) as bar:
        work = Work(bar)
        work.begin(what, unit)
        over = threading.Event()
        thread = threading.Thread(target=_tell, args=(work, terminal, over), daemon=True)
        thread.start()
        try:
            yield work
        finally:
            over.set()
            thread.join()


def _tell(work: Work, terminal: bool, over: threading.Event) -> None:
    """Print what is done until it is over; on a terminal there is a bar instead."""
    start, wait, before = time.monotonic(), SECONDS_BEFORE_FIRST, ""
    while not over.wait(wait):
        wait, now = _SECONDS_BETWEEN, f"{work.what}, {work.done}"
        if not terminal:
            # Nothing may have been done since the last line.
            after = f", after {time.monotonic() - start:.0f} s" if now == before else ""
            print(f"{work}{after}", file=sys.stderr, flush=True)
        before = now
