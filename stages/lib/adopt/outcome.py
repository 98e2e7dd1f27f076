"""Decides what kind of target a column is, a class or a number, and which columns give it away."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from stages.lib.adopt.table import Table
from stages.lib.adopt.taken import values_shown
from stages.lib.data import alike

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
    """What a target is, and why it was taken for that.

    For a class: the labels as written in the CSV, the rows of each, and in `y` the number of each row's class. For a
    number, `labels` and `counts` are empty, and `y` has the numbers.
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
        pairs = zip(self.labels, self.counts, strict=True)
        shares = [f"{label} {100 * count / sum(self.counts):.3g} %" for label, count in pairs]
        return ", ".join(shares[:5]) + (f", … ({len(shares)} classes)" if len(shares) > 5 else "")


def take_target(table: Table, target: str, classes: bool | None = None) -> Outcome:
    """Decide whether the target is a class or a number, unless `classes` says it.

    Raises `UserError` if a cell is missing, all are equal, a class has one row only, there are too many classes, or
    text is to be a number.
    """
    csv, cells = table.csv, table.frame[target]
    if missing := int(cells.isna().sum()):
        csv.refuse(
            f"the target {target!r} is missing in {missing:,} of {len(cells):,} rows, first in line "
            f"{table.line(cells.isna())}. Choose another target, or remove such rows."
        )
    counts = cells.value_counts().sort_index()
    numbers = pd.api.types.is_numeric_dtype(cells)
    if len(counts) == 1:
        only = f"{counts.index[0]:g}" if numbers else counts.index[0]
        csv.refuse(f"the target {target!r} is {only} in every row. Choose another target.")
    if classes is False and not numbers:
        csv.refuse(f"the target {target!r} is text, such as {counts.index[0]!r}, which is not a number.")
    whole = numbers and np.isfinite(counts.index).all() and bool((counts.index % 1 == 0).all())
    if numbers and not (whole and _count_on(counts) if classes is None else classes):
        may_be_classes = whole and len(counts) <= 2 * _MOST_NUMBERED_CLASSES
        hint = f" ({len(counts)} whole numbers; --classes takes them for classes)" if may_be_classes else ""
        return Outcome([], [], cells, f"a number{hint}")
    labels = _labels(table, target)
    if len(labels) > min(_MOST_CLASSES, len(cells) // 2):
        csv.refuse(
            f"the target {target!r} has {len(labels):,} different texts in {len(cells):,} rows, such as "
            f"{labels[0]!r}. A class needs several rows. "
            + ("Leave out --classes." if numbers and classes else "Choose another target.")
        )
    if counts.min() < 2:
        rarest = int(counts.to_numpy().argmin())
        csv.refuse(
            f"the class {labels[rarest]!r} of {target!r} has one row only, in line "
            f"{table.line(cells == counts.index[rarest])}; training and testing need two or more. Join it with another "
            "class, or remove the row."
        )
    why = f"{len(labels)} classes" + ("; --number takes them for a number" if numbers and len(labels) > 2 else "")
    # Numbers of classes, because scikit-learn refuses classes such as 0.5.
    return Outcome(labels, counts.tolist(), pd.Series(pd.factorize(cells, sort=True)[0]), why)


def predictors_alone(table: Table, features: list[str], outcome: Outcome) -> dict[str, float]:
    """Return the columns that predict the target alone, with the score of a decision tree on that column.

    The score is the balanced accuracy or R² over three shuffled folds. Such a column may be the target under another
    name, or be known only after it.
    """
    rows = np.random.default_rng(0).permutation(len(outcome.y))[:_MOST_ROWS]
    y = outcome.y.iloc[rows]
    fewest = int(y.value_counts().min()) if outcome.classifies else len(rows)
    if fewest < (2 if outcome.classifies else 10):
        return {}
    tree, folds, scoring = DecisionTreeRegressor(random_state=0), KFold(3), "r2"
    if outcome.classifies:
        folds, scoring = StratifiedKFold(min(3, fewest)), "balanced_accuracy"
        tree = DecisionTreeClassifier(random_state=0)
    scores = {}
    for name in features:
        cells = table.frame[name].iloc[rows]
        numbers = cells if pd.api.types.is_numeric_dtype(cells) else pd.factorize(cells, sort=True)[0]
        one_column = np.asarray(numbers, dtype=float).reshape(-1, 1)
        scores[name] = float(cross_val_score(tree, one_column, y.to_numpy(), cv=folds, scoring=scoring).mean())
    return {name: score for name, score in scores.items() if score >= _ALONE}


def share_the_target(table: Table, names: list[str], outcome: Outcome) -> list[str]:
    """Return the columns of which rows with the same value have the same target, as those of a patient may have.

    Of the values whose rows have several targets, chance would make at least five, and five times as many.
    """
    shuffled = pd.Series(np.random.default_rng(0).permutation(outcome.y), index=outcome.y.index)

    def n_mixed(y: pd.Series, name: str) -> int:
        return int((y.groupby(table.frame[name]).nunique() > 1).sum())

    return [name for name in names if n_mixed(shuffled, name) >= _TIMES * max(n_mixed(outcome.y, name), 1)]


def _count_on(counts: pd.Series) -> bool:
    """Whether whole numbers are classes: two, or few that follow each other from 0 or 1, with enough rows of each."""
    if len(counts) == 2:
        return True
    values = counts.index
    without_gap = values[0] in {0, 1} and values[-1] - values[0] == len(values) - 1
    return bool(without_gap and len(values) <= _MOST_NUMBERED_CLASSES and counts.min() >= _FEWEST_ROWS_OF_A_CLASS)


def _labels(table: Table, target: str) -> list[str]:
    """Return the label of each class as it is written, in the order of the classes."""
    assert table.labels is not None
    labels: dict[str, str] = {}  # by what no reader can tell apart
    for value, texts in table.labels.astype("str").groupby(table.frame[target]).unique().items():
        if len(texts) > 1:
            table.csv.refuse(
                f"the class {value:g} of {target!r} is written as {texts[0]!r} and as {texts[1]!r}. Write it in one "
                "way."
            )
        label = str(texts[0])
        if (other := labels.setdefault(alike.key(label), label)) != label:
            differs = alike.unlike(label, [other])
            table.csv.refuse(f"the class {label!r} of {target!r} looks like another one{differs}.")
    return list(labels.values())
