"""Stage `evaluate`: tests whether combining the winners helps, and saves the combined setting as a fitted model."""

from stages.lib.common import format_changes, run, write_json, write_text
from stages.lib.config import load_params
from stages.lib.data import check_folds, load_dataset
from stages.lib.lockstep import fit_seed
from stages.lib.scores import mean_test_share, to_csv
from stages.lib.search import make_splits
from stages.lib.winners.comparison import comparison_table, print_comparison, summarise, verdict
from stages.lib.winners.contenders import baselines, read_settings, score_baseline, score_net
from stages.lib.winners.leaderboard import COMBINED
from stages.lib.winners.model_file import MODEL_FILE, Card, fit_on_all_rows, save_model

# Gives the evaluation other random numbers than the searches.
_ANEW = 2


def main() -> None:
    params = load_params()
    classify = params.model.classifies
    data = load_dataset(params.data, classify, params.seed)
    check_folds(data.y, params.cv.n_splits, data.classes)

    # Use other folds and initial weights than those on which the winners won.
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
    print_comparison(table, f"evaluation: {cv.scoring} over {len(splits)} new splits")
    print(verdict(summary))
    write_text("metrics/candidates/evaluation.csv", to_csv(table))
    write_json("metrics/evaluation.json", summary)

    kept = settings[COMBINED] | {"train_split": None}  # the saved model is fitted on all rows
    card = Card(kept, params.data.scale, params.data.target, list(data.features), list(data.classes))
    save_model(MODEL_FILE, fit_on_all_rows(kept, data, params), card)
    print(f"{MODEL_FILE}: the combined setting, fitted on all {len(data.y)} rows")


if __name__ == "__main__":
    run(main)
