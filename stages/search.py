"""Stage `search@EXPERIMENT`: runs one grid search."""

import sys

from stages.lib.common import UserError, run, write_json, write_text
from stages.lib.config import load_params
from stages.lib.data import check_folds, load_dataset
from stages.lib.model import build_estimator, check_candidates, is_classifier, resolve_experiment, target
from stages.lib.scores import mean_test_share, print_table, score_table, summarise, to_csv
from stages.lib.scores.scorer import make_scorer
from stages.lib.search import check_trial, make_splits, run_search


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("one argument is needed: python -m stages.search EXPERIMENT")
    name = sys.argv[1]
    params = load_params()
    settings, grid = resolve_experiment(params, name)
    scorer = make_scorer(params.cv.scoring)
    classify = is_classifier(settings["wrapper"])
    data = load_dataset(params.data, classify, params.seed)
    check_folds(data.y, params.cv.n_splits, data.classes)
    check_candidates(name, settings, grid, data)

    estimator = build_estimator(settings, data, params.data.scale)
    y = target(data.y, settings["wrapper"], settings["criterion"])
    splits = make_splits(data.y, params.cv, params.seed, classify)
    check_trial(estimator, data.X, y, splits[0], scorer)
    cv_results = run_search(name, estimator, grid, data.X, y, splits=splits, scorer=scorer, params=params)

    table = score_table(params.experiment(name).grid, cv_results, mean_test_share(splits))
    print_table(table, f"{name}: {params.cv.scoring} over {len(splits)} splits")
    write_text(f"metrics/candidates/{name}.csv", to_csv(table))
    write_json(f"metrics/search/{name}.json", summarise(table))


if __name__ == "__main__":
    run(main)
