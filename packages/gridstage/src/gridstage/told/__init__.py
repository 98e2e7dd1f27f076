"""What is said of results, in sentences and in printed tables.

One result is made of it, the page metrics/README.md, so only the stage `results` depends on this room. Imports the
rooms whose results it words.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridstage.told.candidates import print_search
    from gridstage.told.evaluation import print_evaluation
    from gridstage.told.findings import print_findings
    from gridstage.told.page import results_page
    from gridstage.told.printed import print_leaderboard, print_over_all, print_scores

_MODULES = {
    "print_evaluation": "evaluation",
    "print_findings": "findings",
    "print_leaderboard": "printed",
    "print_over_all": "printed",
    "print_scores": "printed",
    "print_search": "candidates",
    "results_page": "page",
}
__all__ = [
    "print_evaluation",
    "print_findings",
    "print_leaderboard",
    "print_over_all",
    "print_scores",
    "print_search",
    "results_page",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that a stage waits for its own words only."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
