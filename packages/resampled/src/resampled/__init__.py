"""Statistics of cross-validated searches: which candidates may be the best, what that is worth, what differs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resampled.face.by_row import stuck_fits
    from resampled.face.families import choose, verdicts
    from resampled.face.predicted import cross_predict
    from resampled.face.scores import ResampledWarning, Scores
    from resampled.face.summaries import summary

_ELSEWHERE = {
    "choose": "families",
    "cross_predict": "predicted",
    "stuck_fits": "by_row",
    "summary": "summaries",
    "verdicts": "families",
}
__all__ = [
    "ResampledWarning", "Scores", "choose", "cross_predict", "stuck_fits", "summary", "verdicts",
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Import what is asked for, because scipy takes most of a second, and some modules do without."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _ELSEWHERE.get(name, "scores")
    return getattr(import_module(f"{__name__}.face.{module}"), name)
