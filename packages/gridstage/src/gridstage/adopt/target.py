"""Decides what kind of target a column is, a class or a number."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridstage.adopt.columns import values_shown
from gridstage.adopt.table import Table

# Accuracy says little if the largest class has this many times the rows of the smallest.
_IMBALANCED = 2
# Whole numbers are classes up to this many values, if they count on without a gap and each has enough rows.
_MOST_NUMBERED_CLASSES, _FEWEST_ROWS_OF_A_CLASS = 10, 5
_MOST_CLASSES = 100


@dataclass(frozen=True)
class Target:
    """What a target is, and why it was taken for that.

    For a class: the labels as written in the file, the rows of each, and in `y` the number of each row's class. For a
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
        total = sum(self.counts)
        shares = []
        for label, count in zip(self.labels, self.counts, strict=True):
            shares.append(f"{label} {100 * count / total:.3g} %")
        if len(shares) > 5:
            shares[5:] = [f"… ({len(shares)} classes)"]
        return ", ".join(shares)


def take_target(table: Table, target: str, classes: bool | None = None) -> Target:
    """Decide whether the target is a class or a number, unless `classes` says it; `UserError` if it can be neither."""
    rows, cells = table.rows, table.frame[target]
    counts = cells.value_counts().sort_index()
    numbers = pd.api.types.is_numeric_dtype(cells)
    if len(counts) < 2:
        rows.refuse(
            f"the target {target!r} is the same in every row. Choose another target."
        )
    if classes is False and not numbers:
        rows.refuse(
            f"the target {target!r} is text, such as {counts.index[0]!r}, which is not a number."
        )
    is_whole = numbers and _are_whole(counts.index)
    if classes is None:
        classes = not numbers or (is_whole and _count_on(counts))
    if not classes:
        why = "a number"
        if is_whole and len(counts) <= 2 * _MOST_NUMBERED_CLASSES:
            why += f" ({len(counts)} whole numbers; --classes takes them for classes)"
        if target in table.written:
            why += f", written as {table.written[target]}"
        return Target([], [], cells, why)
    if len(counts) > min(_MOST_CLASSES, len(cells) // 2):
        is_text, remedy = "", "leave out --classes"
        if not numbers:
            is_text = f"is text such as {counts.index[0]!r}, and "
            remedy = "write all its cells as numbers of one form"
        rows.refuse(
            f"the target {target!r} {is_text}has {len(counts):,} different values in {len(cells):,} rows. A class "
            f"needs several rows. Choose another target, or {remedy}."
        )
    assert table.labels is not None
    # As they are written.
    labels = table.labels.astype("str").groupby(cells).first().tolist()
    if counts.min() < 2:
        rarest = int(counts.to_numpy().argmin())
        where = table.place(cells == counts.index[rarest])
        rows.refuse(
            f"the class {labels[rarest]!r} of {target!r} has one row only, in {where}. Join or remove it."
        )
    why = f"{len(counts)} classes"
    if numbers and len(counts) > 2:
        why += "; --number takes them for a number"
    # Numbers of classes, because scikit-learn refuses classes such as 0.5.
    codes, _ = pd.factorize(cells, sort=True)
    return Target(labels, counts.tolist(), pd.Series(codes), why)


def _are_whole(values: pd.Index) -> bool:
    return bool(np.isfinite(values).all() and (values % 1 == 0).all())


def _count_on(counts: pd.Series) -> bool:
    """Whether whole numbers are classes: two, or few that follow each other from 0 or 1, with enough rows of each."""
    first, last, n_values = counts.index[0], counts.index[-1], len(counts)
    if n_values == 2:
        return True
    without_gap = first in {0, 1} and last - first == n_values - 1
    enough = counts.min() >= _FEWEST_ROWS_OF_A_CLASS
    return bool(without_gap and enough and n_values <= _MOST_NUMBERED_CLASSES)
