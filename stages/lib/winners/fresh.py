"""The splits of the evaluation, which no search has seen: nets and baselines are scored on the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.lib.config import Params
from stages.lib.data import Dataset
from stages.lib.engine import TrainTest, fit_seed
from stages.lib.scores import Pooling, bounds_of, half_widths, mean_test_share, one_row, rows_of

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
    splits : list of (train, test)
    data : Dataset
    pooling : Pooling, optional
        None where the scorer can't be pooled.
    """

    params: Params
    splits: Sequence[TrainTest]
    data: Dataset
    pooling: Pooling | None

    @property
    def test_share(self) -> float:
        """Test rows per training row; NaN where the statistics do not hold."""
        return mean_test_share(self.splits, self.params.cv.keeps_time)

    @property
    def one_row(self) -> float:
        """What one row of a split can change."""
        return one_row(self.params.cv.scoring, len(self.data.y) / self.params.cv.n_splits)

    def half_width(self, scores: np.ndarray, statistics: Sequence[np.ndarray], constant: bool) -> float:
        """Return half the width of the 95 % interval of a contender's mean; NaN if it has none.

        Parameters
        ----------
        scores : array of shape (n_splits,)
        statistics : list of arrays of shape (n_test, k)
            Of each split, as `Pooling.rows` returns them; of fewer splits if the scorer failed.
        constant : bool
            Whether it predicts the same for every row.
        """
        by_row = [each[None] for each in statistics] if len(statistics) == len(self.splits) else None
        found = half_widths(
            scores[None],
            self.test_share,
            n_repeats=self.params.cv.n_repeats,
            seed=self.params.seed,
            rows=rows_of(by_row, self.splits, self.data.groups, self.pooling),
            constant=np.array([constant]),
            one_row=self.one_row,
            bounds=bounds_of(self.params.cv.scoring),
        )
        return float(found[0])
