"""Decides what kind of target a column is, a class or a number."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stages.lib.adopt.columns import values_shown
from stages.lib.adopt.table import Table

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
        pairs = zip(self.labels, self.counts, strict=True)
        shares = [
            f"{label} {100 * count / sum(self.counts):.3g} %" for label, count in pairs
        ]
        return ", ".join(shares[:5]) + (
            f", … ({len(shares)} classes)" if len(shares) > 5 else ""
        )


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
    whole = (
        numbers
        and np.isfinite(counts.index).all()
        and bool((counts.index % 1 == 0).all())
    )
    if numbers and not (whole and _count_on(counts) if classes is None else classes):
        may_be_classes = whole and len(counts) <= 2 * _MOST_NUMBERED_CLASSES
        hint = (
            f" ({len(counts)} whole numbers; --classes takes them for classes)"
            if may_be_classes
            else ""
        )
        return Target([], [], cells, f"a number{hint}")
    if len(counts) > min(_MOST_CLASSES, len(cells) // 2):
        rows.refuse(
            f"the target {target!r} has {len(counts):,} different values in {len(cells):,} rows. A class needs several "
            "rows. Choose another target, or leave out --classes."
        )
    assert table.labels is not None
    labels = (
        table.labels.astype("str").groupby(cells).first().tolist()
    )  # as they are written
    if counts.min() < 2:
        rarest = int(counts.to_numpy().argmin())
        where = table.place(cells == counts.index[rarest])
        rows.refuse(
            f"the class {labels[rarest]!r} of {target!r} has one row only, in {where}. Join or remove it."
        )
    why = f"{len(counts)} classes" + (
        "; --number takes them for a number" if numbers and len(counts) > 2 else ""
    )
    # Numbers of classes, because scikit-learn refuses classes such as 0.5.
    return Target(
        labels, counts.tolist(), pd.Series(pd.factorize(cells, sort=True)[0]), why
    )


def _count_on(counts: pd.Series) -> bool:
    """Whether whole numbers are classes: two, or few that follow each other from 0 or 1, with enough rows of each."""
    first, n_values, span = (
        counts.index[0],
        len(counts),
        counts.index[-1] - counts.index[0],
    )
    few = (
        first in {0, 1} and span == n_values - 1 and n_values <= _MOST_NUMBERED_CLASSES
    )
    return n_values == 2 or bool(few and counts.min() >= _FEWEST_ROWS_OF_A_CLASS)
