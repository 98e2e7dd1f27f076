"""Trains the contenders of the evaluation that no search has scored, and once more those that are saved."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from resampled.means.pooling import pooling
from stages.lib.common import format_changes
from stages.lib.config import PREFIX
from stages.lib.model import build_estimator, resolve_settings, rows, target
from stages.lib.results import Results, files
from stages.lib.scores.reached import Reached
from stages.lib.scores.scorer import RecordingScorer, make_scorer
from stages.lib.scores.splits import Table
from stages.lib.search import run_search
from stages.lib.search.result import SearchResult
from stages.lib.winners.diagnostics import Seen, predictions
from stages.lib.winners.picks import Picks
from stages.lib.winners.shuffled import importances


def read_reached(results: Results, picks: Picks, fresh: Table) -> dict[str, Reached]:
    """Return what the nets reach that the searches have scored on the splits of the evaluation, by contender.

    Raises `UserError` if such scores are missing, were changed, or have other splits or settings.
    """
    scored = {}
    for contender, (experiment, row, settings) in picks.rows.items():
        problem = "was changed, or is of other splits or settings than those in params.yaml"
        refusal = results.refused(files.FRESH, problem, experiment)
        reached = fresh.unsealed(results.table(files.FRESH, experiment), experiment, refusal)
        with results.expecting(files.FRESH, experiment):
            scored[contender] = mine = reached[row]
        if settings not in (None, mine.params):
            problem = f"has the scores of {mine.params}, but the {row} is {settings}"
            raise results.refused(files.FRESH, problem, experiment)
    return scored


def score_nets(settings: dict[str, dict[str, Any]], scored: Mapping[str, Reached], fresh: Table) -> dict[str, Reached]:
    """Return what all nets reach, in their order, and train those that no search has `scored`; equal ones once.

    The settings are by contender, names unresolved; `params` is what they change of `model`. Raises `UserError` if a
    name is unknown, or a fit or a score fails.
    """
    texts = {name: json.dumps(setting, sort_keys=True) for name, setting in settings.items()}
    by_text = {texts[name]: reached for name, reached in scored.items()}
    first = {text: name for name, text in reversed(texts.items()) if text not in by_text}
    new = {name: setting for name, setting in settings.items() if name in first.values()}
    model = fresh.params.model.model_dump()
    for estimators, y in _alike(new, fresh):
        result = _search("evaluation", estimators, y, fresh, fresh.scorer(len(estimators), second=True))
        for number, name in enumerate(estimators):
            by_text[texts[name]] = fresh.reached(result, number)
    changes = {name: format_changes(setting, model) for name, setting in settings.items()}
    return {name: replace(by_text[text], params=changes[name] or "model as it stands") for name, text in texts.items()}


def see_nets(settings: dict[str, dict[str, Any]], fresh: Table) -> dict[str, Seen]:
    """Train a few of the nets, those that are saved, and return what they predict, and what inputs are worth."""
    scoring, n_features = fresh.params.cv.scoring, len(fresh.data.features)
    pooled = pooling(scoring, fresh.data.n_classes)
    select = pooled.value if pooled else make_scorer(scoring).scorers[scoring]

    def look(estimator: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        return predictions(estimator, X, y), importances(estimator, X, y, n_features, select)

    seen = {}
    for estimators, y in _alike(settings, fresh):
        result = _search("saved nets", estimators, y, fresh, make_scorer(scoring, look=look))
        for name, records in zip(estimators, result.records, strict=True):
            predicted, worth = zip(*(each.seen or (None, np.full(n_features, np.nan)) for each in records), strict=True)
            seen[name] = Seen(list(predicted), np.stack(worth))
    return seen


def _alike(settings: dict[str, dict[str, Any]], fresh: Table) -> Iterator[tuple[dict[str, BaseEstimator], np.ndarray]]:
    """Yield the estimators of nets that one search can train, because targets and parts are alike, and the target."""
    data, params = fresh.data, fresh.params
    uses = {key for setting in settings.values() for key in setting if key.startswith(PREFIX)}
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
    label: str, estimators: dict[str, BaseEstimator], y: np.ndarray, fresh: Table, scorer: RecordingScorer
) -> SearchResult:
    """Train each estimator on all splits, in a search whose candidates put a whole estimator into a pipeline's step.

    With a scaled target, the pipeline would hide from the engine what scales it; there a candidate replaces both parts.
    """
    nets = list(estimators.values())
    if isinstance(nets[0], TransformedTargetRegressor):
        searched: BaseEstimator = nets[0]
        candidates = [{"regressor": [net.regressor], "transformer": [net.transformer]} for net in nets]
    else:
        searched = Pipeline([("contender", nets[0])])
        candidates = [{"contender": [net]} for net in nets]
    X = rows(fresh.data, nets[0])
    return run_search(label, searched, candidates, X, y, splits=fresh.splits, scorer=scorer, params=fresh.params)
