"""Stage `evaluate`: answers what to use, by scores on splits that no search has seen; saves the answer and the net."""

from stages.lib.common import format_changes, remove_others, run, write_json, write_text
from stages.lib.comparison.inputs import describe_inputs
from stages.lib.config import load_params
from stages.lib.data import load_dataset
from stages.lib.handover import ANSWER_FILE, MODEL_FILE, save_answer, save_model
from stages.lib.scores import NOT_TESTED, to_csv, too_few
from stages.lib.scores.fresh import Fresh, drawn_anew
from stages.lib.search import checked_splits
from stages.lib.search.result import SCORE
from stages.lib.winners.answer import answer
from stages.lib.winners.baseline_scores import read_baselines
from stages.lib.winners.comparison import comparison_table, few_metrics, print_comparison, summarise
from stages.lib.winners.contenders import (
    read_corrected,
    read_corrected_scores,
    read_reached,
    read_settings,
    read_use,
)
from stages.lib.winners.contest import Contest
from stages.lib.winners.diagnostics import diagnostics, pool
from stages.lib.winners.nets import score_nets, see_nets
from stages.lib.winners.saved import answer_diagnostics, fit_baseline, fit_net, saved_inputs

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
    fresh = Fresh(anew, splits, data.y, data.groups)
    baselines = read_baselines(cv, len(splits))
    nets = score_nets(settings, read_reached(params, fresh), data, fresh)

    contenders = nets | baselines
    scores = {name: reached.scores for name, reached in contenders.items()}
    ci95 = {name: reached.ci95 for name, reached in contenders.items()}
    stuck = {name: reached.stuck for name, reached in nets.items() if reached.stuck is not None}
    model = params.model.model_dump()
    described = {name: reached.params for name, reached in baselines.items()}
    described |= {name: format_changes(chosen, model) or "model as it stands" for name, chosen in settings.items()}
    share, least = fresh.test_share, fresh.one_row
    table = comparison_table(
        scores, described, ci95, kept, stuck=stuck, test_share=share, rope=params.rope, one_row=least
    )
    selecting = {name: found[SCORE] for name, found in scores.items()}
    contest = Contest(selecting, stuck, kept, share, params.rope, ci95, least, corrected)
    found = answer(contest, cv.scoring, read_use(params))
    handed_over = found.handed_over
    few = None if cv.keeps_time else too_few(data.y, data.n_classes, data.groups)
    saved = list(dict.fromkeys([handed_over, kept]))
    seen = see_nets({name: settings[name] for name in saved if name in nets}, data, fresh)
    pooled = pool(data.y, splits, seen[kept].predictions, data.classes)
    drawn = answer_diagnostics(handed_over, seen, data, fresh)
    inputs = saved_inputs(kept, handed_over, seen, data, fresh)
    told = [describe_inputs(inputs, name, cv.scoring, params.rope) for name in saved]

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
    print("\n".join(told))
    write_text("metrics/candidates/evaluation.csv", to_csv(table))
    write_text("metrics/diagnostics.csv", to_csv(diagnostics(pooled)))
    write_text("metrics/answer_diagnostics.csv", drawn)
    write_text("metrics/inputs.csv", to_csv(inputs))
    named = {"answer": found.text, "use": found.use, "runner_up": found.runner_up, "note": few}
    named |= {"handed_over": handed_over, "inputs": " ".join(told)}
    brier = {"kept_brier_score": pooled.brier_score() if pooled else None}
    written = named | summarise(table) | brier
    write_json("metrics/evaluation.json", {key: each for key, each in written.items() if each is not None})
    metrics = few_metrics(contest, found.use, read_corrected_scores(params), brier)
    for name, numbers in metrics.items():
        write_json(f"{METRICS}/{name}.json", numbers)
    remove_others(METRICS, [f"{METRICS}/{name}.json" for name in metrics])

    estimator, card, how = fit_net(kept, settings[kept], data, params)
    save_model(MODEL_FILE, estimator, card)
    print(f"{MODEL_FILE}: {kept}, {how}")
    if handed_over in nets and handed_over != kept:
        estimator, card, how = fit_net(handed_over, settings[handed_over], data, params)
    elif handed_over != kept:
        estimator, card, how = fit_baseline(handed_over, data, params)
    left_out = save_answer(estimator, card.model_copy(update={"name": handed_over}))
    print(left_out or f"{ANSWER_FILE}: {handed_over}, {how}")


if __name__ == "__main__":
    run(main)
