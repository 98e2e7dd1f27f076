"""What a search has found: the scores of each candidate on each split, and what the scorer recorded beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.lib.results.files import NOT_BY_KERNEL


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
        return np.array(
            [
                np.mean([record.n_epochs for record in records])
                for records in self.records
            ]
        )

    @property
    def constant(self) -> np.ndarray:
        """Whether each candidate predicts the same for every row, on half of the splits or more."""
        return np.array(
            [
                np.mean([record.constant for record in records]) >= 1 / 2
                for records in self.records
            ]
        )

    @property
    def to_the_end(self) -> np.ndarray:
        """Whether each candidate was trained to the end."""
        return (
            np.ones(len(self.records), dtype=bool)
            if self.stages is None
            else self.stages == self.stages.max()
        )

    def rows(self, candidates: Iterable[int]) -> list[np.ndarray] | None:
        """Return of each split what its rows recorded, (n_candidates, n_rows, …), NaN if diverged; None if nothing."""
        splits = []
        for records in zip(
            *(self.records[number] for number in candidates), strict=True
        ):
            seen = next(
                (record.rows for record in records if record.rows is not None), None
            )
            if seen is None:
                return None
            lacking = np.full_like(seen, np.nan)
            splits.append(
                np.stack(
                    [
                        lacking if record.rows is None else record.rows
                        for record in records
                    ]
                )
            )
        return splits


def by_reason(
    names: Iterable[str], reasons: Iterable[str]
) -> dict[str, dict[str, list[str]]]:
    """Return for a file which nets the kernel has not trained, by the reason; nothing if it has trained all."""
    found: dict[str, list[str]] = {}
    for name, reason in zip(names, reasons, strict=True):
        if reason and name not in (same := found.setdefault(reason, [])):
            same.append(name)
    return {NOT_BY_KERNEL: found} if found else {}
