"""Collects each experiment's best, finds the winner, and combines all the bests into one setting."""

from pathlib import Path
from typing import Any

import pandas as pd

from resampled.means.corrected import Corrected
from stages.lib.common import Output, format_changes, format_params, format_value
from stages.lib.config import COMBINED, SIMPLEST, WINNER, Params
from stages.lib.scores import CORRECTED, search_output
from stages.lib.scores import read_search as read_metrics
from stages.lib.scores.score_table import read_cells

BEST_PARAMS = Path("metrics/best_params.json")
# The folders with a file of each experiment.
_FOLDERS = [
    Path("metrics", name) for name in ("candidates", "compared", "curves", "draws", "fresh", "importance", "search")
]

# What the leaderboard shows of each search.
COLUMNS = (
    *("experiment", "best_params", "best_score", "best_std", "best_ci95", *CORRECTED),
    *("n_candidates", "n_fits", "n_in_best_set", "best_n_stuck", "tied_with_above", "kept"),
)


def read_searches(params: Params) -> dict[str, dict[str, Any]]:
    """Return what `read_search` does of each experiment, in the order of params.yaml."""
    return {name: read_search(params, name) for name in params.experiments}


def read_search(params: Params, name: str) -> dict[str, Any]:
    """Return the metrics of an experiment's search and comparison, with settings typed as in its grid.

    Raises `UserError` if there is no such experiment, it has no metrics, or its best is not in the grid of params.yaml.
    """
    metrics = read_metrics(name)
    best = _best(params, name, metrics)
    output = Output(f"metrics/compared/{name}.json", "the result of a comparison", f"compare@{name}")
    with output.as_json() as comparison:
        text = comparison["simplest_params"]
        counted = {key: int(comparison[key]) for key in ["n_in_best_set"] if key in comparison}
    (simplest,) = _typed(params, name, [text], "simplest", output)
    return {"best_n_stuck": 0} | metrics | counted | {"best_params": best, "simplest_params": simplest}


def read_best(params: Params, name: str) -> dict[str, Any]:
    """Return the best candidate of an experiment, from its search alone; raises `UserError` as `read_search` does."""
    return _best(params, name, read_metrics(name))


def _best(params: Params, name: str, metrics: dict[str, Any]) -> dict[str, Any]:
    (best,) = _typed(params, name, [metrics["best_params"]], "best", search_output(name))
    return best


def read_best_set(params: Params, name: str, best: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the candidates of an experiment that can't be told from its best, typed as in its grid.

    Without statistics, as for splits in the order of time, that is the best alone. Raises `UserError` if they are not
    known, or are not in the grid of params.yaml.
    """
    output = Output(f"metrics/compared/{name}.csv", "the comparison of a search's candidates", f"compare@{name}")
    with output.as_text() as text:
        table = read_cells(text)
        texts = list(table.loc[table["in_best_set"] == "true", "params"])
    return _typed(params, name, texts, "candidate", output) or [best]


def _typed(params: Params, name: str, texts: list[str], what: str, output: Output) -> list[dict[str, Any]]:
    """Return candidates, which a file has as text, as they are in the grid."""
    typed = {format_params(candidate): candidate for candidate in params.experiment(name).candidates(params.seed)}
    if strays := [text for text in texts if text not in typed]:
        raise output.refused(f": its {what}, {strays[0]}, is not in the grid of params.yaml")
    return [typed[text] for text in texts]


def remove_strays(params: Params) -> list[Path]:
    """Delete the outputs of experiments that params.yaml no longer has, and return their paths."""
    files = {path for folder in _FOLDERS for kind in ("json", "csv") for path in folder.glob(f"*.{kind}")}
    files.discard(Path("metrics/candidates/evaluation.csv"))
    strays = sorted(path for path in files if path.stem not in params.experiments)
    for path in strays:
        path.unlink()
    return strays


def picked(params: Params, searches: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the candidate of each experiment that goes on, as `statistics.pick` says."""
    return {name: search[f"{params.statistics.pick}_params"] for name, search in searches.items()}


def rating(search: dict[str, Any]) -> float:
    """Return what searches are compared by: the best score, corrected for the choice where that is known."""
    return float(search.get("best_score_corrected", search["best_score"]))


def combine(params: Params, picks: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """Apply the pick of each grid search to `model`, in turn, and list in words the settings that are left out.

    A later experiment's pick overrides an earlier one's. Settings of an optimizer, a module or callbacks (`lr`,
    `optimizer__momentum`, `module__n_neurons`, …) were found under one and say nothing about another, so they are used
    only if the combination ends with it. A random search or one by halving is over many settings at once, and is not
    combined with others.
    """
    picks = {name: pick for name, pick in picks.items() if params.experiments[name].search == "grid"}
    model = params.model.model_dump()
    optimizers = [model["optimizer"], *(pick["optimizer"] for pick in picks.values() if "optimizer" in pick)]
    final = model | {"optimizer": optimizers[-1]}
    combined, left_out = model, []
    for name, pick in picks.items():
        under = params.settings(name) | pick
        for key, value in pick.items():
            owner = "optimizer" if key == "lr" else key.partition("__")[0]
            if key != owner and owner in under and under[owner] != final.get(owner):
                left_out.append(f"{name}: {key} (found under {format_value(under[owner])})")
            else:
                combined = combined | {key: value}
    return combined, left_out


def summarise(
    params: Params, searches: dict[str, dict[str, Any]], corrected: Corrected | None = None
) -> dict[str, Any]:
    """Return the flat metrics over all searches, with the typed details in a list, which DVC does not show.

    `corrected` is what `whole_choice` returns. Without it, the winner's score is that corrected in its own search.
    """
    winner, picks = max(searches, key=lambda name: rating(searches[name])), picked(params, searches)
    best = searches[winner]
    details: dict[str, Any] = {"experiments": searches, "winner": winner}
    summary: dict[str, Any] = {
        "winner": winner,
        "winner_params": format_params(picks[winner]),
        "simplest_params": format_params(best["simplest_params"]),
        "details": [details],
    }
    summary |= {key: sum(search[key] for search in searches.values()) for key in ("n_candidates", "n_fits")}
    summary |= {key: best[key] for key in ("best_score", "best_std", *CORRECTED) if key in best}
    summary |= dict(zip(CORRECTED, (corrected.score, corrected.low, corrected.high), strict=True)) if corrected else {}
    if params.combines:
        combined, details["left_out"] = combine(params, picks)
        details[COMBINED] = combined
        summary["combined_params"] = format_changes(combined, params.model.model_dump())
    return summary


def kept_search(params: Params, winner: str) -> str:
    """Return the name of the search that the kept net is from, as `evaluate.keep` says, or `combined`."""
    keep = params.evaluate.keep
    return winner if keep in (WINNER, SIMPLEST) else keep


def to_csv(searches: dict[str, dict[str, Any]], tied: dict[str, bool], kept: str) -> str:
    """Write the best of each search as CSV, one row per experiment, in the order of `searches`; `kept` is marked."""
    rows = [
        search
        | {"experiment": name, "best_params": format_params(search["best_params"])}
        | {"tied_with_above": format_value(tied[name]), "kept": format_value(name == kept)}
        for name, search in searches.items()
    ]
    # As objects, whole numbers stay whole beside missing ones.
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).to_csv(index=False, lineterminator="\n")
