"""Answers in plain sentences what to use: which contender, how good it is, and what the others would gain."""

import math
from dataclasses import dataclass

import numpy as np

from stages.lib.common import kept_in_words
from stages.lib.handover import ANSWER_FILE, MODEL_FILE
from stages.lib.winners.contest import NEEDED, Contest

# The baselines that ignore the inputs, and those that are simpler than any other model; for classes and for numbers.
IGNORANT = ("majority_class", "mean")
LINEAR = ("logistic_regression", "linear_regression")


@dataclass(frozen=True)
class Answer:
    """What to use, in plain words: the contender to `use`, if one is worth it, and the best of the others.

    The `headline` is one sentence: what to use, and its score. The `reasons` say what others would gain, and the
    `files` which file is what. Handed over, saved as the answer, is the contender that was asked for, otherwise the one
    to use, otherwise a constant, and the kept net where there is not even a constant.
    """

    headline: str
    reasons: str
    files: str
    use: str | None
    runner_up: str | None
    handed_over: str

    @property
    def text(self) -> str:
        """The whole answer."""
        return " ".join(filter(None, [self.headline, self.reasons, self.files]))


def answer(contest: Contest, scoring: str, requested: str | None = None) -> Answer:
    """Answer what to use: the simplest model that no other one surpasses.

    Linear models are the simplest, then trees, then nets. The forest or the boosting, whichever scores higher, speaks
    for the trees; the kept net, which was chosen before the evaluation, for the nets, unless another one surpasses it.
    A model that scores no higher than a simpler one is not considered, and a contender that may be no better than a
    constant is never used. The one that is requested is handed over, whatever is advised.
    """
    scored = [name for name in contest.reached if np.isfinite(contest.scores(name)).all()]
    constant = next((name for name in scored if name in IGNORANT), None)
    models = [name for name in scored if name not in IGNORANT]
    useful = [name for name in models if constant is None or contest.is_apart(name, constant)]
    if not useful:
        best, handed_over = contest.best(models), requested or constant or contest.kept
        headline, why = _use_none(contest, scoring, best, constant)
        return Answer(headline, why, _files(contest, handed_over, requested), None, best, handed_over)

    nets = [name for name in useful if contest.is_net(name)]
    net = contest.kept if contest.kept in nets else contest.best(nets)
    if net and contest.surpasses(best := contest.best(nets) or net, net):
        net = best
    rising = _rising(contest, useful, net)
    place = next(
        i for i in range(len(rising)) if not any(contest.surpasses(name, rising[i]) for name in rising[i + 1 :])
    )
    use, handed_over = rising[place], requested or rising[place]
    # Of equal settings, the one that speaks for the nets is named.
    named = [name for name in (net, *models) if name]
    runner_up = contest.best([name for name in named if not np.array_equal(contest.scores(name), contest.scores(use))])
    less_simple = rising[place + 1 :]
    if net and net not in rising:
        less_simple.append(net)
    reasons = [
        _worth(contest, use),
        _beside_simpler(contest, rising[:place], rising[place:]),
        *_beside_less_simple(contest, less_simple, use),
    ]
    files = _files(contest, handed_over, requested)
    return Answer(_use(contest, scoring, use), " ".join(filter(None, reasons)), files, use, runner_up, handed_over)


def _rising(contest: Contest, useful: list[str], net: str | None) -> list[str]:
    """Return the models from the simplest on, each of which scores higher than those that are simpler."""
    plain = [name for name in useful if not contest.is_net(name)]
    linear = [name for name in plain if name in LINEAR]
    trees = contest.best([name for name in plain if name not in LINEAR])
    rising: list[str] = []
    for name in filter(None, [*linear, trees, net]):
        if not rising or contest.gain(name, rising[-1]) > 0:
            rising.append(name)
    return rising


def _use_none(contest: Contest, scoring: str, best: str | None, constant: str | None) -> tuple[str, str]:
    if not best or not constant:
        return "Use none of these models: none of them has a score.", ""
    headline = (
        f"Use none of these models: {constant}, which ignores the inputs, could be as good "
        f"({scoring} {contest.score_in_words(constant)})."
    )
    scores = f"The best of them, {contest.name_in_words(best)}, scores {contest.score_in_words(best)}."
    return headline, f"{scores} {_worth(contest, best)}".rstrip()


def _use(contest: Contest, scoring: str, use: str) -> str:
    where = "fresh splits of the rows"
    if not contest.tested:
        where = "the splits of the searches, because rows in the order of time can't be split in another way"
    return f"Use {contest.name_in_words(use)}: its {scoring} is {contest.score_in_words(use)} on {where}."


def _worth(contest: Contest, net: str) -> str:
    """Say what a net is worth without the luck that it owes to the rows that it was chosen on."""
    return (
        f"On rows that had no say in its choice, it scores {_free(contest, net)}." if net in contest.corrected else ""
    )


def _free(contest: Contest, net: str) -> str:
    score, low, high = map(contest.number_in_words, contest.corrected[net])
    return f"{score} (95 % from {low} to {high})"


def _beside_simpler(contest: Contest, simpler: list[str], others: list[str]) -> str:
    """Say how the best of the simpler models scores, and how likely the best of the others surpasses it."""
    if not simpler:
        return ""
    model = simpler[-1]
    sentence = f"{model}, which is simpler, scores {contest.score_in_words(model)}"
    if not contest.tested:
        return f"{sentence}."
    chance, name = max((contest.chance(name, model), name) for name in others)
    return f"{sentence}: the chance that {contest.name_in_words(name)} is {_better(contest)} is {_percent(chance)}."


def _beside_less_simple(contest: Contest, others: list[str], use: str) -> list[str]:
    """Say what models that are less simple would gain, and how likely that is."""
    sentences = []
    for name in others:
        gain, scores = contest.gain(name, use), contest.score_in_words(name)
        if name in contest.corrected:
            scores += f", and {_free(contest, name)} on rows that had no say in its choice"
        amount = contest.number_in_words(gain) if gain > 0 else "nothing"
        words = contest.name_in_words(name).replace("the net", "The net")
        sentence = f"{words} would gain {amount}: it scores {scores}"
        if contest.tested:
            sentence += f". The chance that it is {_better(contest)} is {_percent(contest.chance(name, use))}"
        elif gain > 0:
            sentence += f"; less than {contest.rope:g} does not matter"
        sentences.append(f"{sentence}.")
    if others and contest.tested:
        sentences[-1] = f"{sentences[-1][:-1]}, and a model that is less simple needs {_percent(NEEDED)}."
    return sentences


def _better(contest: Contest) -> str:
    return f"better by more than {contest.rope:g}" if contest.rope else "better"


def _percent(chance: float) -> str:
    """Write a probability; rounded down, so that what is shown as enough is enough."""
    percent = math.floor(100 * chance + 1e-9)
    return "below 1 %" if percent < 1 else "over 99 %" if percent > 98 else f"{percent} %"


def _files(contest: Contest, handed_over: str, requested: str | None) -> str:
    """Say which file is what."""
    kept, why = contest.kept, "As evaluate.use says, " if requested else ""
    net = kept_in_words(kept)
    if not np.isfinite(contest.scores(kept)).all():
        net += ", which diverged on some splits; set evaluate.keep to another setting"
    if handed_over == kept:
        return f"{MODEL_FILE} and {ANSWER_FILE} are {net}."
    return f"{why}{ANSWER_FILE} is {contest.name_in_words(handed_over)}; {MODEL_FILE} is {net}."
