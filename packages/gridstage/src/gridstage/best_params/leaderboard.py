"""Collects the best of each search, combines them, and hands nets over to the evaluation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from gridstage.common import format_changes, format_params, format_value
from gridstage.config import (
    ANSWER,
    BEST,
    COMBINED,
    SIMPLEST,
    STARTING_POINT,
    WINNER,
    Params,
)
from gridstage.results import Results, files
from gridstage.results.files import File
from gridstage.results.search import (
    BestParams,
    BestScore,
    RankedSearch,
    SearchDetails,
    Settings,
)
from gridstage.scores.score_table import corrected_fields
from resampled.means.corrected import Corrected

Searches = Mapping[str, RankedSearch]
# By net: its score without the luck of its choice, and the ends of the 95 % interval.
Worth = dict[str, tuple[float, float, float]]
# By net: the experiment that has scored it on fresh splits, the row of that file, and the settings that this should
# have, as text; None for any.
FreshRows = dict[str, tuple[str, str, str | None]]


def read_searches(results: Results, params: Params) -> dict[str, RankedSearch]:
    """Return the summary of each search with its comparison, in the order of params.yaml.

    Parameters
    ----------
    results : Results
        Where the files of the searches are read.
    params : Params
        Whose grids give the settings their types.

    Returns
    -------
    dict of str to RankedSearch
        By experiment.

    Raises
    ------
    UserError
        If a file is missing or broken, or is of another grid than that in params.yaml.

    Examples
    --------
    >>> read_searches(results, params)["neurons"].n_candidates
    2
    """
    return {name: read_search(results, params, name) for name in params.experiments}


def read_search(results: Results, params: Params, name: str) -> RankedSearch:
    """Return the summary of a search and its comparison, typed as in its grid; raises `UserError` if they don't fit."""
    summary = results.read(files.SUMMARY, name)
    table = results.table(files.COMPARED, name)
    in_set = table["in_best_set"]
    texts = table.loc[table["simplest"], "params"]
    with results.expecting(files.COMPARED, name):
        (simplest,) = _typed(results, params, name, files.COMPARED, texts, "simplest")
    own = dict(summary)
    own["best_params"] = read_best(results, params, name)
    own["simplest_params"] = simplest
    if in_set.notna().all():
        own["n_in_best_set"] = int(in_set.sum())
    return RankedSearch(**own)


def read_best(results: Results, params: Params, name: str) -> Settings:
    """Return the best candidate of an experiment, from its search alone; raises `UserError` as `read_search` does."""
    best = results.read(files.SUMMARY, name).best_params
    return _typed(results, params, name, files.SUMMARY, [best], "best")[0]


def read_best_set(results: Results, params: Params, name: str) -> list[Settings]:
    """Return the candidates that can't be told from the best, or the best alone; raises as `read_search` does."""
    table = results.table(files.COMPARED, name)
    in_set = table["in_best_set"].fillna(False).astype(bool)
    texts = table.loc[in_set, "params"]
    candidates = _typed(results, params, name, files.COMPARED, texts, "candidate")
    return candidates or [read_best(results, params, name)]


def _typed(
    results: Results,
    params: Params,
    name: str,
    file: File,
    texts: Iterable[str],
    what: str,
) -> list[Settings]:
    """Return candidates of an experiment, which a file has as text, as they are in the grid."""
    candidates = params.experiment(name).candidates(params.seed)
    by_text = {format_params(candidate): candidate for candidate in candidates}
    for text in texts:
        if text not in by_text:
            problem = f"has the {what} {text}, which is not in the grid of params.yaml"
            raise results.refused(file, problem, name)
    return [by_text[text] for text in texts]


def ties(searches: Mapping[str, Corrected | None]) -> dict[str, bool]:
    """Return for each search whether chance in the draws alone may have put it below the next better one.

    That is so if their corrected scores differ by less than two standard errors of the draws.
    """
    known = {name: each for name, each in searches.items() if each is not None}
    ranked = sorted(known, key=lambda name: -known[name].score)
    tied = dict.fromkeys(searches, False)
    for better, name in pairwise(ranked):
        one, other = known[better], known[name]
        noise = np.hypot(one.noise, other.noise)
        tied[name] = bool(one.score - other.score <= 2 * noise)
    return tied


def picks_of(params: Params, searches: Searches) -> dict[str, Settings]:
    """Return the candidate of each search that goes on."""
    pick = params.statistics.pick
    return {name: search.picked(pick) for name, search in searches.items()}


def combine(
    params: Params, picks: Mapping[str, Settings]
) -> tuple[Settings, list[str]]:
    """Apply the pick of each grid search to `model`, in turn, and list in words the settings that are left out.

    Settings of an optimizer, a module or callbacks (`lr`, `module__n_neurons`, …) were found under one and say nothing
    about another, so they are used only if the combination ends with it. Searches of other kinds are over many settings
    at once, and are not combined.
    """
    grids = {}
    for name, pick in picks.items():
        if params.experiments[name].search == "grid":
            grids[name] = pick
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


def over_all(
    params: Params,
    searches: dict[str, RankedSearch],
    corrected: Corrected | None = None,
) -> BestParams:
    """Return the numbers over all searches, with their details.

    Parameters
    ----------
    params : Params
        What params.yaml says.
    searches : dict of str to RankedSearch
        As `read_searches` returns them.
    corrected : Corrected, optional
        As `judge_choice` returns it; without it, the winner's score is that of its own search.

    Returns
    -------
    BestParams
        What metrics/best_params.json has: the winner, and the combination of what the grid searches have found.

    Examples
    --------
    >>> summary = over_all(params, read_searches(results, params))
    >>> summary.winner in params.experiments, summary.n_candidates
    (True, 4)
    """
    winner = max(searches, key=lambda name: searches[name].rating)
    best = searches[winner]
    picks = picks_of(params, searches)
    score = best.model_dump(include={*BestScore.model_fields})
    found: dict[str, Any] = {}
    changes = None
    if params.combines:
        combined, left_out = combine(params, picks)
        found = {"combined": combined, "left_out": left_out}
        changes = format_changes(combined, params.model.model_dump())
    details = SearchDetails(experiments=searches, winner=winner, **found)
    all_searches = searches.values()
    return BestParams(
        **score | corrected_fields(corrected),
        winner=winner,
        winner_params=format_params(picks[winner]),
        simplest_params=format_params(best.simplest_params),
        combined_params=changes,
        n_candidates=sum(search.n_candidates for search in all_searches),
        n_fits=sum(search.n_fits for search in all_searches),
        details=[details],
    )


def leaderboard(
    params: Params, searches: Searches, tied: dict[str, bool], winner: str
) -> pd.DataFrame:
    """Tabulate the best of each search, and mark that of the net that `evaluate.keep` names.

    Parameters
    ----------
    params : Params
        What params.yaml says.
    searches : mapping of str to RankedSearch
        As `read_searches` returns them.
    tied : dict of str to bool
        As `judge_choice` returns it.
    winner : str
        The experiment of the best of all.

    Returns
    -------
    DataFrame
        One row per experiment, in their order. There is no mark where the evaluation chooses the net.

    Examples
    --------
    >>> searches = read_searches(results, params)
    >>> table = leaderboard(params, searches, dict.fromkeys(searches, False), "neurons")
    >>> table[["experiment", "n_candidates"]].values.tolist()
    [['dropout', 2], ['neurons', 2]]
    """
    kept = params.evaluate.keep
    if kept in (WINNER, SIMPLEST):
        kept = winner
    rows = []
    for name, search in searches.items():
        row = search.content() | {"experiment": name}
        row["best_params"] = format_params(search.best_params)
        row["tied_with_above"] = tied[name]
        row["kept"] = name == kept
        rows.append(row)
    return pd.DataFrame(rows, columns=list(files.LEADERBOARD.needed))


@dataclass(frozen=True)
class Picks:
    """What the searches hand over to the evaluation; `named` is the net that `evaluate.keep` names, None for the best.

    The `settings` of the nets are by contender; names are unresolved. `use` is what `evaluate.use` names, None where it
    is what the evaluation advises. `corrected` has what a net is worth, free of the luck of its choice, and the ends of
    its 95 % interval: for the winner by the choice among all searches, for other picks by that in their own. `whole`
    has the numbers over all searches; `searches` are the summaries, and `rows` what they have scored on fresh splits.
    """

    settings: dict[str, Settings]
    named: str | None
    use: str | None
    corrected: Worth
    whole: BestParams
    searches: dict[str, RankedSearch]
    rows: FreshRows

    def n_candidates(self, net: str) -> int:
        """Return among how many candidates a net was picked."""
        if net in self.searches and net != self.whole.winner:
            return self.searches[net].n_candidates
        return self.whole.n_candidates


def read_picks(results: Results, params: Params) -> Picks:
    """Return what the searches hand over; raises `UserError` if it is missing, broken, or of other experiments."""
    summary = results.read(files.BEST_PARAMS)
    (details,) = summary.details
    searches, winner = details.experiments, details.winner
    if {*searches} != {*params.experiments}:
        problem = "is from other experiments than those in params.yaml"
        raise results.refused(files.BEST_PARAMS, problem)
    named = {WINNER: winner, BEST: None, ANSWER: None}
    use, kept = params.evaluate.use, params.evaluate.keep
    picks = picks_of(params, searches)
    settings = _contenders(params, details, picks)
    worth = _worth(params, summary, settings)
    rows = _rows(params, details, picks)
    return Picks(
        settings,
        named.get(kept, kept),
        named.get(use, use),
        worth,
        summary,
        searches,
        rows,
    )


def _contenders(
    params: Params, details: SearchDetails, picks: Mapping[str, Settings]
) -> dict[str, Settings]:
    """Return the settings of the nets of the evaluation, by contender."""
    winner, nets = details.winner, dict[str, Settings]()
    if details.combined:
        nets[COMBINED] = details.combined
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


def _rows(
    params: Params, details: SearchDetails, picks: Mapping[str, Settings]
) -> FreshRows:
    pick, winner, rows = params.statistics.pick, details.winner, FreshRows()
    for name, experiment in params.experiments.items():
        rows[name] = name, pick, format_params(picks[name])
        # An experiment that holds nothing fixed starts from `model`, and has trained that as well.
        if not experiment.fixed:
            rows.setdefault(STARTING_POINT, (name, STARTING_POINT, None))
    simplest = details.experiments[winner].simplest_params
    rows[SIMPLEST] = winner, "simplest", format_params(simplest)
    return rows
