"""Prints the tables of the leaderboard, the baselines and the contenders."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.best_params.leaderboard import picked, rating
from stages.lib.common import format_p, format_params, format_score, format_value, score_decimals, short_params
from stages.lib.common.tables import print_columns
from stages.lib.config import Params
from stages.lib.results import SCORE, files, split_columns
from stages.lib.scores import CORRECTED
from stages.lib.scores.reached import Reached
from stages.lib.told.scores import score_cells, stuck_in_words


def print_leaderboard(params: Params, searches: dict[str, dict[str, Any]], tied: dict[str, bool]) -> None:
    """Print each experiment's scores and its pick, the winner first."""
    ranked = sorted(searches, key=lambda name: -rating(searches[name]))
    decimals = score_decimals(search["best_score"] for search in searches.values())
    # Splits in time order give no interval, and so nothing to correct by.
    corrected = all("best_score_corrected" in search for search in searches.values())
    numbers = dict(zip(("corrected", "95 % from", "to"), CORRECTED, strict=True)) if corrected else {}
    cells = {"": ["*", *("=" * tied[name] for name in ranked[1:])], "experiment": ranked}
    for heading, key in (numbers | {"best mean": "best_score"}).items():
        cells[heading] = [format_score(searches[name][key], decimals) for name in ranked]
    picks = picked(params, searches)
    cells[f"{params.statistics.pick} params"] = [short_params(format_params(picks[name])) for name in ranked]
    choice = ", corrected for the choice among candidates" if corrected else ""
    print_columns(f"leaderboard, by {params.cv.scoring}{choice}", cells, left=cells, file=files.LEADERBOARD.path)
    for name, search in searches.items():
        if stuck := stuck_in_words(search, decimals):
            print(f"{name}, its best: {stuck}")
    if any(tied.values()):
        print("= tied with the one above: the two differ by no more than chance in the draws of the correction")


def print_scores(contenders: Mapping[str, Reached], title: str) -> None:
    """Print the mean and the spread of each baseline's scores."""
    scores = {name: each.scores[SCORE] for name, each in contenders.items()}
    decimals = score_decimals(float(each.mean()) for each in scores.values())
    cells = {"setting": list(scores)}
    cells["mean"] = [format_score(float(each.mean()), decimals) for each in scores.values()]
    cells["std"] = [format_score(float(each.std()), decimals) for each in scores.values()]
    print_columns(title, cells | {"model": [each.params for each in contenders.values()]})


def print_comparison(table: pd.DataFrame, title: str, rope: float) -> None:
    """Print every contender, the best first, and mark the kept one; without intervals, no column for them and tests."""
    table = table.sort_values("rank_test_score", kind="stable")
    (kept,) = table.loc[table["kept"], "setting"]
    decimals, tested = score_decimals(table["mean_test_score"]), bool(np.isfinite(table["ci95"]).any())
    compared = ~table["kept"] & np.isfinite(table["difference"])

    def beside(key: str, write: Callable[[float], str]) -> list[str]:
        return [write(number) if shows else "" for number, shows in zip(table[key], compared, strict=True)]

    cells = {"": ["*" * each for each in table["kept"]], "setting": list(table["setting"])}
    cells |= score_cells(table, "no score")
    cells["to kept"] = beside("difference", lambda difference: format_score(difference, decimals, "+"))
    if tested:
        cells["p"] = beside("p_value", format_p)
        shares = {"<": "worse", "=": "equal", ">": "better"}
        cells |= {sign: beside(share, "{:.2f}".format) for sign, share in shares.items()}
    print_columns(title, cells, file=files.CONTENDERS.path)
    print(f"* the kept setting, {kept}" + ("; p tests the others against it" if tested else ""))
    if table["n_stuck"].any():
        n_fits = len(split_columns(table))
        print(f"stuck: how many of the {n_fits} fits have a net that answers nearly all rows alike")
    if tested:
        size = format_value(rope)
        print(
            f"<, =, >: the probabilities that a setting is worse than {kept} by more than {size}, that the two differ "
            f"by less, and that it is better by more than {size}"
        )
