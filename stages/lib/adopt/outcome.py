"""Decides what kind of target a column is, a class or a number, and which columns give it away."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from stages.lib.adopt.columns import values_shown
from stages.lib.adopt.file_form import Form
from stages.lib.adopt.table import Table, command_without
from stages.lib.common import UserError
from stages.lib.data.alike import unlike

# Accuracy says little if the largest class has this many times the rows of the smallest.
_IMBALANCED = 2
# Whole numbers are classes up to this many values, if they count on without a gap and each has enough rows.
_MOST_NUMBERED_CLASSES = 10
_FEWEST_ROWS_OF_A_CLASS = 5
_MOST_CLASSES = 100
# The score of a tree on one column from which the column alone predicts the target, and the most rows for the tree.
_ALONE = 0.98
_MOST_ROWS = 10_000
# Rows of a value share the target if they have several targets this many times as seldom as by chance.
_TIMES = 5


@dataclass(frozen=True)
class Outcome:
    """What a target is.

    Parameters
    ----------
    labels : list of str
        Its classes as written in the CSV; empty for a number.
    counts : list of int
        The rows of each class.
    y : Series
        Its cells: labels, or numbers.
    why : str
    """

    labels: list[str]
    counts: list[int]
    y: pd.Series
    why: str

    @property
    def classifies(self) -> bool:
        """Whether it is a class."""
        return bool(self.labels)

    @property
    def balanced(self) -> bool:
        """Whether accuracy says something: no class is much larger than another."""
        return max(self.counts) < _IMBALANCED * min(self.counts)

    @property
    def shares(self) -> str:
        """The share of each class in percent, or the range of the number."""
        if not self.labels:
            return values_shown(self.y)
        total = sum(self.counts)
        shown = [f"{label} {100 * count / total:.3g} %" for label, count in self._pairs()]
        return ", ".join(shown[:5]) + (f", … ({len(shown)} classes)" if len(shown) > 5 else "")

    def _pairs(self) -> list[tuple[str, int]]:
        return list(zip(self.labels, self.counts, strict=True))


def take_target(path: str, form: Form, table: Table, target: str, classes: bool | None = None) -> Outcome:
    """Decide whether the target is a class or a number, unless `classes` says it.

    Raises
    ------
    UserError
        If a cell is missing, all are equal, a class has one row only, there are too many classes, or text is to be a
        number.
    """
    cells = table.frame[target]
    if missing := int(cells.isna().sum()):
        line = table.lines(cells.isna())[0]
        command = command_without(path, form, target, list(table.na_values))
        raise UserError(
            f"{path}: the target {target!r} is missing in {missing:,} of {len(cells):,} rows, first in line {line}. "
            f"Choose another target, or remove such rows: {command}"
        )
    counts = cells.value_counts().sort_index()
    if len(counts) == 1:
        raise UserError(f"{path}: the target {target!r} is {counts.index[0]} in every row. Choose another target.")
    numbers = pd.api.types.is_numeric_dtype(cells)
    if classes is False and not numbers:
        raise UserError(f"{path}: the target {target!r} is text, such as {counts.index[0]!r}, which is no number.")
    if numbers and not (_are_classes(counts) if classes is None else classes):
        return Outcome([], [], cells, "a number" + _or_classes(counts))
    labels = _labels(path, target, table)
    if len(labels) > min(_MOST_CLASSES, len(cells) // 2):
        raise UserError(
            f"{path}: the target {target!r} has {len(labels):,} different texts in {len(cells):,} rows, such as "
            f"{labels[0]!r}. A class needs several rows. Choose another target."
        )
    if counts.min() < 2:
        rarest = int(counts.to_numpy().argmin())
        line = table.lines(cells == counts.index[rarest])[0]
        command = command_without(path, form, target, [labels[rarest]])
        raise UserError(
            f"{path}: the class {labels[rarest]!r} of {target!r} has one row only, in line {line}; training and testing"
            f" need two or more. Join it with another class, or remove the row: {command}"
        )
    why = f"{len(labels)} classes" + ("; --number takes them for a number" if numbers and len(labels) > 2 else "")
    return Outcome(labels, [int(count) for count in counts], cells, why)


def predictors_alone(table: Table, features: list[str], outcome: Outcome, seed: int = 0) -> dict[str, float]:
    """Return the columns that predict the target alone, with the score of a decision tree on that column.

    The score is the balanced accuracy or R² over three shuffled folds. Such a column may be the target under another
    name, or be known only after it.
    """
    rows = np.random.default_rng(seed).permutation(len(outcome.y))[:_MOST_ROWS]
    y = outcome.y.iloc[rows]
    fewest = min(3, int(y.value_counts().min())) if outcome.classifies else 3
    tree: DecisionTreeClassifier | DecisionTreeRegressor
    if outcome.classifies and fewest >= 2:
        tree, folds, scoring = DecisionTreeClassifier(random_state=seed), StratifiedKFold(fewest), "balanced_accuracy"
    elif outcome.classifies or len(rows) < 10:
        return {}
    else:
        tree, folds, scoring = DecisionTreeRegressor(random_state=seed), KFold(3), "r2"
    found = {}
    for name in features:
        cells = table.frame[name].iloc[rows]
        X = cells if pd.api.types.is_numeric_dtype(cells) else pd.Series(pd.factorize(cells, sort=True)[0])
        score = cross_val_score(tree, X.to_numpy(dtype=float).reshape(-1, 1), y.to_numpy(), cv=folds, scoring=scoring)
        if score.mean() >= _ALONE:
            found[name] = float(score.mean())
    return found


def share_the_target(table: Table, names: list[str], outcome: Outcome, seed: int = 0) -> list[str]:
    """Return the columns of which rows with the same value have the same target, as those of a patient may have.

    Of the values whose rows have several targets, chance would make at least five, and five times as many.
    """
    shuffled = pd.Series(np.random.default_rng(seed).permutation(outcome.y), index=outcome.y.index)
    found = []
    for name in names:
        mixed, by_chance = ((y.groupby(table.frame[name]).nunique() > 1).sum() for y in (outcome.y, shuffled))
        if by_chance >= _TIMES * max(mixed, 1):
            found.append(name)
    return found


def _are_classes(counts: pd.Series) -> bool:
    values = counts.index.to_numpy(dtype=float)
    if not np.isfinite(values).all() or (values % 1 != 0).any():
        return False
    if len(values) == 2:
        return True
    counted_on = values[0] in {0, 1} and values[-1] - values[0] == len(values) - 1
    return bool(counted_on and len(values) <= _MOST_NUMBERED_CLASSES and counts.min() >= _FEWEST_ROWS_OF_A_CLASS)


def _or_classes(counts: pd.Series) -> str:
    values = counts.index.to_numpy(dtype=float)
    whole = np.isfinite(values).all() and (values % 1 == 0).all()
    few = whole and len(counts) <= 2 * _MOST_NUMBERED_CLASSES
    return f" ({len(counts)} whole numbers; --classes takes them for classes)" if few else ""


def _labels(path: str, target: str, table: Table) -> list[str]:
    """Return the label of each class as it is written, in the order of the classes."""
    assert table.labels is not None
    written = table.labels.groupby(table.frame[target]).unique()
    for value, texts in written.items():
        if len(texts) > 1:
            raise UserError(
                f"{path}: the class {value:g} of {target!r} is written as {texts[0]!r} and as {texts[1]!r}. "
                "Write it in one way."
            )
    labels = [str(texts[0]) for texts in written]
    for i, label in enumerate(labels):
        if differs := unlike(label, labels[:i]):
            raise UserError(f"{path}: the class {label!r} of {target!r} looks like another one{differs}.")
    return labels
