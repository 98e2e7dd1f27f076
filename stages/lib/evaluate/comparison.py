"""Compares the contenders of the evaluation with the kept setting, all on the same splits."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from resampled.means.few import is_within
from resampled.means.ttest import ALPHA, p_values
from resampled.pairs.equivalence import equivalence, holm
from stages.lib.config import CV
from stages.lib.evaluate.contest import Choice, Contest
from stages.lib.results import SCORE, files
from stages.lib.scores.reached import by_unit_text, scorers_of, second_scorer
from stages.lib.scores.score_table import best_row, mean_columns, ranks_of, score_columns, standing, stuck_columns


def comparison_table(contest: Contest, cv: CV, handed_over: str) -> pd.DataFrame:
    """Tabulate the contenders, one row each.

    The columns are those of `score_table` without keys of a grid; `difference` (the mean minus that of the kept
    setting), `difference_ci95`, `p_value` (against the kept setting, in pairs), `p_value_holm` (for the number of those
    that score otherwise), `worse`, `equal` and `better`, as in `equivalence`, and `standing` (the same in words, empty
    where nothing is compared); `kept`, `answer`, which is handed over, `is_net`; at last the scores of single splits,
    of the second scorer as well.
    """
    names, each = list(contest.reached), list(contest.reached.values())
    scores = {scorer: np.stack([one.scores[scorer] for one in each]) for scorer in scorers_of(cv)}
    of_cv = {scorer: scores[scorer] for scorer in (SCORE, *cv.also_score)}
    columns: dict[str, Any] = {"setting": names, "params": [one.params for one in each]} | mean_columns(of_cv)
    means, by_split, place = columns["mean_test_score"], scores[SCORE], names.index(contest.kept)
    differences = by_split - by_split[place]
    errors, degrees = contest.errors[place], contest.degrees
    p = p_values(by_split, place, contest.resampling, errors, degrees)
    same = (differences == 0).all(axis=1)
    adjusted = np.where(same, p, holm(np.where(same, np.nan, p)))
    shares = equivalence(differences, contest.resampling, contest.rope, errors, degrees)
    within = same | [is_within(contest.rope, each, contest.resampling) for each in differences]
    columns |= {
        "rank_test_score": ranks_of(means),
        "ci95": [one.ci95 for one in each],
        "difference": means - means[place],
        "difference_ci95": student.ppf(1 - ALPHA / 2, degrees) * errors,
        "p_value": p,
        "p_value_holm": adjusted,
    }
    columns |= shares._asdict()
    columns |= {
        "standing": [standing(*row) for row in zip(adjusted, shares.worse, shares.better, within, strict=True)],
        "kept": [name == contest.kept for name in names],
        "answer": [name == handed_over for name in names],
        "is_net": [contest.is_net(name) for name in names],
    }
    not_a_net = np.zeros(by_split.shape[1], dtype=bool)
    columns |= stuck_columns(np.array([not_a_net if one.stuck is None else one.stuck for one in each]))
    columns["by_unit"] = [by_unit_text(one.by_unit) for one in each]
    second = second_scorer(cv.scoring)
    return pd.DataFrame(columns | score_columns(by_split) | (score_columns(scores[second], second) if second else {}))


def summarise(table: pd.DataFrame, choice: Choice, counted: dict[str, Any]) -> dict[str, Any]:
    """Return names of what is used, scores, intervals and p-values, as far as they are known, and what is `counted`."""
    kept = table.loc[table["kept"]].iloc[0]
    numbers = {"kept_score": kept["mean_test_score"], "kept_ci95": kept["ci95"]}
    for _, row in table.iterrows():
        name = row["setting"]
        numbers |= {f"{name}_score": row["mean_test_score"], f"{name}_ci95": row["ci95"]}
        if name != kept["setting"]:
            numbers[f"{name}_p_value"] = row["p_value"]
    names = {"best_setting": table["setting"][best_row(table)], "kept": kept["setting"]}
    names |= {"use": choice.use, "runner_up": choice.runner_up, "handed_over": choice.handed_over}
    known: dict[str, Any] = {key: name for key, name in names.items() if name is not None}
    return known | counted | {key: float(value) for key, value in numbers.items() if np.isfinite(value)}


def few_metrics(
    contest: Contest, use: str | None, searches: Mapping[str, Mapping[str, Any]], others: Mapping[str, float | None]
) -> dict[str, dict[str, float]]:
    """Return the few numbers that commits are compared by, the metrics of DVC, by the name of their file.

    Of each search: those of `SCORES_OF_SUMMARY`, and the score of its pick as `fresh`, or without fresh splits `score`.
    Of the `evaluation`: the scores of the kept net, of the answer, which is to `use`, of the best model without a net,
    and the others. NaN and None are left out.
    """
    key, nan = "fresh" if contest.tested else "score", float("nan")
    metrics: dict[str, dict[str, float]] = {
        name: {short: search.get(long, nan) for short, long in files.SCORES_OF_SUMMARY.items()}
        | {key: contest.mean(name)}
        for name, search in searches.items()
    }
    plain = [contest.mean(name) for name in contest.reached if not contest.is_net(name)]
    metrics["evaluation"] = {"kept": contest.mean(contest.kept), "answer": contest.mean(use) if use else nan}
    metrics["evaluation"] |= {"best_baseline": max(filter(np.isfinite, plain), default=nan)}
    metrics["evaluation"] |= {name: nan if number is None else number for name, number in others.items()}
    return {
        name: {key: float(number) for key, number in numbers.items() if np.isfinite(number)}
        for name, numbers in metrics.items()
    }
