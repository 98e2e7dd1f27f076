"""What is said of scores, on the screen and in sentences."""

from collections.abc import Mapping

import numpy as np

from gridstage.common import first_of, format_score, short_params
from gridstage.results import Results, files
from gridstage.results.record import Counted
from gridstage.results.search import SearchSummary
from resampled.means.few import too_narrow

NOT_TESTED = (
    "no intervals and no test: splits in the order of time train on more and more rows, "
    "so their scores are not alike"
)

# Of docs/engine.md, "What is promised".
_BY_KERNEL = (
    "The engine's kernel trained every net, so another processor can change only a last digit that lies between two. "
    "First weights are an exception: those of orthogonal_, and those that a module of your own draws in float32."
)

# How many nets a sentence names.
_MOST_NAMED = 3


def too_few(counted: Counted) -> str | None:
    """Return a note if intervals may be too narrow, because the rows of a class, or the groups, are few."""
    _, classes, n_groups = counted.sizes
    return too_narrow(classes, np.arange(n_groups) if n_groups else None)


def stuck_in_words(summary: SearchSummary, decimals: int) -> str:
    """Say how many fits of a search's best are stuck, and its mean score without them; "" if none is.

    As in `1 of 30 fits is stuck; without it 0.7`.
    """
    n_stuck, n_fits = summary.best_n_stuck, summary.n_splits
    if n_stuck == 0:
        return ""
    if summary.best_score_not_stuck is None:
        return f"all {n_fits} fits are stuck"
    is_stuck, it = ("is stuck", "it") if n_stuck == 1 else ("are stuck", "them")
    score = format_score(summary.best_score_not_stuck, decimals)
    return f"{n_stuck} of {n_fits} fits {is_stuck}; without {it} {score}"


def not_by_kernel_told(not_by_kernel: Mapping[str, list[str]]) -> list[str]:
    """Say which nets, by the reason, the kernel has not trained; a sentence a reason."""
    sentences = []
    for reason, names in not_by_kernel.items():
        nets = first_of(list(map(short_params, names)), _MOST_NAMED, "; ")
        sentences.append(
            f"The engine's kernel did not train {nets}, because {reason}. "
            "Last digits of these nets, and of what is made of them, may be others on another processor."
        )
    return sentences


def processor_told(results: Results) -> list[str]:
    """Say whether another processor explains that a run gives other bytes: which nets the kernel has not trained."""
    sentences = []
    for name in results.names(files.CANDIDATES):
        if results.has(files.SUMMARY, name):
            summary = results.read(files.SUMMARY, name)
            sentences += not_by_kernel_told(summary.not_by_kernel)
    if results.has(files.EVALUATION):
        evaluation = results.read(files.EVALUATION)
        sentences += not_by_kernel_told(evaluation.not_by_kernel)
    return sentences or [_BY_KERNEL]
