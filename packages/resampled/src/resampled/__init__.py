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


__version__: str


def __dir__() -> list[str]:
    return sorted(__all__)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("resampled")
    except PackageNotFoundError:
        raise AttributeError(
            "resampled has no version here, because it is not installed, only on the path"
        ) from None


if not TYPE_CHECKING:  # which would take any name for one that is here

    def __getattr__(name: str) -> Any:
        """Find what is asked for: scipy takes most of a second, which some modules do without, the version 20 ms."""
        if name == "__version__":
            return _version()
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = _ELSEWHERE.get(name, "scores")
        return getattr(import_module(f"{__name__}.face.{module}"), name)
