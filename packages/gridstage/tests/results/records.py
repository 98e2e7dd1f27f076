"""Results as objects: numbers that a test does not look at are plain ones."""

from typing import Any

from gridstage.results.search import (
    BestParams,
    RankedSearch,
    SearchDetails,
    SearchSummary,
    Settings,
)

_PLAIN: dict[str, Any] = {
    "best_score": 0.7,
    "best_std": 0.1,
    "n_candidates": 2,
    "n_fits": 6,
    "n_splits": 30,
    "n_rows": 30,
    "classes": {},
}


def search_summary(**fields: Any) -> SearchSummary:
    """Return the summary of a search."""
    return SearchSummary(**_PLAIN | {"best_params": "lr=0.1"} | fields)


def ranked_search(
    best: Settings, simplest: Settings | None = None, **fields: Any
) -> RankedSearch:
    """Return a search with its best and its simplest candidate, by default the best."""
    found = _PLAIN | {"n_in_best_set": 1} | fields
    return RankedSearch(
        **found,
        best_params=best,
        simplest_params=best if simplest is None else simplest,
    )


def best_params(
    searches: dict[str, RankedSearch], winner: str, **details: Any
) -> BestParams:
    """Return what is written of all searches, of which nine candidates were compared."""
    found = SearchDetails(experiments=searches, winner=winner, **details)
    return BestParams(
        best_score=0.7,
        best_std=0.1,
        winner=winner,
        winner_params="",
        simplest_params="",
        n_candidates=9,
        n_fits=6,
        details=[found],
    )
