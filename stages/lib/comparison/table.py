"""Compares the candidates of a search with the best of them, from the scores that the search has written."""

from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from resampled.pairs.equivalence import equivalence, holm
from resampled.resampling import Resampling
from stages.lib.common import Output, format_value
from stages.lib.scores.best import may_be_best, simplest_row
from stages.lib.scores.score_table import STUCK_SPLITS, best_row, split_columns, split_scores, trained_to_the_end


def read_candidates(name: str, n_candidates: int) -> pd.DataFrame:
    """Read the candidates of an experiment, settings as text.

    Raises `UserError` if the file is missing or broken, or if it has not as many candidates as the search had.
    """
    output = Output(f"metrics/candidates/{name}.csv", "the candidates of a search", f"search@{name}")
    with output.as_text() as text:
        columns = list(pd.read_csv(StringIO(text), nrows=0).columns)
        texts = [*columns[: columns.index("mean_test_score")], STUCK_SPLITS]
        numbers = {column: ["nan"] for column in columns if column not in texts}
        table = pd.read_csv(StringIO(text), dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=numbers)
        if table["mean_test_score"].isna().all() or list(table[list(numbers)].select_dtypes("number")) != list(numbers):
            raise ValueError
        scores = split_scores(table)
        precision = 1e-5 * float(np.nanmax(np.abs(scores)))  # of the digits in the file
        if not np.allclose(scores.mean(axis=1), table["mean_test_score"], rtol=0, atol=precision, equal_nan=True):
            raise ValueError
    if len(table) != n_candidates:
        raise output.refused(f" has {len(table)} candidates, but the search had {n_candidates}")
    return table


def compared_table(candidates: pd.DataFrame, resampling: Resampling, rope: float, seed: int) -> pd.DataFrame:
    """Compare each candidate of a `score_table` with the best one.

    The columns are those of `candidates` but for those on single splits; then `in_best_set` (whether the candidate is
    in the set that holds the best with 95 %), `p_value_holm` (the p-values, corrected for their number), `worse`,
    `equal` and `better` (as in `equivalence`, of the candidate's score minus that of the best), and `simplest` (of the
    set). Where nothing is tested, all of these but the last are NaN, the first one as text; so are the numbers of
    candidates that diverged or were not trained to the end.
    """
    scores, best = split_scores(candidates), best_row(candidates)
    table = candidates.drop(columns=[*split_columns(candidates), STUCK_SPLITS])
    in_set = may_be_best(candidates, resampling, seed)
    table["in_best_set"] = [format_value(bool(each)) for each in in_set] if resampling.is_tested else "nan"

    p = candidates["p_value"].to_numpy(dtype=float)
    is_best = np.arange(len(p)) == best
    table["p_value_holm"] = np.where(is_best, p, holm(np.where(is_best, np.nan, p)))

    compared = np.where(trained_to_the_end(candidates)[:, None], scores, np.nan)
    table = table.assign(**equivalence(compared - scores[best], resampling, rope)._asdict())
    simplest = simplest_row(candidates, in_set)
    table["simplest"] = [format_value(i == simplest) for i in range(len(p))]
    return table


def summarise(table: pd.DataFrame) -> dict[str, Any]:
    """Return the flat metrics of a comparison; without a set, as in time order, there is no `n_in_best_set`."""
    in_set = table["in_best_set"]
    counted = {} if (in_set == "nan").all() else {"n_in_best_set": int((in_set == "true").sum())}
    return counted | {"simplest_params": table.loc[table["simplest"] == "true", "params"].iloc[0]}
