"""Tabulates the contenders of the evaluation beside its answer, all on the same splits."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from resampled.means.ttest import ALPHA
from stages.lib.config import CV
from stages.lib.evaluate.contest import Contest
from stages.lib.results import SCORE
from stages.lib.results.answer import Answer
from stages.lib.scores import CORRECTED
from stages.lib.scores.reached import by_unit_text, scorers_of, second_scorer
from stages.lib.scores.score_table import mean_columns, ranks_of, score_columns, stuck_columns


def comparison_table(contest: Contest, cv: CV, answer: Answer) -> pd.DataFrame:
    """Tabulate the contenders, one row each.

    The columns are those of `score_table` without keys of a grid; `difference` and `chance`, as `Contender.gain` and
    `chance` of the answer, and `difference_ci95`, half the width of the 95 % interval, none of them of what is used
    itself; `kept`, `answer`, which is handed over, `is_net`; at last the scores of single splits, of the second scorer
    as well.
    """
    names, each = list(contest.reached), list(contest.reached.values())
    scores = {scorer: np.stack([one.scores[scorer] for one in each]) for scorer in scorers_of(cv)}
    of_cv = {scorer: scores[scorer] for scorer in (SCORE, *cv.also_score)}
    columns: dict[str, Any] = {"setting": names, "params": [one.params for one in each]} | mean_columns(of_cv)
    beside = [None if name == answer.use else answer[name] for name in names]
    base = answer.use or answer.constant
    known = [np.nan if one is None or one.gain is None else one.gain for one in beside]
    halves = student.ppf(1 - ALPHA / 2, contest.degrees) * contest.errors[names.index(base)] if base else np.nan
    columns |= {
        "rank_test_score": ranks_of(columns["mean_test_score"]),
        "ci95": [one.ci95 for one in each],
        "difference": known,
        "difference_ci95": np.where(np.isnan(known), np.nan, halves),
        "chance": [np.nan if one is None or one.chance is None else one.chance for one in beside],
        "kept": [name == contest.kept for name in names],
        "answer": [name == answer.handed_over for name in names],
        "is_net": [contest.is_net(name) for name in names],
    }
    by_split = scores[SCORE]
    not_a_net = np.zeros(by_split.shape[1], dtype=bool)
    columns |= stuck_columns(np.array([not_a_net if one.stuck is None else one.stuck for one in each]))
    columns["by_unit"] = [by_unit_text(one.by_unit) for one in each]
    second = second_scorer(cv.scoring)
    return pd.DataFrame(columns | score_columns(by_split) | (score_columns(scores[second], second) if second else {}))


def few_metrics(
    contest: Contest, use: str | None, searches: Mapping[str, Mapping[str, Any]], brier: float | None
) -> dict[str, dict[str, float]]:
    """Return the few numbers that commits are compared by, the metrics of DVC, by the name of their file.

    Of each search: its corrected score, and the score of its pick as `fresh`, or without fresh splits `score`. Of the
    `evaluation`: the scores of the kept net, of the answer, which is to `use`, and of the best model without a net, and
    the Brier score of the kept net. NaN and None are left out.
    """
    key = "fresh" if contest.tested else "score"
    metrics = {
        name: {"corrected": search.get(CORRECTED[0]), key: contest.mean(name)} for name, search in searches.items()
    }
    plain = [contest.mean(name) for name in contest.reached if not contest.is_net(name)]
    best = max(filter(np.isfinite, plain), default=None)
    metrics["evaluation"] = {"kept": contest.mean(contest.kept), "answer": contest.mean(use) if use else None}
    metrics["evaluation"] |= {"best_baseline": best, "kept_brier_score": brier}
    return {
        name: {key: float(x) for key, x in numbers.items() if x is not None and np.isfinite(x)}
        for name, numbers in metrics.items()
    }
