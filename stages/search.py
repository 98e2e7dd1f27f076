"""Stage `search@EXPERIMENT`: runs one search, corrects its best score for the choice, and records learning curves.

Usage: python -m stages.search EXPERIMENT
"""

from functools import partial
from typing import Any

import numpy as np

from stages.lib.common import only_argument, run, write_json, write_text
from stages.lib.config import Params, load_params
from stages.lib.data import load_dataset
from stages.lib.lockstep import TrainTest
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
    Corrected,
    Pooling,
    Rows,
    corrected_score,
    mean_test_share,
    pooling,
    print_table,
    score_table,
    summarise,
    to_csv,
)
from stages.lib.scores.choice import may_be_best, simplest_row
from stages.lib.scores.score_table import best_row, check_any_score, told
from stages.lib.scores.scorer import hold_out_scorer, make_scorer, pooled_rows
from stages.lib.search import SearchResult, check_trial, checked_splits, doing, run_search
from stages.lib.search.curves import Watched, distinct, epochs_of, learning_curves, watching
from stages.lib.search.halving import halve

# The most rows to record, over all candidates and splits; each takes a few bytes.
_MOST_ROWS = 50_000_000


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
    pooled = pooling(cv.scoring, data.n_classes) if n_rows <= _MOST_ROWS else None
    scorer = make_scorer(cv.scoring, cv.also_score, pooled_rows(pooled) if pooled else None)
    with doing(f"{name}: building a net with each value"):
        check_candidates(name, settings, candidates, data, params.prepare)
    check_hold_out(params, name, settings, data, splits)

    estimator = build_estimator(settings, data, params.prepare, candidates[0])
    X, y = rows(data, estimator), target(data.y, settings["wrapper"], settings["criterion"])
    net = watching(estimator, hold_out_scorer(cv.scoring, data.n_classes))
    with doing(f"{name}: a trial of one epoch"):
        check_trial(net, X, y, splits[0], scorer)
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
    table = score_table(listed, found.scores, share, n_weights=n_weights, n_epochs=n_epochs, stages=found.stages)
    corrected = None if cv.keeps_time else _corrected(found, splits, data.groups, pooled, params)
    summary = summarise(table, corrected, found.n_fits, found.net_epochs_spared)

    chosen = {"best": best_row(table), "simplest": simplest_row(table, may_be_best(table, share, params.seed))}
    watched = [Watched([which], listed[row], candidates[row]) for which, row in chosen.items()]
    base = params.model.model_dump() | experiment.fixed
    watched = distinct([*watched, Watched(["starting_point"], {}, {})], base)
    recorder = make_scorer(cv.scoring, record_rows=epochs_of)
    recording = partial(search, f"{name}: learning curves", net, scorer=recorder, record_losses=True)
    grids = nested_grid(net, [each.candidate for each in watched])
    curves = learning_curves(recording, watched, grids, splits, cv.n_splits)

    print_table(table, f"{name}: {cv.scoring} over {len(splits)} splits")
    print(told(summary))
    if found.net_epochs_spared is not None:
        print(f"halving spared {found.net_epochs_spared:,} net-epochs")
    write_text(f"metrics/candidates/{name}.csv", to_csv(table))
    write_text(f"metrics/curves/{name}.csv", to_csv(curves))
    write_json(f"metrics/search/{name}.json", summary)


def _corrected(
    found: SearchResult, splits: list[TrainTest], groups: np.ndarray | None, pooled: Pooling | None, params: Params
) -> Corrected | None:
    """Return the best score, corrected for the choice among the candidates that were trained to the end."""
    finalists = found.finalists
    recorded = found.rows(finalists) if pooled else None
    by_row = Rows(recorded, [test for _, test in splits], groups, pooled) if recorded and pooled else None
    scores = found.scores["score"][finalists]
    return corrected_score(scores, n_repeats=params.cv.n_repeats, seed=params.seed, rows=by_row)


if __name__ == "__main__":
    run(main)
