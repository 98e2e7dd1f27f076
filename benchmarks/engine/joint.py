"""Measure the joint search against Optuna's, and print a table for benchmarks/README.md: `make bench-joint`.

Both train the same number of net-epochs on the same splits, and their best is scored on the evaluation's fresh splits.
Optuna's TPE chooses each setting by the scores before it, so only the nets of one setting can be trained together.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import gridstage.engine  # noqa: F401 (before torch: it pins the numerics, and registers the backend)

EXPERIMENT = "joint"


class Space:
    """The experiment as `make repro` searches it, with the means to score settings of one's own."""

    def __init__(self) -> None:
        from gridstage.model import build_estimator, resolve_experiment, rows, target
        from gridstage.scores.scorer import make_scorer
        from gridstage.scores.splits import checked_splits, drawn_anew
        from packages.gridstage.tests.read_sample import load_real_data, load_sample

        self.params = load_sample()
        self.experiment = self.params.experiment(EXPERIMENT)
        settings, self.candidates = resolve_experiment(self.params, EXPERIMENT)
        data = load_real_data(self.params)
        self.estimator = build_estimator(
            settings, data, self.params.prepare, self.candidates[0]
        )
        self.X, self.y = (
            rows(data, self.estimator),
            target(data.y, settings["wrapper"], settings["criterion"]),
        )
        self.scorer, self.anew = (
            make_scorer(self.params.cv.scoring),
            drawn_anew(self.params),
        )
        self.splits, self.fresh = (
            checked_splits(data, each.cv, each.seed)
            for each in (self.params, self.anew)
        )

    def scores(
        self, candidates: list[dict[str, Any]], fresh: bool = False
    ) -> np.ndarray:
        """Return the mean score of each candidate, names resolved."""
        from gridstage.model import nested_grid
        from gridstage.search import Fits, run_search

        params, splits = (
            (self.anew, self.fresh) if fresh else (self.params, self.splits)
        )
        grid = nested_grid(self.estimator, candidates)
        fits = Fits(self.estimator, grid, self.X, self.y, splits, self.scorer)
        found = run_search(EXPERIMENT, fits, params)
        return found.scores["score"].mean(axis=1)


def engine(space: Space) -> tuple[dict[str, Any], float]:
    """Search as the stage does."""
    means = space.scores(space.candidates)
    best = int(np.nanargmax(means))
    return space.candidates[best], float(means[best])


def tpe(space: Space) -> tuple[dict[str, Any], float]:
    """Let Optuna's TPE choose settings until as many net-epochs are trained."""
    import optuna

    from gridstage.config import Distribution
    from gridstage.model import resolve

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=space.params.seed)
    )

    def suggest(trial: Any, key: str, values: Any) -> Any:
        if not isinstance(values, Distribution):
            return trial.suggest_categorical(key, values)
        kind = trial.suggest_int if values.whole else trial.suggest_float
        return kind(key, values.low, values.high, log=values.logarithmic)

    left, found = sum(candidate["max_epochs"] for candidate in space.candidates), []
    while left > 0:
        trial = study.ask()
        named = {
            key: suggest(trial, key, values)
            for key, values in space.experiment.grid.items()
        }
        candidate = {key: resolve(key, value) for key, value in named.items()}
        mean = float(space.scores([candidate])[0])
        study.tell(trial, mean if np.isfinite(mean) else 0.0)
        found.append((mean, candidate))
        left -= candidate["max_epochs"]
    mean, best = max(
        (each for each in found if np.isfinite(each[0])), key=lambda each: each[0]
    )
    print(f"TPE tried {len(found)} settings", file=sys.stderr)
    return best, mean


SIDES: dict[str, Callable[[Space], tuple[dict[str, Any], float]]] = {
    "stage search@joint, in lockstep": engine,
    "Optuna's TPE, each setting's nets in lockstep": tpe,
}


def measure(side: str) -> dict[str, float]:
    """Run one side in this process."""
    import torch._dynamo  # noqa: F401 (as the first optimizer would, on either side)

    space, start = Space(), time.process_time()
    best, mean = SIDES[side](space)
    spent = time.process_time() - start
    return {
        "cpu": spent,
        "mean": mean,
        "fresh": float(space.scores([best], fresh=True)[0]),
    }


def main() -> None:
    """Measure the side on the command line, or all of them."""
    if len(sys.argv) == 2:
        print(json.dumps(measure(sys.argv[1])))
        return
    print("| how | CPU s | mean of the best | on fresh splits |\n|---|---|---|---|")
    for side in SIDES:
        command = [sys.executable, "-m", "benchmarks.engine.joint", side]
        env = os.environ | {"PYTHONWARNINGS": "ignore"}
        output = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, env=env
        ).stdout
        measured = json.loads(output.splitlines()[-1])
        print(
            f"| {side} | {measured['cpu']:,.1f} | {measured['mean']:.4f} | {measured['fresh']:.4f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
