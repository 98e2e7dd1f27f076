"""Answers in plain sentences what to use: which contender, how good it is, what comes next, and whether a net pays."""

from dataclasses import dataclass

import numpy as np

from stages.lib.common import format_score, score_decimals, shares_in_words
from stages.lib.handover import ANSWER_FILE, MODEL_FILE
from stages.lib.winners.contest import Contest

# The baselines that ignore the inputs, and those that are simpler than any other model; for classes and for numbers.
IGNORANT = ("majority_class", "mean")
LINEAR = ("logistic_regression", "linear_regression")


@dataclass(frozen=True)
class Answer:
    """What to use, in plain words.

    Parameters
    ----------
    text : str
        A few sentences.
    use : str or None
        The contender to use; None if none is worth it.
    runner_up : str or None
        The best of the other settings.
    handed_over : str
        The contender that is saved as the answer: the one to use, else a constant; or another one, if one was chosen.
    """

    text: str
    use: str | None
    runner_up: str | None
    handed_over: str


def answer(contest: Contest, scoring: str, chosen: str | None = None) -> Answer:
    """Answer what to use.

    The kept net speaks for the nets: it was chosen before the evaluation. Another one does only if it is more likely
    than not better by more than the rope. In the same way, a linear model speaks for the models without a net, and a
    net is preferred to it only where it gains as much. A contender that can't be told from a constant is never used.

    Parameters
    ----------
    contest : Contest
    scoring : str
        The name of the scorer.
    chosen : str, optional
        The contender that is to be handed over, whatever is advised.
    """
    scored = [name for name, scores in contest.scores.items() if np.isfinite(scores).all()]
    constant = next((name for name in scored if name in IGNORANT), None)
    models = [name for name in scored if name not in IGNORANT]
    told = _Words(contest, scoring, chosen)
    if not models:
        handed_over = told.handed_over(None, constant)
        text = f"Use none of these models: none of them has a score. {told.saved(handed_over)}"
        return Answer(text, None, None, handed_over)
    useful = [name for name in models if constant is None or contest.is_apart(name, constant)]
    if constant and not useful:
        best = contest.best(models) or ""
        handed_over = told.handed_over(None, constant)
        return Answer(f"{told.nothing(best, constant)} {told.saved(handed_over)}", None, best, handed_over)

    net = _speaker(contest, [name for name in useful if name in contest.nets], contest.kept)
    plain = [name for name in useful if name not in contest.nets]
    other = _speaker(contest, plain, next((name for name in LINEAR if name in plain), None))
    use = net or other or ""
    if net and other:
        prefers_other = not contest.gains(net, other) if other in LINEAR else contest.mean(other) > contest.mean(net)
        use = other if prefers_other else net
    # Of equal settings, the one that speaks for the nets is named.
    listed = [name for name in (net, *models) if name and not np.array_equal(contest.scores[name], contest.scores[use])]
    runner_up = contest.best(listed)
    handed_over = told.handed_over(use, constant)
    text = " ".join([*told.sentences(use, runner_up, net, other), told.saved(handed_over)])
    return Answer(text, use, runner_up, handed_over)


def _speaker(contest: Contest, names: list[str], preferred: str | None) -> str | None:
    """Return the preferred contender, unless it is not there or the best one gains on it."""
    best = contest.best(names)
    if best and preferred in names and not contest.gains(best, preferred):
        return preferred
    return best


@dataclass(frozen=True)
class _Words:
    """The sentences of an answer."""

    contest: Contest
    scoring: str
    chosen: str | None

    def sentences(self, use: str, runner_up: str | None, net: str | None, other: str | None) -> list[str]:
        """Return the answer where a contender is worth using."""
        told = [f"Use {self.called(use)}: its {self.scoring} is {self.score(use)} on {self.where}."]
        if runner_up:
            too_little = ""
            if self.contest.mean(runner_up) > self.contest.mean(use):
                too_little = ", too little more to " + ("give up the simpler model" if use in LINEAR else "prefer it")
            told.append(f"The runner-up, {self.called(runner_up)}, scores {self.compared(runner_up, use)}{too_little}.")
        if net and other:
            rival = other if use == net else net
            figures = "" if rival == runner_up else f": {self.called(rival)} scores {self.compared(rival, use)}"
            told.append(f"{self.worth(net, other)}{figures}.")
        return told

    @property
    def where(self) -> str:
        """Which rows the scores are of."""
        if self.contest.tested:
            return "fresh splits of the rows"
        return "the splits of the searches, as there are no others in the order of time"

    def nothing(self, best: str, constant: str) -> str:
        """Return the answer where nothing is better than a constant."""
        return (
            f"Use none of these models: the best of them, {self.called(best)}, scores {self.score(best)} "
            f"({self.scoring}), and {constant}, which ignores the inputs, scores {self.compared(constant, best)}."
        )

    def worth(self, net: str, other: str) -> str:
        """Say whether a net pays, beside the best model without one."""
        contest = self.contest
        if contest.is_apart(net, other) and contest.gains(net, other):
            return "A net is worth it here"
        if contest.is_apart(other, net) and contest.gains(other, net):
            return "A net is not worth it here"
        if contest.gains(net, other):
            return "A net may be worth it here, but chance explains as much"
        if contest.gains(other, net):
            return "A net is hardly worth it here"
        if contest.tested and contest.shares(net, other)["equal"] < 1 / 2:
            return "Whether a net is worth it here is undecided"
        return "A net does no better here than a model without one"

    def compared(self, one: str, other: str) -> str:
        """Return a score and how it compares with another contender's, such as `0.77 ± 0.03 (0.93 that …)`."""
        if not self.contest.tested:
            return self.score(one)
        likeliest, *_ = shares_in_words(self.contest.shares(one, other), f"{self.contest.rope:g}")
        return f"{self.score(one)} ({likeliest})"

    def handed_over(self, use: str | None, constant: str | None) -> str:
        """Return the contender that is saved as the answer; the kept net where there is not even a constant."""
        return self.chosen or use or constant or self.contest.kept

    def saved(self, handed_over: str) -> str:
        """Say which file is what, and what the kept net is worth."""
        kept, both = self.contest.kept, ""
        told = f"{'As evaluate.use says, ' if self.chosen else ''}{ANSWER_FILE} is {self.called(handed_over)}. "
        if handed_over == kept:
            told, both = "", f" and {ANSWER_FILE}"
        if not np.isfinite(self.contest.scores[kept]).all():
            return f"{told}The kept net, {kept}, diverged on some splits; set evaluate.keep to another setting."
        return f"{told}The kept net, {kept}, is {MODEL_FILE}{both}{self.worth_of_choice()}."

    def worth_of_choice(self) -> str:
        """Say what the kept net is worth: it was chosen on the rows that the fresh splits test, and owes them luck."""
        if self.contest.corrected is None:
            return ""
        decimals = score_decimals(map(self.contest.mean, self.contest.scores))
        score, low, high = (format_score(number, decimals) for number in self.contest.corrected)
        return f"; on rows that had no say in its choice it scores {score} ({low} to {high})"

    def score(self, name: str) -> str:
        """Return a mean score with its interval."""
        decimals = score_decimals(map(self.contest.mean, self.contest.scores))
        mean, half = format_score(self.contest.mean(name), decimals), self.contest.ci95[name]
        told = f"{mean} ± {format_score(half, decimals)}" if np.isfinite(half) else mean
        return told + self.contest.told_stuck(name, decimals)

    def called(self, name: str) -> str:
        """Return a contender's name, and that it is a net."""
        return f"the net {name}" if name in self.contest.nets else name
