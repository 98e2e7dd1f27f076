"""Stage `search@EXPERIMENT`: runs one search, corrects its best score for the choice, and scores its picks anew.

Usage: python -m stages.search EXPERIMENT
"""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from stages.lib.common import format_params, only_argument, run, write_json, write_text
from stages.lib.config import load_params
from stages.lib.data import load_dataset
from stages.lib.model import (
    against_divergence,
    build_estimator,
    check_candidates,
    check_hold_out,
    is_classifier,
    nested_grid,
    resolve_experiment,
    rows,
    target,
)
from stages.lib.scores import (
    bounds_of,
    corrected_score,
    half_widths,
    mean_test_share,
    one_row,
    print_table,
    recorded,
    rounded,
    rows_of,
    score_table,
    summarise,
    to_csv,
    too_few,
)
from stages.lib.scores.best_set import may_be_best, simplest_row
from stages.lib.scores.draws import NO_DRAWS
from stages.lib.scores.fresh import Fresh, drawn_anew
from stages.lib.scores.reached import Reached
from stages.lib.scores.reached import to_csv as reached_to_csv
from stages.lib.scores.score_table import best_row, check_any_score
from stages.lib.scores.scorer import hold_out_scorer, make_scorer, pooled_rows
from stages.lib.scores.stuck import stuck_fits
from stages.lib.scores.summary import told
from stages.lib.search import SearchResult, check_trial, checked_splits, doing, run_search
from stages.lib.search.curves import (
    N_REPEATS,
    Watched,
    constant_loss,
    curves_table,
    distinct,
    epochs_of,
    watching,
)
from stages.lib.search.halving import halve


def main() -> None:
    name = only_argument("python -m stages.search EXPERIMENT")
    params = load_params()
    experiment, cv = params.experiment(name), params.cv
    with doing(f"{name}: reading {params.data.path}"):
        settings, candidates = resolve_experiment(params, name)
        classify = is_classifier(settings["wrapper"])
        data = load_dataset(params.data, classify, params.seed, cv.groups, cv.order)
        splits = checked_splits(data, cv, params.seed, classify)
    n_rows = len(candidates) * sum(len(test) for _, test in splits)
    pooled = recorded(cv.scoring, data.n_classes, n_rows)
    scorer = make_scorer(cv.scoring, cv.also_score, pooled_rows(pooled) if pooled else None)
    with doing(f"{name}: building a net with each value"):
        check_candidates(name, settings, candidates, data, params.prepare)
    check_hold_out(params, name, settings, candidates, data, splits)

    estimator = build_estimator(settings, data, params.prepare, candidates[0])
    X, y = rows(data, estimator), target(data.y, settings["wrapper"], settings["criterion"])
    with doing(f"{name}: a trial of one epoch"):
        check_trial(estimator, X, y, splits[0], scorer)
    search = partial(run_search, X=X, y=y, params=params)

    def train(numbers: np.ndarray, changes: dict[str, Any]) -> SearchResult:
        chosen = [candidates[number] | changes for number in numbers]
        return search(name, estimator, nested_grid(estimator, chosen), splits=splits, scorer=scorer)

    if experiment.search == "halving":
        found = halve(lambda left, epochs: train(left, {"max_epochs": epochs}), len(candidates), settings["max_epochs"])
    else:
        found = train(np.arange(len(candidates)), {})
    check_any_score(found.scores["score"][found.finalists], against_divergence(settings, params.prepare, candidates))

    share, listed = mean_test_share(splits, cv.keeps_time), experiment.candidates(params.seed)
    n_weights, n_epochs = found.n_weights, found.n_epochs
    counted: dict[str, Any] = {"n_weights": n_weights, "n_epochs": n_epochs, "stages": found.stages}
    counted["stuck"] = stuck_fits(found.records, splits, data.y, classify)
    by_row = rows_of(found.rows(np.arange(len(candidates))), splits, data.groups, pooled)
    drawn: dict[str, Any] = {"n_repeats": cv.n_repeats, "seed": params.seed, "rows": by_row}
    drawn["bounds"] = bounds_of(cv.scoring)
    scores, least = found.scores["score"], one_row(cv.scoring, len(data.y) / cv.n_splits)
    ci95 = half_widths(scores, share, constant=found.constant, one_row=least, **drawn)
    table = score_table(listed, found.scores, share, ci95=ci95, one_row=least, **counted)
    ended = np.where(np.isin(np.arange(len(scores)), found.finalists)[:, None], scores, np.nan)
    corrected = None
    # Without rows, a best candidate that is constant has no interval, and so nothing to correct by.
    if not cv.keeps_time and np.isfinite(ci95[best_row(table)]):
        corrected = corrected_score(ended, **drawn)
    summary = summarise(table, corrected, found.n_fits, found.net_epochs_spared) | {"n_rows": len(data.y)}

    best = settings | candidates[best_row(table)]
    constant = constant_loss(best, data.y, params.prepare.under(best).target)
    summary |= {} if constant is None else {"constant_loss": constant}

    judged = rounded(table)  # as the stage compare does, which reads the file
    in_set = may_be_best(judged, share, params.seed, least)
    picks = {"best": best_row(table), "simplest": simplest_row(judged, in_set)}
    watched = [Watched([which], listed[row], candidates[row]) for which, row in picks.items()]
    base = params.model.model_dump() | experiment.fixed
    watched = distinct([*watched, Watched(["starting_point"], {}, {})], base)

    with doing(f"{name}: drawing fresh splits"):
        anew = drawn_anew(params)
        fresh = Fresh(anew, checked_splits(data, anew.cv, anew.seed, classify), data.y, data.groups)
    curves, reached = score_anew(name, watched, estimator, X, y, fresh, data.n_classes)

    print_table(table, f"{name}: {cv.scoring} over {len(splits)} splits")
    print(told(summary))
    if few := too_few(data.y, data.n_classes, data.groups):
        print(few)
    if found.net_epochs_spared is not None:
        print(f"halving spared {found.net_epochs_spared:,} net-epochs")
    write_text(f"metrics/candidates/{name}.csv", to_csv(table))
    write_text(f"metrics/curves/{name}.csv", to_csv(curves))
    write_text(f"metrics/fresh/{name}.csv", reached)
    write_text(f"metrics/draws/{name}.csv", (corrected.draws if corrected else NO_DRAWS).to_csv())
    write_json(f"metrics/search/{name}.json", summary)


def score_anew(
    name: str, settings: list[Watched], estimator: BaseEstimator, X: Any, y: np.ndarray, fresh: Fresh, n_classes: int
) -> tuple[pd.DataFrame, str]:
    """Train what goes on to the evaluation on its splits, while this process is warm.

    Returns
    -------
    curves : DataFrame
        The learning curves of all settings.
    reached : str
        What they reach, as a sealed CSV.
    """
    cv = fresh.params.cv
    pooled = recorded(cv.scoring, n_classes, fresh.n_scored(len(settings)))
    statistics, score = pooled_rows(pooled) if pooled else None, hold_out_scorer(cv.scoring, n_classes)

    # The fits whose curves are shown, by the targets of their test rows; one more than these does no harm.
    first = {y[test].tobytes() for _, test in fresh.splits[: N_REPEATS * cv.n_splits]}

    def seen(fitted: BaseEstimator, X: Any, y: np.ndarray) -> Any:
        epochs = epochs_of(fitted, score) if y.tobytes() in first else None
        return epochs, statistics and statistics(fitted, X, y)

    net = watching(estimator)
    found = run_search(
        f"{name}: fresh splits",
        net,
        nested_grid(net, [each.candidate for each in settings]),
        X,
        y,
        splits=list(fresh.splits),
        scorer=make_scorer(cv.scoring, cv.also_score, seen),
        params=fresh.params,
        record_losses=True,
    )
    shown = [[record.rows[0] for record in each[: N_REPEATS * cv.n_splits] if record.rows] for each in found.records]
    contenders: dict[str, Reached] = {}
    for number, (setting, records) in enumerate(zip(settings, found.records, strict=True)):
        of_rows = [record.rows and record.rows[1] for record in records]
        constant, params = bool(found.constant[number]), format_params(setting.chosen)
        reached = fresh.reached(found.scores_of(number), records, of_rows, constant, pooled, params)
        contenders |= dict.fromkeys(setting.names, reached)
    return curves_table(settings, shown), fresh.sealed(reached_to_csv(contenders, cv), name)


if __name__ == "__main__":
    run(main)
