"""Runs the search of an experiment, tabulates and sums up its scores, and scores what it picks on fresh splits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from gridstage.common import UserError, format_params
from gridstage.experiment.opened import Opened
from gridstage.model import AGAINST_DIVERGENCE, nested_grid
from gridstage.results import SCORE, written
from gridstage.results.files import WATCHED_REPEATS
from gridstage.results.search import SearchSummary
from gridstage.scores.reached import Reached
from gridstage.scores.score_table import (
    best_row,
    may_be_best,
    score_table,
    simplest_row,
    summary_of,
)
from gridstage.scores.scorer import hold_out_scorer
from gridstage.search import Fits, SearchResult, checkpoint_of, doing, run_search
from gridstage.search.curves import (
    Watched,
    curves_table,
    distinct,
    epochs_of,
    watching,
)
from gridstage.search.halving import halve
from resampled.means.corrected import NO_DRAWS, Corrected, corrected_score
from resampled.means.intervals import intervals


def search(experiment: Opened) -> SearchResult:
    """Train the candidates of an experiment on its splits; raises `UserError` if a fit fails, or all diverge."""
    params, candidates = experiment.params, [*experiment.candidates]

    def train(searched: list[dict[str, Any]]) -> SearchResult:
        fits = Fits(
            experiment.estimator,
            nested_grid(experiment.estimator, searched),
            experiment.X,
            experiment.y,
            experiment.splits,
            experiment.scorer,
        )
        checkpoint = checkpoint_of(experiment.name)
        return run_search(experiment.name, fits, params, checkpoint=checkpoint)

    def train_some(numbers: np.ndarray, max_epochs: int) -> SearchResult:
        changes = {"max_epochs": max_epochs}
        return train([candidates[number] | changes for number in numbers])

    if params.experiment(experiment.name).search == "halving":
        most_epochs = experiment.settings["max_epochs"]
        result = halve(train_some, len(candidates), most_epochs)
    else:
        result = train(candidates)
    at_the_end = result.scores[SCORE][result.to_the_end]
    if not np.isfinite(at_the_end).all(axis=1).any():
        raise UserError(
            f"Every candidate of the grid diverged on some split. {AGAINST_DIVERGENCE}"
        )
    return result


@dataclass(frozen=True)
class SearchOutput:
    """What a search says of its candidates: the `score_table`, and the `summary` of the search.

    `corrected` is what the best score is worth, free of the luck of the choice; None where that is not known. The
    `picks` are the best candidate, the simplest of those that may be the best, and what the experiment starts from.
    """

    table: pd.DataFrame
    corrected: Corrected | None
    summary: SearchSummary
    picks: list[Watched]

    @property
    def draws(self) -> pd.DataFrame:
        """The draws that correct the best score, a row for each."""
        return pd.DataFrame(vars(self.corrected.draws if self.corrected else NO_DRAWS))


def output_of(experiment: Opened, result: SearchResult) -> SearchOutput:
    """Return what the result of an experiment's search says."""
    params, splits = experiment.params, experiment.table
    scores = result.scores[SCORE]
    resampling = splits.resampling
    rows = splits.row_statistics(result.rows(range(len(scores))))
    by_unit = splits.by_unit(rows)
    means = intervals(scores, resampling, by_unit=by_unit, constant=result.constant)
    named = params.experiment(experiment.name).candidates(params.seed)
    table = score_table(
        named,
        result.scores,
        resampling,
        n_weights=result.n_weights,
        n_epochs=result.n_epochs,
        stages=result.stages,
        stuck=splits.stuck(result.records),
        ci95=means.half,
        by_unit=by_unit,
    )
    best = best_row(table)
    corrected = None
    # Without rows, a best candidate that is constant has no interval, and so nothing to correct by.
    if not params.cv.keeps_time and np.isfinite(means.half[best]):
        ended = np.where(result.to_the_end[:, None], scores, np.nan)
        corrected = corrected_score(ended, resampling, seed=params.seed, rows=rows)
    summary = summary_of(
        table,
        corrected,
        splits.counted,
        n_fits=result.n_fits,
        net_epochs_spared=result.net_epochs_spared,
    )

    judged = written(table)  # what the stage compare reads of the file
    in_set = may_be_best(judged, resampling, params.seed, by_unit)
    table.insert(list(table).index("p_value") + 1, "in_best_set", in_set)
    simplest = simplest_row(judged, in_set)
    roles = {"best": best, "simplest": simplest}
    picks = [
        Watched([role], named[row], experiment.candidates[row])
        for role, row in roles.items()
    ]
    starting_point = Watched(["starting_point"], {}, {})
    picks = distinct([*picks, starting_point], params.settings(experiment.name))
    return SearchOutput(table, corrected, summary, picks)


def score_anew(
    experiment: Opened, picks: list[Watched]
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Train the settings that go on to the evaluation on its splits.

    Returns learning curves, a sealed table, and of each setting why the kernel has not trained it, or "".
    """
    with doing(f"{experiment.name}: drawing fresh splits"):
        fresh = experiment.table.fresh
        splits = fresh.splits
    n_curves = WATCHED_REPEATS * fresh.params.cv.n_splits
    score = hold_out_scorer(fresh.params.cv.scoring, fresh.data.n_classes)
    # The fits whose curves are shown, by the targets of their test rows; one more than these does no harm.
    first = {experiment.y[test].tobytes() for _, test in splits[:n_curves]}

    def look(fitted: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        return epochs_of(fitted, score) if y.tobytes() in first else None

    net = watching(experiment.estimator)
    candidates = nested_grid(net, [pick.candidate for pick in picks])
    scorer = fresh.scorer(len(picks), look, second=True)
    result = run_search(
        f"{experiment.name}: fresh splits",
        Fits(net, candidates, experiment.X, experiment.y, splits, scorer),
        fresh.params,
        record_losses=True,
        checkpoint=checkpoint_of(experiment.name),
    )
    epochs = []
    for records in result.records:
        seen = (record.seen for record in records[:n_curves])
        epochs.append([each for each in seen if each is not None])
    contenders: dict[str, Reached] = {}
    for number, pick in enumerate(picks):
        reached = fresh.reached(result, number, format_params(pick.changes))
        contenders |= dict.fromkeys(pick.names, reached)
    sealed = fresh.sealed(contenders, experiment.name)
    return curves_table(picks, epochs), sealed, result.not_by_kernel
