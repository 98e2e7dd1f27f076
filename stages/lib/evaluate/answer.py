"""Makes the answer of the evaluation of the contest of its contenders."""

from typing import Any

import numpy as np

from resampled.means.ttest import ALPHA
from stages.lib.data import Dataset, given_away, is_nearly_perfect
from stages.lib.evaluate.contest import IGNORANT, LINEAR, NEEDED, Choice, Contest
from stages.lib.results.answer import Answer, Contender, Kind, LeftOut, Why


def answer_of(contest: Contest, choice: Choice, scoring: str, n_candidates: int, asked: bool) -> Answer:
    """Return what was chosen, why, and what each contender is beside it; `asked` says whether params.yaml asked for it.

    Where no model is used, each is compared with the constant, and has to be better at all, with 97.5 %.
    """
    why, compared_with = _why(contest, choice)
    contenders = [_contender(contest, choice, name, compared_with) for name in contest.reached]
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
        contenders=sorted(contenders, key=lambda each: -np.inf if each.worth is None else each.worth, reverse=True),
    )


def what_gives_away(data: Dataset, answer: Answer) -> dict[str, Any]:
    """Return which columns give the target away, as evaluation.json has them; none beside a score that is suspicious.

    A share has four digits, because its last ones depend on the processor.
    """
    found, mean = given_away(data), answer[answer.handed_over].mean
    if not found and (mean is None or not is_nearly_perfect(answer.scoring, mean)):
        return {}
    return {"given_away": [[list(columns), int(1e4 * share + 1e-6) / 1e4] for columns, share in found.items()]}


def _why(contest: Contest, choice: Choice) -> tuple[Why, str | None]:
    """Return why a model is used, or none is, and the model that this is told beside."""
    if choice.use is None:
        models = [name for name in contest.reached if name not in IGNORANT and np.isfinite(contest.mean(name))]
        best = contest.best(models) if choice.constant else None
        return ("no_better_than_constant", best) if best else ("no_score", None)
    if place := choice.rising.index(choice.use):
        return "surpasses", choice.rising[place - 1]
    others = [name for name in (choice.net, *choice.rising) if name and name != choice.use]
    return "unsurpassed", next(iter(others), None)


def _contender(contest: Contest, choice: Choice, name: str, compared_with: str | None) -> Contender:
    reached, mean = contest.reached[name], contest.mean(name)
    half = float(reached.ci95)
    has_score, removed = bool(np.isfinite(mean)), name in contest.corrected
    worth = contest.corrected[name] if removed else (mean, mean - half, mean + half)
    worth_, low, high = (_known(each) if has_score else None for each in worth)
    gain, chance = _beside(contest, choice, name, compared_with) if has_score else (None, None)
    return Contender(
        name=name,
        kind=_kind(contest, name),
        mean=_known(mean),
        ci95=_known(half),
        worth=worth_,
        low=low,
        high=high,
        luck_removed=removed and has_score,
        stuck=None if reached.stuck is None else int(reached.stuck.sum()),
        gain=gain,
        chance=chance,
        left_out=_left_out(contest, choice, name),
    )


def _known(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


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
    return contest.gain(name, other), contest.chance(name, other, rope) if contest.tested else None


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
