"""What a search has found, and what the stage best_params makes of all searches."""

from operator import not_
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from gridstage.results.record import Counted, Record

# Settings by their keys, as params.yaml has them.
Settings = dict[str, Any]


class BestScore(Record):
    """The best mean score, its spread over the splits, and what it is worth without the luck of the choice.

    That, and the ends of its 95 % interval, are None where it is not known.
    """

    best_score: float
    best_std: float
    best_score_corrected: float | None = None
    best_score_corrected_low: float | None = None
    best_score_corrected_high: float | None = None

    @property
    def corrected(self) -> tuple[float, float, float] | None:
        """The corrected score, and the ends of its interval."""
        score, low = self.best_score_corrected, self.best_score_corrected_low
        high = self.best_score_corrected_high
        if score is None or low is None or high is None:
            return None
        return score, low, high

    @property
    def rating(self) -> float:
        """What searches are compared by: the corrected score, or the best one where that is not known."""
        return self.corrected[0] if self.corrected else self.best_score


class _OfSearch(BestScore, Counted):
    """What both files have of a search; also the best candidate's mean by each further scorer, `best_NAME`.

    `corrected_over` is what had no say in the choice. `not_by_kernel` has the nets that the engine's kernel has not
    trained, by the reason. Without its stuck fits, the best has `best_score_not_stuck`.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float] = Field(init=False)

    best_ci95: float | None = None
    best_n_stuck: int = 0
    best_score_not_stuck: float | None = None
    corrected_noise: float | None = None
    corrected_over: Literal["rows and repeats", "rows and folds", "splits"] | None = (
        None
    )
    net_epochs_spared: int | None = None
    n_candidates: int
    n_fits: int
    n_splits: int
    not_by_kernel: dict[str, list[str]] = Field(default={}, exclude_if=not_)


class SearchSummary(_OfSearch):
    """The result of a search, as its own stage writes it; the best candidate is text."""

    best_params: str
    best_n_stuck: int = Field(default=0, exclude_if=not_)


class RankedSearch(_OfSearch):
    """The result of a search with its comparison; candidates are as they are in the grid."""

    best_params: Settings
    simplest_params: Settings
    n_in_best_set: int | None = None

    def picked(self, pick: str) -> Settings:
        """Return the candidate that goes on to the evaluation, as `statistics.pick` says."""
        return self.best_params if pick == "best" else self.simplest_params


class SearchDetails(Record):
    """All searches by experiment, whose best one is the winner; and the combination of their picks."""

    experiments: dict[str, RankedSearch]
    winner: str
    combined: Settings | None = None
    left_out: list[str] | None = None


class BestParams(BestScore):
    """What the stage best_params writes: of the winner, and of all searches; details are in a list, which DVC hides."""

    winner: str
    winner_params: str
    simplest_params: str
    combined_params: str | None = None
    n_candidates: int
    n_fits: int
    details: Annotated[list[SearchDetails], Field(min_length=1, max_length=1)]
