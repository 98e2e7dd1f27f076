"""Stage `evaluate`: answers what to use, by scores on splits that no search has seen, and saves the kept setting."""

from stages.lib.common import format_changes, remove_others, run, write_json, write_text
from stages.lib.config import load_params
from stages.lib.data import load_dataset
from stages.lib.model import hold_out_watchers, resolve_settings
from stages.lib.scores import NOT_TESTED, to_csv, too_few
from stages.lib.search import checked_splits, doing
from stages.lib.search.result import SCORE
from stages.lib.winners.answer import answer
from stages.lib.winners.baseline_scores import read_baselines
from stages.lib.winners.card import Card
from stages.lib.winners.comparison import comparison_table, few_metrics, print_comparison, summarise
from stages.lib.winners.contenders import read_corrected, read_corrected_scores, read_settings, score_nets
from stages.lib.winners.contest import Contest
from stages.lib.winners.diagnostics import diagnostics, pool
from stages.lib.winners.fresh import Fresh, drawn_anew
from stages.lib.winners.leaderboard import BEST_PARAMS
from stages.lib.winners.model_file import MODEL_FILE, fit_on_all_rows, save_model

# What DVC compares commits by: a few numbers of each search, and of the evaluation.
METRICS = "metrics/scores"


def main() -> None:
    params = load_params()
    cv, classify = params.cv, params.model.classifies
    settings, kept = read_settings(params)
    corrected = read_corrected(params, kept)
    data = load_dataset(params.data, classify, params.seed, cv.groups, cv.order)
    # Use other folds and initial weights than those on which the winners won.
    anew = drawn_anew(params)
    splits = checked_splits(data, anew.cv, anew.seed, classify)
    baselines, described, ci95 = read_baselines(cv, len(splits))

    nets = score_nets(settings, data, splits, anew)
    scores = {name: net.scores for name, net in nets.items()} | baselines
    model = params.model.model_dump()
    described |= {name: format_changes(chosen, model) or "model as it stands" for name, chosen in settings.items()}
    ci95 |= {name: net.ci95 for name, net in nets.items()}
    fresh = Fresh(anew, splits, data, None)
    share, least = fresh.test_share, fresh.one_row
    stuck = {name: net.stuck for name, net in nets.items()}
    table = comparison_table(
        scores, described, ci95, kept, stuck=stuck, test_share=share, rope=params.rope, one_row=least
    )
    selecting = {name: found[SCORE] for name, found in scores.items()}
    contest = Contest(selecting, stuck, kept, share, params.rope, ci95, least, corrected)
    found = answer(contest, cv.scoring)
    few = None if cv.keeps_time else too_few(data.y, data.n_classes, data.groups)
    pooled = pool(data.y, splits, nets[kept].predictions, data.classes)

    print(found.text)
    if few:
        print(few)
    which = "splits of the searches" if cv.keeps_time else "new splits"
    print_comparison(table, f"evaluation: {cv.scoring} over {len(splits)} {which}", params.rope)
    if cv.keeps_time:
        print(
            "Rows in the order of time can be split in one way only, so these splits are those that the winners won on"
        )
        print(f"({NOT_TESTED}).")
    write_text("metrics/candidates/evaluation.csv", to_csv(table))
    write_text("metrics/diagnostics.csv", to_csv(diagnostics(pooled)))
    named = {"answer": found.text, "use": found.use, "runner_up": found.runner_up, "note": few}
    brier = {"kept_brier_score": pooled.brier_score() if pooled else None}
    written = named | summarise(table) | brier
    write_json("metrics/evaluation.json", {key: each for key, each in written.items() if each is not None})
    metrics = few_metrics(contest, found.use, read_corrected_scores(params), brier)
    for name, numbers in metrics.items():
        write_json(f"{METRICS}/{name}.json", numbers)
    remove_others(METRICS, [f"{METRICS}/{name}.json" for name in metrics])

    # The saved model is fitted on all rows, unless callbacks look at some that are held out.
    watchers = hold_out_watchers(resolve_settings(settings[kept], str(BEST_PARAMS), kept))
    chosen = settings[kept] | ({} if watchers else {"train_split": None})
    with doing(f"evaluate: fitting {kept} on all rows"):
        estimator = fit_on_all_rows(kept, chosen, data, params)
    save_model(MODEL_FILE, estimator, Card.of(chosen, data, params))
    held = f"; 1 in {chosen['train_split']} is held out for {', '.join(watchers)}" if watchers else ""
    print(f"{MODEL_FILE}: {kept}, fitted on all {len(data.y)} rows{held}")


if __name__ == "__main__":
    run(main)
