"""Stage `evaluate`: does combining the winners help? And the combined setting, fitted on all rows, as a model."""

from typing import Any

from sklearn.base import BaseEstimator

from stages.lib.candidates import resolve_settings
from stages.lib.comparison import comparison_table, print_comparison, summarise, verdict
from stages.lib.contenders import baselines, read_settings, score_baseline, score_net
from stages.lib.dataset import Dataset, check_folds, load_dataset
from stages.lib.errors import UserError, explained, run
from stages.lib.estimator import build_estimator, net_of, target
from stages.lib.evaluation import make_splits
from stages.lib.formatting import format_changes
from stages.lib.leaderboard import BEST_PARAMS, COMBINED
from stages.lib.model_file import MODEL_FILE, Card, save_model
from stages.lib.numerics import fit_seed, seed_everything
from stages.lib.outputs import write_json, write_text
from stages.lib.params import Params, load_params
from stages.lib.results import to_csv
from stages.lib.statistics import mean_test_share

# Tells the evaluation's random numbers from those of the searches.
_ANEW = 2


def fit_on_all_rows(settings: dict[str, Any], data: Dataset, params: Params) -> BaseEstimator:
    """Fit a net on every row; raises `UserError` where that fails or diverges."""
    resolved = resolve_settings(settings, str(BEST_PARAMS), COMBINED)
    estimator = build_estimator(resolved, data, params.data.scale)
    seed_everything(params.seed)
    y = target(data.y, resolved["wrapper"], resolved["criterion"])
    with explained("The combined setting can't be fitted on all rows", "Mend the module, or its settings."):
        estimator.fit(data.X, y)
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

    # Other folds and other initial weights than those that the winners won on.
    cv = params.cv.model_copy(update={"shuffle": True})
    anew = params.model_copy(update={"seed": fit_seed(params.seed, 0, _ANEW), "cv": cv})
    splits = make_splits(data.y, cv, anew.seed, classify)
    settings = read_settings(params)
    scores = {name: score_net(name, chosen, data, splits, anew) for name, chosen in settings.items()}
    model = params.model.model_dump()
    described = {name: format_changes(chosen, model) or "model as it stands" for name, chosen in settings.items()}
    for name, baseline in baselines(classify).items():
        scores[name] = score_baseline(name, baseline, data, splits, cv.scoring)
        described[name] = baseline.description

    table = comparison_table(scores, described, mean_test_share(splits))
    summary = summarise(table)
    print_comparison(table, f"evaluation: {cv.scoring} over {len(splits)} splits drawn anew")
    print(verdict(summary))
    write_text("metrics/candidates/evaluation.csv", to_csv(table))
    write_json("metrics/evaluation.json", summary)

    kept = settings[COMBINED] | {"train_split": None}  # no row is held out of the model that is kept
    card = Card(kept, params.data.scale, params.data.target, list(data.features), list(data.classes))
    save_model(MODEL_FILE, fit_on_all_rows(kept, data, params), card)
    print(f"{MODEL_FILE}: the combined setting, fitted on all {len(data.y)} rows")


if __name__ == "__main__":
    run(main)
