"""Statistics of cross-validated searches: which candidates may be the best, what that is worth, what differs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resampled.by_row import stuck_fits
    from resampled.face import (
        best_set,
        choose,
        corrected_score,
        effects,
        interval,
        verdict,
        verdicts,
    )
    from resampled.predicted import cross_predict
    from resampled.searches import ResampledWarning
    from resampled.summaries import summary

_ELSEWHERE = {
    "ResampledWarning": "searches",
    "cross_predict": "predicted",
    "stuck_fits": "by_row",
    "summary": "summaries",
}
__all__ = [
    "ResampledWarning", "best_set", "choose", "corrected_score", "cross_predict", "effects", "interval", "stuck_fits",
    "summary", "verdict", "verdicts",
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Import what is asked for, because scipy takes most of a second, and some modules do without."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, 'face')}"), name)
