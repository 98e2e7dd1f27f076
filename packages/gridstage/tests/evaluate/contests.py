"""Contests of contenders with scores that are made up, and what is answered of them."""

from typing import Any

import numpy as np

from gridstage.evaluate.answer import answer_of
from gridstage.evaluate.contest import Contest, choose
from gridstage.results.answer import Answer
from gridstage.scores.reached import Reached
from resampled.means.ttest import half_width
from resampled.resampling import Resampling

FOLDS, IN_TIME = Resampling.of_folds(3), Resampling(float("nan"))
SPLITS = np.random.default_rng(0).normal(size=30)
NETS = "joint dropout combined simplest starting_point net".split()


def scores(mean: float, spread: float = 0.02, seed: int = 0) -> np.ndarray:
    """Return scores that share most of their noise with other contenders'."""
    own = np.random.default_rng(seed).normal(size=30)
    noise = spread * SPLITS + 0.01 * own
    return mean + noise - noise.mean()


CONSTANT = {"majority_class": np.full(30, 0.65)}


def contest_of(
    contenders: dict[str, np.ndarray],
    named: str | None = None,
    resampling: Resampling = FOLDS,
    rope: float = 0.01,
    stuck: dict[str, np.ndarray] | None = None,
    **corrected: float,
) -> Contest:
    """Return a contest; `corrected` has by net its score without luck."""
    nets = {name: (stuck or {}).get(name, np.zeros(30, dtype=bool)) for name in NETS}
    reached = {
        name: Reached(
            {"score": each}, float(half_width(each, resampling)), name, nets.get(name)
        )
        for name, each in contenders.items()
    }
    worth = {
        name: (score, score - 0.03, score + 0.03) for name, score in corrected.items()
    }
    return Contest(reached, named, resampling, rope, corrected=worth)


def ask(
    contenders: dict[str, np.ndarray], requested: str | None = None, **changes: Any
) -> Answer:
    """Return the answer of a contest; the changes are those of `contest_of`."""
    contest = contest_of(contenders, **changes)
    return answer_of(
        contest, choose(contest, requested), "accuracy", 179, requested is not None
    )


LINEAR = {"logistic_regression": scores(0.74, seed=2)}
