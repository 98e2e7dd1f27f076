"""Collects each experiment's best, finds the winner, and combines all the bests into one setting."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from stages.lib.common import UserError, format_changes, format_params, format_value, reading
from stages.lib.config import Params, candidates

BEST_PARAMS = Path("metrics/best_params.json")
SEARCH_DIR = Path("metrics/search")
CANDIDATES_DIR = Path("metrics/candidates")
# The name of the combined setting.
COMBINED = "combined"
COLUMNS = ("experiment", "best_params", "best_score", "best_std", "best_ci95", "n_candidates", "n_fits", "n_tied")


def read_searches(params: Params) -> dict[str, dict[str, Any]]:
    """Return each experiment's metrics, in the order of params.yaml, with `best_params` typed as in its grid.

    Raises
    ------
    UserError
        If an experiment has no metrics, or its best is not in the grid of params.yaml.
    """
    return {name: read_search(params, name) for name in params.experiments}


def read_search(params: Params, name: str) -> dict[str, Any]:
    """Return one experiment's metrics, as `read_searches` does; raises `UserError` if there is no such experiment."""
    grid = params.experiment(name).grid
    path = SEARCH_DIR / f"{name}.json"
    again = f"Run `dvc repro search@{name}`."
    with reading(path, "not the result of a search", again):
        found: dict[str, Any] = json.loads(path.read_bytes())
        best = found["best_params"]
    typed = {format_params(candidate): candidate for candidate in candidates(grid)}
    if best not in typed:
        raise UserError(f"{path}: its best, {best}, is not in the grid of params.yaml. {again}")
    return found | {"best_params": typed[best]}


def remove_strays(params: Params) -> list[Path]:
    """Delete the outputs of experiments that params.yaml no longer has, and return their paths."""
    wanted = {CANDIDATES_DIR / "evaluation.csv"} | {SEARCH_DIR / f"{name}.json" for name in params.experiments}
    wanted |= {CANDIDATES_DIR / f"{name}.csv" for name in params.experiments}
    strays = sorted({*SEARCH_DIR.glob("*.json"), *CANDIDATES_DIR.glob("*.csv")} - wanted)
    for path in strays:
        path.unlink()
    return strays


def combine(params: Params, searches: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """Apply each experiment's best to `model`, in turn.

    A later experiment's best overrides an earlier one's. Settings of an optimizer, a module or callbacks (`lr`,
    `optimizer__momentum`, `module__n_neurons`, …) were found under one and say nothing about another, so they are used
    only if the combination ends with it.

    Returns
    -------
    combined : dict
        Settings by name, as in `model`.
    left_out : list of str
        The settings that are not used, each with its experiment.
    """
    bests = {name: search["best_params"] for name, search in searches.items()}
    model = params.model.model_dump()
    optimizers = [model["optimizer"], *(best["optimizer"] for best in bests.values() if "optimizer" in best)]
    final = model | {"optimizer": optimizers[-1]}
    combined, left_out = model, []
    for name, best in bests.items():
        under = model | params.experiments[name].fixed | best
        for key, value in best.items():
            owner = "optimizer" if key == "lr" else key.partition("__")[0]
            if key != owner and owner in under and under[owner] != final.get(owner):
                left_out.append(f"{name}: {key} (found under {format_value(under[owner])})")
            else:
                combined = combined | {key: value}
    return combined, left_out


def summarise(params: Params, searches: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the flat metrics over all searches, with the typed details in a list, which DVC does not show."""
    winner = max(searches, key=lambda name: float(searches[name]["best_score"]))
    combined, left_out = combine(params, searches)
    return {
        "winner": winner,
        "winner_params": format_params(searches[winner]["best_params"]),
        "best_score": searches[winner]["best_score"],
        "best_std": searches[winner]["best_std"],
        "combined_params": format_changes(combined, params.model.model_dump()),
        "n_candidates": sum(search["n_candidates"] for search in searches.values()),
        "n_fits": sum(search["n_fits"] for search in searches.values()),
        "details": [{COMBINED: combined, "experiments": searches, "left_out": left_out}],
    }


def to_csv(searches: dict[str, dict[str, Any]]) -> str:
    """Write the best of each search as CSV, one row per experiment, in the order of `searches`."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for name, search in searches.items():
        table.writerow(search | {"experiment": name, "best_params": format_params(search["best_params"])})
    return text.getvalue()
