"""Trains what a search picks on the splits of the evaluation, while this process is warm."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from stages.lib.common import format_params
from stages.lib.experiment.opened import Opened
from stages.lib.model import nested_grid
from stages.lib.scores.reached import Reached
from stages.lib.scores.scorer import hold_out_scorer
from stages.lib.search import doing, run_search
from stages.lib.search.curves import N_REPEATS, Watched, curves_table, epochs_of, watching


def score_anew(experiment: Opened, picks: list[Watched]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train the settings that go on to the evaluation on its splits.

    Returns the learning curves of all settings, and what they reach, as a sealed table.
    """
    with doing(f"{experiment.name}: drawing fresh splits"):
        fresh = experiment.table.fresh
        splits = fresh.splits
    n_curves = N_REPEATS * fresh.params.cv.n_splits
    score = hold_out_scorer(fresh.params.cv.scoring, fresh.data.n_classes)
    # The fits whose curves are shown, by the targets of their test rows; one more than these does no harm.
    first = {experiment.y[test].tobytes() for _, test in splits[:n_curves]}

    def look(fitted: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        return epochs_of(fitted, score) if y.tobytes() in first else None

    net = watching(experiment.estimator)
    result = run_search(
        f"{experiment.name}: fresh splits",
        net,
        nested_grid(net, [pick.candidate for pick in picks]),
        experiment.X,
        experiment.y,
        splits=splits,
        scorer=fresh.scorer(len(picks), look, second=True),
        params=fresh.params,
        record_losses=True,
    )
    epochs = [[record.seen for record in records[:n_curves] if record.seen is not None] for records in result.records]
    contenders: dict[str, Reached] = {}
    for number, pick in enumerate(picks):
        contenders |= dict.fromkeys(pick.names, fresh.reached(result, number, format_params(pick.changes)))
    return curves_table(picks, epochs), fresh.sealed(contenders, experiment.name)
