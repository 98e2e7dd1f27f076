"""Says in sentences what a search found: its best and its true worth, what is as good, the simplest, what mattered."""

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from gridstage.common import (
    format_interval,
    format_score,
    join_words,
    score_decimals,
    shares_in_words,
    short_key,
    short_params,
)
from gridstage.config import Params
from gridstage.config.schema import rope_of
from gridstage.results import Results, files
from gridstage.results.search import SearchSummary
from gridstage.scores.score_table import trained_to_the_end
from gridstage.told.scores import NOT_TESTED, stuck_in_words
from resampled.means.few import is_within
from resampled.means.ttest import ALPHA


def findings(results: Results, params: Params, name: str) -> list[str]:
    """Say what a search found, one paragraph each; raises `UserError` if it was not compared."""
    search, table = (
        results.read(files.SUMMARY, name),
        results.table(files.COMPARED, name),
    )
    importances, rope = results.table(files.IMPORTANCE, name), rope_of(params)
    decimals = score_decimals(table["mean_test_score"])
    ended = table[trained_to_the_end(table)]
    paragraphs = []
    if search.net_epochs_spared is not None:
        paragraphs.append(
            f"Halving trained {len(ended)} of {len(table)} candidates to the end, and spared "
            f"{search.net_epochs_spared:,.0f} epochs of single nets. The others, gray in the chart, have the scores "
            "with which they left. What follows is about those that were trained to the end."
        )
    paragraphs.append(best_told(search, len(ended), decimals))
    if table["in_best_set"].notna().all():
        ranked = ended.dropna(subset=["mean_test_score"])
        ranked = ranked.sort_values("rank_test_score", kind="stable")
        paragraphs.append(_best_set(ended, ranked.iloc[0], decimals, rope))
        if len(ranked) > 1:
            difference = np.diff(ranked["mean_test_score"].iloc[:2])
            resampling = params.cv.resampling(*search.sizes)
            within = is_within(params.rope, difference, resampling)
            paragraphs.append(_runner_up(ranked.iloc[1], rope, within))
    return [*paragraphs, what_mattered(importances["key"], importances["p_value"])]


def print_findings(results: Results, params: Params, name: str) -> None:
    """Print what a search found, once it is compared.

    Parameters
    ----------
    results : Results
        Where the files of the search are read.
    params : Params
        What params.yaml says.
    name : str
        The experiment.

    Raises
    ------
    UserError
        If the search was not compared.

    Examples
    --------
    >>> print_findings(results, params, "neurons")
    neurons:
    The best is n_neurons=...
    """
    print(f"{name}:", *findings(results, params, name), sep="\n")
    if params.cv.keeps_time:
        print(NOT_TESTED)


def _likely(row: pd.Series, rope: str) -> str:
    """Return the two largest shares of the Bayesian test in words; the second one only if it has a say."""
    shares = {key: float(row[key]) for key in ("worse", "equal", "better")}
    return " and ".join(shares_in_words(shares, rope)[:2])


# What had no say in the choice of the best.
_LEFT_OVER = {
    "rows and repeats": "rows and fits that had no say in the choice",
    "rows and folds": "rows and fits that had no say in the choice",
    "splits": "splits that had no say in the choice (though their rows had)",
}


def best_told(search: SearchSummary, n: int, decimals: int) -> str:
    """Say from a summary which of `n` candidates is the best, and what it is worth without the luck of the choice."""
    half = math.nan if search.best_ci95 is None else search.best_ci95
    mean = format_interval(search.best_score, half, decimals)
    stuck = stuck_in_words(search, decimals)
    best = f"The best is {short_params(search.best_params)}, with {mean}{stuck and f' ({stuck})'}."
    if not search.corrected or not search.corrected_over or n == 1:
        return best
    over = _LEFT_OVER[search.corrected_over]
    score, low, high = (format_score(each, decimals) for each in search.corrected)
    return f"{best} It was chosen among {n}, which flatters it; on {over}, it is worth {score} ({low} to {high})."


def _best_set(ended: pd.DataFrame, best: pd.Series, decimals: int, rope: str) -> str:
    n, size = len(ended), ended["in_best_set"].sum()
    if size == 1:
        return f"With 95 % certainty, it is the best of the {n}."
    text = f"{size} of {n} may be the best: with 95 % certainty, it is among them."
    if size == n:
        text = f"Any of the {n} may be the best: none can be ruled out with 95 % certainty."
    simplest = ended[ended["simplest"]].iloc[0]
    if simplest["params"] == best["params"]:
        return f"{text} The best is also the simplest of them."
    lost = format_score(best["mean_test_score"] - simplest["mean_test_score"], decimals)
    sizes = []
    for column in ("n_weights", "n_epochs"):
        what = column.removeprefix("n_")
        own, of_best = simplest[column], best[column]
        more = f"{own:,.6g} {what} (the best: {of_best:,.6g})"
        sizes.append(f"as many {what}" if own == of_best else more)
    return (
        f"{text} The simplest of them is {short_params(simplest['params'])}, with {' and '.join(sizes)}. It gives up "
        f"{lost}; {_likely(simplest, rope)}."
    )


def _runner_up(row: pd.Series, rope: str, within: bool) -> str:
    """Say how good the runner-up is: worse if it can't be the best. Its p-value would not allow for the best's luck."""
    relation = "is worse"
    if row["in_best_set"]:
        is_as_good = within and is_inside(row["worse"], row["better"])
        relation = "is as good" if is_as_good else "could be as good"
    return f"The runner-up, {short_params(row['params'])}, {relation}: {_likely(row, rope)}."


def is_inside(worse: float, better: float) -> bool:
    """Return whether the 90 % interval of a difference lies inside the rope, by the shares of `equivalence`."""
    return max(worse, better) < ALPHA


def what_mattered(keys: Iterable[str], p_values: Iterable[float]) -> str:
    """Say which settings of a search mattered, those with a p-value below 0.05; the most important comes first."""
    p_by_key = {short_key(key): p for key, p in zip(keys, p_values, strict=True)}
    names = [name for name, p in p_by_key.items() if p < ALPHA]
    others = [name for name in p_by_key if name not in names]
    if np.isnan(list(p_by_key.values())).all():
        return "Which settings mattered can't be tested."
    if not names:
        return "No setting of this search was shown to matter."
    order = ", in this order" if len(names) > 1 else ""
    text = f"What mattered: {join_words(names)}{order}."
    return f"{text} Not shown to matter: {join_words(others)}." if others else text
