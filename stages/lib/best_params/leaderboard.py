"""Collects the best of each search, combines them, and hands nets over to the evaluation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from resampled.means.corrected import Corrected
from stages.lib.common import format_changes, format_params, format_value
from stages.lib.config import ANSWER, COMBINED, SIMPLEST, STARTING_POINT, WINNER, Params
from stages.lib.results import Results, files
from stages.lib.results.files import File
from stages.lib.scores.score_table import CORRECTED


def read_searches(results: Results, params: Params) -> dict[str, dict[str, Any]]:
    """Return what `read_search` does of each experiment, in the order of params.yaml."""
    return {name: read_search(results, params, name) for name in params.experiments}


def read_search(results: Results, params: Params, name: str) -> dict[str, Any]:
    """Return the metrics of a search and its comparison, typed as in its grid; raises `UserError` if they don't fit."""
    search, table = (
        results.json(files.SUMMARY, name),
        results.table(files.COMPARED, name),
    )
    with results.expecting(files.COMPARED, name):
        (simplest,) = _typed(
            results,
            params,
            files.COMPARED,
            name,
            table.loc[table["simplest"], "params"],
            "simplest",
        )
    in_set = table["in_best_set"]
    counted = {"n_in_best_set": int(in_set.sum())} if in_set.notna().all() else {}
    best = {
        "best_params": read_best(results, params, name),
        "simplest_params": simplest,
    }
    return {"best_n_stuck": 0} | search | counted | best


def read_best(results: Results, params: Params, name: str) -> dict[str, Any]:
    """Return the best candidate of an experiment, from its search alone; raises `UserError` as `read_search` does."""
    best = results.json(files.SUMMARY, name)["best_params"]
    return _typed(results, params, files.SUMMARY, name, [best], "best")[0]


def read_best_set(results: Results, params: Params, name: str) -> list[dict[str, Any]]:
    """Return the candidates that can't be told from the best, or the best alone; raises as `read_search` does."""
    table = results.table(files.COMPARED, name)
    texts = table.loc[table["in_best_set"].fillna(False).astype(bool), "params"]
    return _typed(results, params, files.COMPARED, name, texts, "candidate") or [
        read_best(results, params, name)
    ]


def _typed(
    results: Results,
    params: Params,
    file: File,
    name: str,
    texts: Iterable[str],
    what: str,
) -> list[dict[str, Any]]:
    """Return candidates, which a file has as text, as they are in the grid."""
    typed = {
        format_params(candidate): candidate
        for candidate in params.experiment(name).candidates(params.seed)
    }
    if strays := [text for text in texts if text not in typed]:
        raise results.refused(
            file,
            f"has the {what} {strays[0]}, which is not in the grid of params.yaml",
            name,
        )
    return [typed[text] for text in texts]


def ties(searches: Mapping[str, Corrected | None]) -> dict[str, bool]:
    """Return for each search whether chance in the draws alone may have put it below the next better one.

    That is so if their corrected scores differ by less than two standard errors of the draws.
    """
    known = {name: each for name, each in searches.items() if each is not None}
    tied = dict.fromkeys(searches, False)
    for better, name in pairwise(sorted(known, key=lambda name: -known[name].score)):
        one, other = known[better], known[name]
        tied[name] = bool(
            one.score - other.score <= 2 * np.hypot(one.noise, other.noise)
        )
    return tied


def picked(
    params: Params, searches: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return the candidate of each experiment that goes on, as `statistics.pick` says."""
    return {
        name: search[f"{params.statistics.pick}_params"]
        for name, search in searches.items()
    }


def rating(search: Mapping[str, Any]) -> float:
    """Return what searches are compared by: the best score, corrected for the choice where that is known."""
    return float(search.get("best_score_corrected", search["best_score"]))


def combine(
    params: Params, picks: dict[str, dict[str, Any]]
) -> tuple[dict[str, Any], list[str]]:
    """Apply the pick of each grid search to `model`, in turn, and list in words the settings that are left out.

    Settings of an optimizer, a module or callbacks (`lr`, `module__n_neurons`, …) were found under one and say nothing
    about another, so they are used only if the combination ends with it. Searches of other kinds are over many settings
    at once, and are not combined.
    """
    picks = {
        name: pick
        for name, pick in picks.items()
        if params.experiments[name].search == "grid"
    }
    model = params.model.model_dump()
    optimizers = [
        model["optimizer"],
        *(pick["optimizer"] for pick in picks.values() if "optimizer" in pick),
    ]
    final = model | {"optimizer": optimizers[-1]}
    combined, left_out = model, []
    for name, pick in picks.items():
        under = params.settings(name) | pick
        for key, value in pick.items():
            owner = "optimizer" if key == "lr" else key.partition("__")[0]
            if key != owner and owner in under and under[owner] != final.get(owner):
                left_out.append(
                    f"{name}: {key} (found under {format_value(under[owner])})"
                )
            else:
                combined = combined | {key: value}
    return combined, left_out


def summarise(
    params: Params,
    searches: dict[str, dict[str, Any]],
    corrected: Corrected | None = None,
) -> dict[str, Any]:
    """Return the flat metrics over all searches, with the typed details in a list, which DVC does not show.

    `corrected` is what `whole_choice` returns; without it, the winner's score is that of its own search.
    """
    winner, picks = (
        max(searches, key=lambda name: rating(searches[name])),
        picked(params, searches),
    )
    best = searches[winner]
    details: dict[str, Any] = {"experiments": searches, "winner": winner}
    summary: dict[str, Any] = {
        "winner": winner,
        "winner_params": format_params(picks[winner]),
        "simplest_params": format_params(best["simplest_params"]),
        "details": [details],
    }
    summary |= {
        key: sum(search[key] for search in searches.values())
        for key in ("n_candidates", "n_fits")
    }
    summary |= {
        key: best[key] for key in ("best_score", "best_std", *CORRECTED) if key in best
    }
    summary |= (
        dict(
            zip(
                CORRECTED, (corrected.score, corrected.low, corrected.high), strict=True
            )
        )
        if corrected
        else {}
    )
    if params.combines:
        combined, details["left_out"] = combine(params, picks)
        details[COMBINED] = combined
        summary["combined_params"] = format_changes(combined, params.model.model_dump())
    return summary


def leaderboard(
    params: Params,
    searches: dict[str, dict[str, Any]],
    tied: dict[str, bool],
    winner: str,
) -> pd.DataFrame:
    """Tabulate the best of each search, one row per experiment, in their order, and mark that of the kept net."""
    kept = (
        winner if params.evaluate.keep in (WINNER, SIMPLEST) else params.evaluate.keep
    )
    rows = [
        search
        | {"experiment": name, "best_params": format_params(search["best_params"])}
        | {"tied_with_above": tied[name], "kept": name == kept}
        for name, search in searches.items()
    ]
    return pd.DataFrame(rows, columns=list(files.LEADERBOARD.needed))


@dataclass(frozen=True)
class Picks:
    """What the searches hand over to the evaluation; `kept` is the net that `evaluate.keep` names.

    The `settings` of the nets are by contender; names are unresolved. `use` is what `evaluate.use` names, None where it
    is what the evaluation advises. `corrected` has what a net is worth, free of the luck of its choice, and the ends of
    its 95 % interval: for the winner by the choice among all searches, for other picks by that in their own. The kept
    net was chosen among `n_candidates`. `searches` are the summaries. `rows` are, of what a search has scored
    on fresh splits, the experiment, the row of its file, and the settings that it should have, as text; None for any.
    """

    settings: dict[str, dict[str, Any]]
    kept: str
    use: str | None
    corrected: dict[str, tuple[float, ...]]
    n_candidates: int
    searches: dict[str, dict[str, Any]]
    rows: dict[str, tuple[str, str, str | None]]


def read_picks(results: Results, params: Params) -> Picks:
    """Return what the searches hand over; raises `UserError` if it is missing, broken, or of other experiments."""
    experiments, pick = params.experiments, params.statistics.pick
    summary = results.json(files.BEST_PARAMS)
    with results.expecting(files.BEST_PARAMS):
        details = summary["details"][0]
        searches, winner = details["experiments"], details["winner"]
        picks, simplest = picked(params, searches), searches[winner]["simplest_params"]
        kept, use = (
            winner if name == WINNER else name
            for name in (params.evaluate.keep, params.evaluate.use)
        )
        judged = searches | {winner: summary} if pick == "best" else {}
        worth = {
            name: tuple(float(each[key]) for key in CORRECTED)
            for name, each in judged.items()
            if {*CORRECTED} <= {*each}
        }
        n_candidates = int(
            (searches[kept] if kept in searches and kept != winner else summary)[
                "n_candidates"
            ]
        )
    if set(picks) != set(experiments):
        raise results.refused(
            files.BEST_PARAMS, "is from other experiments than those in params.yaml"
        )
    nets = {COMBINED: details[COMBINED]} if COMBINED in details else {}
    nets |= {name: params.settings(name) | picks[name] for name in experiments}
    nets |= {
        SIMPLEST: params.settings(winner) | simplest,
        STARTING_POINT: params.model.model_dump(),
    }
    worth = {
        name: worth[pick]
        for name, own in nets.items()
        for pick in worth
        if nets[pick] == own
    } | worth
    rows: dict[str, tuple[str, str, str | None]]
    rows = {name: (name, pick, format_params(picks[name])) for name in experiments}
    rows[SIMPLEST] = winner, "simplest", format_params(simplest)
    # An experiment that holds nothing fixed starts from `model`, and has trained that as well.
    if unfixed := [
        name for name, experiment in experiments.items() if not experiment.fixed
    ]:
        rows[STARTING_POINT] = unfixed[0], STARTING_POINT, None
    return Picks(
        nets, kept, None if use == ANSWER else use, worth, n_candidates, searches, rows
    )
