"""Compares the contenders of the evaluation with the combined setting, all on the same splits."""

from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.stats import rankdata

from stages.lib.common import format_p, format_score, format_value, score_decimals
from stages.lib.scores import ALPHA, half_width, p_values
from stages.lib.winners.leaderboard import COMBINED

# The baselines that ignore the inputs, for classes and for numbers.
IGNORANT = ("majority_class", "mean")


def comparison_table(scores: dict[str, np.ndarray], described: dict[str, str], test_share: float) -> pd.DataFrame:
    """Tabulate the contenders, one row each.

    Parameters
    ----------
    scores : dict of arrays of shape (n_splits,)
        By contender, `combined` among them; NaN if a net diverged or the scorer failed.
    described : dict of str
        A description of each contender.
    test_share : float
        Test rows per training row, for the statistics; NaN where they do not hold.

    Returns
    -------
    DataFrame
        `setting`, `params`, `mean_test_score`, `std_test_score` (over the splits, ddof 0), `rank_test_score` (1 is
        best), `ci95` (half the width of the mean's 95 % interval), `difference` (the mean minus that of `combined`) and
        `difference_ci95`, both NaN if one of the two has none, `p_value` (against `combined`, in pairs),
        `tied_with_combined` (whether it is 0.05 or more; `nan` where there is none), then `split0_test_score`, …
    """
    table = np.stack(list(scores.values()))
    combined = list(scores).index(COMBINED)
    means = table.mean(axis=1)
    p = p_values(table, combined, test_share)
    columns: dict[str, Any] = {
        "setting": list(scores),
        "params": [described[name] for name in scores],
        "mean_test_score": means,
        "std_test_score": table.std(axis=1),
        "rank_test_score": rankdata(np.nan_to_num(-means, nan=np.inf), method="min").astype(int),
        "ci95": half_width(table, test_share),
        "difference": means - means[combined],
        "difference_ci95": half_width(table - table[combined], test_share),
        "p_value": p,
        "tied_with_combined": ["nan" if np.isnan(value) else format_value(bool(value >= ALPHA)) for value in p],
    }
    return pd.DataFrame(columns | {f"split{i}_test_score": column for i, column in enumerate(table.T)})


def summarise(table: pd.DataFrame) -> dict[str, Any]:
    """Return the flat metrics: each contender's score, interval and p-value, without those that have none."""
    summary: dict[str, Any] = {"best_setting": table["setting"][int(table["rank_test_score"].to_numpy().argmin())]}
    for _, row in table.iterrows():
        name = row["setting"]
        found = {f"{name}_score": row["mean_test_score"], f"{name}_ci95": row["ci95"]}
        if name != COMBINED:
            found |= {f"{name}_p_value": row["p_value"]}
        summary |= {key: float(value) for key, value in found.items() if np.isfinite(value)}
    return summary


def verdict(summary: dict[str, Any]) -> str:
    """Compare `combined` with the starting point, the best and the baseline without inputs, in one sentence.

    It takes the output of `summarise`. Without intervals, as for splits in time order, no test is mentioned.
    """
    best = summary["best_setting"]
    if f"{COMBINED}_score" not in summary:
        return f"{COMBINED} diverged, so there is nothing to compare with."
    tested = f"{COMBINED}_ci95" in summary
    decimals = score_decimals(value for key, value in summary.items() if key.endswith("_score"))

    def score(name: str) -> str:
        mean = format_score(summary[f"{name}_score"], decimals)
        return f"{mean} ± {format_score(summary[f'{name}_ci95'], decimals)}" if tested else mean

    parts = [f"{COMBINED} scores {score(COMBINED)}"]
    ignorant = {name: f"{name}, which ignores the inputs," for name in IGNORANT}
    for name, shown in ({"starting_point": "starting_point"} | ignorant | {best: f"the best, {best},"}).items():
        if name == COMBINED:
            parts.append("nothing scores higher")
        elif f"{name}_score" in summary:
            told = f", {_told(summary[f'{name}_p_value'])}" if tested else ""
            parts.append(f"{shown} {score(name)}{told}")
    return "; ".join(parts) + "."


def print_comparison(table: pd.DataFrame, title: str) -> None:
    """Print every contender, and mark the best; without intervals, no column for them and the test."""
    tested = bool(np.isfinite(table["ci95"]).any())
    decimals = score_decimals(table["mean_test_score"])
    shown = Table(box=None, pad_edge=False)
    headings = ("", "setting", "mean", "± 95 %", "to combined", "± 95 %", "p")
    for heading in headings if tested else ("", "setting", "mean", "to combined"):
        shown.add_column(heading, justify="left" if heading in {"", "setting"} else "right")
    for _, row in table.iterrows():
        best = row["rank_test_score"] == 1
        difference = [format_score(row["difference"], decimals, "+")]
        numbers = [format_score(row["mean_test_score"], decimals)]
        if tested:
            difference += [format_score(row["difference_ci95"], decimals), format_p(row["p_value"])]
            numbers += [format_score(row["ci95"], decimals)]
        if row["setting"] == COMBINED or not np.isfinite(row["difference"]):
            difference = [""] * len(difference)
        if not np.isfinite(row["mean_test_score"]):
            numbers = ["no score", *[""] * (len(numbers) - 1)]
        shown.add_row("*" * best, row["setting"], *numbers, *difference, style="bold" if best else None)
    print(title)
    Console().print(shown)
    print("* the best; p is that of the test against combined" if tested else "* the best")


def _told(p: float) -> str:
    shown = format_p(p)
    told = "told apart" if p < ALPHA else "not told apart"
    return f"{told} from it (p {shown if shown.startswith('<') else f'= {p:.2g}'})"
