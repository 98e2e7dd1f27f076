"""The splits of the evaluation, which no search has chosen by: nets and baselines are scored on the same ones."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stages.lib.config import Params
from stages.lib.config.scorers import bounds_of
from stages.lib.engine import TrainTest, fit_seed
from stages.lib.scores.intervals import half_widths, one_row
from stages.lib.scores.pooling import Pooling
from stages.lib.scores.reached import OtherSplitsError, Reached
from stages.lib.scores.rows import rows_of
from stages.lib.scores.statistics import mean_test_share
from stages.lib.scores.stuck import stuck_fits

# Gives the evaluation other random numbers than the searches.
_ANEW = 2


def drawn_anew(params: Params) -> Params:
    """Return the params with another seed, and rows shuffled before they are split, unless they are in time order."""
    cv = params.cv if params.cv.keeps_time else params.cv.model_copy(update={"shuffle": True})
    return params.model_copy(update={"seed": fit_seed(params.seed, 0, _ANEW), "cv": cv})


@dataclass(frozen=True)
class Fresh:
    """The splits of the evaluation, and how a contender's interval follows from what was seen of it.

    Parameters
    ----------
    params : Params
        As `drawn_anew` returns them.
    splits : list of (train, test)
    y : array of shape (n_rows,)
        The target of the whole table; classes are 0, 1, ….
    groups : array of shape (n_rows,), optional
    """

    params: Params
    splits: Sequence[TrainTest]
    y: np.ndarray
    groups: np.ndarray | None

    @property
    def test_share(self) -> float:
        """Test rows per training row; NaN where the statistics do not hold."""
        return mean_test_share(self.splits, self.params.cv.keeps_time)

    @property
    def one_row(self) -> float:
        """What one row of a split can change."""
        return one_row(self.params.cv.scoring, len(self.y) / self.params.cv.n_splits)

    def n_scored(self, n_contenders: int) -> int:
        """Return how many rows are scored, over all contenders and splits."""
        return n_contenders * sum(len(test) for _, test in self.splits)

    def half_width(
        self, scores: np.ndarray, statistics: Sequence[np.ndarray], constant: bool, pooling: Pooling | None
    ) -> float:
        """Return half the width of the 95 % interval of a contender's mean; NaN if it has none.

        Parameters
        ----------
        scores : array of shape (n_splits,)
        statistics : list of arrays of shape (n_test, k)
            Of each split, as `Pooling.rows` returns them; of fewer splits if the scorer failed.
        constant : bool
            Whether it predicts the same for every row.
        pooling : Pooling, optional
            None where the scorer can't be pooled.
        """
        by_row = [each[None] for each in statistics] if len(statistics) == len(self.splits) else None
        found = half_widths(
            scores[None],
            self.test_share,
            n_repeats=self.params.cv.n_repeats,
            seed=self.params.seed,
            rows=rows_of(by_row, self.splits, self.groups, pooling),
            constant=np.array([constant]),
            one_row=self.one_row,
            bounds=bounds_of(self.params.cv.scoring),
        )
        return float(found[0])

    def reached(
        self,
        scores: Mapping[str, np.ndarray],
        records: Sequence[Any],
        statistics: Sequence[np.ndarray | None],
        constant: bool,
        pooling: Pooling | None,
        params: str = "",
    ) -> Reached:
        """Return what a net has reached.

        Parameters
        ----------
        scores : mapping of arrays of shape (n_splits,)
            By scorer, `score` first.
        records : list of Record
            What the scorer has seen of the net on each split.
        statistics : list of arrays of shape (n_test, k)
            Of each split; None where the net diverged, or nothing was recorded.
        constant : bool
        pooling : Pooling, optional
        params : str
            What the net's settings are called.
        """
        ci95 = self.half_width(scores["score"], [each for each in statistics if each is not None], constant, pooling)
        stuck = stuck_fits([records], self.splits, self.y, self.params.model.classifies)[0]
        return Reached(dict(scores), ci95, params, stuck)

    def sealed(self, text: str, experiment: str) -> str:
        """Add a column to a CSV that tells whether it is still what an experiment wrote, under the same settings."""
        digest = self._digest(text, experiment)
        header, *rows = text.splitlines()
        return "".join(f"{line}\n" for line in (f"{header},digest", *(f"{row},{digest}" for row in rows)))

    def unsealed(self, text: str, experiment: str) -> str:
        """Return what was `sealed`; raises `OtherSplitsError` if it has changed, or is of other settings or splits."""
        lines = [line.rpartition(",") for line in text.splitlines()]
        original = "".join(f"{line}\n" for line, *_ in lines)
        if {digest for *_, digest in lines} != {"digest", self._digest(original, experiment)}:
            raise OtherSplitsError
        return original

    def _digest(self, text: str, experiment: str) -> str:
        model, prepare = self.params.model.model_dump(), self.params.prepare.model_dump()
        settings = [self.params.seed, model | self.params.experiments[experiment].fixed, prepare]
        found = hashlib.sha256(f"{json.dumps(settings)}\n{text}".encode())
        for part in (rows for split in self.splits for rows in split):
            found.update(np.asarray(part, dtype="<i8").tobytes())
        return found.hexdigest()[:16]
