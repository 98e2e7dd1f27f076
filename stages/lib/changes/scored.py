"""A row of a table of scores, for a comparison with another commit's."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from stages.lib.scores.score_table import STUCK_SPLITS, split_scorers, split_scores, stuck_of, trained_to_the_end

# What a rounding to six significant digits changes at most, relatively. Before results had folders by experiment,
# scores had no more, unless two candidates were closer.
_ROUNDED = 5.001e-6


@dataclass(frozen=True)
class Scored:
    """A setting, or its description, with its scores and whether its fits are stuck, of shape (n_splits,) each.

    `ci95` is half the width of the 95 % interval of its mean, NaN where there is none, and `to_the_end` whether it was
    trained to the end, as all are but for halving. `second` are its scores by the second scorer, `second_name`, of
    shape (n_splits,), NaN where a net diverged; greater is better. Both are None where there are no such scores: of
    candidates on the splits of their search, of a net without probabilities, and in files from before they were kept.
    """

    params: str
    scores: np.ndarray
    stuck: np.ndarray
    ci95: float
    to_the_end: bool = True
    second: np.ndarray | None = None
    second_name: str | None = None

    @property
    def mean(self) -> float:
        """The mean score; NaN if the net diverged on a split."""
        return float(self.scores.mean())

    def like(self, other: "Scored") -> "Scored":
        """Return the same with the scores of another side, where these differ by a rounding to six digits alone."""
        if other.second is None or self.second is None:
            return replace(self, scores=_like(self.scores, other.scores))
        return replace(self, scores=_like(self.scores, other.scores), second=_like(self.second, other.second))


def _like(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
    n = min(len(scores), len(others))  # those of the first repeats
    same = np.isclose(scores[:n], others[:n], rtol=_ROUNDED, atol=0)
    return np.concatenate([np.where(same, others[:n], scores[:n]), scores[n:]])


def read_scores(table: pd.DataFrame, key: str) -> dict[str, Scored]:
    """Return the rows of a table of scores, by a column such as `params`."""
    scores = split_scores(table)
    # A regression counts no stuck fits, and rows in the order of time have no intervals.
    stuck = stuck_of(table) if STUCK_SPLITS in table else np.zeros(scores.shape, dtype=bool)
    ci95 = table["ci95"] if "ci95" in table else np.full(len(table), np.nan)
    second = next((scorer for scorer in split_scorers(table) if scorer != "score"), None)
    by_split = split_scores(table, second) if second else np.full(scores.shape, np.nan)
    if by_split.shape != scores.shape:
        raise ValueError(f"{second} is not there for every split")
    seconds = [(each, second) if np.isfinite(each).any() else (None, None) for each in by_split]
    columns = (table["params"], scores, stuck, map(float, ci95), map(bool, trained_to_the_end(table)), seconds)
    return {name: Scored(*row, *of_second) for name, *row, of_second in zip(table[key], *columns, strict=True)}
