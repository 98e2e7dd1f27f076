"""Finds copies of rows, on which a net is tested that was trained on them."""

import numpy as np
import pandas as pd

from gridstage.data.dataset import Dataset

# Fewer copies than this share of the rows hardly change a score. Rows of a few classes are equal by chance: they are
# copies if they are this many times as many as with the cells of each column in any order.
_FEWEST, _TIMES = 0.02, 5


def on_copies(data: Dataset, name: str) -> str:
    """Return a sentence on rows of the file `name` that equal another one in all features and the target.

    It is empty if they are few, or are as many by chance, as in a table with three categories.
    """
    table = pd.concat([data.X, pd.Series(data.y)], axis=1)
    mixed = table.apply(np.random.default_rng(0).permutation)
    count, by_chance = (
        int(each.duplicated(keep=False).sum()) for each in (table, mixed)
    )
    if count < max(_FEWEST * len(table), _TIMES * by_chance):
        return ""
    return (
        f"{name}: {count:,} of {len(table):,} rows equal another one in all columns that are used. A net is tested on "
        "rows that it was trained on, so scores are too high. Remove the copies; if they are rows of one subject, name "
        "the column with its id in cv.groups."
    )
