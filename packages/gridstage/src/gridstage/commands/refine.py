"""Adds an experiment to params.yaml that searches more finely where a finished search found the best candidates.

Example: gridstage refine neurons
"""

from argparse import Namespace
from pathlib import Path

from gridstage.best_params.leaderboard import read_best, read_best_set
from gridstage.common import (
    Arguments,
    UserError,
    format_params,
    format_value,
    run,
    write_text,
)
from gridstage.config import PARAMS_FILE, load_params
from gridstage.config.aside.blocks import add_experiment
from gridstage.refine import narrow, next_name, refine
from gridstage.repository.staleness import stale_stages
from gridstage.results import Results

ARGUMENTS = Arguments("gridstage refine", __doc__)
ARGUMENTS.add_argument(
    "experiment", metavar="EXPERIMENT", help="a key of `experiments` in params.yaml"
)


def main(arguments: Namespace) -> None:
    name = arguments.experiment
    params = load_params()
    new = next_name(params, name)
    results = Results()
    best = read_best(results, params, name)
    stages = [f"search@{name}"]
    draws = params.experiment(name).search != "grid"
    if draws:
        stages.append(f"compare@{name}")
    if stale := stale_stages(*stages):
        raise UserError(f"{stale[0]} is not up to date. Run `dvc repro {stale[0]}`.")
    if draws:
        around = read_best_set(results, params, name)
        experiment = narrow(params, name, around)
        many = f"the {len(around)} candidates"
        candidates = many if len(around) > 1 else "the candidate"
        comment = (
            f"The space around {candidates} of {name} that can't be told from the best."
        )
    else:
        experiment = refine(params, name, best)
        comment = f"A finer grid around the best of {name}: {format_params(best)}."
    text = Path(PARAMS_FILE).read_text(encoding="utf-8")
    write_text(PARAMS_FILE, add_experiment(text, name, new, experiment, comment))

    n_candidates = len(experiment.candidates(params.seed))
    print(
        f"{PARAMS_FILE}: added experiments.{new}, {n_candidates} candidates around the best"
    )
    for key, values in experiment.grid.items():
        if isinstance(values, list):
            print(f"  {key}: {', '.join(map(format_value, values))}")
        else:
            print(f"  {key}: {values}")
    if experiment.fixed:
        print(f"  fixed: {format_params(experiment.fixed)}")
    print("Run `dvc repro`.")


if __name__ == "__main__":
    run(main, ARGUMENTS)
