"""The splits of the evaluation, which no search has chosen by: nets and baselines are scored on the same ones."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stages.lib.common import UserError
from stages.lib.config import Params
from stages.lib.config.scorers import bounds_of
from stages.lib.data import Dataset
from stages.lib.engine import TrainTest, fit_seed
from stages.lib.scores.intervals import half_widths, one_row
from stages.lib.scores.pooling import Pooling, pooling, recorded
from stages.lib.scores.reached import Reached, from_csv, to_csv
from stages.lib.scores.rows import rows_of
from stages.lib.scores.statistics import mean_test_share
from stages.lib.scores.stuck import stuck_fits
from stages.lib.search import checked_splits
from stages.lib.search.result import SCORE, SearchResult

# Gives the evaluation other random numbers than the searches.
_ANEW = 2


def drawn_anew(params: Params) -> Params:
    """Return the params with another seed, and rows shuffled before they are split, unless they are in time order."""
    cv = params.cv if params.cv.keeps_time else params.cv.model_copy(update={"shuffle": True})
    return params.model_copy(update={"seed": fit_seed(params.seed, 0, _ANEW), "cv": cv})


def fresh_splits(params: Params, data: Dataset) -> "Fresh":
    """Draw the splits of the evaluation: other folds and initial weights than those on which the winners won.

    Raises `UserError` if rows, groups or the rows of a class are too few, or a fold lacks a class.
    """
    anew = drawn_anew(params)
    return Fresh(anew, checked_splits(data, anew.cv, anew.seed, bool(data.classes)), data)


@dataclass(frozen=True)
class Fresh:
    """The splits of the evaluation, under the params of `drawn_anew`, and what follows from what is seen there."""

    params: Params
    splits: list[TrainTest]
    data: Dataset

    @property
    def test_share(self) -> float:
        """Test rows per training row; NaN where the statistics do not hold."""
        return mean_test_share(self.splits, self.params.cv.keeps_time)

    @property
    def one_row(self) -> float:
        """What one row of a split can change."""
        return one_row(self.params.cv.scoring, len(self.data.y) / self.params.cv.n_splits)

    def pooling(self, n_contenders: int) -> Pooling | None:
        """Return how the scorer that selects pools rows; None if it does not, or there are too many to record."""
        return recorded(self.params.cv.scoring, self.data.n_classes, n_contenders, self.splits)

    def half_width(self, scores: np.ndarray, statistics: Sequence[np.ndarray | None], constant: bool) -> float:
        """Return half the width of the 95 % interval of a contender's mean; NaN if it has none.

        The statistics of each split are as `Pooling.rows` returns them; None where the net diverged, or nothing was
        recorded. A contender is `constant` that predicts the same for every row.
        """
        by_row = [each[None] for each in statistics if each is not None]
        pooled = pooling(self.params.cv.scoring, self.data.n_classes)
        half_width = half_widths(
            scores[None],
            self.test_share,
            n_repeats=self.params.cv.n_repeats,
            seed=self.params.seed,
            rows=rows_of(by_row if len(by_row) == len(self.splits) else None, self.splits, self.data.groups, pooled),
            constant=np.array([constant]),
            one_row=self.one_row,
            bounds=bounds_of(self.params.cv.scoring),
        )
        return float(half_width[0])

    def reached(
        self, result: SearchResult, number: int, statistics: Sequence[np.ndarray | None], params: str = ""
    ) -> Reached:
        """Return what a net has reached, the candidate of this number in a search on these splits.

        The statistics are those of `half_width`; `params` says what the net's settings are called.
        """
        scores, records = result.scores_of(number), result.records[number]
        ci95 = self.half_width(scores[SCORE], statistics, bool(result.constant[number]))
        stuck = stuck_fits([records], self.splits, self.data.y, bool(self.data.classes))[0]
        return Reached(scores, ci95, params, stuck)

    def to_csv(self, contenders: Mapping[str, Reached], experiment: str) -> str:
        """Write what an experiment's nets reach, with a column that says under which settings, and of which splits."""
        text = to_csv(contenders, self.params.cv)
        digest = self._digest(text, experiment)
        header, *rows = text.splitlines()
        return "".join(f"{line}\n" for line in (f"{header},digest", *(f"{row},{digest}" for row in rows)))

    def from_csv(self, text: str, experiment: str, refusal: str) -> dict[str, Reached]:
        """Read what `to_csv` wrote; raises the refusal, a `UserError`, if it has changed or is of other splits."""
        lines = [line.rpartition(",") for line in text.splitlines()]
        original = "".join(f"{line}\n" for line, *_ in lines)
        if {digest for *_, digest in lines} != {"digest", self._digest(original, experiment)}:
            raise UserError(refusal)
        return from_csv(original, self.params.cv, len(self.splits), refusal)

    def _digest(self, text: str, experiment: str) -> str:
        model, prepare = self.params.model.model_dump(), self.params.prepare.model_dump()
        settings = [self.params.seed, model | self.params.experiments[experiment].fixed, prepare]
        digest = hashlib.sha256(f"{json.dumps(settings)}\n{text}".encode())
        for rows in (rows for split in self.splits for rows in split):
            digest.update(np.asarray(rows, dtype="<i8").tobytes())
        return digest.hexdigest()[:16]
