"""What a search has found: the scores of each candidate on each split, and what the scorer recorded beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np


@dataclass(frozen=True)
class SearchResult:
    """The candidates of a search in their order, and how many nets were trained for them.

    The `scores`, by scorer, have the shape (n_candidates, n_splits), NaN for a net that diverged; `records` are of each
    candidate on each split, and `not_by_kernel` says why the engine's kernel has not trained a net of it, or is "".
    After halving, `stages` is the stage, from 1, after which each candidate left, or the last, and `net_epochs_spared`
    how many more epochs it would have taken to train every net to the end.
    """

    scores: dict[str, np.ndarray]
    records: list[list[Any]]
    n_fits: int
    not_by_kernel: list[str]
    stages: np.ndarray | None = None
    net_epochs_spared: int | None = None

    @property
    def n_weights(self) -> np.ndarray:
        """How many weights each candidate has, shape (n_candidates,)."""
        return np.array([records[0].n_weights for records in self.records])

    @property
    def n_epochs(self) -> np.ndarray:
        """For how many epochs each candidate was trained, mean over the splits, shape (n_candidates,)."""
        return self._means_of("n_epochs")

    @property
    def constant(self) -> np.ndarray:
        """Whether each candidate predicts the same for every row, on half of the splits or more."""
        return self._means_of("constant") >= 1 / 2

    @property
    def to_the_end(self) -> np.ndarray:
        """Whether each candidate was trained to the end."""
        if self.stages is None:
            return np.ones(len(self.records), dtype=bool)
        return self.stages == self.stages.max()

    def _means_of(self, what: str) -> np.ndarray:
        get = np.vectorize(attrgetter(what))
        return np.array([get(records).mean() for records in self.records])

    def rows(self, candidates: Iterable[int]) -> list[np.ndarray] | None:
        """Return of each split what its rows recorded, (n_candidates, n_rows, …), NaN if diverged; None if nothing."""
        splits = []
        chosen = [self.records[number] for number in candidates]
        for records in zip(*chosen, strict=True):
            known = [record.rows for record in records if record.rows is not None]
            if not known:
                return None
            rows = np.stack([np.full_like(known[0], np.nan)] * len(records))
            rows[[record.rows is not None for record in records]] = known
            splits.append(rows)
        return splits


def by_reason(nets: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return which nets the kernel has not trained, by the reason, from names and reasons; "" if it has."""
    found: dict[str, list[str]] = {}
    for name, reason in dict.fromkeys(nets):
        if reason:
            found.setdefault(reason, []).append(name)
    return found
