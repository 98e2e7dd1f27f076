"""Splits rows into training and test rows, as the section `cv` of params.yaml says."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit

from stages.lib.common import Problem, UserError, explained
from stages.lib.config import CV
from stages.lib.engine import TrainTest, fit_seed

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


class Rows(Protocol):
    """What a split looks at: a `Dataset`, of the room `data` on the same floor."""

    @property
    def y(self) -> np.ndarray:
        """The target."""

    @property
    def groups(self) -> np.ndarray | None:
        """The rows' groups, if they have any."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The label of each class; empty for a regression."""


def make_splits(data: Rows, cv: CV, seed: int) -> list[TrainTest]:
    """Draw the train/test splits as row numbers, repeat by repeat, fold by fold: split `repeat · n_splits + fold`.

    Without `cv.shuffle`, the first repeat's folds follow the file's order; further repeats are always shuffled, because
    the same folds again would only show the noise of training.
    """
    rows = np.zeros(len(data.y))
    if cv.splitter == "time":
        return list(TimeSeriesSplit(cv.n_splits).split(rows))
    folds, groups = _SPLITTERS[cv.kind(bool(data.classes))], data.groups if cv.keeps_groups else None
    splits = []
    for repeat in range(cv.n_repeats):
        shuffle = cv.shuffle or repeat > 0
        splitter = folds(cv.n_splits, shuffle=shuffle, random_state=fit_seed(seed, repeat) if shuffle else None)
        splits += list(splitter.split(rows, data.y, groups))
    return splits


def checked_splits(data: Rows, cv: CV, seed: int) -> list[TrainTest]:
    """Return the splits of `make_splits`.

    Raises `UserError` if rows, groups or the rows of a class are too few, or a fold lacks a class.
    """
    with explained("The rows can't be split", "Lower cv.n_splits in params.yaml, or use more rows."):
        splits = make_splits(data, cv, seed)
    if data.classes:
        _check_classes(data.y, data.classes, cv, splits)
    return splits


def _check_classes(y: np.ndarray, classes: Sequence[str], cv: CV, splits: list[TrainTest]) -> None:
    way_out = _AGAINST_LACKING.get(cv.splitter or "", "Lower cv.n_splits in params.yaml, or merge rare classes.")
    for number, (train, test) in enumerate(splits):
        for part, rows in {"training": train, "test": test}.items():
            if lacking := sorted(set(range(len(classes))) - set(np.unique(y[rows]).astype(int))):
                repeat, fold = divmod(number, cv.n_splits)
                names = ", ".join(classes[i] for i in lacking)
                finding = f"The {part} rows of fold {fold + 1} in repeat {repeat + 1} have no row of class {names}"
                raise UserError(Problem(finding, way_out, see="cv.n_splits"))
