"""Collects each experiment's best, finds the winner, and combines all the bests into one setting."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from stages.lib.common import UserError, format_changes, format_params, format_value, reading
from stages.lib.config import COMBINED, Params
from stages.lib.scores import CORRECTED

METRICS = Path("metrics")
BEST_PARAMS, FRESH_DIR = METRICS / "best_params.json", METRICS / "fresh"
# The folders with a file of each experiment.
_FOLDERS = ("candidates", "compared", "curves", "draws", "fresh", "importance", "search")

# What the leaderboard shows of each search.
COLUMNS = (
    *("experiment", "best_params", "best_score", "best_std", "best_ci95", *CORRECTED),
    *("n_candidates", "n_fits", "n_in_best_set", "best_n_stuck", "tied_with_above"),
)

# By stage: its folder, what its file is the result of, and which settings that has.
_WRITTEN = {"search": ("search", "search", "best_params"), "compare": ("compared", "comparison", "simplest_params")}
# The numbers that every search has, and what of its metrics, or of its comparison, is not a number.
_NUMBERS = ("best_score", "best_std", "n_candidates", "n_fits")
_TEXTS = ("best_params", "corrected_over", "simplest_params")


def read_searches(params: Params) -> dict[str, dict[str, Any]]:
    """Return what `read_search` does of each experiment, in the order of params.yaml."""
    return {name: read_search(params, name) for name in params.experiments}


def read_search(params: Params, name: str) -> dict[str, Any]:
    """Return the metrics of an experiment's search and comparison, with settings typed as in its grid.

    Raises `UserError` if there is no such experiment, it has no metrics, or its best is not in the grid of params.yaml.
    """
    search = _read(params, name, "search")
    if lacking := [key for key in _NUMBERS if key not in search]:
        raise UserError(f"{METRICS}/search/{name}.json has no {lacking[0]}. Run `dvc repro search@{name}`.")
    return {"best_n_stuck": 0} | search | _read(params, name, "compare")


def read_best(params: Params, name: str) -> dict[str, Any]:
    """Return the best candidate of an experiment, from its search alone; raises `UserError` as `read_search` does."""
    return dict(_read(params, name, "search")["best_params"])


def _read(params: Params, name: str, stage: str) -> dict[str, Any]:
    typed = {format_params(candidate): candidate for candidate in params.experiment(name).candidates(params.seed)}
    folder, what, key = _WRITTEN[stage]
    path, again = METRICS / folder / f"{name}.json", f"Run `dvc repro {stage}@{name}`."
    with reading(path, f"not the result of a {what}", again):
        metrics: dict[str, Any] = json.loads(path.read_bytes())
        metrics.pop("findings", None)  # sentences for the report
        text = metrics[key]
        if not all(math.isfinite(metrics[each]) for each in {*metrics} - {*_TEXTS}):
            raise ValueError
    if text not in typed:
        which = key.removesuffix("_params")
        raise UserError(f"{path}: its {which}, {text}, is not in the grid of params.yaml. {again}")
    return metrics | {key: typed[text]}


def remove_strays(params: Params) -> list[Path]:
    """Delete the outputs of experiments that params.yaml no longer has, and return their paths."""
    files = {path for folder in _FOLDERS for kind in ("json", "csv") for path in (METRICS / folder).glob(f"*.{kind}")}
    files.discard(METRICS / "candidates/evaluation.csv")
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
        under = model | params.experiments[name].fixed | pick
        for key, value in pick.items():
            owner = "optimizer" if key == "lr" else key.partition("__")[0]
            if key != owner and owner in under and under[owner] != final.get(owner):
                left_out.append(f"{name}: {key} (found under {format_value(under[owner])})")
            else:
                combined = combined | {key: value}
    return combined, left_out


def summarise(
    params: Params, searches: dict[str, dict[str, Any]], corrected: tuple[float, float, float] | None = None
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
    summary |= dict(zip(CORRECTED, corrected, strict=True)) if corrected else {}
    if params.combines:
        combined, details["left_out"] = combine(params, picks)
        details[COMBINED] = combined
        summary["combined_params"] = format_changes(combined, params.model.model_dump())
    return summary


def to_csv(searches: dict[str, dict[str, Any]], tied: dict[str, bool]) -> str:
    """Write the best of each search as CSV, one row per experiment, in the order of `searches`."""
    rows = [
        search
        | {"experiment": name, "best_params": format_params(search["best_params"])}
        | {"tied_with_above": format_value(tied[name])}
        for name, search in searches.items()
    ]
    # As objects, whole numbers stay whole beside missing ones.
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).to_csv(index=False, lineterminator="\n")
