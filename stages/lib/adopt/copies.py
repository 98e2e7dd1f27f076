"""Rows that equal another one: a net is tested on such a row after it was trained on its copy."""

import numpy as np
import pandas as pd

from stages.lib.data import Dataset

# Fewer copies than this share of the rows hardly change a score: a net is right about many of them anyway.
_FEWEST = 0.02
# Rows of a few classes or small numbers are equal by chance. They are copies if they are this many times as many as
# with the cells of each column in any order. Where columns depend on each other, chance makes more: of five with
# ten values each and correlations of 0.6, four times as many.
_TIMES = 5


def on_copies(data: Dataset, name: str) -> str:
    """Return a sentence on rows of the file `name` that equal another one in all features and the target.

    It is empty if they are few. Rows of one group are not copies, because they are trained on or tested together. Rows
    that are equal by chance, such as those of a table with three categories, are not copies either.
    """
    table = pd.concat([data.X, pd.Series(data.y)], axis=1)
    count = _n_copies(table, data.groups)
    if count < _FEWEST * len(table) or count < _TIMES * _n_copies(_shuffled(table), None):
        return ""
    another, way_out = "another one", "if they are rows of one subject, name the column with its id in cv.groups"
    if data.groups is not None:
        another, way_out = "one of another group", "if they belong together, give them one group"
    return (
        f"{name}: {count:,} of {len(table):,} rows equal {another} in all columns that are used. A net is then tested "
        "on rows that it was trained on, so scores are too high, and most so for nets that learn rows by heart. Remove "
        f"the copies; {way_out}."
    )


def _n_copies(table: pd.DataFrame, groups: np.ndarray | None) -> int:
    """Return how many rows equal another one, of another group if there are groups."""
    equal = table[table.duplicated(keep=False)]
    if groups is None or equal.empty:
        return len(equal)
    columns = [column for _, column in equal.items()]
    others = pd.Series(groups)[equal.index].groupby(columns, dropna=False, observed=True).transform("nunique") > 1
    return int(others.sum())


def _shuffled(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the cells of each column in another order."""
    rng = np.random.default_rng(0)
    columns = [column.iloc[rng.permutation(len(table))].reset_index(drop=True) for _, column in table.items()]
    return pd.concat(columns, axis=1)
