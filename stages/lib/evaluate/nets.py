"""Trains the contenders of the evaluation that no search has scored, and fits what is saved on all rows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from resampled.means.pooling import pooling
from stages.lib.baselines.baselines import baselines
from stages.lib.best_params.leaderboard import Picks
from stages.lib.common import UserError, explained, format_changes
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
from stages.lib.scores.counts import Counts
from stages.lib.scores.diagnostics import (
    COLUMNS,
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
    scored = {}
    for contender, (experiment, row, settings) in picks.rows.items():
        problem = (
            "was changed, or is of other splits or settings than those in params.yaml"
        )
        refusal = results.refused(files.FRESH, problem, experiment)
        reached = fresh.unsealed(
            results.table(files.FRESH, experiment), experiment, refusal
        )
        with results.expecting(files.FRESH, experiment):
            scored[contender] = mine = reached[row]
        if settings not in (None, mine.params):
            problem = f"has the scores of {mine.params}, but the {row} is {settings}"
            raise results.refused(files.FRESH, problem, experiment)
    return scored


def score_nets(
    settings: dict[str, dict[str, Any]], scored: Mapping[str, Reached], fresh: Folds
) -> dict[str, Reached]:
    """Return what all nets reach, in their order, and train those that no search has `scored`.

    The settings are by contender, names unresolved; `params` is what they change of `model`. Raises `UserError` if a
    name is unknown, or a fit or a score fails.
    """
    reached, model = dict(scored), fresh.params.model.model_dump()
    for estimators, y in _alike(
        {name: own for name, own in settings.items() if name not in scored}, fresh
    ):
        scorer = fresh.scorer(len(estimators), second=True)
        result = _search(
            "evaluation", estimators, y, fresh.data, fresh.params, fresh.splits, scorer
        )
        for number, name in enumerate(estimators):
            reached[name] = fresh.reached(result, number)
    changes = {
        name: format_changes(setting, model) for name, setting in settings.items()
    }
    return {
        name: replace(reached[name], params=each or "model as it stands")
        for name, each in changes.items()
    }


def see_nets(settings: dict[str, dict[str, Any]], fresh: Folds) -> dict[str, Seen]:
    """Train a few of the nets, those that are saved, and return what they predict, and what inputs are worth."""
    scoring, n_features = fresh.params.cv.scoring, len(fresh.data.features)
    pooled = pooling(scoring, fresh.data.n_classes)
    select = pooled.value if pooled else make_scorer(scoring).scorers[scoring]

    def look(estimator: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        return predictions(estimator, X, y), importances(
            estimator, X, y, n_features, select
        )

    seen = {}
    for estimators, y in _alike(settings, fresh):
        scorer = make_scorer(scoring, look=look)
        result = _search(
            "saved nets", estimators, y, fresh.data, fresh.params, fresh.splits, scorer
        )
        for name, records, reason in zip(
            estimators, result.records, result.not_by_kernel, strict=True
        ):
            predicted, worth = zip(
                *(each.seen or (None, np.full(n_features, np.nan)) for each in records),
                strict=True,
            )
            seen[name] = Seen(list(predicted), np.stack(worth), reason)
    return seen


def _alike(
    settings: dict[str, dict[str, Any]], fresh: Folds
) -> Iterator[tuple[dict[str, BaseEstimator], np.ndarray]]:
    """Yield the estimators of nets that one search can train, because targets and parts are alike, and the target."""
    data, params = fresh.data, fresh.params
    uses = {
        key
        for setting in settings.values()
        for key in setting
        if key.startswith(PREFIX)
    }
    by_form: dict[tuple[Any, ...], dict[str, BaseEstimator]] = defaultdict(dict)
    targets = {}
    for name, setting in settings.items():
        resolved = resolve_settings(setting, files.BEST_PARAMS.path, name, params.cv)
        y = target(data.y, resolved["wrapper"], resolved["criterion"])
        form = y.dtype, y.shape
        by_form[form][name] = build_estimator(resolved, data, params.prepare, uses)
        targets[form] = y
    for form, estimators in by_form.items():
        yield estimators, targets[form]


def _search(
    label: str,
    estimators: dict[str, BaseEstimator],
    y: np.ndarray,
    data: Dataset,
    params: Params,
    splits: list[TrainTest],
    scorer: RecordingScorer,
) -> SearchResult:
    """Train each estimator on all splits, in a search whose candidates put a whole estimator into a pipeline's step.

    With a scaled target, the pipeline would hide from the engine what scales it; there a candidate replaces both parts.
    """
    nets = list(estimators.values())
    if isinstance(nets[0], TransformedTargetRegressor):
        searched: BaseEstimator = nets[0]
        candidates = [
            {"regressor": [net.regressor], "transformer": [net.transformer]}
            for net in nets
        ]
    else:
        searched = Pipeline([("contender", nets[0])])
        candidates = [{"contender": [net]} for net in nets]
    X, kept = rows(data, nets[0]), kept_folder(EVALUATION)
    fits = Fits(searched, candidates, X, y, splits, scorer)
    return run_search(label, fits, params, kept=kept)


# A model, its card, and what it was fitted on, in words.
Fitted = tuple[BaseEstimator, Card, str]


def fit(
    name: str,
    settings: dict[str, dict[str, Any]],
    table: Folds,
    known: Mapping[str, Any],
) -> Fitted:
    """Fit a contender on all rows, but for those that watching callbacks hold out.

    These are also the rows that `data.sample` leaves out of searches and of the evaluation: the last fit is but one.
    The card has the fields in `known`, too, such as those of `prediction_errors`.
    """
    data, params = table.every_row, table.params
    n_rows, n_compared = len(data.y), len(table.data.y)
    words, held = f"fitted on all {n_rows} rows", ""
    if n_compared < n_rows:
        words = f"fitted on all {n_rows:,} rows; compared with others on {n_compared:,} of them, as data.sample says"
    with doing(f"evaluate: fitting {name} on all rows"):
        if name not in settings:
            baseline = baselines(data, params)[name]
            with explained(
                f"{name} can't be fitted on all rows",
                "Set evaluate.use in params.yaml to another contender.",
            ):
                model = baseline.estimator.fit(rows(data, baseline.estimator), data.y)
            card = Card.of(
                kind_of(model), name, baseline.prepare, data, params.data.target
            )
            return model, card.knowing(known), words
        own = settings[name]
        if watchers := hold_out_watchers(
            resolve_settings(own, files.BEST_PARAMS.path, name)
        ):
            held = f"; 1 in {own['train_split']} is held out for {', '.join(watchers)}"
        else:
            own = own | {"train_split": None}
        card = Card.of(
            "net", "", params.prepare.under(own), data, params.data.target, own
        )
        return (
            fit_on_all_rows(name, own, data, params),
            card.knowing(known),
            words + held,
        )


def fit_on_all_rows(
    name: str, settings: dict[str, Any], data: Dataset, params: Params
) -> BaseEstimator:
    """Fit the net of this name on every row; raises `UserError` if that fails or diverges."""
    resolved = resolve_settings(settings, files.BEST_PARAMS.path, name, params.cv)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    every = np.arange(len(data.y))

    def keep(estimator: BaseEstimator, X: Any, y: np.ndarray) -> BaseEstimator:
        return (
            estimator
            if isinstance(estimator, TransformedTargetRegressor)
            else estimator.named_steps["contender"]
        )

    # A search of one candidate on one split, so that the net is trained as those are that were scored.
    scorer = make_scorer(params.cv.scoring, look=keep)
    estimators = {name: build_estimator(resolved, data, params.prepare)}
    result = _search("saved net", estimators, y, data, params, [(every, every)], scorer)
    estimator = result.records[0][0].seen
    if estimator is None:
        raise UserError(
            f"The net {name} diverged when it was fitted on all rows: its weights are not finite. "
            + AGAINST_DIVERGENCE
        )
    return estimator


class Known(NamedTuple):
    """What is known of how a contender predicts: the tables of `diagnostics`, `prediction_errors`, and counts."""

    diagnostics: pd.DataFrame
    errors: dict[str, Any]
    counts: Counts | None


def known_of(
    results: Results, name: str, seen: Mapping[str, Seen], fresh: Folds
) -> Known:
    """Return what is known of a contender; of a baseline it is what the stage baselines wrote."""
    if name in seen:
        pooled = seen[name].pooled(fresh)
        counts = threshold_counts(seen[name].predictions, fresh.data, fresh.splits)
        return Known(diagnostics(pooled), prediction_errors(pooled), counts)
    drawn, counted = (
        results.table(files.BASELINE_DIAGNOSTICS),
        results.table(files.BASELINE_THRESHOLDS),
    )
    with results.expecting(files.BASELINE_ERRORS):
        errors = dict(results.json(files.BASELINE_ERRORS).get(name, {}))
    with results.expecting(files.BASELINE_THRESHOLDS):
        counts = counts_of(counted[counted["model"] == name])
    return Known(drawn.loc[drawn["model"] == name, list(COLUMNS)], errors, counts)


def roles_of(kept: str, handed_over: str) -> dict[str, str]:
    """Return what the saved contenders are, in the order of the tables."""
    return (
        {handed_over: "answer", kept: "net"}
        if handed_over != kept
        else {kept: "net and answer"}
    )


def saved_inputs(
    results: Results,
    kept: str,
    handed_over: str,
    seen: Mapping[str, Seen],
    fresh: Folds,
) -> pd.DataFrame:
    """Return what each input is worth to the answer and to the kept net, as `with_standing` does; nets were `seen`."""
    roles = roles_of(kept, handed_over)
    importances = {name: seen[name].importances for name in roles if name in seen}
    table = inputs_table(importances, fresh.data.features, fresh.resampling)
    if len(importances) < len(roles):
        table = pd.concat(
            [table, results.table(files.BASELINE_INPUTS)], ignore_index=True
        )
    return with_standing(table, roles, fresh.params.rope)
