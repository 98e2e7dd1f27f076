"""Makes the answer of the evaluation of the contest of its contenders, and their table beside it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from resampled.means.ttest import ALPHA
from resampled.scorers import bounds_of
from stages.lib.config import CV
from stages.lib.data import Dataset, given_away, is_nearly_perfect
from stages.lib.evaluate.contest import IGNORANT, LINEAR, NEEDED, Choice, Contest
from stages.lib.results import SCORE
from stages.lib.results.answer import Answer, Contender, Kind, LeftOut, Why
from stages.lib.scores.reached import by_unit_text, scorers_of, second_scorer
from stages.lib.scores.score_table import (
    CORRECTED,
    mean_columns,
    ranks_of,
    score_columns,
    stuck_columns,
)


def answer_of(
    contest: Contest, choice: Choice, scoring: str, n_candidates: int, asked: bool
) -> Answer:
    """Return what was chosen, why, and what each contender is beside it; `asked` says whether params.yaml asked for it.

    Where no model is used, each is compared with the constant, and has to be better at all, with 97.5 %.
    """
    why, compared_with = _why(contest, choice)
    bounds = bounds_of(scoring)
    contenders = [
        _contender(contest, choice, name, compared_with, bounds)
        for name in contest.reached
    ]
    return Answer(
        scoring=scoring,
        rope=contest.rope,
        needed=NEEDED if choice.use else 1 - ALPHA / 2,
        tested=contest.tested,
        n_candidates=n_candidates,
        use=choice.use,
        handed_over=choice.handed_over,
        asked=asked,
        kept=contest.kept,
        constant=choice.constant,
        compared_with=compared_with,
        why=why,
        contenders=sorted(
            contenders,
            key=lambda each: -np.inf if each.worth is None else each.worth,
            reverse=True,
        ),
    )


def what_gives_away(data: Dataset, answer: Answer) -> dict[str, Any]:
    """Return which columns give the target away, as evaluation.json has them; none beside a score that is suspicious.

    A share has four digits, because its last ones depend on the processor.
    """
    found, mean = given_away(data), answer[answer.handed_over].mean
    if not found and (mean is None or not is_nearly_perfect(answer.scoring, mean)):
        return {}
    return {
        "given_away": [
            [list(columns), int(1e4 * share + 1e-6) / 1e4]
            for columns, share in found.items()
        ]
    }


def _why(contest: Contest, choice: Choice) -> tuple[Why, str | None]:
    """Return why a model is used, or none is, and the model that this is told beside."""
    if choice.use is None:
        models = [
            name
            for name in contest.reached
            if name not in IGNORANT and np.isfinite(contest.mean(name))
        ]
        best = contest.best(models) if choice.constant else None
        return ("no_better_than_constant", best) if best else ("no_score", None)
    if place := choice.rising.index(choice.use):
        return "surpasses", choice.rising[place - 1]
    others = [
        name for name in (choice.net, *choice.rising) if name and name != choice.use
    ]
    return "unsurpassed", next(iter(others), None)


def _contender(
    contest: Contest,
    choice: Choice,
    name: str,
    compared_with: str | None,
    bounds: tuple[float, float],
) -> Contender:
    reached, mean = contest.reached[name], contest.mean(name)
    half, has_score = float(reached.ci95), bool(np.isfinite(mean))
    removed = has_score and name in contest.corrected
    worth = (
        contest.corrected[name]
        if removed
        else (mean, max(mean - half, bounds[0]), min(mean + half, bounds[1]))
    )
    numbers = (
        mean,
        half,
        *worth,
        *(_beside(contest, choice, name, compared_with) if has_score else (None, None)),
    )
    known = (
        None if each is None or not np.isfinite(each) else float(each)
        for each in numbers
    )
    return Contender(
        name=name,
        kind=_kind(contest, name),
        luck_removed=removed,
        stuck=None if reached.stuck is None else int(reached.stuck.sum()),
        left_out=_left_out(contest, choice, name),
        **dict(
            zip(
                ("mean", "ci95", "worth", "low", "high", "gain", "chance"),
                known,
                strict=True,
            )
        ),
    )


def _kind(contest: Contest, name: str) -> Kind:
    if contest.is_net(name):
        return "net"
    return "constant" if name in IGNORANT else "linear" if name in LINEAR else "trees"


def _beside(
    contest: Contest, choice: Choice, name: str, compared_with: str | None
) -> tuple[float | None, float | None]:
    """Return the gain and the chance of a contender, as `Contender` has them."""
    rope, other = contest.rope, choice.use
    if other is None:
        rope, other = 0.0, choice.constant
    elif name == other:
        other = compared_with if choice.rising.index(name) else None
    if other is None or name == other:
        return None, None
    return contest.gain(name, other), contest.chance(
        name, other, rope
    ) if contest.tested else None


def _left_out(contest: Contest, choice: Choice, name: str) -> LeftOut | None:
    if not np.isfinite(contest.mean(name)):
        return "no_score"
    if name in IGNORANT:
        return "ignores_inputs"
    if name not in choice.useful:
        return "no_better_than_constant"
    if name not in choice.considered:
        return "other_of_its_kind"
    return None if name in choice.rising else "no_higher_than_simpler"


def comparison_table(contest: Contest, cv: CV, answer: Answer) -> pd.DataFrame:
    """Tabulate the contenders, one row each.

    The columns are those of `score_table` without keys of a grid; `difference` and `chance`, as `Contender.gain` and
    `chance` of the answer, and `difference_ci95`, half the width of the 95 % interval, none of them of what is used
    itself; `kept`, `answer`, which is handed over, `is_net`; at last the scores of single splits, of the second scorer
    as well.
    """
    names, each = list(contest.reached), list(contest.reached.values())
    scores = {
        scorer: np.stack([one.scores[scorer] for one in each])
        for scorer in scorers_of(cv)
    }
    of_cv = {scorer: scores[scorer] for scorer in (SCORE, *cv.also_score)}
    columns: dict[str, Any] = {
        "setting": names,
        "params": [one.params for one in each],
    } | mean_columns(of_cv)
    beside = [None if name == answer.use else answer[name] for name in names]
    base = answer.use or answer.constant
    known = [np.nan if one is None or one.gain is None else one.gain for one in beside]
    halves = np.full(len(names), np.nan)
    if base:
        error, degrees, _ = (each[names.index(base)] for each in contest.errors)
        halves = stdtrit(degrees, 1 - ALPHA / 2) * error
    columns |= {
        "rank_test_score": ranks_of(columns["mean_test_score"]),
        "ci95": [one.ci95 for one in each],
        "difference": known,
        "difference_ci95": np.where(np.isnan(known), np.nan, halves),
        "chance": [
            np.nan if one is None or one.chance is None else one.chance
            for one in beside
        ],
        "kept": [name == contest.kept for name in names],
        "answer": [name == answer.handed_over for name in names],
        "is_net": [contest.is_net(name) for name in names],
    }
    by_split = scores[SCORE]
    not_a_net = np.zeros(by_split.shape[1], dtype=bool)
    columns |= stuck_columns(
        np.array([not_a_net if one.stuck is None else one.stuck for one in each])
    )
    columns["by_unit"] = [by_unit_text(one.by_unit) for one in each]
    second = second_scorer(cv.scoring)
    return pd.DataFrame(
        columns
        | score_columns(by_split)
        | (score_columns(scores[second], second) if second else {})
    )


def few_metrics(
    contest: Contest,
    use: str | None,
    searches: Mapping[str, Mapping[str, Any]],
    brier: float | None,
) -> dict[str, dict[str, float]]:
    """Return the few numbers that commits are compared by, the metrics of DVC, by the name of their file.

    Of each search: its corrected score, and the score of its pick as `fresh`, or without fresh splits `score`. Of the
    `evaluation`: the scores of the kept net, of the answer, which is to `use`, and of the best model without a net, and
    the Brier score of the kept net. NaN and None are left out.
    """
    key = "fresh" if contest.tested else "score"
    metrics = {
        name: {"corrected": search.get(CORRECTED[0]), key: contest.mean(name)}
        for name, search in searches.items()
    }
    plain = [contest.mean(name) for name in contest.reached if not contest.is_net(name)]
    best = max(filter(np.isfinite, plain), default=None)
    metrics["evaluation"] = {
        "kept": contest.mean(contest.kept),
        "answer": contest.mean(use) if use else None,
    }
    metrics["evaluation"] |= {"best_baseline": best, "kept_brier_score": brier}
    return {
        name: {
            key: float(x)
            for key, x in numbers.items()
            if x is not None and np.isfinite(x)
        }
        for name, numbers in metrics.items()
    }
