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
from gridstage.scores.search_result import by_reason
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
    """Train the candidates of an experiment on its splits.

    What was trained is kept until `forget`, so that a search that was stopped goes on.

    Parameters
    ----------
    experiment : Opened
        As `open_experiment` returns it.

    Returns
    -------
    SearchResult
        The scores, by scorer, of shape (n_candidates, n_splits), NaN for a net that diverged; and what was recorded.

    Raises
    ------
    UserError
        If a fit fails, or all candidates diverge.

    Examples
    --------
    >>> search(experiment).scores["score"].shape
    (2, 6)
    """
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

    def summary_with(self, searched: list[str], anew: list[str]) -> SearchSummary:
        """Return the summary with why the kernel has not trained the nets that were `searched`, and the picks `anew`.

        The reasons are in the order of the candidates and of the picks, "" for a net that it has trained.
        """
        picked = [format_params(pick.changes) or pick.names[0] for pick in self.picks]
        trained, reasons = [*self.table["params"], *picked], [*searched, *anew]
        not_by_kernel = by_reason(zip(trained, reasons, strict=True))
        return self.summary.model_copy(update={"not_by_kernel": not_by_kernel})


def output_of(experiment: Opened, result: SearchResult) -> SearchOutput:
    """Return what the result of a search says of its candidates.

    Parameters
    ----------
    experiment : Opened
        As `open_experiment` returns it.
    result : SearchResult
        As `search` returns it.

    Returns
    -------
    SearchOutput
        The `table` of the candidates, the `summary` of the search, and its `picks`, which are scored anew.

    Examples
    --------
    >>> output = output_of(experiment, result)
    >>> output.summary.n_fits, output.picks[-1].names
    (12, ['starting_point'])
    """
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
    """Train the settings that go on to the evaluation, on its splits.

    Parameters
    ----------
    experiment : Opened
        As `open_experiment` returns it.
    picks : list of Watched
        Those of `output_of`.

    Returns
    -------
    curves : DataFrame
        Learning curves, one row per epoch of each setting.
    reached : DataFrame
        The scores, sealed, so that the evaluation notices what was changed by hand.
    not_by_kernel : list of str
        Of each setting why the kernel has not trained it, or "".

    Raises
    ------
    UserError
        If a fit fails.

    Examples
    --------
    >>> output = output_of(experiment, result)
    >>> curves, reached, not_by_kernel = score_anew(experiment, output.picks)
    >>> reached["setting"].tolist()
    ['best', 'simplest', 'starting_point']
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
