"""Stage `search@EXPERIMENT`: one grid search."""

import sys

from stages.lib.candidates import check_candidates, resolve_experiment
from stages.lib.dataset import check_folds, load_dataset
from stages.lib.engines import search
from stages.lib.errors import UserError, run
from stages.lib.estimator import build_estimator, is_classifier, target
from stages.lib.evaluation import check_trial, make_scorer, make_splits
from stages.lib.outputs import write_json, write_text
from stages.lib.params import load_params
from stages.lib.results import candidate_table, print_table, summarise, to_csv
from stages.lib.statistics import mean_test_share


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
    cv_results = search(name, estimator, grid, data.X, y, splits=splits, scorer=scorer, params=params)

    table = candidate_table(params.experiment(name).grid, cv_results, mean_test_share(splits))
    print_table(table, f"{name}: {params.cv.scoring} over {len(splits)} splits")
    write_text(f"metrics/candidates/{name}.csv", to_csv(table))
    write_json(f"metrics/search/{name}.json", summarise(table))


if __name__ == "__main__":
    run(main)
