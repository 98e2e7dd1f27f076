"""Prints the tables of the leaderboard, the baselines and the contenders."""

from collections.abc import Mapping

from gridstage.best_params.leaderboard import picks_of
from gridstage.common import format_params, format_score, score_decimals, short_params
from gridstage.config import Params
from gridstage.results import SCORE, files
from gridstage.results.answer import Answer
from gridstage.results.search import BestParams, RankedSearch
from gridstage.scores.reached import Reached
from gridstage.told.answer import glossary, ranking
from gridstage.told.tables import TextTable
from resampled.means.corrected import Corrected


def leaderboard(
    params: Params,
    searches: Mapping[str, RankedSearch],
    tied: Mapping[str, bool] | None = None,
) -> dict[str, list[str]]:
    """Return the searches as cells by heading, the winner first.

    `corrected` is the mean of the best without the luck of the choice, `in the set` counts the candidates that may be
    the best; splits in time order give neither. The last column has what goes on to the evaluation.
    """
    ranked = dict(sorted(searches.items(), key=lambda each: -each[1].rating))
    found = ranked.values()
    decimals = score_decimals(search.best_score for search in found)
    columns = {"experiment": list(ranked)}
    columns["candidates"] = [f"{search.n_candidates:,}" for search in found]
    columns["mean"] = [format_score(each.best_score, decimals) for each in found]
    corrected = [search.corrected for search in found if search.corrected]
    if len(corrected) == len(ranked):
        columns["corrected"] = [format_score(x, decimals) for x, _, _ in corrected]
        low = [format_score(x, decimals) for _, x, _ in corrected]
        high = [format_score(x, decimals) for _, _, x in corrected]
        columns["95 %"] = list(map("{} to {}".format, low, high))
        if tied and any(tied.values()):
            signs = {True: "=", False: ""}
            columns["tied"] = [signs[tied[name]] for name in ranked]
        columns["in the set"] = [f"{search.n_in_best_set:,}" for search in found]
    picks = picks_of(params, ranked).values()
    columns[params.statistics.pick] = [short_params(format_params(x)) for x in picks]
    return columns


def print_leaderboard(
    params: Params, searches: Mapping[str, RankedSearch], tied: dict[str, bool]
) -> None:
    """Print each experiment's scores and its pick, the winner first.

    Parameters
    ----------
    params : Params
        What params.yaml says.
    searches : mapping of str to RankedSearch
        As `read_searches` returns them.
    tied : dict of str to bool
        As `judge_choice` returns it.

    Examples
    --------
    >>> print_leaderboard(params, read_searches(results, params), {"dropout": False, "neurons": True})
    leaderboard, by accuracy
    ...
    = tied with the one above: the two differ by no more than chance in the draws of the correction
    """
    columns = leaderboard(params, searches, tied)
    table = TextTable.of_columns(columns, {0: "best"})
    title = f"leaderboard, by {params.cv.scoring}"
    table.show(title, left=columns, file=files.LEADERBOARD.path)
    if any(tied.values()):
        print(
            "= tied with the one above: the two differ by no more than chance in the draws of the correction"
        )


def print_over_all(summary: BestParams, corrected: Corrected | None) -> None:
    """Print what the winner of all searches is worth, and the combination of the grid searches.

    Parameters
    ----------
    summary : BestParams
        As `over_all` returns it.
    corrected : Corrected or None
        As `judge_choice` returns it.

    Examples
    --------
    >>> print_over_all(results.read(files.BEST_PARAMS), None)
    combined: module__dropout_rate=0.5, ...
    """
    (details,) = summary.details
    if corrected and len(details.experiments) > 1:
        scores = [corrected.score, corrected.low, corrected.high]
        decimals = score_decimals(scores)
        score, low, high = (format_score(each, decimals) for each in scores)
        what = f"{summary.winner}, corrected for the choice among all searches"
        print(f"{what}: {score}, 95 % from {low} to {high}")
    if summary.combined_params is not None:
        print(f"combined: {summary.combined_params}")
        for left_out in details.left_out or ():
            print(f"left out: {left_out}")


def print_scores(contenders: Mapping[str, Reached], title: str) -> None:
    """Print the mean and the spread of each baseline's scores.

    Parameters
    ----------
    contenders : mapping of str to Reached
        By the name of the model.
    title : str
        What stands above the table.

    Examples
    --------
    >>> scored = open_baselines(params).score("majority_class")
    >>> print_scores({"majority_class": scored.reached}, "a constant")
    a constant
    setting           mean     std  model
    majority_class  0.6510  0.0018  DummyClassifier, inputs ignored
    """
    scores = [each.scores[SCORE] for each in contenders.values()]
    decimals = score_decimals(float(each.mean()) for each in scores)
    cells = {"setting": list(contenders)}
    cells["mean"] = [format_score(float(each.mean()), decimals) for each in scores]
    cells["std"] = [format_score(float(each.std()), decimals) for each in scores]
    cells["model"] = [each.params for each in contenders.values()]
    TextTable.of_columns(cells).show(title)


def print_ranking(answer: Answer, title: str) -> None:
    """Print every contender, the one that is worth most first, and mark the answer."""
    left = "model", "note"
    ranking(answer).show(title, left, file=files.CONTENDERS.path)
    for word, meaning in glossary(answer).items():
        print(f"{word}: {meaning}")
