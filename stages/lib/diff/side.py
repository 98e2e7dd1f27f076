"""The scores that a commit holds."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from resampled.means.by_unit import ByUnit
from resampled.resampling import Resampling
from stages.lib.config.cv import CV
from stages.lib.config.statistics import ROPE
from stages.lib.repository.recorded import Recorded
from stages.lib.results import Csv, files
from stages.lib.results.reading import typed
from stages.lib.scores.reached import by_unit_of
from stages.lib.scores.score_table import (
    split_scorers,
    split_scores,
    stuck_of,
    trained_to_the_end,
)

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


class Side(Recorded):
    """One side of a comparison, with its scores; what is not there is empty."""

    @cached_property
    def searches(self) -> dict[str, dict[str, Scored]]:
        """The candidates of each experiment by their settings, on its own splits."""
        return {
            name: self._scored(files.CANDIDATES, "params", name)
            for name in self.names(files.CANDIDATES)
        }

    @cached_property
    def fresh(self) -> dict[str, Scored]:
        """The contenders of the evaluation by name, on its fresh splits."""
        return (
            self._scored(files.CONTENDERS, "setting")
            if self.has(files.CONTENDERS)
            else {}
        )

    def _scored(self, file: Csv, key: str, name: str = "") -> dict[str, Scored]:
        with self.reading(
            file, name
        ) as text:  # an earlier commit lacks columns that nothing here reads
            return read_scores(typed(text), key)

    @cached_property
    def answer(self) -> dict[str, Any]:
        """The numbers and names that the evaluation has written."""
        return self.json(files.EVALUATION) if self.has(files.EVALUATION) else {}

    @property
    def use(self) -> str | None:
        """What to use, in words; None if there is no evaluation, or one that has no answer."""
        # Where no model is advised, there is no name.
        return self.answer.get("use") or (
            "none of the models" if "handed_over" in self.answer else None
        )

    @property
    def kept(self) -> str | None:
        """The contender that is kept; None if there is no evaluation."""
        return self.answer.get("kept")

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The metrics of DVC, by names such as `neurons.corrected`."""
        of_files = {
            name: self.json(files.SCORES, name) for name in self.names(files.SCORES)
        }
        return {
            f"{name}.{key}": float(value)
            for name, numbers in of_files.items()
            for key, value in numbers.items()
        }

    @cached_property
    def evaluated(self) -> dict[str, Any]:
        """The `params` of the evaluation."""
        return self.params(EVALUATE)

    @property
    def rope(self) -> float:
        """The region of practical equivalence."""
        rope = self.evaluated.get("statistics.rope")
        return ROPE if rope is None else float(rope)

    def resampling(self, scoring: str) -> Resampling:
        """Return how scores of a scorer are resampled; nothing is tested in time order, or without an evaluation."""
        if not (params := self.evaluated):
            return Resampling(math.nan)
        n_rows, counts = (
            self.counted.get("rows", math.inf),
            self.counted.get("classes", {}).values(),
        )
        if "positives" in self.counted:
            counts = n_rows - self.counted["positives"], self.counted["positives"]
        sampled = params.get("data.sample", 1.0)
        cv = CV(
            splitter=params.get("cv.splitter"),
            n_splits=params["cv.n_splits"],
            scoring=scoring,
        )
        return cv.resampling(
            sampled * n_rows,
            [sampled * number for number in counts],
            self.answer.get("n_groups"),
        )

    @cached_property
    def counted(self) -> dict[str, Any]:
        """What the stage `fetch` has counted in the table; read once, though each pair of scores asks for it."""
        return self.json(files.DATA) if self.has(files.DATA) else {}


def read_scores(table: pd.DataFrame, key: str) -> dict[str, Scored]:
    """Return the rows of a table of scores, by a column such as `params`."""
    scores = split_scores(table)
    second = next(
        (scorer for scorer in split_scorers(table) if scorer != "score"), None
    )
    by_split = split_scores(table, second) if second else np.full(scores.shape, np.nan)
    if by_split.shape != scores.shape:
        raise ValueError(f"{second} is not there for every split")
    seconds = [
        (each, second) if np.isfinite(each).any() else (None, None) for each in by_split
    ]
    halves, ended = table["ci95"].map(float), trained_to_the_end(table).tolist()
    columns = table["params"], scores, stuck_of(table), halves, ended, seconds
    by_unit = map(
        by_unit_of, table.get("by_unit", [None] * len(table))
    )  # which searches have not
    each = zip(table[key], *columns, by_unit, strict=True)
    return {
        name: Scored(*row, *(*of_second, by_unit))
        for name, *row, of_second, by_unit in each
    }
