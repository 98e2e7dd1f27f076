"""Says what two commits conclude from their results: what to use, the winner's worth, what may be the best."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from stages.lib.common import format_score, score_decimals
from stages.lib.report.revisions import Change

_EVALUATION, _BEST = "metrics/evaluation.json", "metrics/best_params.json"


class Side(NamedTuple):
    """What is concluded before or after a change; None where there is nothing."""

    old: str | None
    new: str | None


def answers(metrics: Iterable[Change]) -> Side:
    """Return the sentences that say what to use.

    Parameters
    ----------
    metrics : iterable of Change
        All metrics, also those that do not differ.
    """
    found = {(change.file, change.key): change for change in metrics}
    change = found.get((_EVALUATION, "answer"))
    return Side(change.old, change.new) if change else Side(None, None)


def conclusions(metrics: Iterable[Change]) -> dict[str, Side]:
    """Return, by what it is, the winner, its corrected score, and how many candidates of each search may be the best.

    Parameters
    ----------
    metrics : iterable of Change
        All metrics, also those that do not differ.
    """
    old, new = ({(change.file, change.key): getattr(change, end) for change in metrics} for end in ("old", "new"))
    told = {
        "winner": Side(*(values.get((_BEST, "winner")) for values in (old, new))),
        "its corrected score": Side(*map(_corrected, (old, new))),
    }
    folder = PurePosixPath("metrics/compared")
    names = [PurePosixPath(file).stem for file, _ in old if PurePosixPath(file).parent == folder]
    for name in dict.fromkeys(names):
        told[f"{name}: candidates that may be the best"] = Side(*(_size(values, name) for values in (old, new)))
    return {what: side for what, side in told.items() if side != Side(None, None)}


def _corrected(values: dict[tuple[str, str], Any]) -> str | None:
    keys = ("best_score_corrected", "best_score_corrected_low", "best_score_corrected_high")
    numbers = [float(values[_BEST, key]) for key in keys if values.get((_BEST, key)) is not None]
    if len(numbers) < len(keys):
        return None
    decimals = score_decimals(numbers)
    score, low, high = (format_score(value, decimals) for value in numbers)
    return f"{score} ({low} to {high})"


def _size(values: dict[tuple[str, str], Any], name: str) -> str | None:
    size = values.get((f"metrics/compared/{name}.json", "n_in_best_set"))
    if size is None:
        return None
    return f"{size} of {values.get((f'metrics/search/{name}.json', 'n_candidates'), '?')}"
