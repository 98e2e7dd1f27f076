"""Corners that can mislead tests: one repeat with the same difference on each split, and scores in small units."""

from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.comparison import equivalence
from stages.lib.comparison.table import compared_table
from stages.lib.scores import best_set, p_values, score_table, to_csv

N_TEST = 100


@dataclass(frozen=True)
class OneRepeat:
    """What is said of two equal learners on three splits, if their differences are the same on each."""

    claimed: bool
    certain: bool
    excluded: bool


def judge_one_repeat(draw: int) -> OneRepeat:
    """Draw two learners that are right on 7 rows in 10, mostly on the same ones, and so differ by few of 100 rows."""
    rng = np.random.default_rng((draw, 21))
    own = rng.binomial(5, 0.7, (2, 3))
    while np.ptp(own[0] - own[1]) or (own[0] == own[1]).all():
        own = rng.binomial(5, 0.7, (2, 3))
    scores = (rng.binomial(N_TEST - 5, 0.7, 3) + own) / N_TEST
    scores = scores[np.argsort(-scores.mean(axis=1))]
    differences = scores[1] - scores[0]
    row = 1 / N_TEST
    worse, _, _ = equivalence(differences, 0.5, 0.001, row)
    return OneRepeat(
        claimed=bool(p_values(scores, 0, 0.5, row)[1] < 0.05),
        certain=bool(worse > 0.95),
        excluded=not best_set(scores, 0.5, draw, row)[1],
    )


@dataclass(frozen=True)
class SmallUnits:
    """What is said of candidates with one to four times the error, of about 1e-7, from the file of their scores."""

    all_in_set: bool
    worst_is_simplest: bool
    all_equal: bool


def judge_small_units(draw: int) -> SmallUnits:
    """Draw negative squared errors of four candidates on 30 splits; the worst one has the fewest weights."""
    rng = np.random.default_rng((draw, 22))
    scores = -1e-7 * np.arange(1, 5)[:, None] * rng.lognormal(sigma=0.05, size=(4, 30))
    seen: dict[str, Any] = {"n_weights": np.array([40, 30, 20, 10]), "n_epochs": np.full(4, 5.0)}
    written = to_csv(score_table([{"lr": lr} for lr in (1, 2, 3, 4)], {"score": scores}, 0.5, **seen))
    table = compared_table(pd.read_csv(StringIO(written)), 0.5, 1e-8, draw)
    return SmallUnits(
        all_in_set=bool((table["in_best_set"] == "true").all()),
        worst_is_simplest=table["simplest"][3] == "true",
        all_equal=bool((table["equal"] > 0.95).all()),
    )
