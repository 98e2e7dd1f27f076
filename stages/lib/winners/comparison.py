"""Compares the contenders of the evaluation with the kept setting, all on the same splits."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from stages.lib.common import format_p, format_score, format_value, score_decimals
from stages.lib.common.tables import print_rows
from stages.lib.comparison.equivalence import equivalence
from stages.lib.scores import ALPHA, half_width, p_values
from stages.lib.scores.score_table import split_columns, stuck_columns
from stages.lib.search.result import SCORE
from stages.lib.winners.contest import Contest


def comparison_table(
    scores: dict[str, dict[str, np.ndarray]],
    described: dict[str, str],
    ci95: dict[str, float],
    kept: str,
    *,
    stuck: Mapping[str, np.ndarray],
    test_share: float,
    rope: float,
    one_row: float = 0.0,
) -> pd.DataFrame:
    """Tabulate the contenders, one row each.

    Parameters
    ----------
    scores : dict of dict of arrays of shape (n_splits,)
        By contender and scorer, `score` for the one that selects; NaN if a net diverged or the scorer failed.
    described : dict of str
        A description of each contender.
    ci95 : dict of float
        Half the width of the 95 % interval of each contender's mean; NaN where there is none.
    kept : str
        The contender that the others are compared with.
    stuck : mapping of arrays of bool, shape (n_splits,)
        Where each net is stuck; models without a net are not looked at.
    test_share : float
        Test rows per training row, for the statistics; NaN where they do not hold.
    rope : float
        The difference below which two settings are as good as each other.
    one_row : float
        As in `corrected_error`.

    Returns
    -------
    DataFrame
        `setting`, `params`, `mean_test_score`, `std_test_score` (over the splits, ddof 0) and both of each further
        scorer, `rank_test_score` (1 is best), `ci95` (half the width of the mean's 95 % interval), `difference` (the
        mean minus that of the kept setting) and `difference_ci95`, both NaN if one of the two has none, `p_value`
        (against the kept setting, in pairs), `worse`, `equal` and `better` (the probabilities that the difference is
        below -rope, between, or above rope), `tied_with_kept` (whether the p-value is 0.05 or more; `nan` where there
        is none), `kept`, `n_stuck` and `stuck_splits` (how many fits of a net are stuck, and which, from 0), then
        `split0_test_score`, …
    """
    table = np.stack([found[SCORE] for found in scores.values()])
    place = list(scores).index(kept)
    means = table.mean(axis=1)
    p = p_values(table, place, test_share, one_row)
    columns: dict[str, Any] = {"setting": list(scores), "params": [described[name] for name in scores]}
    for scorer in scores[kept]:
        by_scorer = np.stack([found[scorer] for found in scores.values()])
        columns |= {f"mean_test_{scorer}": by_scorer.mean(axis=1), f"std_test_{scorer}": by_scorer.std(axis=1)}
    worse, equal, better = equivalence(table - table[place], test_share, rope, one_row)
    columns |= {
        "rank_test_score": rankdata(np.nan_to_num(-means, nan=np.inf), method="min").astype(int),
        "ci95": [ci95[name] for name in scores],
        "difference": means - means[place],
        "difference_ci95": half_width(table - table[place], test_share, one_row),
        "p_value": p,
        "worse": worse,
        "equal": equal,
        "better": better,
        "tied_with_kept": ["nan" if np.isnan(value) else format_value(bool(value >= ALPHA)) for value in p],
        "kept": [format_value(name == kept) for name in scores],
    }
    columns |= stuck_columns(np.array([stuck.get(name, np.zeros(table.shape[1], dtype=bool)) for name in scores]))
    return pd.DataFrame(columns | {f"split{i}_test_score": column for i, column in enumerate(table.T)})


def summarise(table: pd.DataFrame) -> dict[str, Any]:
    """Return the flat metrics: each contender's score, interval and p-value, without those that have none."""
    kept = table.loc[table["kept"] == "true"].iloc[0]
    numbers = {"kept_score": kept["mean_test_score"], "kept_ci95": kept["ci95"]}
    for _, row in table.iterrows():
        name = row["setting"]
        numbers |= {f"{name}_score": row["mean_test_score"], f"{name}_ci95": row["ci95"]}
        if name != kept["setting"]:
            numbers |= {f"{name}_p_value": row["p_value"]}
    best = table["setting"][int(table["rank_test_score"].to_numpy().argmin())]
    found = {key: float(value) for key, value in numbers.items() if np.isfinite(value)}
    return {"best_setting": best, "kept": kept["setting"]} | found


def few_metrics(
    contest: Contest, use: str | None, corrected: Mapping[str, float], others: Mapping[str, float | None]
) -> dict[str, dict[str, float]]:
    """Return the few numbers that commits are compared by, the metrics of DVC, by the name of their file.

    Parameters
    ----------
    contest : Contest
    use : str, optional
        The answer.
    corrected : mapping of float
        Of each search, the best score corrected for the choice; NaN where there is none.
    others : mapping of float
        Further numbers of the evaluation; None where there is none.

    Returns
    -------
    dict of dict
        For each search, `corrected`, and `fresh`, the score of its pick on fresh splits; without such, `score`. For the
        `evaluation`, the scores of the kept net, of the answer and of the best model without a net, and the others.
    """
    key = "fresh" if contest.tested else "score"
    found = {name: {"corrected": each, key: contest.mean(name)} for name, each in corrected.items()}
    plain = [contest.mean(name) for name in contest.scores if name not in contest.nets]
    whole = {"kept": contest.mean(contest.kept), "answer": contest.mean(use) if use else None}
    whole |= {"best_baseline": max(filter(np.isfinite, plain), default=None), **others}
    found["evaluation"] = {name: each for name, each in whole.items() if each is not None}
    return {
        name: {key: float(each) for key, each in numbers.items() if np.isfinite(each)}
        for name, numbers in found.items()
    }


def print_comparison(table: pd.DataFrame, title: str, rope: float) -> None:
    """Print every contender, the best first, and mark the kept one; without intervals, no column for them and tests."""
    tested = bool(np.isfinite(table["ci95"]).any())
    decimals = score_decimals(table["mean_test_score"])
    kept = table.loc[table["kept"] == "true", "setting"].iloc[0]
    any_stuck = bool(table["n_stuck"].any())
    tests = ["p", "<", "=", ">"] * tested
    numbered = ["mean", *["± 95 %"] * tested, *["stuck"] * any_stuck, "to kept", *tests]
    rows, styles = [], []
    for _, row in table.sort_values("rank_test_score", kind="stable").iterrows():
        numbers = [format_score(row["mean_test_score"], decimals)]
        difference = [format_score(row["difference"], decimals, "+")]
        if tested:
            numbers += [format_score(row["ci95"], decimals)]
            difference += [format_p(row["p_value"]), *(f"{row[share]:.2f}" for share in ("worse", "equal", "better"))]
        if row["setting"] == kept or not np.isfinite(row["difference"]):
            difference = [""] * len(difference)
        if not np.isfinite(row["mean_test_score"]):
            numbers = ["no score", *[""] * (len(numbers) - 1)]
        elif tested and not np.isfinite(row["ci95"]):
            numbers[1] = "constant"
        numbers += [str(row["n_stuck"] or "")] * any_stuck
        is_kept = row["setting"] == kept
        rows.append(["*" * is_kept, row["setting"], *numbers, *difference])
        styles.append("bold" if is_kept else None)
    print(title)
    print_rows(["", "setting", *numbered], rows, numbered, styles)
    print(f"* the kept setting, {kept}" + (", which p is the test against" if tested else ""))
    if any_stuck:
        print(f"stuck: the fits, of {len(split_columns(table))}, whose net answers nearly all rows alike")
    if tested:
        size = format_value(rope)
        print(
            f"<, =, >: the probability of being worse than it by more than {size}, equal, or better by more than {size}"
        )
