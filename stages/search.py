"""Stage `search@EXPERIMENT`: runs one grid search.

Usage: python -m stages.search EXPERIMENT
"""

import sys

from stages.lib.common import UserError, run, write_json, write_text
from stages.lib.config import load_params
from stages.lib.data import load_dataset
from stages.lib.model import (
    build_estimator,
    check_candidates,
    is_classifier,
    nested_grid,
    resolve_experiment,
    rows,
    target,
)
from stages.lib.scores import mean_test_share, print_table, score_table, summarise, to_csv
from stages.lib.scores.scorer import make_scorer
from stages.lib.search import check_trial, checked_splits, run_search


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("one argument is needed: python -m stages.search EXPERIMENT")
    name = sys.argv[1]
    params = load_params()
    cv = params.cv
    settings, grid = resolve_experiment(params, name)
    scorer = make_scorer(cv.scoring)
    classify = is_classifier(settings["wrapper"])
    data = load_dataset(params.data, classify, params.seed, cv.groups, cv.order)
    splits = checked_splits(data, cv, params.seed, classify)
    check_candidates(name, settings, grid, data, params.prepare)

    estimator = build_estimator(settings, data, params.prepare, grid)
    X, y = rows(data, estimator), target(data.y, settings["wrapper"], settings["criterion"])
    check_trial(estimator, X, y, splits[0], scorer)
    nested = nested_grid(estimator, grid)
    cv_results = run_search(name, estimator, nested, X, y, splits=splits, scorer=scorer, params=params)

    table = score_table(params.experiment(name).grid, cv_results, mean_test_share(splits, cv.keeps_time))
    print_table(table, f"{name}: {cv.scoring} over {len(splits)} splits")
    write_text(f"metrics/candidates/{name}.csv", to_csv(table))
    write_json(f"metrics/search/{name}.json", summarise(table))


if __name__ == "__main__":
    run(main)
