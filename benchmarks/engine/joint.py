"""Measure the joint search against what else one could do, and print a table for docs/engine.md: `make bench-joint`.

All train the same number of net-epochs on the same splits, and their best is scored on the evaluation's fresh splits:
the stage's search; scikit-learn's RandomizedSearchCV with skorch alone, of which only some fits are timed; and
Optuna's TPE, which chooses each setting by the scores before it, so that only the nets of one setting can be trained
together.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import stages.lib.engine  # noqa: F401 (before torch: it pins the numerics, and registers the backend)

EXPERIMENT = "joint"
# The fits of RandomizedSearchCV that are timed; the others are taken to cost as much.
TIMED = 20


class Space:
    """The experiment as `make repro` searches it, with the means to score settings of one's own."""

    def __init__(self) -> None:
        from stages.lib.model import build_estimator, resolve_experiment, rows, target
        from stages.lib.scores.scorer import make_scorer
        from stages.lib.scores.splits import drawn_anew
        from stages.lib.search import checked_splits
        from tests.read_sample import load_real_data, load_sample

        self.params = load_sample()
        self.experiment = self.params.experiment(EXPERIMENT)
        self.settings, self.candidates = resolve_experiment(self.params, EXPERIMENT)
        self.data = load_real_data(self.params)
        self.estimator = build_estimator(self.settings, self.data, self.params.prepare, self.candidates[0])
        self.X = rows(self.data, self.estimator)
        self.y = target(self.data.y, self.settings["wrapper"], self.settings["criterion"])
        self.scorer = make_scorer(self.params.cv.scoring)
        self.anew = drawn_anew(self.params)
        self.splits, self.fresh = (checked_splits(self.data, each.cv, each.seed) for each in (self.params, self.anew))

    @property
    def net_epochs(self) -> int:
        """How many epochs the stage's search trains, summed over its nets."""
        return sum(candidate["max_epochs"] for candidate in self.candidates) * len(self.splits)

    def scores(self, candidates: list[dict[str, Any]], fresh: bool = False) -> np.ndarray:
        """Return the mean score of each candidate, names resolved."""
        from stages.lib.model import nested_grid
        from stages.lib.search import run_search

        found = run_search(
            EXPERIMENT,
            self.estimator,
            nested_grid(self.estimator, candidates),
            self.X,
            self.y,
            splits=self.fresh if fresh else self.splits,
            scorer=self.scorer,
            params=self.anew if fresh else self.params,
        )
        return found.scores["score"].mean(axis=1)


def engine(space: Space) -> tuple[dict[str, Any], float, float]:
    """Search as the stage does."""
    means = space.scores(space.candidates)
    best = int(np.nanargmax(means))
    return space.candidates[best], float(means[best]), 1.0


def randomized(space: Space) -> tuple[None, None, float]:
    """Time some fits of RandomizedSearchCV with skorch alone, one candidate each."""
    from sklearn.model_selection import RandomizedSearchCV

    from stages.lib.model import nested_grid

    picked = np.linspace(0, len(space.candidates) - 1, TIMED).round().astype(int)
    for number in picked:
        grid = nested_grid(space.estimator, [space.candidates[number]])
        split = space.splits[:1]
        search = RandomizedSearchCV(space.estimator, grid, n_iter=1, cv=split, scoring=space.scorer, refit=False)
        search.fit(space.X, space.y)
    return None, None, len(space.candidates) * len(space.splits) / TIMED


def tpe(space: Space) -> tuple[dict[str, Any], float, float]:
    """Let Optuna's TPE choose settings until as many net-epochs are trained."""
    import optuna

    from stages.lib.config import Distribution
    from stages.lib.model import resolve

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=space.params.seed))

    def suggest(trial: Any, key: str, values: Any) -> Any:
        if not isinstance(values, Distribution):
            return trial.suggest_categorical(key, values)
        kind = trial.suggest_int if values.whole else trial.suggest_float
        return kind(key, values.low, values.high, log=values.logarithmic)

    left, found = space.net_epochs, []
    while left > 0:
        trial = study.ask()
        named = {key: suggest(trial, key, values) for key, values in space.experiment.grid.items()}
        candidate = {key: resolve(key, value) for key, value in named.items()}
        mean = float(space.scores([candidate])[0])
        study.tell(trial, mean if np.isfinite(mean) else 0.0)
        found.append((mean, candidate))
        left -= candidate["max_epochs"] * len(space.splits)
    mean, best = max((each for each in found if np.isfinite(each[0])), key=lambda each: each[0])
    print(f"TPE tried {len(found)} settings", file=sys.stderr)
    return best, mean, 1.0


SIDES: dict[str, Callable[[Space], tuple[dict[str, Any] | None, float | None, float]]] = {
    "stage search@joint, in lockstep": engine,
    "RandomizedSearchCV, skorch alone": randomized,
    "Optuna's TPE, each setting's nets in lockstep": tpe,
}


def measure(side: str) -> dict[str, Any]:
    """Run one side in this process."""
    import torch._dynamo  # noqa: F401 (as the first optimizer would, on either side)

    space = Space()
    start = time.process_time()
    best, mean, times = SIDES[side](space)
    spent = (time.process_time() - start) * times
    fresh = float(space.scores([best], fresh=True)[0]) if best is not None else None
    return {"cpu": spent, "mean": mean, "fresh": fresh}


def main() -> None:
    """Measure the side on the command line, or all of them."""
    if len(sys.argv) == 2:
        print(json.dumps(measure(sys.argv[1])))
        return
    print("| how | CPU s | mean of the best | on fresh splits |\n|---|---|---|---|")
    for side in SIDES:
        command = [sys.executable, "-m", "benchmarks.engine.joint", side]
        env = os.environ | {"PYTHONWARNINGS": "ignore"}
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=env).stdout
        measured = json.loads(output.splitlines()[-1])
        scores = ["" if measured[key] is None else f"{measured[key]:.4f}" for key in ("mean", "fresh")]
        print(f"| {side} | {measured['cpu']:,.1f} | {' | '.join(scores)} |", flush=True)


if __name__ == "__main__":
    main()
