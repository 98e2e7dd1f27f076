"""Trains the contenders of the evaluation that no search has scored, and fits what is saved on all rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from resampled.means.pooling import pooling
from stages.lib.baselines.baselines import baselines
from stages.lib.best_params.leaderboard import Picks
from stages.lib.common import UserError, as_user_error, format_changes
from stages.lib.config import PREFIX, Params
from stages.lib.data import Dataset
from stages.lib.engine import TrainTest
from stages.lib.handover import Card, kind_of
from stages.lib.model import (
    AGAINST_DIVERGENCE,
    build_estimator,
    hold_out_watchers,
    resolve_settings,
    rows,
    target,
)
from stages.lib.results import Results, files
from stages.lib.results.answer import Answer
from stages.lib.results.evaluation import PredictionErrors
from stages.lib.results.search import Settings
from stages.lib.scores.counts import Counts
from stages.lib.scores.diagnostics import (
    Seen,
    diagnostics,
    prediction_errors,
    predictions,
)
from stages.lib.scores.reached import Reached
from stages.lib.scores.scorer import RecordingScorer, make_scorer
from stages.lib.scores.search_result import SearchResult
from stages.lib.scores.shuffled import importances, inputs_table, with_standing
from stages.lib.scores.splits import Folds
from stages.lib.scores.thresholds import counts_of, threshold_counts
from stages.lib.search import EVALUATION, Fits, doing, kept_folder, run_search


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
    reached, model = dict(scored), fresh.params.model.model_dump()
    lacking = {name: own for name, own in settings.items() if name not in scored}
    for nets in _alike(lacking, fresh.data, fresh.params):
        scorer = fresh.scorer(len(nets.estimators), second=True)
        result = nets.search("evaluation", fresh.splits, scorer)
        for number, name in enumerate(nets.estimators):
            reached[name] = fresh.reached(result, number)
    in_order = {}
    for name, setting in settings.items():
        changes = format_changes(setting, model) or "model as it stands"
        in_order[name] = replace(reached[name], params=changes)
    return in_order


def see_nets(settings: dict[str, Settings], fresh: Folds) -> dict[str, Seen]:
    """Train a few of the nets, those that are saved, and return what they predict, and what inputs are worth."""
    scoring, n_features = fresh.params.cv.scoring, len(fresh.data.features)
    pooled = pooling(scoring, fresh.data.n_classes)
    select = pooled.value if pooled else make_scorer(scoring).scorers[scoring]

    def look(estimator: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        worth = importances(estimator, X, y, n_features, select)
        return predictions(estimator, X, y), worth

    unseen = None, np.full(n_features, np.nan)
    seen = {}
    for nets in _alike(settings, fresh.data, fresh.params):
        scorer = make_scorer(scoring, look=look)
        result = nets.search("saved nets", fresh.splits, scorer)
        for number, name in enumerate(nets.estimators):
            looks = [record.seen or unseen for record in result.records[number]]
            predicted, worth = zip(*looks, strict=True)
            reason = result.not_by_kernel[number]
            seen[name] = Seen(list(predicted), np.stack(worth), reason)
    return seen


@dataclass(frozen=True)
class _Nets:
    """The estimators of nets that one search can train, because targets and parts are alike."""

    data: Dataset
    params: Params
    y: np.ndarray
    estimators: dict[str, BaseEstimator] = field(default_factory=dict)

    def search(
        self, label: str, splits: list[TrainTest], scorer: RecordingScorer
    ) -> SearchResult:
        """Train each on all splits, in a search whose candidates put a whole estimator into a pipeline's step.

        With a scaled target, the pipeline would hide from the engine what scales it; there a candidate replaces both
        parts.
        """
        nets = list(self.estimators.values())
        searched: BaseEstimator = Pipeline([("contender", nets[0])])
        candidates = [{"contender": [net]} for net in nets]
        if isinstance(nets[0], TransformedTargetRegressor):
            searched = nets[0]
            candidates = [
                {"regressor": [net.regressor], "transformer": [net.transformer]}
                for net in nets
            ]
        X = rows(self.data, nets[0])
        fits = Fits(searched, candidates, X, self.y, splits, scorer)
        return run_search(label, fits, self.params, kept=kept_folder(EVALUATION))


def _alike(
    settings: dict[str, Settings], data: Dataset, params: Params
) -> Iterable[_Nets]:
    """Return nets in groups that one search can train."""
    uses = {key for key in chain(*settings.values()) if key.startswith(PREFIX)}
    groups: dict[Any, _Nets] = {}
    for name, setting in settings.items():
        resolved = resolve_settings(setting, files.BEST_PARAMS.path, name, params.cv)
        y = target(data.y, resolved["wrapper"], resolved["criterion"])
        group = groups.setdefault((y.dtype, y.shape), _Nets(data, params, y))
        estimator = build_estimator(resolved, data, params.prepare, uses)
        group.estimators[name] = estimator
    return groups.values()


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
    n_rows, n_compared = len(table.every_row.y), len(table.data.y)
    words = f"fitted on all {n_rows} rows"
    if n_compared < n_rows:
        words = f"fitted on all {n_rows:,} rows; compared with others on {n_compared:,} of them, as data.sample says"
    with doing(f"evaluate: fitting {name} on all rows"):
        if name in settings:
            model, card, held = _fit_net(name, settings[name], table)
        else:
            model, card, held = _fit_baseline(name, table)
    return Fitted(model, card.knowing(errors.content()), words + held)


def _fit_baseline(name: str, table: Folds) -> Fitted:
    data, params = table.every_row, table.params
    baseline = baselines(data, params)[name]
    remedy = "Set evaluate.use in params.yaml to another contender."
    with as_user_error(f"{name} can't be fitted on all rows", remedy):
        model = baseline.estimator.fit(rows(data, baseline.estimator), data.y)
    prepare, column = baseline.prepare, params.data.target
    return Fitted(model, Card.of(kind_of(model), name, prepare, data, column), "")


def _fit_net(name: str, own: Settings, table: Folds) -> Fitted:
    data, params, held = table.every_row, table.params, ""
    resolved = resolve_settings(own, files.BEST_PARAMS.path, name)
    watchers = hold_out_watchers(resolved)
    if watchers:
        held = f"; 1 in {own['train_split']} is held out for {', '.join(watchers)}"
    else:
        own = own | {"train_split": None}
    prepare = params.prepare.under(own)
    card = Card.of("net", "", prepare, data, params.data.target, own)
    return Fitted(fit_on_all_rows(name, own, data, params), card, held)


def fit_on_all_rows(
    name: str, settings: Settings, data: Dataset, params: Params
) -> BaseEstimator:
    """Fit the net of this name on every row; raises `UserError` if that fails or diverges."""

    def keep(estimator: BaseEstimator, X: Any, y: np.ndarray) -> BaseEstimator:
        if isinstance(estimator, TransformedTargetRegressor):
            return estimator
        return estimator.named_steps["contender"]

    # A search of one candidate on one split, so that the net is trained as those are that were scored.
    every = np.arange(len(data.y))
    scorer = make_scorer(params.cv.scoring, look=keep)
    resolved = resolve_settings(settings, files.BEST_PARAMS.path, name, params.cv)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    estimator = build_estimator(resolved, data, params.prepare)
    nets = _Nets(data, params, y, {name: estimator})
    result = nets.search("saved net", [(every, every)], scorer)
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
    results: Results, answer: Answer, seen: Mapping[str, Seen], fresh: Folds
) -> pd.DataFrame:
    """Return what each input is worth to the answer and to the kept net, as `with_standing` does; nets were `seen`."""
    roles = roles_of(answer)
    importances = {name: seen[name].importances for name in roles if name in seen}
    table = inputs_table(importances, fresh.data.features, fresh.resampling)
    if len(importances) < len(roles):
        of_baselines = results.table(files.BASELINE_INPUTS)
        table = pd.concat([table, of_baselines], ignore_index=True)
    return with_standing(table, roles, fresh.params.rope)
