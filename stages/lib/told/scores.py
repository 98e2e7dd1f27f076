"""What is said of scores, on the screen and in sentences; no result is made of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from resampled.means.few import too_narrow
from stages.lib.common import first_of, format_score, score_decimals, short_params
from stages.lib.common.tables import MOST_ROWS, print_columns
from stages.lib.results import Results, files
from stages.lib.scores.score_table import best_row

NOT_TESTED = (
    "no intervals and no test: splits in the order of time train on more and more rows, "
    "so their scores are not alike"
)

# Of docs/engine.md, "What is promised".
_BY_KERNEL = (
    "The engine's kernel trained every net, so another processor does not explain it, unless first weights come from "
    "orthogonal_, or a module of your own draws them in float32."
)

# How many nets a sentence names.
_MOST_NAMED = 3


def too_few(counted: Mapping[str, Any]) -> str | None:
    """Return a note if intervals may be too narrow, because the rows of a class, or the groups, are few."""
    n_groups = counted.get("n_groups", 0)
    return too_narrow(
        [*counted["classes"].values()], np.arange(n_groups) if n_groups else None
    )


def stuck_in_words(summary: Mapping[str, Any], decimals: int) -> str:
    """Say how many fits of a search's best are stuck, and its mean score without them; "" if none is.

    As in `1 of 30 fits is stuck; without it 0.7`, from the output of `summarise`.
    """
    n_stuck, n_fits = summary.get("best_n_stuck", 0), summary.get("n_splits", 0)
    if not n_stuck or n_stuck == n_fits:
        return f"all {n_fits} fits are stuck" if n_stuck else ""
    is_stuck, it = ("is stuck", "it") if n_stuck == 1 else ("are stuck", "them")
    score = format_score(summary["best_score_not_stuck"], decimals)
    return f"{n_stuck} of {n_fits} fits {is_stuck}; without {it} {score}"


def not_by_kernel_told(content: Mapping[str, Any]) -> list[str]:
    """Say which nets of a search's summary, or of the evaluation, the kernel has not trained; a sentence a reason."""
    return [
        f"The engine's kernel did not train {first_of(list(map(short_params, names)), _MOST_NAMED, '; ')}, because "
        f"{reason}. Last digits of these nets, and of what is made of them, may be others on another processor."
        for reason, names in content.get(files.NOT_BY_KERNEL, {}).items()
    ]


def processor_told(results: Results) -> list[str]:
    """Say whether another processor explains that a run gives other bytes: which nets the kernel has not trained."""
    names = [
        name
        for name in results.names(files.CANDIDATES)
        if results.has(files.SUMMARY, name)
    ]
    written = [results.json(files.SUMMARY, name) for name in names]
    written += [results.json(files.EVALUATION)] if results.has(files.EVALUATION) else []
    return [
        sentence for content in written for sentence in not_by_kernel_told(content)
    ] or [_BY_KERNEL]


def print_table(table: pd.DataFrame, title: str, file: str) -> None:
    """Print every candidate as the tutorial does, and mark the best; of many, the best of those in the `file`."""
    if len(table) > MOST_ROWS:
        table = table.sort_values("rank_test_score", kind="stable", ignore_index=True)
    means, halves, n_stuck = table["mean_test_score"], table["ci95"], table["n_stuck"]
    best = best_row(table) if means.notna().any() else None
    decimals, scored, tested = (
        score_decimals(means),
        np.isfinite(means),
        bool(np.isfinite(halves).any()),
    )

    def written(numbers: "pd.Series[float]", lacking: str = "") -> list[str]:
        pairs = zip(numbers, scored, strict=True)
        return [
            format_score(x, decimals).replace("–", "constant") if ok else lacking
            for x, ok in pairs
        ]

    cells = {
        "": ["*" * (row == best) for row in range(len(table))],
        "mean": written(means, "diverged"),
    }
    cells |= {"± 95 %": written(halves)} if tested else {}
    cells["std"] = written(table["std_test_score"])
    cells |= {"stuck": [str(count or "") for count in n_stuck]} if n_stuck.any() else {}
    cells |= {"stage": list(map(str, table["stage"]))} if "stage" in table else {}
    print_columns(
        title, cells | {"params": list(map(short_params, table["params"]))}, file=file
    )
    if best is None:
        print("every candidate diverged, so none is the best")
    else:
        print("* the best" if tested else f"* the best; {NOT_TESTED}")
    if "stuck" in cells:
        print("stuck: how many fits have a net that answers nearly all rows alike")
