"""Collects the best of each search, combines them, and hands nets over to the evaluation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from resampled.means.corrected import Corrected
from stages.lib.common import format_changes, format_params, format_value
from stages.lib.config import ANSWER, COMBINED, SIMPLEST, STARTING_POINT, WINNER, Params
from stages.lib.results import Results, files
from stages.lib.results.files import File
from stages.lib.results.search import (
    BestParams,
    BestScore,
    RankedSearch,
    SearchDetails,
    Settings,
)
from stages.lib.scores.score_table import corrected_fields

Searches = Mapping[str, RankedSearch]
# By net: its score without the luck of its choice, and the ends of the 95 % interval.
Worth = dict[str, tuple[float, float, float]]
# By net: the experiment that has scored it on fresh splits, the row of that file, and the settings that this should
# have, as text; None for any.
FreshRows = dict[str, tuple[str, str, str | None]]


def read_searches(results: Results, params: Params) -> dict[str, RankedSearch]:
    """Return what `read_search` does of each experiment, in the order of params.yaml."""
    return {name: read_search(results, params, name) for name in params.experiments}


def read_search(results: Results, params: Params, name: str) -> RankedSearch:
    """Return the summary of a search and its comparison, typed as in its grid; raises `UserError` if they don't fit."""
    summary = results.read(files.SUMMARY, name)
    table = results.table(files.COMPARED, name)
    texts, in_set = table.loc[table["simplest"], "params"], table["in_best_set"]
    grid = _Grid(results, params, name)
    with results.expecting(files.COMPARED, name):
        (simplest,) = grid.typed(files.COMPARED, texts, "simplest")
    own = {
        "best_params": read_best(results, params, name),
        "simplest_params": simplest,
        "n_in_best_set": int(in_set.sum()) if in_set.notna().all() else None,
    }
    return RankedSearch(**dict(summary) | own)


def read_best(results: Results, params: Params, name: str) -> Settings:
    """Return the best candidate of an experiment, from its search alone; raises `UserError` as `read_search` does."""
    best = results.read(files.SUMMARY, name).best_params
    return _Grid(results, params, name).typed(files.SUMMARY, [best], "best")[0]


def read_best_set(results: Results, params: Params, name: str) -> list[Settings]:
    """Return the candidates that can't be told from the best, or the best alone; raises as `read_search` does."""
    table = results.table(files.COMPARED, name)
    in_set = table["in_best_set"].fillna(False).astype(bool)
    grid, texts = _Grid(results, params, name), table.loc[in_set, "params"]
    candidates = grid.typed(files.COMPARED, texts, "candidate")
    return candidates or [read_best(results, params, name)]


@dataclass(frozen=True)
class _Grid:
    """The candidates of an experiment."""

    results: Results
    params: Params
    name: str

    def typed(self, file: File, texts: Iterable[str], what: str) -> list[Settings]:
        """Return candidates, which a file has as text, as they are in the grid."""
        experiment = self.params.experiment(self.name)
        candidates = experiment.candidates(self.params.seed)
        by_text = {format_params(candidate): candidate for candidate in candidates}
        for text in texts:
            if text not in by_text:
                problem = (
                    f"has the {what} {text}, which is not in the grid of params.yaml"
                )
                raise self.results.refused(file, problem, self.name)
        return [by_text[text] for text in texts]


def ties(searches: Mapping[str, Corrected | None]) -> dict[str, bool]:
    """Return for each search whether chance in the draws alone may have put it below the next better one.

    That is so if their corrected scores differ by less than two standard errors of the draws.
    """
    known = {name: each for name, each in searches.items() if each is not None}
    tied = dict.fromkeys(searches, False)
    for better, name in pairwise(sorted(known, key=lambda name: -known[name].score)):
        one, other = known[better], known[name]
        noise = np.hypot(one.noise, other.noise)
        tied[name] = bool(one.score - other.score <= 2 * noise)
    return tied


def picked(params: Params, search: RankedSearch) -> Settings:
    """Return the candidate of a search that goes on, as `statistics.pick` says."""
    is_best = params.statistics.pick == "best"
    return search.best_params if is_best else search.simplest_params


def picks_of(params: Params, searches: Searches) -> dict[str, Settings]:
    """Return the candidate of each search that goes on."""
    return {name: picked(params, search) for name, search in searches.items()}


def combine(
    params: Params, picks: Mapping[str, Settings]
) -> tuple[Settings, list[str]]:
    """Apply the pick of each grid search to `model`, in turn, and list in words the settings that are left out.

    Settings of an optimizer, a module or callbacks (`lr`, `module__n_neurons`, …) were found under one and say nothing
    about another, so they are used only if the combination ends with it. Searches of other kinds are over many settings
    at once, and are not combined.
    """
    is_grid = {name: each.search == "grid" for name, each in params.experiments.items()}
    grids = {name: pick for name, pick in picks.items() if is_grid[name]}
    final = params.model.model_dump()
    combined, left_out = dict(final), []
    for pick in grids.values():
        final["optimizer"] = pick.get("optimizer", final["optimizer"])
    for name, pick in grids.items():
        under = params.settings(name) | pick
        for key, value in pick.items():
            owner = "optimizer" if key == "lr" else key.partition("__")[0]
            if key != owner and owner in under and under[owner] != final.get(owner):
                owned_by = format_value(under[owner])
                left_out.append(f"{name}: {key} (found under {owned_by})")
            else:
                combined[key] = value
    return combined, left_out


def summarise(
    params: Params,
    searches: dict[str, RankedSearch],
    corrected: Corrected | None = None,
) -> BestParams:
    """Return the numbers over all searches, with their details.

    `corrected` is what `whole_choice` returns; without it, the winner's score is that of its own search.
    """
    winner = max(searches, key=lambda name: searches[name].rating)
    best, picks = searches[winner], picks_of(params, searches)
    score = best.model_dump(include={*BestScore.model_fields})
    details = SearchDetails(experiments=searches, winner=winner)
    summary = BestParams(
        **score | corrected_fields(corrected),
        winner=winner,
        winner_params=format_params(picks[winner]),
        simplest_params=format_params(best.simplest_params),
        n_candidates=sum(search.n_candidates for search in searches.values()),
        n_fits=sum(search.n_fits for search in searches.values()),
        details=[details],
    )
    if not params.combines:
        return summary
    combined, left_out = combine(params, picks)
    known = {"combined": combined, "left_out": left_out}
    changes = format_changes(combined, params.model.model_dump())
    in_full = [details.model_copy(update=known)]
    return summary.model_copy(update={"combined_params": changes, "details": in_full})


def leaderboard(
    params: Params, searches: Searches, tied: dict[str, bool], winner: str
) -> pd.DataFrame:
    """Tabulate the best of each search, one row per experiment, in their order, and mark that of the kept net."""
    kept = params.evaluate.keep
    if kept in (WINNER, SIMPLEST):
        kept = winner
    rows = []
    for name, search in searches.items():
        row = search.content() | {"experiment": name}
        row["best_params"] = format_params(search.best_params)
        rows.append(row | {"tied_with_above": tied[name], "kept": name == kept})
    return pd.DataFrame(rows, columns=list(files.LEADERBOARD.needed))


@dataclass(frozen=True)
class Picks:
    """What the searches hand over to the evaluation; `kept` is the net that `evaluate.keep` names.

    The `settings` of the nets are by contender; names are unresolved. `use` is what `evaluate.use` names, None where it
    is what the evaluation advises. `corrected` has what a net is worth, free of the luck of its choice, and the ends of
    its 95 % interval: for the winner by the choice among all searches, for other picks by that in their own. The kept
    net was chosen among `n_candidates`. `searches` are the summaries, and `rows` what they have scored on fresh splits.
    """

    settings: dict[str, Settings]
    kept: str
    use: str | None
    corrected: Worth
    n_candidates: int
    searches: dict[str, RankedSearch]
    rows: FreshRows


def read_picks(results: Results, params: Params) -> Picks:
    """Return what the searches hand over; raises `UserError` if it is missing, broken, or of other experiments."""
    summary = results.read(files.BEST_PARAMS)
    (details,) = summary.details
    searches, winner = details.experiments, details.winner
    if {*searches} != {*params.experiments}:
        problem = "is from other experiments than those in params.yaml"
        raise results.refused(files.BEST_PARAMS, problem)
    named = {WINNER: winner, ANSWER: None}
    kept = winner if params.evaluate.keep == WINNER else params.evaluate.keep
    among = searches[kept] if kept in searches and kept != winner else summary
    settings = _contenders(params, details)
    return Picks(
        settings,
        kept,
        named.get(params.evaluate.use, params.evaluate.use),
        _worth(params, summary, settings),
        among.n_candidates,
        searches,
        _rows(params, details),
    )


def _contenders(params: Params, details: SearchDetails) -> dict[str, Settings]:
    """Return the settings of the nets of the evaluation, by contender."""
    winner, nets = details.winner, dict[str, Settings]()
    if details.combined:
        nets[COMBINED] = details.combined
    picks = picks_of(params, details.experiments)
    for name in params.experiments:
        nets[name] = params.settings(name) | picks[name]
    simplest = details.experiments[winner].simplest_params
    nets[SIMPLEST] = params.settings(winner) | simplest
    return nets | {STARTING_POINT: params.model.model_dump()}


def _worth(params: Params, summary: BestParams, nets: Mapping[str, Settings]) -> Worth:
    """Return what nets are worth, where that is known: picks, and nets with the settings of a pick."""
    if params.statistics.pick != "best":
        return {}
    (details,) = summary.details
    judged: dict[str, BestScore] = {**details.experiments, details.winner: summary}
    known, alike = Worth(), Worth()
    for pick, score in judged.items():
        if score.corrected is None:
            continue
        known[pick] = score.corrected
        for name, own in nets.items():
            if own == nets[pick]:
                alike[name] = score.corrected
    return alike | known


def _rows(params: Params, details: SearchDetails) -> FreshRows:
    pick, winner, rows = params.statistics.pick, details.winner, FreshRows()
    picks = picks_of(params, details.experiments)
    for name, experiment in params.experiments.items():
        rows[name] = name, pick, format_params(picks[name])
        # An experiment that holds nothing fixed starts from `model`, and has trained that as well.
        if not experiment.fixed:
            rows.setdefault(STARTING_POINT, (name, STARTING_POINT, None))
    simplest = details.experiments[winner].simplest_params
    rows[SIMPLEST] = winner, "simplest", format_params(simplest)
    return rows
