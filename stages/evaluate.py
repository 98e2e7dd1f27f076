"""Stage `evaluate`: tests whether combining the winners helps, and saves the combined setting as a fitted model."""

from stages.lib.common import format_changes, run, write_json, write_text
from stages.lib.config import CV, load_params
from stages.lib.data import load_dataset
from stages.lib.lockstep import fit_seed
from stages.lib.model import hold_out_watchers, resolve_settings
from stages.lib.scores import NOT_TESTED, mean_test_share, to_csv
from stages.lib.search import checked_splits
from stages.lib.winners.card import Card
from stages.lib.winners.comparison import comparison_table, print_comparison, summarise, verdict
from stages.lib.winners.contenders import baselines, read_settings, score_baseline, score_net
from stages.lib.winners.leaderboard import BEST_PARAMS, COMBINED
from stages.lib.winners.model_file import MODEL_FILE, fit_on_all_rows, save_model

# Gives the evaluation other random numbers than the searches.
_ANEW = 2


def main() -> None:
    params = load_params()
    classify = params.model.classifies
    data = load_dataset(params.data, classify, params.seed, params.cv.groups, params.cv.order)

    # Use other folds and initial weights than those on which the winners won.
    cv = drawn_anew(params.cv)
    anew = params.model_copy(update={"seed": fit_seed(params.seed, 0, _ANEW), "cv": cv})
    splits = checked_splits(data, cv, anew.seed, classify)
    settings = read_settings(params)
    scores = {name: score_net(name, chosen, data, splits, anew) for name, chosen in settings.items()}
    model = params.model.model_dump()
    described = {name: format_changes(chosen, model) or "model as it stands" for name, chosen in settings.items()}
    for name, baseline in baselines(data, params.prepare.under(settings[COMBINED])).items():
        scores[name] = score_baseline(name, baseline, data, splits, cv.scoring)
        described[name] = baseline.description

    table = comparison_table(scores, described, mean_test_share(splits, cv.keeps_time))
    summary = summarise(table)
    which = "splits of the searches" if cv.keeps_time else "new splits"
    print_comparison(table, f"evaluation: {cv.scoring} over {len(splits)} {which}")
    if cv.keeps_time:
        print(
            "Rows in the order of time can be split in one way only, so these splits are those that the winners won on"
        )
        print(f"({NOT_TESTED}).")
    print(verdict(summary))
    write_text("metrics/candidates/evaluation.csv", to_csv(table))
    write_json("metrics/evaluation.json", summary)

    # The saved model is fitted on all rows, unless callbacks look at some that are held out.
    watchers = hold_out_watchers(resolve_settings(settings[COMBINED], str(BEST_PARAMS), COMBINED))
    kept = settings[COMBINED] | ({} if watchers else {"train_split": None})
    save_model(MODEL_FILE, fit_on_all_rows(kept, data, params), Card.of(kept, data, params))
    held = f"; 1 in {kept['train_split']} is held out for {', '.join(watchers)}" if watchers else ""
    print(f"{MODEL_FILE}: the combined setting, fitted on all {len(data.y)} rows{held}")


def drawn_anew(cv: CV) -> CV:
    """Return how the evaluation splits rows: shuffled, unless they are in the order of time."""
    return cv if cv.keeps_time else cv.model_copy(update={"shuffle": True})


if __name__ == "__main__":
    run(main)
