"""Compares the contenders of the evaluation with the combined setting, all on the same splits."""

from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.stats import rankdata

from stages.lib.common import format_value
from stages.lib.scores import ALPHA, half_width, p_values
from stages.lib.winners.leaderboard import COMBINED


def comparison_table(scores: dict[str, np.ndarray], described: dict[str, str], test_share: float) -> pd.DataFrame:
    """Tabulate the contenders, one row each.

    Parameters
    ----------
    scores : dict of arrays of shape (n_splits,)
        By contender, `combined` among them; NaN if a net diverged or the scorer failed.
    described : dict of str
        A description of each contender.
    test_share : float
        Test rows per training row, for the statistics.

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
    """Compare `combined` with the starting point and the best in one sentence, from the output of `summarise`."""
    best = summary["best_setting"]
    if f"{COMBINED}_score" not in summary:
        return f"{COMBINED} diverged, so there is nothing to compare with."
    parts = [f"{COMBINED} scores {_score(summary, COMBINED)}"]
    for name, shown in {"starting_point": "starting_point", best: f"the best, {best},"}.items():
        if name == COMBINED:
            parts.append("nothing scores higher")
        elif f"{name}_score" in summary:
            p = summary[f"{name}_p_value"]
            told = "told apart" if p < ALPHA else "not told apart"
            parts.append(f"{shown} {_score(summary, name)}, {told} from it (p = {p:.2g})")
    return "; ".join(parts) + "."


def print_comparison(table: pd.DataFrame, title: str) -> None:
    """Print every contender, and mark the best."""
    shown = Table(box=None, pad_edge=False)
    for heading in ("", "setting", "mean", "± 95 %", "to combined", "± 95 %", "p"):
        shown.add_column(heading, justify="left" if heading in {"", "setting"} else "right")
    for _, row in table.iterrows():
        best = row["rank_test_score"] == 1
        difference = [f"{row['difference']:+.4f}", f"{row['difference_ci95']:.4f}", f"{row['p_value']:.4f}"]
        numbers = [f"{row['mean_test_score']:.4f}", f"{row['ci95']:.4f}"]
        if row["setting"] == COMBINED or not np.isfinite(row["difference"]):
            difference = [""] * 3
        if not np.isfinite(row["mean_test_score"]):
            numbers = ["no score", ""]
        shown.add_row("*" * best, row["setting"], *numbers, *difference, style="bold" if best else None)
    print(title)
    Console().print(shown)
    print("* the best; p is that of the test against combined")


def _score(summary: dict[str, Any], name: str) -> str:
    return f"{summary[f'{name}_score']:.4f} ± {summary[f'{name}_ci95']:.4f}"
