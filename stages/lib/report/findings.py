"""Says in sentences what a search found: its best and its true worth, what is as good, the simplest, what mattered."""

from typing import Any

from stages.lib.common import format_score, score_decimals, short_key, short_params
from stages.lib.report.records import Record, number

# From this share on, a comparison is decided.
_DECIDED = 0.95

_OVER = {
    "rows and repeats": "drawing rows and repeats again",
    "rows": "drawing rows again",
    "splits": "drawing splits again, as this scorer is no mean over rows",
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
    """Say which settings of a search mattered; those within two standard deviations of 0 don't.

    Parameters
    ----------
    rows : list of dict
        The rows of a table such as metrics/importance/joint.csv, the most important first.
    """
    # A NaN is not told apart from 0 either.
    matter = [row for row in rows if number(row["importance"]) > 2 * number(row["importance_std"])]
    names = [short_key(row["key"]) for row in matter]
    rest = [short_key(row["key"]) for row in rows if row not in matter]
    if not names:
        return "No setting of this search can be seen to matter."
    if not rest:
        return f"What mattered: {_listed(names)}{', in this order' if len(names) > 1 else ''}."
    order = ", in this order" if len(names) > 1 else ""
    return f"What mattered: {_listed(names)}{order}. Of {_listed(rest)}, no effect can be seen."


def shares_in_words(row: Record, rope: str, other: str = "") -> str:
    """Say how a setting compares, by the shares of the Bayesian test: "0.93 that they differ by less than 0.01".

    Parameters
    ----------
    row : dict
        With `worse`, `equal` and `better`.
    rope : str
        The region of practical equivalence, with its unit.
    other : str
        What it is compared with, if that has to be named.
    """
    than = f" than {other}" if other else ""
    words = {
        "equal": f"that they differ by less than {rope}",
        "worse": f"that it is worse{than} by more",
        "better": f"that it is better{than} by more",
    }
    shares = sorted(((number(row[key]), key) for key in words), reverse=True)
    # The second one is said only if it has a say.
    shown = [f"{_share(share)} {words[key]}" for share, key in shares if share >= 1 - _DECIDED][:2]
    if shares[0][1] != "equal":  # whatever comes first names the region
        shown[0] = shown[0].replace("by more", f"by more than {rope}")
    return " and ".join(shown)


def standing(row: Record) -> str:
    """Return `level`, `worse`, `better`, or `undecided`, by the shares of the Bayesian test; "" if there are none."""
    shares = {word: number(row.get(key, "")) for key, word in _WORDS.items()}
    if any(share != share for share in shares.values()):
        return ""
    word = max(shares, key=lambda key: shares[key])
    return word if shares[word] >= _DECIDED else "undecided"


_WORDS = {"worse": "worse", "equal": "level", "better": "better"}


def _best(search: dict[str, Any], n: int, decimals: int) -> str:
    def shown(key: str) -> str:
        return format_score(search[key], decimals)

    interval = f" ± {shown('best_ci95')}" if "best_ci95" in search else ""
    told = f"The best is {short_params(search['best_params'])}, with {shown('best_score')}{interval}."
    if "best_score_corrected" not in search or n == 1:
        return told
    low, high = (shown(f"best_score_corrected_{end}") for end in ("low", "high"))
    over = search.get("corrected_over", "")
    return (
        f"{told} It was chosen among {n}, which flatters it; corrected for that, by {_OVER.get(over, over)}, it is "
        f"worth {shown('best_score_corrected')} ({low} to {high})."
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
        f"{format_score(lost, decimals)}; {shares_in_words(simplest, rope)}."
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
    return f"{as_good}: {shares_in_words(row, rope)}."


def _share(share: float) -> str:
    # 1.00 would be a certainty that no test gives.
    return "> 0.99" if share > 0.995 else f"{share:.2f}"


def _listed(items: list[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
