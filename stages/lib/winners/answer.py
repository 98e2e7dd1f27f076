"""Answers in plain sentences what to use: which contender, how good it is, what comes next, and whether a net pays."""

from dataclasses import dataclass

import numpy as np

from stages.lib.common import format_score
from stages.lib.handover import ANSWER_FILE, MODEL_FILE
from stages.lib.winners.contest import Contest

# The baselines that ignore the inputs, and those that are simpler than any other model; for classes and for numbers.
IGNORANT = ("majority_class", "mean")
LINEAR = ("logistic_regression", "linear_regression")


@dataclass(frozen=True)
class Answer:
    """What to use, in plain words: the contender to `use`, if one is worth it, and the best of the others.

    Handed over, saved as the answer, is the contender that was asked for, otherwise the one to use, otherwise a
    constant, and the kept net where there is not even a constant.
    """

    text: str
    use: str | None
    runner_up: str | None
    handed_over: str


def answer(contest: Contest, scoring: str, requested: str | None = None) -> Answer:
    """Answer what to use.

    The kept net speaks for the nets: it was chosen before the evaluation. Another one does only if it is more likely
    than not better by more than the rope. In the same way, a linear model speaks for the models without a net, and a
    net is preferred to it only where it gains as much. A contender that can't be told from a constant is never used.
    The one that is requested is handed over, whatever is advised.
    """
    scored = [name for name in contest.reached if np.isfinite(contest.scores(name)).all()]
    constant = next((name for name in scored if name in IGNORANT), None)
    models = [name for name in scored if name not in IGNORANT]
    useful = [name for name in models if constant is None or contest.is_apart(name, constant)]
    if not useful:
        best, handed_over = contest.best(models), requested or constant or contest.kept
        text = f"{_use_none(contest, scoring, best, constant)} {_saved(contest, handed_over, requested)}"
        return Answer(text, None, best, handed_over)

    net = _speaker(contest, [name for name in useful if contest.is_net(name)], contest.kept)
    plain = [name for name in useful if not contest.is_net(name)]
    other = _speaker(contest, plain, next((name for name in LINEAR if name in plain), None))
    use = net or other or ""
    if net and other:
        prefers_other = not contest.gains(net, other) if other in LINEAR else contest.mean(other) > contest.mean(net)
        use = other if prefers_other else net
    # Of equal settings, the one that speaks for the nets is named.
    named = [name for name in (net, *models) if name]
    runner_up = contest.best([name for name in named if not np.array_equal(contest.scores(name), contest.scores(use))])

    sentences = [_use(contest, scoring, use)]
    if runner_up:
        sentences += _next_best(contest, use, runner_up)
    if net and other:
        rival = other if use == net else net
        figures = f": {contest.name_in_words(rival)} scores {contest.compared_in_words(rival, use)}"
        sentences.append(f"{_worth_of_net(contest, net, other)}{figures if rival != runner_up else ''}.")
    handed_over = requested or use
    return Answer(" ".join([*sentences, _saved(contest, handed_over, requested)]), use, runner_up, handed_over)


def _speaker(contest: Contest, names: list[str], preferred: str | None) -> str | None:
    """Return the preferred contender, unless it is not there or the best one gains on it."""
    best = contest.best(names)
    if best and preferred in names and not contest.gains(best, preferred):
        return preferred
    return best


def _use_none(contest: Contest, scoring: str, best: str | None, constant: str | None) -> str:
    if not best or not constant:
        return "Use none of these models: none of them has a score."
    return (
        f"Use none of these models: the best of them, {contest.name_in_words(best)}, scores "
        f"{contest.score_in_words(best)} ({scoring}), and {constant}, which ignores the inputs, scores "
        f"{contest.compared_in_words(constant, best)}."
    )


def _use(contest: Contest, scoring: str, use: str) -> str:
    where = "fresh splits of the rows"
    if not contest.tested:
        where = "the splits of the searches, because rows in the order of time can't be split in another way"
    return f"Use {contest.name_in_words(use)}: its {scoring} is {contest.score_in_words(use)} on {where}."


def _next_best(contest: Contest, use: str, runner_up: str) -> list[str]:
    score = contest.compared_in_words(runner_up, use)
    sentences = [f"The runner-up, {contest.name_in_words(runner_up)}, scores {score}."]
    if contest.mean(runner_up) > contest.mean(use):
        costs = "giving up the simpler model" if use in LINEAR else "choosing the runner-up"
        sentences.append(f"That gain does not justify {costs}.")
    return sentences


def _worth_of_net(contest: Contest, net: str, other: str) -> str:
    """Say whether a net pays, beside the best model without one."""
    if contest.gains(net, other):
        if contest.is_apart(net, other):
            return "A net is worth it here"
        return "A net may be worth it here, but the difference could be chance"
    if contest.gains(other, net):
        return f"A net is {'not' if contest.is_apart(other, net) else 'hardly'} worth it here"
    if contest.tested and contest.shares(net, other)["equal"] < 1 / 2:
        return "Whether a net is worth it here is undecided"
    return "A net does no better here than a model without one"


def _saved(contest: Contest, handed_over: str, requested: str | None) -> str:
    """Say which file is what, and what the kept net is worth: it owes luck to the rows that it was chosen on."""
    kept, files, sentence = contest.kept, f"{MODEL_FILE} and {ANSWER_FILE}", ""
    if handed_over != kept:
        files, why = str(MODEL_FILE), "As evaluate.use says, " if requested else ""
        sentence = f"{why}{ANSWER_FILE} is {contest.name_in_words(handed_over)}. "
    if not np.isfinite(contest.scores(kept)).all():
        return f"{sentence}The kept net, {kept}, diverged on some splits; set evaluate.keep to another setting."
    worth = ""
    if contest.corrected:
        score, low, high = (format_score(number, contest.decimals) for number in contest.corrected)
        worth = f"; on rows that had no say in its choice, it scores {score} (95 % from {low} to {high})"
    return f"{sentence}The kept net, {kept}, is {files}{worth}."
