"""Trains the contenders of the evaluation that no search has scored, and once more those that are saved."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from stages.lib.config import PREFIX, Params
from stages.lib.data import Dataset
from stages.lib.experiment import check_trial
from stages.lib.model import build_estimator, resolve_settings, rows, target
from stages.lib.scores import pooling, recorded
from stages.lib.scores.fresh import Fresh
from stages.lib.scores.reached import Reached
from stages.lib.scores.scorer import RecordingScorer, make_scorer, pooled_rows
from stages.lib.search import doing, run_search
from stages.lib.search.result import SearchResult
from stages.lib.winners.diagnostics import predictions
from stages.lib.winners.leaderboard import BEST_PARAMS
from stages.lib.winners.shuffled import importances


@dataclass(frozen=True)
class Seen:
    """What is seen of a net on the test rows of the evaluation.

    Parameters
    ----------
    predictions : list of arrays
        By split, as `diagnostics.predictions` returns them; None where the net diverged.
    importances : array of shape (n_splits, n_features)
        What each input is worth, as `shuffled.importances` returns it; NaN where the net diverged.
    """

    predictions: list[np.ndarray | None]
    importances: np.ndarray


def score_nets(
    settings: dict[str, dict[str, Any]], known: Mapping[str, Reached], data: Dataset, fresh: Fresh
) -> dict[str, Reached]:
    """Return what all nets reach, and train for it those of which it is not known; equal ones once.

    Parameters
    ----------
    settings : dict of dict
        As `read_settings` returns them.
    known : mapping of Reached
        By contender.
    data : Dataset
    fresh : Fresh

    Raises
    ------
    UserError
        If a name is unknown, or a fit or a score fails.
    """
    alike = {name: json.dumps(chosen, sort_keys=True) for name, chosen in settings.items()}
    found = {alike[name]: reached for name, reached in known.items()}
    first = {text: name for name, text in reversed(alike.items()) if text not in found}
    left = {name: settings[name] for name in settings if name in first.values()}
    for estimators, y in _together(left, data, fresh.params):
        found |= {alike[name]: reached for name, reached in _score(estimators, data, y, fresh).items()}
    return {name: found[text] for name, text in alike.items()}


def see_nets(settings: dict[str, dict[str, Any]], data: Dataset, fresh: Fresh) -> dict[str, Seen]:
    """Train a few of the nets, and return what they predict, and what each input is worth to them.

    It is known only after the evaluation which nets are saved, and of all of them, it would take long.
    """
    scoring = fresh.params.cv.scoring
    select, pooled = make_scorer(scoring).scorers[scoring], pooling(scoring, data.n_classes)
    n_features = len(data.features)

    def seen(estimator: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        return predictions(estimator, X, y), importances(estimator, X, y, n_features, select, pooled)

    found = {}
    for estimators, y in _together(settings, data, fresh.params):
        scorer = make_scorer(scoring, record_rows=seen)
        result = _search("saved nets", estimators, data, y, fresh, scorer)
        for name, records in zip(estimators, result.records, strict=True):
            each = [record.rows or (None, np.full(n_features, np.nan)) for record in records]
            found[name] = Seen([predicted for predicted, _ in each], np.stack([worth for _, worth in each]))
    return found


def _together(
    settings: dict[str, dict[str, Any]], data: Dataset, params: Params
) -> Iterator[tuple[dict[str, BaseEstimator], np.ndarray]]:
    """Yield the estimators of nets that are trained in one search, and its target."""
    # With the same parts in all estimators, they are trained in one search.
    uses = {key for chosen in settings.values() for key in chosen if key.startswith(PREFIX)}
    searches: dict[str, dict[str, BaseEstimator]] = defaultdict(dict)
    targets = {}
    for name, chosen in settings.items():
        resolved = resolve_settings(chosen, str(BEST_PARAMS), name, params.cv)
        y = target(data.y, resolved["wrapper"], resolved["criterion"])
        kind = f"{y.dtype} {y.shape}"
        searches[kind][name] = build_estimator(resolved, data, params.prepare, uses)
        targets[kind] = y
    yield from ((estimators, targets[kind]) for kind, estimators in searches.items())


def _score(estimators: dict[str, BaseEstimator], data: Dataset, y: np.ndarray, fresh: Fresh) -> dict[str, Reached]:
    first, cv = next(iter(estimators.values())), fresh.params.cv
    pooled = recorded(cv.scoring, data.n_classes, fresh.n_scored(len(estimators)))
    scorer = make_scorer(cv.scoring, cv.also_score, record_rows=pooled_rows(pooled) if pooled else None)
    with doing("evaluation: a trial of one epoch"):
        check_trial(first, rows(data, first), y, fresh.splits[0], scorer)
    result = _search("evaluation", estimators, data, y, fresh, scorer)
    found = {}
    for number, name in enumerate(estimators):
        records, constant = result.records[number], bool(result.constant[number])
        statistics = [record.rows for record in records]
        found[name] = fresh.reached(result.scores_of(number), records, statistics, constant, pooled)
    return found


def _search(
    label: str,
    estimators: dict[str, BaseEstimator],
    data: Dataset,
    y: np.ndarray,
    fresh: Fresh,
    scorer: RecordingScorer,
) -> SearchResult:
    first = next(iter(estimators.values()))
    whole = isinstance(first, TransformedTargetRegressor)
    candidates = [
        {key: [getattr(each, key)] for key in ("regressor", "transformer")} if whole else {"contender": [each]}
        for each in estimators.values()
    ]
    searched = first if whole else Pipeline([("contender", first)])
    splits, params = list(fresh.splits), fresh.params
    return run_search(label, searched, candidates, rows(data, first), y, splits=splits, scorer=scorer, params=params)
