"""The rows of a table and their splits: those of the searches, and fresh ones, which no search has chosen by."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from gridstage.common import Problem, UserError, as_user_error
from gridstage.config import CV, Params
from gridstage.data import Dataset, load_dataset
from gridstage.engine import TrainTest, fit_seed
from gridstage.results import SCORE, written
from gridstage.results.record import Counted
from gridstage.results.writing import as_csv
from gridstage.scores.reached import Reached, reached_of, reached_table, second_scorer
from gridstage.scores.scorer import Look, RecordingScorer, make_scorer, second_score
from gridstage.scores.search_result import SearchResult
from resampled.candidates.stuck import is_stuck
from resampled.means.by_unit import ByUnit
from resampled.means.intervals import intervals
from resampled.means.pooling import Pooling, pooling
from resampled.means.rows import Rows
from resampled.resampling import Resampling

# Gives the evaluation other random numbers than the searches.
_ANEW = 2
# So many bundles of rows are kept of what is compared later: their variance is known to a seventh.
_N_BUNDLES = 100
# The most test rows to record, over all nets and splits; each takes a few bytes.
_MOST_ROWS = 50_000_000


def drawn_anew(params: Params) -> Params:
    """Return the params with another seed, and rows shuffled before they are split, unless they are in time order."""
    cv, seed = params.cv, fit_seed(params.seed, 0, _ANEW)
    if not cv.keeps_time:
        cv = cv.model_copy(update={"shuffle": True})
    return params.model_copy(update={"seed": seed, "cv": cv})


@dataclass(frozen=True)
class Folds:
    """The rows of a table in their folds, as the params draw them, and what follows from scores on these."""

    params: Params
    data: Dataset

    @cached_property
    def splits(self) -> list[TrainTest]:
        """The splits, as `make_splits` draws them."""
        return checked_splits(self.data, self.params.cv, self.params.seed)

    @cached_property
    def fresh(self) -> "Folds":
        """The rows as the evaluation splits them: into other folds than those on which the winners won."""
        return Folds(drawn_anew(self.params), self.data)

    @cached_property
    def whole(self) -> "Folds":
        """All rows of the table, of which `data.sample` may have taken a part."""
        if self.params.data.sample == 1:
            return self
        data = self.params.data.model_copy(update={"sample": 1.0})
        return read_table(self.params.model_copy(update={"data": data}))

    @property
    def resampling(self) -> Resampling:
        """How scores on the splits are resampled."""
        return self.params.cv.resampling(*self.counted.sizes)

    @property
    def counted(self) -> Counted:
        """How many rows there are, how many of each class, by its label, and how many groups, if there are any."""
        y, groups, labels = self.data.y, self.data.groups, self.data.classes
        classes = {label: int((y == i).sum()) for i, label in enumerate(labels)}
        n_groups = None if groups is None else len(np.unique(groups))
        return Counted(n_rows=len(y), classes=classes, n_groups=n_groups)

    def pooling(self, n_fitted: int) -> Pooling | None:
        """Return how the scorer that selects pools the test rows of so many models; None for none or too many."""
        n_rows = n_fitted * sum(len(test) for _, test in self.splits)
        return self._pooling if n_rows <= _MOST_ROWS else None

    def scorer(
        self, n_nets: int, look: Look | None = None, *, second: bool = False
    ) -> RecordingScorer:
        """Return what scores nets, and records of test rows what can be pooled; `second` adds the second scorer."""
        cv, pooled = self.params.cv, self.pooling(n_nets)
        record_rows = pooled.record if pooled else None
        scorer = make_scorer(cv.scoring, cv.also_score, record_rows, look)
        name = second_scorer(cv.scoring)
        if second and name:
            scorer.scorers.setdefault(name, second_score)
        return scorer

    @property
    def _pooling(self) -> Pooling | None:
        return pooling(self.params.cv.scoring, self.data.n_classes)

    def row_statistics(self, statistics: Sequence[np.ndarray] | None) -> Rows | None:
        """Return what `SearchResult.rows` has returned, with what tells the rows apart; None if not known."""
        pooled, in_time = self._pooling, self.params.cv.keeps_time
        if (
            statistics is None or pooled is None or in_time
        ):  # where not each row is tested
            return None
        tests = [test for _, test in self.splits]
        return Rows(statistics, tests, self.data.groups, pooled)

    def by_unit(self, rows: Rows | None) -> ByUnit | None:
        """Return what rows or groups make of the scores of all candidates, if that is known."""
        if rows is None:
            return None
        candidates = np.arange(len(rows.statistics[0]))
        return rows.units(candidates).by_unit(self.params.cv.n_splits)

    def reached_by(
        self,
        scores: dict[str, np.ndarray],
        statistics: Sequence[np.ndarray] | None,
        constant: bool,
        params: str,
    ) -> Reached:
        """Return what a model reaches with these scores; it is `constant` if it predicts the same for all rows."""
        by_unit, seed = self.by_unit(self.row_statistics(statistics)), self.params.seed
        means = intervals(
            scores[SCORE][None], self.resampling, by_unit=by_unit, constant=constant
        )
        (ci95,) = means.half
        # Bundles of rows are alike for all on these splits.
        bundles = by_unit and by_unit.bundled(_N_BUNDLES, np.random.default_rng(seed))
        return Reached(scores, float(ci95), params, by_unit=bundles)

    def stuck(self, records: Sequence[Sequence[Any]]) -> np.ndarray:
        """Return which fits are stuck, (n_candidates, n_splits), by their `Record`s; a diverged net is not."""
        classify = bool(self.data.classes)
        stuck = np.zeros((len(records), len(self.splits)), dtype=bool)
        for split, (train, _) in enumerate(self.splits):
            y = self.data.y[train]
            answers = [of_net[split].answered for of_net in records]
            stuck[:, split] = [is_stuck(each, y, classify) for each in answers]
        return stuck

    def reached(self, result: SearchResult, number: int, params: str = "") -> Reached:
        """Return what a net, the candidate of this number in a search on these splits, has reached."""
        scores = {scorer: each[number] for scorer, each in result.scores.items()}
        statistics, constant = result.rows([number]), bool(result.constant[number])
        judged = self.reached_by(scores, statistics, constant, params)
        (stuck,) = self.stuck([result.records[number]])
        reason = result.not_by_kernel[number]
        return replace(judged, stuck=stuck, not_by_kernel=reason)

    def sealed(
        self, contenders: Mapping[str, Reached], experiment: str
    ) -> pd.DataFrame:
        """Return the table of what an experiment's nets reach, sealed with the settings and the splits."""
        table = written(reached_table(contenders, self.params.cv))
        return table.assign(digest=self._digest(table, experiment))

    def unsealed(
        self, table: pd.DataFrame, experiment: str, refusal: UserError
    ) -> dict[str, Reached]:
        """Return what `sealed` has tabulated; raises the refusal if it has changed or is of other splits."""
        original = table.drop(columns="digest")
        if set(table["digest"]) != {self._digest(original, experiment)}:
            raise refusal
        return reached_of(original, self.params.cv, len(self.splits), refusal)

    def _digest(self, table: pd.DataFrame, experiment: str) -> str:
        settings = [
            self.params.seed,
            self.params.settings(experiment),
            self.params.prepare.model_dump(),
        ]
        digest = hashlib.sha256(f"{json.dumps(settings)}\n{as_csv(table)}".encode())
        for rows in chain.from_iterable(self.splits):
            digest.update(np.asarray(rows, dtype="<i8").tobytes())
        return digest.hexdigest()[:16]


def read_table(params: Params) -> Folds:
    """Read the rows that `data` and `cv` of params.yaml describe; raises `UserError` as `load_dataset` does."""
    cv, classify = params.cv, params.model.classifies
    data = load_dataset(params.data, classify, params.seed, cv.groups, cv.order)
    return Folds(params, data)


_SPLITTERS = {
    "stratified": StratifiedKFold,
    "kfold": KFold,
    "group": GroupKFold,
    "stratified_group": StratifiedGroupKFold,
}

# What to do if a fold lacks a class, by cv.splitter.
_AGAINST_LACKING = {
    "kfold": "Set cv.splitter in params.yaml to stratified, or cv.shuffle to true.",
    "group": "Set cv.splitter in params.yaml to stratified_group, or lower cv.n_splits.",
}
_MERGE = "Lower cv.n_splits in params.yaml, or merge rare classes."
# Scorers that leave out a class without test rows; others are undefined, or count it as missed.
_OF_SOME_CLASSES = {"accuracy", "balanced_accuracy", "f1_weighted"}


def make_splits(data: Dataset, cv: CV, seed: int) -> list[TrainTest]:
    """Draw the train/test splits as row numbers, repeat by repeat, fold by fold: split `repeat · n_splits + fold`.

    Without `cv.shuffle`, the first repeat's folds follow the file's order; further repeats are always shuffled, because
    the same folds again would only show the noise of training.
    """
    rows = np.zeros(len(data.y))
    if cv.splitter == "time":
        return list(TimeSeriesSplit(cv.n_splits).split(rows))
    folds = _SPLITTERS[cv.kind(bool(data.classes))]
    groups = data.groups if cv.keeps_groups else None
    splits = []
    for repeat in range(cv.n_repeats):
        splitter = folds(cv.n_splits)
        if cv.shuffle or repeat > 0:
            drawn = fit_seed(seed, repeat)
            splitter = folds(cv.n_splits, shuffle=True, random_state=drawn)
        splits += splitter.split(rows, data.y, groups)
    return splits


def checked_splits(data: Dataset, cv: CV, seed: int) -> list[TrainTest]:
    """Return the splits of `make_splits`; raises `UserError` if rows or groups are too few, or a fold lacks a class."""
    with as_user_error(
        "The rows can't be split", "Lower cv.n_splits in params.yaml, or use more rows."
    ):
        splits = make_splits(data, cv, seed)
    if data.classes:
        _check_classes(data.y, data.classes, cv, splits)
    return splits


def _check_classes(
    y: np.ndarray, classes: Sequence[str], cv: CV, splits: list[TrainTest]
) -> None:
    for number, (train, test) in enumerate(splits):
        for part, rows in {"training": train, "test": test}.items():
            lacking = np.setdiff1d(np.arange(len(classes)), y[rows])
            if lacking.size:
                repeat, fold = divmod(number, cv.n_splits)
                names = ", ".join(classes[i] for i in lacking)
                if part == "test" and cv.keeps_time:
                    _check_scorers(cv, f"Fold {fold + 1} has no row of class {names}")
                    continue
                finding = f"The {part} rows of fold {fold + 1} in repeat {repeat + 1} have no row of class {names}"
                way_out = _AGAINST_LACKING.get(cv.splitter or "", _MERGE)
                raise UserError(Problem(finding, way_out))


def _check_scorers(cv: CV, finding: str) -> None:
    """Refuse scorers that need all classes: in the order of time, no other split would have them."""
    remedy = "Set cv.scoring to balanced_accuracy"
    for name in (cv.scoring, *cv.also_score):
        if name not in _OF_SOME_CLASSES:
            raise UserError(Problem(f"{finding}, which {name} needs", remedy))
        remedy = "Leave it out of cv.also_score"
