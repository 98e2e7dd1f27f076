"""What every mistake must end in: a sentence, within a minute, with every other file as it was."""

import re
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TypeVar

from hypothesis import HealthCheck, settings

from gridstage.common import UserError

# `make test` tries 25 mutations of each kind, the same every time; `make test-all` two thousand others.
FUZZED = settings(
    max_examples=max(25, settings().max_examples),
    suppress_health_check=list(HealthCheck),
)

Result = TypeVar("Result")

# What a sentence for people does not contain.
_NO_SENTENCE = re.compile(
    r"Traceback|<class '|<function| object at 0x|instance of [A-Z]|\n\s+File "
)
_SECONDS = 60


class Silence(BaseException):
    """A minute has passed; no code of the project turns this into a sentence."""


def refused_or(call: Callable[[], Result]) -> Result | None:
    """Return what a call returns, or None where it is refused in sentences; any other exception is a bug."""
    try:
        with _a_minute_at_most(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call()
    except UserError as error:
        sentences = error.args
    assert sentences
    for sentence in sentences:
        assert len(str(sentence).split()) > 2, f"no sentence: {sentence!r}"
        assert not _NO_SENTENCE.search(str(sentence)), sentence
    return None


@contextmanager
def _a_minute_at_most() -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> None:
        raise Silence

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a folder."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}
