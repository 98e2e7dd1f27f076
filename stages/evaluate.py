"""Stage `evaluate`: answers what to use, by scores on splits that no search has seen; saves the answer and the net."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridstage.baselines.baselines import read_baselines
from gridstage.best_params.leaderboard import Picks, read_picks
from gridstage.common import run, write_text
from gridstage.config import Params, load_params
from gridstage.data import Unchanged
from gridstage.evaluate.answer import (
    answer_of,
    comparison_table,
    few_metrics,
    what_gives_away,
)
from gridstage.evaluate.contest import Contest, choose
from gridstage.evaluate.nets import (
    Fitted,
    Known,
    fit,
    known_of,
    read_reached,
    roles_of,
    saved_inputs,
    score_nets,
    see_nets,
)
from gridstage.handover import ANSWER_FILE, MODEL_FILE, large_file, save_model
from gridstage.repository.dvc_file import track
from gridstage.results import Results, files, remove_others
from gridstage.results.answer import Answer
from gridstage.results.evaluation import ErrorsByModel, Evaluation, Threshold
from gridstage.results.files import File
from gridstage.results.writing import as_text
from gridstage.scores.diagnostics import Seen
from gridstage.scores.search_result import by_reason
from gridstage.scores.splits import Folds, read_table
from gridstage.scores.thresholds import (
    applied,
    cheapest_threshold,
    check_costs,
    thresholds_table,
)
from gridstage.search import EVALUATION, forget
from gridstage.told.evaluation import inputs_told, paragraphs, read_note
from gridstage.told.printed import print_ranking
from gridstage.told.scores import NOT_TESTED

if TYPE_CHECKING:
    from gridstage.results.writing import Content


@dataclass(frozen=True)
class Judged:
    """The contest of all contenders, and the answer; the contenders that are saved have `roles`."""

    params: Params
    table: Folds
    picks: Picks
    contest: Contest
    answer: Answer
    roles: dict[str, str]


@dataclass(frozen=True)
class SeenModels:
    """What was seen of the nets that are saved, what is known of how each saved model predicts, and its threshold."""

    nets: dict[str, Seen]
    known: dict[str, Known]
    thresholds: dict[str, Threshold]


def main() -> None:
    params, results = load_params(), Results()
    file = Unchanged(params.data.path)
    judged = judge(params, results)
    seen = see(judged, results)
    # The last steps that can fail: what is written goes with the models.
    contents = contents_of(judged, seen, results)
    fitted = {}
    for name, own in seen.known.items():
        fitted[name] = fit(name, judged.picks.settings, judged.table, own.errors)
    file.check()
    for path, content in contents.items():
        write_text(path, content)
    remove_others("metrics/scores", contents)
    told = save(judged, seen, fitted)
    forget(EVALUATION)
    show(judged, results, told)


def judge(params: Params, results: Results) -> Judged:
    """Score all contenders on fresh splits, and choose among them."""
    cv, picks, table = params.cv, read_picks(results, params), read_table(params)
    check_costs(params, table.data)
    fresh = table.fresh
    baselines = read_baselines(results, cv, len(fresh.splits))
    scored = read_reached(results, picks, fresh)
    contenders = score_nets(picks.settings, scored, fresh) | baselines
    contest = Contest(
        contenders, picks.named, fresh.resampling, params.rope, picks.corrected
    )
    choice, asked = choose(contest, picks.use), picks.use is not None
    among = picks.n_candidates(choice.kept)
    answer = answer_of(contest, choice, cv.scoring, among, asked)
    return Judged(params, table, picks, contest, answer, roles_of(answer))


def see(judged: Judged, results: Results) -> SeenModels:
    """Say how the models that are saved predict, and from which threshold on."""
    fresh, settings = judged.table.fresh, judged.picks.settings
    costs, in_groups = judged.params.evaluate.costs, fresh.data.groups is not None
    own = {name: settings[name] for name in judged.roles if name in settings}
    nets = see_nets(own, fresh)
    known, thresholds = {}, {}
    for name in judged.roles:
        known[name] = known_of(results, name, nets, fresh)
        counts = known[name].counts
        if costs and counts:
            chosen = cheapest_threshold(costs, counts, fresh.resampling, in_groups)
            thresholds[name] = chosen
    return SeenModels(nets, known, thresholds)


def contents_of(judged: Judged, seen: SeenModels, results: Results) -> dict[str, str]:
    """Return the text of each file: the answer, what it was chosen by, and how the saved models predict."""
    answer, contest, known = judged.answer, judged.contest, seen.known
    costs, fresh = judged.params.evaluate.costs, judged.table.fresh
    pooled = seen.nets[answer.kept].pooled(fresh)
    brier = pooled.brier_score() if pooled else None
    errors = {name: each.errors for name, each in known.items()}
    counts = {name: each.counts for name, each in known.items()}
    contents: dict[File, Content] = {
        files.ANSWER: answer,
        files.CONTENDERS: comparison_table(contest, judged.params.cv, answer),
        files.DIAGNOSTICS: known[answer.kept].diagnostics,
        files.ANSWER_DIAGNOSTICS: known[answer.handed_over].diagnostics,
        files.INPUTS: saved_inputs(results, judged.roles, seen.nets, fresh),
        files.ERRORS: ErrorsByModel(errors),
        files.THRESHOLDS: thresholds_table(
            counts, judged.roles, costs, seen.thresholds
        ),
        files.EVALUATION: evaluation_of(judged, seen, brier),
    }
    texts = {file.path: as_text(content) for file, content in contents.items()}
    metrics = few_metrics(contest, answer, judged.picks.searches, brier)
    return texts | {files.SCORES.at(name): as_text(x) for name, x in metrics.items()}


def evaluation_of(judged: Judged, seen: SeenModels, brier: float | None) -> Evaluation:
    """Return what the evaluation says besides its answer."""
    answer, table, costs = judged.answer, judged.table, judged.params.evaluate.costs
    contenders, nets = judged.contest.reached.items(), seen.nets.items()
    reasons = [(name, each.not_by_kernel) for name, each in contenders]
    reasons += [(name, each.not_by_kernel) for name, each in nets]
    return Evaluation(
        **dict(table.counted),
        kept=answer.kept,
        handed_over=answer.handed_over,
        use=answer.use,
        kept_brier_score=brier,
        given_away=what_gives_away(table.data, answer),
        costs=costs.model_dump() if costs else None,
        thresholds=seen.thresholds,
        not_by_kernel=by_reason(reasons),
    )


def save(judged: Judged, seen: SeenModels, fitted: dict[str, Fitted]) -> list[str]:
    """Save the kept net and the answer; return what is to be said of each."""
    told, handed_over = [], judged.answer.handed_over
    for path, name, own in (
        (MODEL_FILE, judged.answer.kept, {}),
        (ANSWER_FILE, handed_over, {"name": handed_over}),
    ):
        model, card, fitted_on = fitted[name]
        chosen = seen.thresholds.get(name)
        threshold = applied(chosen) if chosen else None
        card = card.model_copy(update={"threshold": threshold} | own)
        unusual = save_model(path, model, card, judged.table.whole.data.X)
        told += [f"{path}: {name}, {fitted_on}", *filter(None, [unusual])]
        if (large := large_file(path)).exists():
            track(large)
    return told


def show(judged: Judged, results: Results, told: list[str]) -> None:
    """Print what the evaluation answers."""
    params, answer, cv = judged.params, judged.answer, judged.params.cv
    note = read_note(results, params)
    print(*filter(None, [*paragraphs(results, params, answer), note]), sep="\n")
    which = "splits of the searches" if cv.keeps_time else "new splits"
    n_splits = len(judged.table.fresh.splits)
    print_ranking(answer, f"evaluation: {cv.scoring} over {n_splits} {which}")
    if cv.keeps_time:
        print("Rows in the order of time can be split in one way only,", end=" ")
        print(f"so these splits are those that the winners won on\n({NOT_TESTED}).")
    print(inputs_told(results, answer), *told, sep="\n")


if __name__ == "__main__":
    run(main)
