"""What contenders reach on the splits of the evaluation, as CSV: of baselines, and of what each search picks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.common import significant
from stages.lib.config import CV

# The name of the scorer that selects, whatever it is; further ones go by their own.
_SELECTING = "score"


class OtherSplitsError(ValueError):
    """A file is of other splits, scorers or seeds than those in params.yaml, or was changed by hand."""


@dataclass(frozen=True)
class Reached:
    """What a contender reaches on the splits of the evaluation.

    Parameters
    ----------
    scores : dict of arrays of shape (n_splits,)
        `score`, of the scorer that selects, then the others by name; NaN where a net diverged or a scorer failed.
    ci95 : float
        Half the width of the 95 % interval of its mean score; NaN if it has none.
    params : str
        What it is: a description, or the settings of a net.
    stuck : array of bool, shape (n_splits,), optional
        Where a net is stuck.
    """

    scores: dict[str, np.ndarray]
    ci95: float
    params: str = ""
    stuck: np.ndarray | None = None


def to_csv(contenders: Mapping[str, Reached], cv: CV, digits: int | None = None) -> str:
    """Write what contenders reach as CSV, one row each.

    Parameters
    ----------
    contenders : mapping of Reached
    cv : CV
        For the names of the scorers.
    digits : int, optional
        The significant digits of scores; by default all, so that whoever reads them computes the same numbers.
    """
    each = list(contenders.values())
    columns: dict[str, Sequence[Any]] = {"setting": list(contenders), "params": [one.params for one in each]}
    columns["ci95"] = [significant(one.ci95) if digits else one.ci95 for one in each]
    for name in (*cv.also_score, _SELECTING):
        by_split = np.stack([one.scores[name] for one in each], axis=1)
        for i, row in enumerate(by_split):
            columns[f"split{i}_test_{name}"] = [significant(score, digits) if digits else score for score in row]
    if all(one.stuck is not None for one in each):
        for i, stuck in enumerate(np.stack([one.stuck for one in each if one.stuck is not None], axis=1)):
            columns[f"split{i}_stuck"] = stuck.astype(int)
    return pd.DataFrame(columns).to_csv(index=False, lineterminator="\n", na_rep="nan")


def read_csv(text: str, cv: CV, n_splits: int) -> dict[str, Reached]:
    """Return what `to_csv` has written; raises `OtherSplitsError` if it is of other splits or scorers."""
    table = pd.read_csv(StringIO(text), index_col="setting", dtype=str, keep_default_na=False)  # floats to the last bit
    given = sum(str(column).endswith(f"_test_{_SELECTING}") for column in table)
    columns = {name: [f"split{i}_test_{name}" for i in range(n_splits)] for name in (_SELECTING, *cv.also_score)}
    if given != n_splits or not set().union(*columns.values()) <= set(table):
        raise OtherSplitsError
    stuck = [f"split{i}_stuck" for i in range(n_splits)]
    return {
        str(name): Reached(
            {scorer: row[listed].to_numpy(dtype=np.float64) for scorer, listed in columns.items()},
            float(row["ci95"]),
            str(row["params"]),
            row[stuck].to_numpy() == "1" if set(stuck) <= set(table) else None,
        )
        for name, row in table.iterrows()
    }
