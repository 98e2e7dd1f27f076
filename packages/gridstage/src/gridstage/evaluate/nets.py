"""Trains the contenders of the evaluation that no search has scored, and fits what is saved on all rows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from gridstage.baselines.baselines import baselines
from gridstage.best_params.leaderboard import Picks
from gridstage.common import UserError, as_user_error, format_changes
from gridstage.engine import TrainTest
from gridstage.handover import Card, kind_of
from gridstage.model import (
    AGAINST_DIVERGENCE,
    build_estimator,
    hold_out_watchers,
    resolve_settings,
    rows,
    target,
)
from gridstage.results import Results, files
from gridstage.results.answer import Answer
from gridstage.results.evaluation import PredictionErrors
from gridstage.results.search import Settings
from gridstage.scores.counts import Counts
from gridstage.scores.diagnostics import (
    Seen,
    diagnostics,
    prediction_errors,
    predictions,
)
from gridstage.scores.reached import Reached
from gridstage.scores.scorer import RecordingScorer, make_scorer
from gridstage.scores.search_result import SearchResult
from gridstage.scores.shuffled import importances, inputs_table, with_standing
from gridstage.scores.splits import Folds
from gridstage.scores.thresholds import counts_of, threshold_counts
from gridstage.search import EVALUATION, Fits, checkpoint_of, doing, run_search
from resampled.means.pooling import pooling


def read_reached(results: Results, picks: Picks, fresh: Folds) -> dict[str, Reached]:
    """Return what nets reach by their searches' files; raises `UserError` if these were changed, or are of others."""
    changed = "was changed, or is of other splits or settings than those in params.yaml"
    scored = {}
    for contender, (experiment, row, settings) in picks.rows.items():
        refusal = results.refused(files.FRESH, changed, experiment)
        table = results.table(files.FRESH, experiment)
        reached = fresh.unsealed(table, experiment, refusal)
        with results.expecting(files.FRESH, experiment):
            scored[contender] = reached[row]
        params = reached[row].params
        if settings not in (None, params):
            problem = f"has the scores of {params}, but the {row} is {settings}"
            raise results.refused(files.FRESH, problem, experiment)
    return scored


def score_nets(
    settings: dict[str, Settings], scored: Mapping[str, Reached], fresh: Folds
) -> dict[str, Reached]:
    """Return what all nets reach, in their order, and train those that no search has `scored`.

    The settings are by contender, names unresolved; `params` is what they change of `model`. Raises `UserError` if a
    name is unknown, or a fit or a score fails.
    """
    reached, model = {}, fresh.params.model.model_dump()
    for name, own in settings.items():
        if name in scored:
            found = scored[name]
        else:
            scorer = fresh.scorer(1, second=True)
            result = _search("evaluation", name, own, fresh, fresh.splits, scorer)
            found = fresh.reached(result, 0)
        changes = format_changes(own, model) or "model as it stands"
        reached[name] = replace(found, params=changes)
    return reached


def see_nets(settings: dict[str, Settings], fresh: Folds) -> dict[str, Seen]:
    """Train a few of the nets, those that are saved, and return what they predict, and what inputs are worth."""
    scoring, n_features = fresh.params.cv.scoring, len(fresh.data.features)
    pooled = pooling(scoring, fresh.data.n_classes)
    select = pooled.value if pooled else make_scorer(scoring).scorers[scoring]

    def look(estimator: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        worth = importances(estimator, X, y, n_features, select)
        return predictions(estimator, X), worth

    unseen = None, np.full(n_features, np.nan)
    seen = {}
    for name, own in settings.items():
        scorer = make_scorer(scoring, look=look)
        result = _search("saved nets", name, own, fresh, fresh.splits, scorer)
        looks = [record.seen or unseen for record in result.records[0]]
        predicted, worth = zip(*looks, strict=True)
        seen[name] = Seen(list(predicted), np.stack(worth), result.not_by_kernel[0])
    return seen


def _search(
    label: str,
    name: str,
    settings: Settings,
    table: Folds,
    splits: list[TrainTest],
    scorer: RecordingScorer,
) -> SearchResult:
    """Train the net of this name on all splits, in a search of one candidate, which changes nothing."""
    data, params = table.data, table.params
    resolved = resolve_settings(settings, files.BEST_PARAMS.path, name, params.cv)
    net = build_estimator(resolved, data, params.prepare)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    fits = Fits(net, [{}], rows(data, net), y, splits, scorer)
    return run_search(label, fits, params, checkpoint=checkpoint_of(EVALUATION))


class Fitted(NamedTuple):
    """A model, its card, and what it was fitted on, in words."""

    model: BaseEstimator
    card: Card
    fitted_on: str


def fit(
    name: str, settings: dict[str, Settings], table: Folds, errors: PredictionErrors
) -> Fitted:
    """Fit a contender on all rows, but for those that watching callbacks hold out.

    These are also the rows that `data.sample` leaves out of searches and of the evaluation: the last fit is but one.
    The card says how far predictions may be off, too.
    """
    whole = table.whole
    n_rows, n_compared = len(whole.data.y), len(table.data.y)
    words = f"fitted on all {n_rows} rows"
    if n_compared < n_rows:
        words = f"fitted on all {n_rows:,} rows; compared with others on {n_compared:,} of them, as data.sample says"
    with doing(f"evaluate: fitting {name} on all rows"):
        if name in settings:
            model, card, held = _fit_net(name, settings[name], whole)
        else:
            model, card, held = _fit_baseline(name, whole)
    return Fitted(model, card.knowing(errors.content()), words + held)


def _fit_baseline(name: str, whole: Folds) -> Fitted:
    data, params = whole.data, whole.params
    baseline = baselines(data, params)[name]
    remedy = "Set evaluate.use in params.yaml to another contender."
    with as_user_error(f"{name} can't be fitted on all rows", remedy):
        model = baseline.estimator.fit(rows(data, baseline.estimator), data.y)
    prepare, column = baseline.prepare, params.data.target
    return Fitted(model, Card.of(kind_of(model), name, prepare, data, column), "")


def _fit_net(name: str, own: Settings, whole: Folds) -> Fitted:
    data, params, held = whole.data, whole.params, ""
    resolved = resolve_settings(own, files.BEST_PARAMS.path, name)
    watchers = hold_out_watchers(resolved)
    if watchers:
        held = f"; 1 in {own['train_split']} is held out for {', '.join(watchers)}"
    else:
        own = own | {"train_split": None}
    prepare = params.prepare.under(own)
    card = Card.of("net", "", prepare, data, params.data.target, own)
    return Fitted(fit_on_all_rows(name, own, whole), card, held)


def fit_on_all_rows(name: str, settings: Settings, whole: Folds) -> BaseEstimator:
    """Fit the net of this name on every row; raises `UserError` if that fails or diverges."""

    def keep(estimator: BaseEstimator, X: Any, y: np.ndarray) -> BaseEstimator:
        return estimator

    # A search on one split, so that the net is trained as those are that were scored.
    every = np.arange(len(whole.data.y))
    scorer = make_scorer(whole.params.cv.scoring, look=keep)
    result = _search("saved net", name, settings, whole, [(every, every)], scorer)
    fitted = result.records[0][0].seen
    if fitted is None:
        raise UserError(
            f"The net {name} diverged when it was fitted on all rows: its weights are not finite. "
            + AGAINST_DIVERGENCE
        )
    return fitted


class Known(NamedTuple):
    """What is known of how a contender predicts: the tables of `diagnostics`, `prediction_errors`, and counts."""

    diagnostics: pd.DataFrame
    errors: PredictionErrors
    counts: Counts | None


def known_of(
    results: Results, name: str, seen: Mapping[str, Seen], fresh: Folds
) -> Known:
    """Return what is known of a contender; of a baseline it is what the stage baselines wrote."""
    if name in seen:
        pooled = seen[name].pooled(fresh)
        counts = threshold_counts(seen[name].predictions, fresh.data, fresh.splits)
        return Known(diagnostics(pooled), prediction_errors(pooled), counts)
    drawn = results.table(files.BASELINE_DIAGNOSTICS)
    counted = results.table(files.BASELINE_THRESHOLDS)
    errors = results.read(files.BASELINE_ERRORS).root.get(name, PredictionErrors())
    with results.expecting(files.BASELINE_THRESHOLDS):
        counts = counts_of(counted[counted["model"] == name])
    own = drawn[drawn["model"] == name].drop(columns="model")
    return Known(own, errors, counts)


def roles_of(answer: Answer) -> dict[str, str]:
    """Return what the saved contenders are, in the order of the tables."""
    if answer.handed_over == answer.kept:
        return {answer.kept: "net and answer"}
    return {answer.handed_over: "answer", answer.kept: "net"}


def saved_inputs(
    results: Results, roles: Mapping[str, str], seen: Mapping[str, Seen], fresh: Folds
) -> pd.DataFrame:
    """Return what each input is worth to the answer and to the kept net, as `with_standing` does; nets were `seen`."""
    importances = {name: each.importances for name, each in seen.items()}
    table = inputs_table(importances, fresh.data.features, fresh.resampling)
    if len(importances) < len(roles):
        of_baselines = results.table(files.BASELINE_INPUTS)
        table = pd.concat([table, of_baselines], ignore_index=True)
    return with_standing(table, roles, fresh.params.rope)
