"""Which inputs matter to a model: the table of what their shuffling costs, with intervals, and the same in words."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from stages.lib.common import format_interval, format_value, join_words, score_decimals

COLUMNS = ("model", "column", "importance", "ci95")
# How many columns a sentence names.
_MOST = 3


def inputs_table(losses: Mapping[str, np.ndarray], features: Sequence[str], resampling: Resampling) -> pd.DataFrame:
    """Tabulate the importances of some models, in rows of `COLUMNS`, those of a model from the largest down.

    The losses, of shape (n_splits, n_columns) for each model, are as `importances` returns them for each split.
    `importance` is the mean over the splits, and `ci95` half the width of its 95 % interval, by the standard error of
    `corrected_error`; both are NaN where a split has no score.
    """
    rows = []
    for name, by_split in losses.items():
        means, halves = by_split.mean(axis=0), half_width(by_split.T, resampling)
        order = np.argsort(np.nan_to_num(-means, nan=np.inf), kind="stable")
        rows += [(name, features[i], float(means[i]), float(halves[i])) for i in order]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def with_standing(table: pd.DataFrame, roles: Mapping[str, str], rope: float) -> pd.DataFrame:
    """Return the rows of an `inputs_table` of some models, with two more columns.

    `role` is what the model is, `net`, `answer` or `net and answer`; the models stand in the order of the roles.
    `below_rope` is `true` where the upper end of the interval is below the rope, and `nan` where there is no interval.
    """
    rows = pd.concat([table[table["model"] == name] for name in roles], ignore_index=True)
    ends = rows["importance"] + rows["ci95"]
    below = ["nan" if np.isnan(end) else format_value(bool(end < rope)) for end in ends]
    rows.insert(1, "role", rows["model"].map(roles))
    return rows.assign(below_rope=below)


def describe_inputs(table: pd.DataFrame, name: str, scoring: str, rope: float) -> str:
    """Say in sentences which columns of the table, as `with_standing` returns it, matter to the model of this name."""
    rows = table[table["model"] == name]
    if rows.empty or not np.isfinite(rows["importance"]).all():
        return f"What the inputs are worth to {name} is unknown, because it has no score on some splits."
    if (rows["importance"] == 0).all():
        return f"{name} looks at none of the inputs."
    decimals = score_decimals(rows["importance"])
    most = rows[(rows["below_rope"] != "true") & (rows["importance"] > 0)].head(_MOST)
    losses = [
        f"{column} ({format_interval(mean, half, decimals)})"
        for column, mean, half in zip(*(most[key] for key in COLUMNS[1:]), strict=True)
    ]
    text = f"When a column is shuffled, {name} loses the most {scoring} for {join_words(losses)}. " if losses else ""
    below = rows.loc[rows["below_rope"] == "true", "column"].tolist()
    if below:
        text += f"For {join_words(below)}, {name} loses less than {rope:g} with 95 %. "
        text += "Columns that are correlated stand in for each other"
        return f"{text}, so without all of these it may lose more." if len(below) > 1 else f"{text}."
    if np.isfinite(rows["ci95"]).any():
        text += f"For no column is it certain, with 95 %, that {name} loses less than {rope:g}."
    return text.rstrip()
