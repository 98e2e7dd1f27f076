"""Judges the contenders of the evaluation, and sees how those predict that are saved."""

from dataclasses import dataclass

from gridstage.baselines.baselines import read_baselines
from gridstage.best_params.leaderboard import Picks, read_picks
from gridstage.config import Params
from gridstage.evaluate.answer import answer_of
from gridstage.evaluate.contest import Contest, choose
from gridstage.evaluate.nets import (
    Known,
    known_of,
    read_reached,
    roles_of,
    score_nets,
    see_nets,
)
from gridstage.results import Results
from gridstage.results.answer import Answer
from gridstage.results.evaluation import Threshold
from gridstage.scores.diagnostics import Seen
from gridstage.scores.splits import Folds, read_table
from gridstage.scores.thresholds import cheapest_threshold, check_costs


@dataclass(frozen=True)
class Judged:
    """The contest of all contenders, and the answer; the contenders that are saved have `roles`."""

    params: Params
    table: Folds
    picks: Picks
    contest: Contest
    answer: Answer
    roles: dict[str, str]

    @property
    def n_splits(self) -> int:
        """On how many splits the contenders were scored."""
        return len(self.table.fresh.splits)


@dataclass(frozen=True)
class SeenModels:
    """What was seen of the nets that are saved, what is known of how each saved model predicts, and its threshold."""

    nets: dict[str, Seen]
    known: dict[str, Known]
    thresholds: dict[str, Threshold]


def judge(params: Params, results: Results) -> Judged:
    """Score all contenders on fresh splits, and choose among them.

    Parameters
    ----------
    params : Params
        What params.yaml says.
    results : Results
        Where the results of the searches and of the baselines are read.

    Returns
    -------
    Judged
        The `answer`, and what it was chosen by.

    Raises
    ------
    UserError
        If a result is missing, broken or of other settings, or if a net can't be trained.

    Examples
    --------
    >>> judged = judge(params, results)
    >>> judged.answer.use in judged.contest.reached, judged.n_splits
    (True, 6)
    """
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
    """Say how the models that are saved predict, and from which threshold on.

    Parameters
    ----------
    judged : Judged
        As `judge` returns it.
    results : Results
        Where it is read how the baselines predict.

    Returns
    -------
    SeenModels
        What is `known` of each saved model, and its threshold, if mistakes have costs.

    Raises
    ------
    UserError
        If a result is missing or broken, or if a net can't be trained.

    Examples
    --------
    >>> seen = see(judged, results)
    >>> {*seen.known} == {judged.answer.kept, judged.answer.handed_over}
    True
    """
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
