"""Shows what a stage is doing: on a terminal a line that moves, elsewhere a line after a second, then every ten."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

# When the first line is printed, and how long after a line the next one.
SECONDS_BEFORE_FIRST = 1.0
_SECONDS_BETWEEN = 10.0
# The share of the work after which the time that is left is estimated: the first nets also pay for trials and imports.
_LEAST_SHARE = 0.05


class Work:
    """What is being done, and how much of it is done."""

    def __init__(self, bar: Progress) -> None:
        self.bar, self.task = bar, bar.add_task("", total=None)
        self.next_line = time.monotonic() + SECONDS_BEFORE_FIRST

    def begin(self, what: str, unit: str = "") -> None:
        """Show the next part of the work."""
        self.what, self.unit, self.done, self.start = what, unit, 0, time.monotonic()
        self.bar.reset(self.task, description=what, total=None)

    def advance(self, more: int, total: int | None) -> None:
        """Show that more units are done, how many there are in all, and soon about how long the others will take.

        Without a total, which a pipe does not tell, only what is done is shown.
        """
        self.done, now = self.done + more, time.monotonic()
        about, of_all = "", "" if total is None else f" of {total:,}"
        if total is not None and self.done >= max(1, _LEAST_SHARE * total):
            about = f", about {(now - self.start) * (total - self.done) / self.done:.0f} s left"
        told = f"{self.what}: {self.done:,}{of_all} {self.unit} done{about}"
        self.bar.update(self.task, description=told, completed=self.done, total=total)
        if self.bar.disable and now >= self.next_line:
            self.next_line = now + _SECONDS_BETWEEN
            print(told, file=sys.stderr, flush=True)

    def say(self, sentence: str) -> None:
        """Print a sentence, above the line that moves."""
        self.bar.console.print(sentence, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def doing(what: str, unit: str = "") -> Iterator[Work]:
    """Show on standard error what the block does.

    On a terminal it is a line that moves, elsewhere a line after a second, then every ten.

    Parameters
    ----------
    what : str
        What is done.
    unit : str, optional
        What there are many of, such as fits.

    Yields
    ------
    Work
        It is told how far the work is, and what else to say.

    Examples
    --------
    >>> with doing("neurons: reading the table"):
    ...     table, _ = ensure_file(params)
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console, terminal = Console(stderr=True), sys.stderr.isatty()
    with Progress(
        *columns, console=console, transient=True, disable=not terminal
    ) as bar:
        work = Work(bar)
        work.begin(what, unit)
        yield work
