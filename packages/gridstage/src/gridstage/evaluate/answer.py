"""Makes the answer of the evaluation of the contest of its contenders, and their table beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import filterfalse
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from gridstage.config import CV
from gridstage.data import Dataset, given_away, is_nearly_perfect
from gridstage.evaluate.contest import IGNORANT, LINEAR, NEEDED, Choice, Contest
from gridstage.results import SCORE
from gridstage.results.answer import Answer, Contender, Kind, LeftOut, Why
from gridstage.results.record import Numbers
from gridstage.results.search import BestScore
from gridstage.scores.reached import by_unit_text, scorers_of, second_scorer
from gridstage.scores.score_table import (
    mean_columns,
    ranks_of,
    score_columns,
    stuck_columns,
)
from resampled.means.ttest import ALPHA
from resampled.scorers import bounds_of


def answer_of(
    contest: Contest, choice: Choice, scoring: str, n_candidates: int, asked: bool
) -> Answer:
    """Return what was chosen, why, and what each contender is beside it; `asked` says whether params.yaml asked for it.

    Where no model is used, each is compared with the constant, and has to be better at all, with 97.5 %.
    """
    why, compared_with = _why(contest, choice)
    beside = _Beside(contest, choice, compared_with, *bounds_of(scoring))
    contenders = list(map(beside.contender, contest.reached))
    return Answer(
        scoring=scoring,
        rope=contest.rope,
        needed=NEEDED if choice.use else 1 - ALPHA / 2,
        net_needed=choice.net_needed,
        n_nets=choice.n_nets,
        tested=contest.tested,
        n_candidates=n_candidates,
        use=choice.use,
        handed_over=choice.handed_over,
        asked=asked,
        kept=choice.kept,
        constant=choice.constant,
        compared_with=compared_with,
        why=why,
        contenders=sorted(contenders, key=_rating, reverse=True),
    )


def _rating(each: Contender) -> float:
    return -np.inf if each.worth is None else each.worth


def what_gives_away(
    data: Dataset, answer: Answer
) -> list[tuple[list[str], float]] | None:
    """Return which columns give the target away, none beside a score that is suspicious; None where it is not.

    A share has four digits, because its last ones depend on the processor.
    """
    found, mean = given_away(data), answer[answer.handed_over].mean
    if not found and (mean is None or not is_nearly_perfect(answer.scoring, mean)):
        return None
    shares = []
    for names, share in found.items():
        four_digits = int(1e4 * share + 1e-6) / 1e4
        shares.append((list(names), four_digits))
    return shares


def _why(contest: Contest, choice: Choice) -> tuple[Why, str | None]:
    """Return why a model is used, or none is, and the model that this is told beside."""
    if choice.use is None:
        models = filter(contest.has_scores, contest.reached)
        best = contest.best([name for name in models if name not in IGNORANT])
        if best is None or choice.constant is None:
            return "no_score", None
        return "no_better_than_constant", best
    place = choice.rising.index(choice.use)
    if place:
        return "surpasses", choice.rising[place - 1]
    others = [choice.net, *choice.rising]
    others = [name for name in others if name and name != choice.use]
    return "unsurpassed", next(iter(others), None)


@dataclass(frozen=True)
class _Beside:
    """What each contender is beside what was chosen; scores lie between `lowest` and `highest`."""

    contest: Contest
    choice: Choice
    compared_with: str | None
    lowest: float
    highest: float

    def contender(self, name: str) -> Contender:
        reached, corrected = self.contest.reached[name], self.contest.corrected
        mean, half, stuck = self.contest.mean(name), reached.ci95, reached.stuck
        has_score = bool(np.isfinite(mean))
        removed = has_score and name in corrected
        worth = mean
        low = max(mean - half, self.lowest)
        high = min(mean + half, self.highest)
        if removed:
            worth, low, high = corrected[name]
        gain, chance = self._beside(name) if has_score else (None, None)
        return Contender(
            name=name,
            kind=self._kind(name),
            mean=_known(mean),
            ci95=_known(half),
            worth=_known(worth),
            low=_known(low),
            high=_known(high),
            luck_removed=removed,
            stuck=None if stuck is None else int(stuck.sum()),
            gain=_known(gain),
            chance=_known(chance),
            left_out=self._left_out(name),
        )

    def _kind(self, name: str) -> Kind:
        if self.contest.is_net(name):
            return "net"
        if name in IGNORANT:
            return "constant"
        return "linear" if name in LINEAR else "trees"

    def _beside(self, name: str) -> tuple[float | None, float | None]:
        """Return the gain and the chance of a contender, as `Contender` has them."""
        choice, contest = self.choice, self.contest
        rope, other = contest.rope, choice.use
        if other is None:
            rope, other = 0.0, choice.constant
        elif name == other:
            other = self.compared_with if choice.rising.index(name) else None
        if other is None or name == other:
            return None, None
        chance = contest.chance(name, other, rope) if contest.tested else None
        return contest.gain(name, other), chance

    def _left_out(self, name: str) -> LeftOut | None:
        if not np.isfinite(self.contest.mean(name)):
            return "no_score"
        if name in IGNORANT:
            return "ignores_inputs"
        if name not in self.choice.useful:
            return "no_better_than_constant"
        if name not in self.choice.considered:
            named = self.contest.named and self.contest.is_net(name)
            return "not_named" if named else "other_of_its_kind"
        rising = self.choice.rising
        if name not in rising:
            return "no_higher_than_simpler"
        behind = rising[rising.index(self.choice.use or name) + 1 :]
        return "does_not_surpass" if name in behind else None


def _known(number: float | None) -> float | None:
    return None if number is None or not np.isfinite(number) else float(number)


def comparison_table(contest: Contest, cv: CV, answer: Answer) -> pd.DataFrame:
    """Tabulate the contenders, one row each.

    The columns are those of `score_table` without keys of a grid; `difference` and `chance`, as `Contender.gain` and
    `chance` of the answer, and `difference_ci95`, half the width of the 95 % interval, none of them of what is used
    itself; `kept`, `answer`, which is handed over; at last the scores of single splits, of the second scorer
    as well.
    """
    names, each = list(contest.reached), list(contest.reached.values())
    columns: dict[str, Any] = {"setting": names}
    columns["params"] = [one.params for one in each]
    scores = {}
    for scorer in scorers_of(cv):
        scores[scorer] = np.stack([one.scores[scorer] for one in each])
    for scorer in (SCORE, *cv.also_score):
        columns |= mean_columns(scorer, scores[scorer])
    columns["rank_test_score"] = ranks_of(columns["mean_test_score"])
    columns["ci95"] = [one.ci95 for one in each]
    columns |= _difference_columns(contest, answer)
    columns["kept"] = [name == answer.kept for name in names]
    columns["answer"] = [name == answer.handed_over for name in names]
    by_split, second = scores[SCORE], second_scorer(cv.scoring)
    stuck = np.zeros(by_split.shape, dtype=bool)
    for place, one in enumerate(each):
        if one.stuck is not None:
            stuck[place] = one.stuck
    columns |= stuck_columns(stuck)
    columns["by_unit"] = [by_unit_text(one.by_unit) for one in each]
    columns |= score_columns(by_split)
    if second:
        columns |= score_columns(scores[second], second)
    return pd.DataFrame(columns)


def _difference_columns(contest: Contest, answer: Answer) -> dict[str, Any]:
    """Return the columns that compare each contender with the answer, or with the constant."""
    names, base = list(contest.reached), answer.use or answer.constant
    beside = [answer[name] for name in names]
    gains = np.array([one.gain for one in beside], dtype=float)
    chances = np.array([one.chance for one in beside], dtype=float)
    halves = np.full(len(names), np.nan)
    if base:
        place = names.index(base)
        error, degrees = contest.errors.error[place], contest.errors.degrees[place]
        halves = stdtrit(degrees, 1 - ALPHA / 2) * error
    gains[[name == answer.use for name in names]] = np.nan
    unknown = np.isnan(gains)
    halves[unknown] = chances[unknown] = np.nan
    return {"difference": gains, "difference_ci95": halves, "chance": chances}


def few_metrics(
    contest: Contest,
    answer: Answer,
    searches: Mapping[str, BestScore],
    brier: float | None,
) -> dict[str, Numbers]:
    """Return the few numbers that commits are compared by, the metrics of DVC, by the name of their file.

    Of each search: its corrected score, and the score of its pick as `fresh`, or without fresh splits `score`. Of the
    `evaluation`: the scores of the kept net, of the answer, and of the best model without a net, and the Brier score of
    the kept net. NaN and None are left out.
    """
    key = "fresh" if contest.tested else "score"
    metrics: dict[str, dict[str, float | None]] = {}
    for name, search in searches.items():
        corrected = search.best_score_corrected
        metrics[name] = {"corrected": corrected, key: contest.mean(name)}
    plain = filterfalse(contest.is_net, contest.reached)
    scored = filter(np.isfinite, map(contest.mean, plain))
    metrics["evaluation"] = {
        "kept": contest.mean(answer.kept),
        "answer": contest.mean(answer.use) if answer.use else None,
        "best_baseline": max(scored, default=None),
        "kept_brier_score": brier,
    }
    return {name: _known_numbers(numbers) for name, numbers in metrics.items()}


def _known_numbers(numbers: Mapping[str, float | None]) -> Numbers:
    known = {}
    for key, number in numbers.items():
        if number is not None and np.isfinite(number):
            known[key] = number
    return Numbers(known)
