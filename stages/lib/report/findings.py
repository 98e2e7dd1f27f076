"""Says in sentences what a search found: its best and its true worth, what is as good, the simplest, what mattered."""

from typing import Any

from stages.lib.common import format_score, score_decimals, shares_in_words, short_params
from stages.lib.comparison import what_mattered
from stages.lib.report.records import Record, number
from stages.lib.scores.stuck import in_words

# From this share on, a comparison is decided.
_DECIDED = 0.95

# What the corrected score is of.
_OVER = {
    "rows and repeats": "rows and fits that had no say in the choice",
    "rows and folds": "rows and fits that had no say in the choice",
    "splits": "splits that had no say in the choice (though their rows had)",
}


def describe_search(search: dict[str, Any], rows: list[Record], rope: str) -> list[str]:
    """Say what a search found, one paragraph each.

    Parameters
    ----------
    search : dict
        The search's metrics, as in metrics/search/dropout.json.
    rows : list of dict
        Its candidates, as in metrics/compared/dropout.csv.
    rope : str
        The region of practical equivalence, with its unit.
    """
    ranked = sorted(
        (row for row in rows if number(row["mean_test_score"]) == number(row["mean_test_score"])),
        key=lambda row: int(row["rank_test_score"]),
    )
    if not ranked:
        return ["Every candidate diverged."]
    decimals = score_decimals(number(row["mean_test_score"]) for row in ranked)
    # Halving drops candidates before the last stage; there are no stages otherwise.
    last = max((int(row["stage"]) for row in rows if "stage" in row), default=1)
    ended = [row for row in ranked if int(row.get("stage", last)) == last]
    n, told = len(rows), []
    if "net_epochs_spared" in search:
        n = len(ended)
        told.append(
            f"Halving trained {n} of {len(rows)} candidates to the end, and spared "
            f"{search['net_epochs_spared']:,.0f} epochs of single nets. The others, gray in the chart, have the scores "
            "with which they left. What follows is about those that were trained to the end."
        )
    told.append(_best(search, n, decimals))
    if any(row["in_best_set"] == "true" for row in ended):
        told.append(_set(ended, n, decimals, rope))
        if len(ended) > 1:
            told.append(_runner_up(ended[1], rope))
    return told


def describe_importance(rows: list[Record]) -> str:
    """Say which settings of a search mattered.

    Parameters
    ----------
    rows : list of dict
        The rows of a table such as metrics/importance/joint.csv, the most important first.
    """
    return what_mattered([row["key"] for row in rows], [number(row["p_value"]) for row in rows])


def standing(row: Record) -> str:
    """Return `level`, `worse`, `better`, or `undecided`, by the shares of the Bayesian test; "" if there are none."""
    shares = _shares(row)
    if any(share != share for share in shares.values()):
        return ""
    key = max(shares, key=lambda key: shares[key])
    if shares[key] < _DECIDED:
        return "undecided"
    return "level" if key == "equal" else key


def _shares(row: Record) -> dict[str, float]:
    return {key: number(row.get(key, "")) for key in ("worse", "equal", "better")}


def _likely(row: Record, rope: str) -> str:
    """Return the two largest shares of the Bayesian test in words; the second one only if it has a say."""
    return " and ".join(shares_in_words(_shares(row), rope)[:2])


def _best(search: dict[str, Any], n: int, decimals: int) -> str:
    def shown(key: str) -> str:
        return format_score(search[key], decimals)

    interval = f" ± {shown('best_ci95')}" if "best_ci95" in search else ""
    stuck = ""
    if "best_n_stuck" in search:
        others = shown("best_score_not_stuck") if "best_score_not_stuck" in search else ""
        stuck = f" ({in_words(search['best_n_stuck'], search['n_splits'], others)})"
    told = f"The best is {short_params(search['best_params'])}, with {shown('best_score')}{interval}{stuck}."
    if "best_score_corrected" not in search or n == 1:
        return told
    low, high = (shown(f"best_score_corrected_{end}") for end in ("low", "high"))
    over, *_ = search["corrected_over"].split(", among the ")  # after halving, `n` says so
    return (
        f"{told} It was chosen among {n}, which flatters it; on {_OVER[over]}, it is worth "
        f"{shown('best_score_corrected')} ({low} to {high})."
    )


def _set(ranked: list[Record], n: int, decimals: int, rope: str) -> str:
    size = sum(row["in_best_set"] == "true" for row in ranked)
    simplest = next((row for row in ranked if row["simplest"] == "true"), None)
    if size == 1:
        return f"With 95 % certainty it is the best of the {n}: no other is in the set that holds the best."
    told = f"{size} of {n} may be the best: with 95 % certainty, it is among them."
    if size == n:
        told = f"Any of the {n} may be the best: none can be ruled out with 95 % certainty."
    if simplest is None:
        return told
    best = ranked[0]
    if simplest is best:
        return f"{told} The best is also the simplest of them."
    lost = number(best["mean_test_score"]) - number(simplest["mean_test_score"])
    return (
        f"{told} The simplest of them is {short_params(simplest['params'])}, with {_size(simplest, best)}. It gives up "
        f"{format_score(lost, decimals)}; {_likely(simplest, rope)}."
    )


def _size(simplest: Record, best: Record) -> str:
    told = []
    for key, what in (("n_weights", "weights"), ("n_epochs", "epochs")):
        few, many = number(simplest[key]), number(best[key])
        told.append(f"as many {what}" if few == many else f"{few:,.6g} {what} (the best: {many:,.6g})")
    return " and ".join(told)


def _runner_up(row: Record, rope: str) -> str:
    setting, verdict = short_params(row["params"]), standing(row)
    if not verdict:
        return f"The runner-up is {setting}."
    as_good = {
        "level": f"The runner-up, {setting}, is as good",
        "undecided": f"Whether the runner-up, {setting}, is as good is undecided",
    }.get(verdict, f"The runner-up, {setting}, is {verdict}")
    return f"{as_good}: {_likely(row, rope)}."
