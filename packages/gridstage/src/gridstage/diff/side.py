"""The scores that a commit holds."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from gridstage.config.cv import CV
from gridstage.config.statistics import Statistics
from gridstage.repository.recorded import LockedResults
from gridstage.results import SCORE, Csv, files
from gridstage.results.evaluation import Evaluation
from gridstage.results.reading import typed
from gridstage.results.record import TableCounts
from gridstage.results.search import Settings
from gridstage.scores.reached import by_unit_of
from gridstage.scores.score_table import (
    split_scorers,
    split_scores,
    stuck_of,
    trained_to_the_end,
)
from resampled.means.by_unit import ByUnit
from resampled.resampling import Resampling

# The stage whose params say what the scores are of.
EVALUATE = "evaluate"


@dataclass(frozen=True)
class Scored:
    """A setting, or its description, with its scores and whether its fits are stuck, of shape (n_splits,) each.

    `ci95` is half the width of the 95 % interval of its mean, NaN where there is none, and `to_the_end` whether it was
    trained to the end, as all are but for halving. `second` are its scores by the second scorer, `second_name`, NaN
    where a net diverged; greater is better. Both are None where there are no such scores, and so is `by_unit`, which is
    that of `Reached`.
    """

    params: str
    scores: np.ndarray
    stuck: np.ndarray
    ci95: float
    to_the_end: bool = True
    second: np.ndarray | None = None
    second_name: str | None = None
    by_unit: ByUnit | None = None

    @property
    def mean(self) -> float:
        """The mean score; NaN if the net diverged on a split."""
        return float(self.scores.mean())


class Side(LockedResults):
    """One side of a comparison, with its scores; what is not there is empty."""

    @cached_property
    def searches(self) -> dict[str, dict[str, Scored]]:
        """The candidates of each experiment by their settings, on its own splits."""
        names = self.names(files.CANDIDATES)
        return {name: self._scored(files.CANDIDATES, "params", name) for name in names}

    @cached_property
    def fresh(self) -> dict[str, Scored]:
        """The contenders of the evaluation by name, on its fresh splits."""
        if not self.has(files.CONTENDERS):
            return {}
        return self._scored(files.CONTENDERS, "setting")

    def _scored(self, file: Csv, key: str, name: str = "") -> dict[str, Scored]:
        with self.reading(file, name) as text:
            # An earlier commit lacks columns that nothing here reads.
            return read_scores(typed(text), key)

    @cached_property
    def picks(self) -> dict[str, Settings]:
        """What each search hands over to the evaluation, as it is in its grid."""
        if not self.has(files.BEST_PARAMS):
            return {}
        (details,) = self.read(files.BEST_PARAMS).details
        pick = str(self.evaluated.get("statistics.pick"))
        return {name: each.picked(pick) for name, each in details.experiments.items()}

    @cached_property
    def answer(self) -> Evaluation | None:
        """The numbers and names that the evaluation has written; None if there is no evaluation."""
        return self.read(files.EVALUATION) if self.has(files.EVALUATION) else None

    @property
    def use(self) -> str | None:
        """What to use, in words; None if there is no evaluation, or one that has no answer."""
        # Where no model is advised, there is no name.
        if self.answer is None or self.answer.use:
            return self.answer.use if self.answer else None
        return "none of the models" if self.answer.handed_over else None

    @property
    def kept(self) -> str | None:
        """The contender that is kept; None if there is no evaluation."""
        return self.answer.kept if self.answer else None

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The metrics of DVC, by names such as `neurons.corrected`."""
        metrics = {}
        for name in self.names(files.SCORES):
            for key, value in self.read(files.SCORES, name).root.items():
                metrics[f"{name}.{key}"] = value
        return metrics

    @cached_property
    def evaluated(self) -> dict[str, Any]:
        """The `params` of the evaluation."""
        return self.params(EVALUATE)

    @property
    def table_hash(self) -> str | None:
        """The hash of the table that the evaluation has read."""
        return self.hashes(EVALUATE).get(str(self.evaluated.get("data.path")))

    @property
    def experiments(self) -> dict[str, Any]:
        """The experiments of the evaluation, as params.yaml has them."""
        return self.recorded(EVALUATE).get("experiments") or {}

    @property
    def rope(self) -> float:
        """The region of practical equivalence."""
        return Statistics(rope=self.evaluated.get("statistics.rope")).rope_or_default

    def resampling(self, scoring: str) -> Resampling:
        """Return how scores of a scorer are resampled; nothing is tested in time order, or without an evaluation."""
        params = self.evaluated
        if not params:
            return Resampling(math.nan)
        share, counted = params.get("data.sample", 1.0), self.counted
        n_rows = counted.rows if counted else math.inf
        counts = counted.classes.values() if counted else ()
        cv = CV(
            splitter=params.get("cv.splitter"),
            n_splits=params["cv.n_splits"],
            scoring=scoring,
        )
        n_groups = self.answer.n_groups if self.answer else None
        return cv.resampling(share * n_rows, [share * n for n in counts], n_groups)

    @cached_property
    def counted(self) -> TableCounts | None:
        """What the stage `fetch` has counted in the table; read once, though each pair of scores asks for it."""
        return self.read(files.DATA) if self.has(files.DATA) else None


def read_scores(table: pd.DataFrame, key: str) -> dict[str, Scored]:
    """Return the rows of a table of scores, by a column such as `params`."""
    scores, stuck = split_scores(table), stuck_of(table)
    ended = trained_to_the_end(table)
    name = next((each for each in split_scorers(table) if each != SCORE), None)
    seconds = split_scores(table, name) if name else np.full(scores.shape, np.nan)
    if seconds.shape != scores.shape:
        raise ValueError(f"{name} is not there for every split")
    found = {}
    for i, row in enumerate(table.to_dict("records")):
        has_second = np.isfinite(seconds[i]).any()
        found[row[key]] = Scored(
            params=row["params"],
            scores=scores[i],
            stuck=stuck[i],
            ci95=float(row["ci95"]),
            to_the_end=bool(ended[i]),
            second=seconds[i] if has_second else None,
            second_name=name if has_second else None,
            by_unit=by_unit_of(row.get("by_unit")),
        )
    return found
