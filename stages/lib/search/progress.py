"""Shows the progress of a search: a bar on a terminal, an occasional line elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

# Takes the number of units newly done, and the total.
Advance = Callable[[int, int], None]

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress(label: str, unit: str) -> Iterator[Advance]:
    """Yield a function that shows progress on standard error."""
    if sys.stderr.isatty():
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit)]
        with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None)
            yield lambda more, total: bar.update(task, advance=more, total=total)
    else:
        lines = _Lines(label, unit)
        yield lines.advance


class _Lines:
    def __init__(self, label: str, unit: str) -> None:
        self.label, self.unit = label, unit
        self.done = 0
        self.start = self.last = time.monotonic()

    def advance(self, more: int, total: int) -> None:
        self.done += more
        now = time.monotonic()
        if not self.done or now - self.last < _SECONDS_BETWEEN_LINES:
            return
        self.last = now
        left = (now - self.start) * (total - self.done) / self.done
        print(
            f"{self.label}: {self.done:,} of {total:,} {self.unit} done, about {left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )
