"""The folder in which a search keeps its trained nets until its outputs are written, and what is told of it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gridstage.common.aside.command import Interrupted

# git and DVC ignore it.
_CHECKPOINTS = Path(".kept")

# Stands for the stage evaluate; no experiment can be called so.
EVALUATION = "@evaluate"


def checkpoint_of(name: str) -> Path:
    """Return where the searches of an experiment, or of the `EVALUATION`, keep their nets."""
    return _CHECKPOINTS / name


def forget(name: str) -> None:
    """Delete what searches have kept to go on after they were stopped, once their results are written.

    Parameters
    ----------
    name : str
        An experiment, or `EVALUATION`.

    Examples
    --------
    >>> result = search(experiment)
    >>> forget("neurons")
    """
    shutil.rmtree(checkpoint_of(name), ignore_errors=True)
    with suppress(OSError):  # other searches may have theirs
        _CHECKPOINTS.rmdir()


@contextmanager
def telling(
    label: str, say: Callable[[str], None]
) -> Iterator[Callable[[int, int], None]]:
    """Yield what the engine calls as `on_kept`; Ctrl-C in the block then also tells what is kept."""
    counts: list[tuple[int, int]] = []

    def tell(n_kept: int, total: int) -> None:
        if not counts and n_kept:
            say(
                f"{label}: {n_kept:,} of {total:,} nets are from the run that was stopped"
            )
        counts.append((n_kept, total))

    try:
        yield tell
    except (Interrupted, KeyboardInterrupt) as error:
        if counts:
            n_kept, total = counts[-1]
            how_many = (
                f"{n_kept:,} of {total:,} nets are"
                if n_kept
                else f"none of {total:,} nets is"
            )
            error.add_note(f"{label}: {how_many} kept for the next run")
        raise
