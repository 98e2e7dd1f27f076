"""Statistics of cross-validated searches: which candidates may be the best, what that is worth, what differs."""

from resampled.by_row import stuck_fits
from resampled.face import best_set, choose, corrected_score, effects, interval, verdict, verdicts
from resampled.summaries import summary

__all__ = [
    "best_set",
    "choose",
    "corrected_score",
    "effects",
    "interval",
    "stuck_fits",
    "summary",
    "verdict",
    "verdicts",
]
