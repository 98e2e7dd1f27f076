"""Stage `evaluate`: answers what to use, by scores on splits that no search has seen; saves the answer and the net."""

from stages.lib.common import remove_others, run, write_json, write_text
from stages.lib.comparison.inputs import describe_inputs
from stages.lib.config import load_params
from stages.lib.handover import ANSWER_FILE, MODEL_FILE, save_answer, save_model
from stages.lib.scores import NOT_TESTED, to_csv, too_few
from stages.lib.scores.splits import read_table
from stages.lib.winners.answer import answer
from stages.lib.winners.baseline_scores import read_baselines
from stages.lib.winners.comparison import comparison_table, few_metrics, print_comparison, summarise
from stages.lib.winners.contenders import read_picks, read_reached
from stages.lib.winners.contest import Contest
from stages.lib.winners.nets import score_nets, see_nets
from stages.lib.winners.saved import Fitted, fit, saved_diagnostics, saved_inputs

# What DVC compares commits by: a few numbers of each search, and of the evaluation.
METRICS = "metrics/scores"


def main() -> None:
    params = load_params()
    cv, picks, table = params.cv, read_picks(params), read_table(params)
    kept, settings, fresh = picks.kept, picks.settings, table.fresh
    baselines = read_baselines(cv, len(fresh.splits))
    contenders = score_nets(settings, read_reached(picks, fresh), fresh) | baselines
    contest = Contest(contenders, kept, fresh.resampling, params.rope, picks.corrected)
    advice = answer(contest, cv.scoring, picks.use)
    handed_over = advice.handed_over
    compared = comparison_table(contest, cv, handed_over)
    saved = list(dict.fromkeys([handed_over, kept]))
    seen = see_nets({name: settings[name] for name in saved if name in settings}, fresh)
    diagnostics = {name: saved_diagnostics(name, seen, fresh) for name in saved}
    inputs = saved_inputs(kept, handed_over, seen, fresh)
    on_inputs = [describe_inputs(inputs, name, cv.scoring, params.rope) for name in saved]
    pooled = seen[kept].pooled(fresh)
    brier = {"kept_brier_score": pooled.brier_score() if pooled else None}
    # The last step that can fail: what is written goes with the models.
    fitted = {name: fit(name, settings, table) for name in saved}
    note = None if cv.keeps_time else too_few(table.data.y, table.data.n_classes, table.data.groups)

    print("\n".join(filter(None, [advice.text, note])))
    which = "splits of the searches" if cv.keeps_time else "new splits"
    print_comparison(compared, f"evaluation: {cv.scoring} over {len(fresh.splits)} {which}", params.rope)
    if cv.keeps_time:
        print("Rows in the order of time can be split in one way only,", end=" ")
        print(f"so these splits are those that the winners won on\n({NOT_TESTED}).")
    print("\n".join(on_inputs))
    write_text("metrics/candidates/evaluation.csv", to_csv(compared))
    write_text("metrics/diagnostics.csv", to_csv(diagnostics[kept]))
    write_text("metrics/answer_diagnostics.csv", to_csv(diagnostics[handed_over]))
    write_text("metrics/inputs.csv", to_csv(inputs))
    words = {"answer": advice.text, "use": advice.use, "runner_up": advice.runner_up, "note": note}
    words |= {f"answer_{part}": getattr(advice, part) for part in ("headline", "reasons", "files")}
    words |= {"handed_over": handed_over, "inputs": " ".join(on_inputs)}
    written = words | summarise(compared) | brier
    write_json("metrics/evaluation.json", {key: value for key, value in written.items() if value is not None})
    write_metrics(few_metrics(contest, advice.use, picks.corrected_scores, brier))
    save(kept, handed_over, fitted)


def write_metrics(metrics: dict[str, dict[str, float]]) -> None:
    """Write the few numbers by the names of their files, and delete the files of other names."""
    files = {f"{METRICS}/{name}.json": numbers for name, numbers in metrics.items()}
    for path, numbers in files.items():
        write_json(path, numbers)
    remove_others(METRICS, files)


def save(kept: str, handed_over: str, fitted: dict[str, Fitted]) -> None:
    """Save the kept net and the answer, and say what they were fitted on."""
    model, card, how = fitted[kept]
    save_model(MODEL_FILE, model, card)
    print(f"{MODEL_FILE}: {kept}, {how}")
    model, card, how = fitted[handed_over]
    left_out = save_answer(model, card.model_copy(update={"name": handed_over}))
    print(left_out or f"{ANSWER_FILE}: {handed_over}, {how}")


if __name__ == "__main__":
    run(main)
