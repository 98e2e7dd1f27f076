"""Adds an experiment to params.yaml: a finer grid around the best candidate of a finished search.

Usage: python -m stages.refine EXPERIMENT
"""

import sys
from pathlib import Path

from stages.lib.common import UserError, format_params, format_value, run, write_text
from stages.lib.config import PARAMS_FILE, candidates, load_params
from stages.lib.data import load_dataset
from stages.lib.model import is_classifier, resolve_experiment
from stages.lib.refine import add_experiment, next_name, refine
from stages.lib.report.revisions import stale_stages
from stages.lib.winners.leaderboard import read_search


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("one argument is needed: python -m stages.refine EXPERIMENT")
    name = sys.argv[1]
    params = load_params()
    new = next_name(params, name)
    best = read_search(params, name)["best_params"]
    if stale := stale_stages(f"search@{name}"):
        raise UserError(
            f"{stale[0]} is not up to date: its params, its code or its results have changed since it ran. "
            f"Run `dvc repro {stale[0]}`."
        )
    settings, _ = resolve_experiment(params, name)
    classify = is_classifier(settings["wrapper"])
    data = load_dataset(params.data, classify, params.seed, params.cv.groups, params.cv.order)

    experiment = refine(params, name, best, data)
    comment = f"A finer grid around the best of {name}: {format_params(best)}."
    text = Path(PARAMS_FILE).read_bytes().decode()
    write_text(PARAMS_FILE, add_experiment(text, name, new, experiment, comment))

    print(f"{PARAMS_FILE}: added experiments.{new}, {len(candidates(experiment.grid))} candidates around the best")
    for key, values in experiment.grid.items():
        print(f"  {key}: {', '.join(map(format_value, values))}")
    if experiment.fixed:
        print(f"  fixed: {format_params(experiment.fixed)}")
    print("Run `dvc repro`.")


if __name__ == "__main__":
    run(main)
