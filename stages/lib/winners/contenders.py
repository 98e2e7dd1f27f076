"""Scores the contenders of the evaluation: nets as params.yaml describes them, all in one search."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from stages.lib.common import UserError, reading
from stages.lib.config import ANSWER, COMBINED, PREFIX, SIMPLEST, STARTING_POINT, WINNER, Params
from stages.lib.data import Dataset
from stages.lib.engine import TrainTest
from stages.lib.model import build_estimator, resolve_settings, rows, target
from stages.lib.scores import pooling, recorded
from stages.lib.scores.scorer import RecordingScorer, make_scorer, pooled_rows
from stages.lib.scores.stuck import stuck_fits
from stages.lib.search import check_trial, doing, run_search
from stages.lib.search.result import SCORE, SearchResult
from stages.lib.winners.diagnostics import predictions
from stages.lib.winners.fresh import Fresh
from stages.lib.winners.leaderboard import BEST_PARAMS, CORRECTED, picked
from stages.lib.winners.shuffled import importances

_AGAIN = "Run `dvc repro best_params`."


@dataclass(frozen=True)
class Trained:
    """What a net reached on the splits of the evaluation.

    Parameters
    ----------
    scores : dict of arrays of shape (n_splits,)
        `score`, of the scorer that selects, then the others by name; NaN where the net diverged.
    predictions : list of arrays
        What it predicted of the test rows of each split, as `diagnostics.predictions` returns it; None where it
        diverged.
    ci95 : float
        Half the width of the 95 % interval of its mean score; NaN if it has none.
    stuck : array of bool, shape (n_splits,)
        Where it is stuck.
    """

    scores: dict[str, np.ndarray]
    predictions: list[np.ndarray | None]
    ci95: float
    stuck: np.ndarray


@contextmanager
def _best_params() -> Iterator[dict[str, Any]]:
    """Yield what the stage best_params has written; raises `UserError` if the block does not find what it looks for."""
    with reading(BEST_PARAMS, "not what the stage best_params writes", _AGAIN):
        yield json.loads(BEST_PARAMS.read_bytes())


def read_settings(params: Params) -> tuple[dict[str, dict[str, Any]], str]:
    """Return the settings of the nets by name, and the name of the one that is kept.

    Returns
    -------
    settings : dict of dict
        `combined`, if there is one, what each experiment picks, the `simplest` of the winner's best set, and
        `starting_point`: settings as in `model` of params.yaml, with names unresolved.
    kept : str
        The one that `evaluate.keep` names.

    Raises
    ------
    UserError
        If `metrics/best_params.json` is missing, broken, or from other experiments.
    """
    with _best_params() as summary:
        details = summary["details"][0]
        searches = details["experiments"]
        picks = picked(params, searches)
        winner = details["winner"]
        simplest = searches[winner]["simplest_params"]
    if set(picks) != set(params.experiments):
        raise UserError(f"{BEST_PARAMS} is from other experiments than those in params.yaml. {_AGAIN}")
    model = params.model.model_dump()
    nets = {name: model | experiment.fixed | picks[name] for name, experiment in params.experiments.items()}
    nets |= {SIMPLEST: model | params.experiments[winner].fixed | simplest, STARTING_POINT: model}
    combined = {COMBINED: details[COMBINED]} if COMBINED in details else {}
    keep = params.evaluate.keep
    return combined | nets, winner if keep == WINNER else keep


def read_use(params: Params) -> str | None:
    """Return the contender that `evaluate.use` names; None where it is what the evaluation advises."""
    use = params.evaluate.use
    if use == WINNER:
        with _best_params() as summary:
            return str(summary["details"][0]["winner"])
    return None if use == ANSWER else use


def read_corrected(params: Params, kept: str) -> tuple[float, float, float] | None:
    """Return what the kept net is worth, free of the luck of its choice, and the ends of its 95 % interval.

    For the winner's pick it is the score corrected for the choice among all searches, for that of another search the
    one corrected for the choice in it. None where there is no choice to correct for, or no way to.
    """
    with _best_params() as summary:
        details = summary["details"][0]
        found = summary if kept == details["winner"] else details["experiments"].get(kept, {})
        if params.statistics.pick != "best" or not set(CORRECTED) <= set(found):
            return None
        score, low, high = (float(found[key]) for key in CORRECTED)
    return score, low, high


def read_corrected_scores(params: Params) -> dict[str, float]:
    """Return each search's best score, corrected for the choice among its candidates; NaN where there is none."""
    with _best_params() as summary:
        searches = summary["details"][0]["experiments"]
        return {name: float(searches[name].get(CORRECTED[0], "nan")) for name in params.experiments}


def score_nets(
    settings: dict[str, dict[str, Any]], data: Dataset, splits: list[TrainTest], params: Params
) -> dict[str, Trained]:
    """Train the nets on every split, all of them at once, and equal ones once.

    Parameters
    ----------
    settings : dict of dict
        As `read_settings` returns them.
    data : Dataset
    splits : list of (train, test)
    params : Params
        For the engine, the seed, the scorers and `prepare`.

    Raises
    ------
    UserError
        If a name is unknown, or a fit or a score fails.
    """
    first: dict[str, str] = {}
    trained = {name: first.setdefault(json.dumps(chosen, sort_keys=True), name) for name, chosen in settings.items()}
    found: dict[str, Trained] = {}
    for estimators, y in _together({name: settings[name] for name in first.values()}, data, params):
        found |= _score(estimators, data, y, splits, params)
    return {name: found[same] for name, same in trained.items()}


def input_importances(
    settings: dict[str, dict[str, Any]], data: Dataset, splits: list[TrainTest], params: Params
) -> dict[str, np.ndarray]:
    """Train a few of the nets once more, and return what each input is worth to them.

    It is known only after the evaluation which nets are saved, and of all of them, it would take long.

    Parameters
    ----------
    settings, data, splits, params
        As in `score_nets`.

    Returns
    -------
    dict of arrays of shape (n_splits, n_features)
        See `shuffled.importances`; NaN where a net diverged.
    """
    scoring = params.cv.scoring
    select, pooled = make_scorer(scoring).scorers[scoring], pooling(scoring, data.n_classes)
    n_features = len(data.features)

    def worth(estimator: BaseEstimator, X: Any, y: np.ndarray) -> np.ndarray:
        return importances(estimator, X, y, n_features, select, pooled)

    found = {}
    for estimators, y in _together(settings, data, params):
        result = _search("inputs", estimators, data, y, splits, params, make_scorer(scoring, record_rows=worth))
        for name, records in zip(estimators, result.records, strict=True):
            each = [np.full(n_features, np.nan) if record.rows is None else record.rows for record in records]
            found[name] = np.stack(each)
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


def _score(
    estimators: dict[str, BaseEstimator], data: Dataset, y: np.ndarray, splits: list[TrainTest], params: Params
) -> dict[str, Trained]:
    first, cv = next(iter(estimators.values())), params.cv
    pooled = recorded(cv.scoring, data.n_classes, len(estimators) * sum(len(test) for _, test in splits))
    statistics = pooled_rows(pooled) if pooled else None

    def seen(estimator: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        return predictions(estimator, X, y), statistics and statistics(estimator, X, y)

    scorer = make_scorer(cv.scoring, cv.also_score, record_rows=seen)
    with doing("evaluation: a trial of one epoch"):
        check_trial(first, rows(data, first), y, splits[0], scorer)
    result = _search("evaluation", estimators, data, y, splits, params, scorer)
    fresh = Fresh(params, splits, data, pooled)
    stuck = stuck_fits(result.records, splits, data.y, bool(data.classes))
    found = {}
    for number, name in enumerate(estimators):
        scores = {scorer: each[number] for scorer, each in result.scores.items()}
        seen_of = [record.rows or (None, None) for record in result.records[number]]
        told = [statistics for _, statistics in seen_of if statistics is not None]
        ci95 = fresh.half_width(scores[SCORE], told, bool(result.constant[number]))
        found[name] = Trained(scores, [predicted for predicted, _ in seen_of], ci95, stuck[number])
    return found


def _search(
    label: str,
    estimators: dict[str, BaseEstimator],
    data: Dataset,
    y: np.ndarray,
    splits: list[TrainTest],
    params: Params,
    scorer: RecordingScorer,
) -> SearchResult:
    first = next(iter(estimators.values()))
    whole = isinstance(first, TransformedTargetRegressor)
    candidates = [
        {key: [getattr(each, key)] for key in ("regressor", "transformer")} if whole else {"contender": [each]}
        for each in estimators.values()
    ]
    searched = first if whole else Pipeline([("contender", first)])
    return run_search(label, searched, candidates, rows(data, first), y, splits=splits, scorer=scorer, params=params)
