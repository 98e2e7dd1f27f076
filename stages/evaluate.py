"""Stage `evaluate`: does combining the winners help? And the combined setting, fitted on all rows, as a model."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer
from sklearn.model_selection import cross_val_score

from stages.lib.candidates import resolve_settings
from stages.lib.comparison import comparison_table, print_comparison, summarise, verdict
from stages.lib.contenders import COMBINED, baselines, describe, read_settings
from stages.lib.dataset import Dataset, check_folds, load_dataset
from stages.lib.engines import search
from stages.lib.errors import UserError, run
from stages.lib.estimator import build_estimator, net_of, target
from stages.lib.evaluation import Split, check_trial, make_scorer, make_splits
from stages.lib.model_file import MODEL_FILE, Card, save_model
from stages.lib.numerics import fit_seed, seed_everything
from stages.lib.outputs import write_json, write_text
from stages.lib.params import Params, load_params
from stages.lib.results import to_csv
from stages.lib.statistics import mean_test_share

# Tells the evaluation's random numbers from those of the searches.
_ANEW = 2


def score_net(name: str, settings: dict[str, Any], data: Dataset, splits: list[Split], params: Params) -> np.ndarray:
    """Return the scores of a net on every split."""
    resolved = resolve_settings(settings, name)
    estimator = build_estimator(resolved, data, params.data.scale)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    scorer = make_scorer(params.cv.scoring)
    check_trial(estimator, data.X, y, splits[0], scorer)
    found = search(name, estimator, {}, data.X, y, splits=splits, scorer=scorer, params=params)
    return np.array([found[f"split{i}_test_score"][0] for i in range(len(splits))])


def fit_on_all_rows(settings: dict[str, Any], data: Dataset, params: Params) -> BaseEstimator:
    """Fit a net on every row."""
    resolved = resolve_settings(settings, COMBINED)
    estimator = build_estimator(resolved, data, params.data.scale)
    seed_everything(params.seed)
    estimator.fit(data.X, target(data.y, resolved["wrapper"], resolved["criterion"]))
    if net_of(estimator).diverged_:
        raise UserError(
            "The combined setting diverged when it was fitted on all rows: its weights are no finite numbers. "
            "Lower the learning rates, or scale the data with data.scale: standard."
        )
    return estimator


def main() -> None:
    params = load_params()
    classify = params.model.classifies
    data = load_dataset(params.data, classify, params.seed)
    check_folds(data.y, params.cv.n_splits, data.classes)
    settings = read_settings(params)

    # Other folds and other initial weights than those that the winners won on.
    cv = params.cv.model_copy(update={"shuffle": True})
    anew = params.model_copy(update={"seed": fit_seed(params.seed, 0, _ANEW), "cv": cv})
    splits = make_splits(data.y, cv, anew.seed, classify)
    scores = {name: score_net(name, chosen, data, splits, anew) for name, chosen in settings.items()}
    described = {name: describe(chosen, params) for name, chosen in settings.items()}
    for name, baseline in baselines(classify).items():
        scores[name] = cross_val_score(
            baseline.estimator, data.X, data.y, cv=splits, scoring=get_scorer(cv.scoring), error_score="raise"
        )
        described[name] = baseline.description
    kept = settings[COMBINED] | {"train_split": None}  # no row is held out of the model that is kept
    model = fit_on_all_rows(kept, data, params)

    table = comparison_table(scores, described, mean_test_share(splits))
    summary = summarise(table)
    print_comparison(table, f"evaluation: {cv.scoring} over {len(splits)} splits drawn anew")
    print(verdict(summary))
    write_text("metrics/candidates/evaluation.csv", to_csv(table))
    write_json("metrics/evaluation.json", summary)
    card = Card(kept, params.data.scale, params.data.target, list(data.features), list(data.classes))
    save_model(MODEL_FILE, model, card)
    print(f"{MODEL_FILE}: the combined setting, fitted on all {len(data.y)} rows")


if __name__ == "__main__":
    run(main)
