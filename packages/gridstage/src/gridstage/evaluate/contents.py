"""What the evaluation writes: the answer, what it was chosen by, and how the saved models predict."""

from typing import TYPE_CHECKING

from gridstage.evaluate.answer import comparison_table, few_metrics, what_gives_away
from gridstage.evaluate.judged import Judged, SeenModels
from gridstage.evaluate.nets import saved_inputs
from gridstage.results import File, Results, files
from gridstage.results.evaluation import ErrorsByModel, Evaluation
from gridstage.results.writing import as_text
from gridstage.scores.search_result import by_reason
from gridstage.scores.thresholds import thresholds_table

if TYPE_CHECKING:
    from gridstage.results.writing import Content


def contents_of(judged: Judged, seen: SeenModels, results: Results) -> dict[str, str]:
    """Return the text of each file of the evaluation.

    Parameters
    ----------
    judged : Judged
        As `judge` returns it.
    seen : SeenModels
        As `see` returns it.
    results : Results
        Where it is read what inputs are worth to the baselines.

    Returns
    -------
    dict of str to str
        By the path of the file.

    Raises
    ------
    UserError
        If a result is missing or broken.

    Examples
    --------
    >>> next(iter(contents_of(judged, seen, results)))
    'metrics/evaluation/answer.json'
    """
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
        files.EVALUATION: _evaluation_of(judged, seen, brier),
    }
    texts = {file.path: as_text(content) for file, content in contents.items()}
    metrics = few_metrics(contest, answer, judged.picks.searches, brier)
    return texts | {files.SCORES.at(name): as_text(x) for name, x in metrics.items()}


def _evaluation_of(judged: Judged, seen: SeenModels, brier: float | None) -> Evaluation:
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
