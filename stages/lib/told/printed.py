"""Prints the tables of the leaderboard, the baselines and the contenders."""

from collections.abc import Mapping
from typing import Any

from stages.lib.best_params.leaderboard import picked, rating
from stages.lib.common import format_params, format_score, score_decimals, short_params
from stages.lib.common.tables import print_columns
from stages.lib.config import Params
from stages.lib.results import SCORE, files
from stages.lib.results.answer import Answer
from stages.lib.scores.reached import Reached
from stages.lib.scores.score_table import CORRECTED
from stages.lib.told.answer import explained, ranking


def leaderboard(
    params: Params,
    searches: Mapping[str, Mapping[str, Any]],
    tied: Mapping[str, bool] | None = None,
) -> dict[str, list[str]]:
    """Return the searches as cells by heading, the winner first.

    `corrected` is the mean of the best without the luck of the choice, `in the set` counts the candidates that may be
    the best; splits in time order give neither. The last column has what goes on to the evaluation.
    """
    ranked = dict(sorted(searches.items(), key=lambda each: -rating(each[1])))
    decimals = score_decimals(search["best_score"] for search in ranked.values())
    columns = {
        "experiment": list(ranked),
        "candidates": [f"{each['n_candidates']:,}" for each in ranked.values()],
    }
    columns["mean"] = [
        format_score(each["best_score"], decimals) for each in ranked.values()
    ]
    if all({*CORRECTED} <= {*each} for each in ranked.values()):
        scores = [
            [format_score(each[key], decimals) for key in CORRECTED]
            for each in ranked.values()
        ]
        columns |= {"corrected": [score for score, *_ in scores]}
        columns |= {"95 %": [f"{low} to {high}" for _, low, high in scores]}
        columns |= (
            {"tied": ["=" * tied[name] for name in ranked]}
            if tied and any(tied.values())
            else {}
        )
        columns["in the set"] = [
            f"{each['n_in_best_set']:,}" for each in ranked.values()
        ]
    picks = picked(params, ranked)
    return columns | {
        params.statistics.pick: [
            short_params(format_params(picks[name])) for name in ranked
        ]
    }


def print_leaderboard(
    params: Params, searches: dict[str, dict[str, Any]], tied: dict[str, bool]
) -> None:
    """Print each experiment's scores and its pick, the winner first."""
    columns = leaderboard(params, searches, tied)
    columns = {"": ["*", *[""] * (len(searches) - 1)]} | columns
    print_columns(
        f"leaderboard, by {params.cv.scoring}",
        columns,
        left=columns,
        file=files.LEADERBOARD.path,
    )
    if any(tied.values()):
        print(
            "= tied with the one above: the two differ by no more than chance in the draws of the correction"
        )


def print_scores(contenders: Mapping[str, Reached], title: str) -> None:
    """Print the mean and the spread of each baseline's scores."""
    scores = [each.scores[SCORE] for each in contenders.values()]
    decimals = score_decimals(float(each.mean()) for each in scores)
    cells = {
        "setting": list(contenders),
        "mean": [format_score(float(each.mean()), decimals) for each in scores],
    }
    cells["std"] = [format_score(float(each.std()), decimals) for each in scores]
    print_columns(
        title, cells | {"model": [each.params for each in contenders.values()]}
    )


def print_ranking(answer: Answer, title: str) -> None:
    """Print every contender, the one that is worth most first, and mark the answer."""
    marks = ["*" * (each.name == answer.use) for each in answer.contenders]
    cells = {
        heading: column
        for heading, column in ranking(answer).items()
        if heading != "kind"
    }
    print_columns(
        title,
        {"": marks} | cells,
        left=("", "model", "note"),
        file=files.CONTENDERS.path,
    )
    print(
        *(f"{word}: {meaning}" for word, meaning in explained(answer).items()), sep="\n"
    )
