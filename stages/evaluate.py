"""Stage `evaluate`: answers what to use, by scores on splits that no search has seen; saves the answer and the net."""

from stages.lib.baselines.baselines import read_baselines
from stages.lib.best_params.leaderboard import read_picks
from stages.lib.common import run
from stages.lib.config import load_params
from stages.lib.data import Unchanged
from stages.lib.evaluate.answer import (
    answer_of,
    comparison_table,
    few_metrics,
    what_gives_away,
)
from stages.lib.evaluate.contest import Contest, choose
from stages.lib.evaluate.nets import (
    fit,
    known_of,
    read_reached,
    roles_of,
    saved_inputs,
    score_nets,
    see_nets,
)
from stages.lib.handover import ANSWER_FILE, MODEL_FILE, save_model
from stages.lib.results import Results, files, remove_others, write
from stages.lib.scores.search_result import by_reason
from stages.lib.scores.splits import read_table
from stages.lib.scores.thresholds import (
    check_costs,
    chosen_thresholds,
    thresholds_table,
    written_choices,
)
from stages.lib.search import EVALUATION, forget
from stages.lib.told.evaluation import inputs_told, paragraphs, read_note
from stages.lib.told.printed import print_ranking
from stages.lib.told.scores import NOT_TESTED


def main() -> None:
    params, results = load_params(), Results()
    file = Unchanged(params.data.path)
    cv, picks, table = params.cv, read_picks(results, params), read_table(params)
    kept, settings, fresh, costs = (
        picks.kept,
        picks.settings,
        table.fresh,
        params.evaluate.costs,
    )
    check_costs(params, table.data)
    baselines = read_baselines(results, cv, len(fresh.splits))
    contenders = (
        score_nets(settings, read_reached(results, picks, fresh), fresh) | baselines
    )
    contest = Contest(contenders, kept, fresh.resampling, params.rope, picks.corrected)
    choice = choose(contest, picks.use)
    answer = answer_of(
        contest, choice, cv.scoring, picks.n_candidates, picks.use is not None
    )
    handed_over = answer.handed_over
    compared = comparison_table(contest, cv, answer)
    saved = list(dict.fromkeys([handed_over, kept]))
    seen = see_nets({name: settings[name] for name in saved if name in settings}, fresh)
    known = {name: known_of(results, name, seen, fresh) for name in saved}
    counts = {name: each.counts for name, each in known.items()}
    choices = chosen_thresholds(
        costs, counts, fresh.resampling, fresh.data.groups is not None
    )
    inputs = saved_inputs(results, kept, handed_over, seen, fresh)
    pooled = seen[kept].pooled(fresh)
    brier = pooled.brier_score() if pooled else None
    written = ({} if brier is None else {"kept_brier_score": brier}) | written_choices(
        choices, costs
    )
    trained = contenders | seen
    written |= by_reason(trained, (each.not_by_kernel for each in trained.values()))
    # The last steps that can fail: what is written goes with the models.
    fitted = {name: fit(name, settings, table, known[name].errors) for name in saved}
    file.check()

    write(files.ANSWER, answer.model_dump())
    write(files.CONTENDERS, compared)
    write(files.DIAGNOSTICS, known[kept].diagnostics)
    write(files.ANSWER_DIAGNOSTICS, known[handed_over].diagnostics)
    write(files.INPUTS, inputs)
    write(files.ERRORS, {name: each.errors for name, each in known.items()})
    write(
        files.THRESHOLDS,
        thresholds_table(counts, roles_of(kept, handed_over), costs, choices),
    )
    names = answer.model_dump(
        include={"use", "kept", "handed_over"}, exclude_none=True
    )  # which `diff` reads
    write(
        files.EVALUATION,
        names | table.counted | what_gives_away(table.data, answer) | written,
    )
    metrics = few_metrics(contest, answer.use, picks.searches, brier)
    for name, numbers in metrics.items():
        write(files.SCORES, numbers, name)
    remove_others("metrics/scores", map(files.SCORES.at, metrics))

    # The models go with what is written, so they are saved before anything else can fail.
    how = []
    for path, name, own in (
        (MODEL_FILE, kept, {}),
        (ANSWER_FILE, handed_over, {"name": handed_over}),
    ):
        model, card, fitted_on = fitted[name]
        threshold = choices[name].applied if name in choices else None
        unusual = save_model(
            path,
            model,
            card.model_copy(update={"threshold": threshold} | own),
            table.every_row.X,
        )
        how += [f"{path}: {name}, {fitted_on}", *filter(None, [unusual])]
    forget(EVALUATION)

    print(
        *filter(
            None, [*paragraphs(results, params, answer), read_note(results, params)]
        ),
        sep="\n",
    )
    which = "splits of the searches" if cv.keeps_time else "new splits"
    print_ranking(answer, f"evaluation: {cv.scoring} over {len(fresh.splits)} {which}")
    if cv.keeps_time:
        print("Rows in the order of time can be split in one way only,", end=" ")
        print(f"so these splits are those that the winners won on\n({NOT_TESTED}).")
    print(inputs_told(results, answer), *how, sep="\n")


if __name__ == "__main__":
    run(main)
