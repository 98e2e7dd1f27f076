"""Prints the tables of the leaderboard, the baselines and the contenders."""

from collections.abc import Mapping
from typing import Any

from stages.lib.best_params.leaderboard import picked, rating
from stages.lib.common import format_params, format_score, score_decimals, short_params
from stages.lib.common.tables import print_columns
from stages.lib.config import Params
from stages.lib.results import SCORE, files
from stages.lib.results.answer import Answer
from stages.lib.scores import CORRECTED
from stages.lib.scores.reached import Reached
from stages.lib.told.answer import explained, ranking
from stages.lib.told.scores import stuck_in_words


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


def print_ranking(answer: Answer, title: str) -> None:
    """Print every contender, the one that is worth most first, and mark the answer."""
    marks = ["*" * (each.name == answer.use) for each in answer.contenders]
    cells = {heading: column for heading, column in ranking(answer).items() if heading != "kind"}
    print_columns(title, {"": marks} | cells, left=("", "model", "note"), file=files.CONTENDERS.path)
    print(*explained(answer), sep="\n")
