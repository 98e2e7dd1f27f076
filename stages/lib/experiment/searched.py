"""Runs the search of an experiment, and makes of its scores a table, a summary, and the settings that go on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.experiment.opened import Opened
from stages.lib.model import against_divergence, nested_grid
from stages.lib.scores import (
    Corrected,
    bounds_of,
    corrected_score,
    half_widths,
    mean_test_share,
    one_row,
    rounded,
    rows_of,
    score_table,
    summarise,
)
from stages.lib.scores.best_set import may_be_best, simplest_row
from stages.lib.scores.score_table import best_row, check_any_score
from stages.lib.scores.stuck import stuck_fits
from stages.lib.search import SearchResult, run_search
from stages.lib.search.curves import Watched, constant_loss, distinct
from stages.lib.search.halving import halve
from stages.lib.search.result import SCORE


def search(experiment: Opened) -> SearchResult:
    """Train the candidates of an experiment on its splits; raises `UserError` if a fit fails, or all diverge."""
    params, settings, candidates = experiment.params, experiment.settings, experiment.candidates

    def train(numbers: np.ndarray, **changes: Any) -> SearchResult:
        return run_search(
            experiment.name,
            experiment.estimator,
            nested_grid(experiment.estimator, [candidates[number] | changes for number in numbers]),
            experiment.X,
            experiment.y,
            splits=experiment.splits,
            scorer=experiment.scorer,
            params=params,
        )

    if params.experiment(experiment.name).search == "halving":
        result = halve(lambda left, epochs: train(left, max_epochs=epochs), len(candidates), settings["max_epochs"])
    else:
        result = train(np.arange(len(candidates)))
    advice = against_divergence(settings, params.prepare, candidates)
    check_any_score(result.scores[SCORE][result.finalists], advice)
    return result


@dataclass(frozen=True)
class Outcome:
    """What a search says of its candidates: the `score_table`, and the flat metrics of the search as a `summary`.

    `corrected` is what the best score is worth, free of the luck of the choice; None where that is not known. The
    `picks` are the best candidate, the simplest of those that may be the best, and what the experiment starts from.
    """

    table: pd.DataFrame
    corrected: Corrected | None
    summary: dict[str, Any]
    picks: list[Watched]


def outcome_of(experiment: Opened, result: SearchResult) -> Outcome:
    """Return what the result of an experiment's search says."""
    params, data, splits = experiment.params, experiment.data, experiment.splits
    cv, scores, share = params.cv, result.scores[SCORE], mean_test_share(splits, params.cv.keeps_time)
    least = one_row(cv.scoring, len(data.y) / cv.n_splits)
    by_row = rows_of(result.rows(np.arange(len(scores))), splits, data.groups, experiment.pooling)
    drawn: dict[str, Any] = {"n_repeats": cv.n_repeats, "seed": params.seed, "rows": by_row}
    drawn["bounds"] = bounds_of(cv.scoring)
    ci95 = half_widths(scores, share, constant=result.constant, one_row=least, **drawn)
    own = params.experiment(experiment.name)
    named = own.candidates(params.seed)
    table = score_table(
        named,
        result.scores,
        share,
        n_weights=result.n_weights,
        n_epochs=result.n_epochs,
        stages=result.stages,
        stuck=stuck_fits(result.records, splits, data.y, params.model.classifies),
        ci95=ci95,
        one_row=least,
    )
    best = best_row(table)
    corrected = None
    # Without rows, a best candidate that is constant has no interval, and so nothing to correct by.
    if not cv.keeps_time and np.isfinite(ci95[best]):
        to_the_end = np.isin(np.arange(len(scores)), result.finalists)
        corrected = corrected_score(np.where(to_the_end[:, None], scores, np.nan), **drawn)
    summary = summarise(table, corrected, result.n_fits, result.net_epochs_spared) | {"n_rows": len(data.y)}
    net = experiment.settings | experiment.candidates[best]
    if (constant := constant_loss(net, data.y, params.prepare.under(net).target)) is not None:
        summary["constant_loss"] = constant

    judged = rounded(table)  # as the stage compare does, which reads the file
    simplest = simplest_row(judged, may_be_best(judged, share, params.seed, least))
    roles = {"best": best, "simplest": simplest}
    picks = [Watched([role], named[row], experiment.candidates[row]) for role, row in roles.items()]
    base = params.model.model_dump() | own.fixed
    return Outcome(table, corrected, summary, distinct([*picks, Watched(["starting_point"], {}, {})], base))
