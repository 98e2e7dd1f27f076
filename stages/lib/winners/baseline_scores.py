"""The files of the baselines, which the stage baselines writes and the evaluation reads: scores, and what was seen."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from stages.lib.common import UserError, format_score, read_text, reading, score_decimals, significant
from stages.lib.config import CV
from stages.lib.search.result import SCORE

BASELINES = Path("metrics/baselines.csv")
# How each predicts, and what its inputs are worth to it.
DIAGNOSTICS, INPUTS = Path("metrics/baselines/diagnostics.csv"), Path("metrics/baselines/inputs.csv")
_AGAIN = "Run `dvc repro baselines`."
# More than in other files, so that means and tests of what is read are those of what was written.
_DIGITS = 12


def to_csv(scores: dict[str, dict[str, np.ndarray]], described: dict[str, str], ci95: dict[str, float], cv: CV) -> str:
    """Write the scores as CSV, one row per baseline.

    Parameters
    ----------
    scores : dict of dict of arrays of shape (n_splits,)
        By baseline and the scorer's name.
    described : dict of str
        A description of each baseline.
    ci95 : dict of float
        Half the width of the 95 % interval of each baseline's mean score; NaN where there is none.
    cv : CV
        For the names of the scorers.
    """
    columns: dict[str, Sequence[Any]] = {"setting": list(scores), "params": [described[name] for name in scores]}
    columns["ci95"] = [significant(ci95[name]) for name in scores]
    for scorer, called in [*((name, name) for name in cv.also_score), (cv.scoring, SCORE)]:
        by_split = np.stack([found[scorer] for found in scores.values()], axis=1)
        for i, row in enumerate(by_split):
            columns[f"split{i}_test_{called}"] = [significant(score, _DIGITS) for score in row]
    return pd.DataFrame(columns).to_csv(index=False, lineterminator="\n", na_rep="nan")


def read_baselines(cv: CV, n_splits: int) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, str], dict[str, float]]:
    """Return what `to_csv` has written: the scores, with `score` for `cv.scoring`, the descriptions, and the intervals.

    Raises
    ------
    UserError
        If the file is missing, broken, or of other splits or scorers.
    """
    text = read_text(BASELINES, _AGAIN)
    with reading(BASELINES, "not what the stage baselines writes", _AGAIN):
        table = pd.read_csv(StringIO(text), index_col="setting", na_values=["nan"], keep_default_na=False)
        described = {str(name): str(told) for name, told in table["params"].items()}
        given = sum(str(column).endswith(f"_test_{SCORE}") for column in table)
        columns = {name: [f"split{i}_test_{name}" for i in range(n_splits)] for name in (SCORE, *cv.also_score)}
        if given != n_splits or not set().union(*columns.values()) <= set(table):
            raise UserError(f"{BASELINES} is of other splits or scorers than those in params.yaml. {_AGAIN}")
        ci95 = {str(name): float(half) for name, half in table["ci95"].items()}
        scores = {
            str(name): {scorer: row[listed].to_numpy(dtype=np.float64) for scorer, listed in columns.items()}
            for name, row in table.iterrows()
        }
    return scores, described, ci95


def print_scores(scores: dict[str, dict[str, np.ndarray]], described: dict[str, str], scoring: str, title: str) -> None:
    """Print the mean and the spread of each baseline's scores."""
    means = {name: float(found[scoring].mean()) for name, found in scores.items()}
    decimals = score_decimals(means.values())
    shown = Table(box=None, pad_edge=False)
    for heading in ("setting", "mean", "std", "model"):
        shown.add_column(heading, justify="right" if heading in {"mean", "std"} else "left")
    for name, mean in means.items():
        spread = float(scores[name][scoring].std())
        shown.add_row(name, format_score(mean, decimals), format_score(spread, decimals), described[name])
    print(title)
    Console().print(shown)


def read_seen(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Return `DIAGNOSTICS` or `INPUTS` as text, with these columns beside `model`.

    Raises
    ------
    UserError
        If the file is missing, or has other columns.
    """
    text = read_text(path, _AGAIN)
    with reading(path, "not what the stage baselines writes", _AGAIN):
        table = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)
        return table[["model", *columns]]
