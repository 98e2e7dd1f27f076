"""Says in sentences what the evaluation answers: which model, how sure that is, and why; and ranks the contenders."""

import math
from dataclasses import dataclass

from gridstage.common import format_score, kept_in_words, net_in_words, score_decimals
from gridstage.config import COMBINED, SIMPLEST, STARTING_POINT
from gridstage.results import files
from gridstage.results.answer import Answer, Contender
from gridstage.told.tables import TextTable

# What a constant does, by its name.
_CONSTANTS = {
    "majority_class": "always naming the most frequent class",
    "mean": "always predicting the mean",
}
# What the contenders are that are neither a search's pick nor a model of scikit-learn.
MEANINGS = {
    SIMPLEST: "the simplest candidate of the best search among those that may be its best",
    COMBINED: "the picks of the grid searches, put together",
    STARTING_POINT: "the settings that every search starts from",
}
# Numbers of nets in sentences, from two on.
_IN_LETTERS = "two three four five six seven eight nine ten eleven twelve".split()
# What balanced_accuracy is of a constant in the order of time, where some test rows may lack a class.
_ONE_OF_SOME = "1 / the number of classes in the test rows, as the mean over splits."
# Why a contender is not considered, in a word or two, and what that means.
_LEFT_OUT = {
    "no_score": ("no score", "a fit diverged on some splits"),
    "ignores_inputs": ("ignores inputs", ""),
    "no_better_than_constant": (
        "no sure gain",
        "it could be no better than a model that ignores the inputs",
    ),
    "other_of_its_kind": (
        "not the best",
        "another model of its kind is compared in its place",
    ),
    "not_named": (
        "not named",
        "evaluate.keep names another net, which alone is compared",
    ),
    "no_higher_than_simpler": (
        "below a simpler",
        "a simpler model is worth as much or more",
    ),
}


def lead(answer: Answer) -> str:
    """Say which model to use, how good that is on new rows, and why this one."""
    return " ".join(sentences(answer))


def sentences(answer: Answer) -> list[str]:
    """Return the sentences of `lead`, of which the first one says what to use, and how good that is."""
    words = _Words(answer)
    if answer.use is None:
        return words.none()
    return [*words.use(answer[answer.use]), *words.why(answer.use)]


def files_told(answer: Answer) -> str:
    """Say which model is in which of the saved files."""
    kept, handed_over = answer[answer.kept], answer[answer.handed_over]
    net = kept_in_words(kept.name)
    if kept.mean is None:
        net += ", which diverged on some splits; set evaluate.keep to another setting"
    if handed_over == kept:
        return f"{files.MODEL_FILE} and {files.ANSWER_FILE} are {net}."
    why = "As evaluate.use says, " if answer.asked else ""
    return f"{why}{files.ANSWER_FILE} is {_name(handed_over)}; {files.MODEL_FILE} is {net}."


def gained(answer: Answer) -> str:
    """Say what tuning gained: the settings that searches start from, the combination of their picks, the kept net."""
    words, sentences = _Words(answer), []
    known = {each.name: each for each in answer.contenders if each.mean is not None}
    if STARTING_POINT in known:
        sentences.append(
            f"The settings that every search starts from score {words.mean(known[STARTING_POINT])}."
        )
    if COMBINED in known:
        sentences.append(
            f"Put together, the picks of the grid searches score {words.mean(known[COMBINED])}."
        )
    if answer.kept in known:
        kept = known[answer.kept]
        name = kept_in_words(kept.name, ",").removeprefix("t")
        sentence = f"T{name} scores {words.mean(kept)}"
        if kept.luck_removed and words.differs(kept):
            without = "without the luck of being picked"
            sentence += f", and {words.number(kept.worth)} {without}"
        sentences.append(f"{sentence}.")
    return " ".join(sentences)


def ranking(answer: Answer) -> TextTable:
    """Return the contenders, the one that is worth most first; the answer and the kept net are marked.

    `mean` is of the scores; `worth` and `95 %` are without the luck of being picked, where that is known; `chance` is
    that of being better than the answer by more than is needed; `note` says what else decides.
    """
    words, contenders = _Words(answer), answer.contenders
    names = [each.name for each in contenders]
    columns = {"model": names}
    if answer.tested:
        columns["worth"] = [words.number(each.worth) for each in contenders]
        columns["95 %"] = list(map(words.interval, contenders))
        columns["chance"] = list(map(words.chance_beside, contenders))
    columns["mean"] = list(map(words.mean, contenders))
    columns["note"] = [_note(words, each) for each in contenders]
    marks = {names.index(answer.kept): "kept"}
    is_kept = answer.handed_over == answer.kept
    marks[names.index(answer.handed_over)] = "answer kept" if is_kept else "answer"
    return TextTable.of_columns(columns, marks)


def glossary(answer: Answer) -> dict[str, str]:
    """Explain the headings of `ranking`, and what is in it that is neither a search's pick nor a baseline, by word."""
    words, meanings = _Words(answer), dict[str, str]()
    if answer.tested:
        over = answer.use or answer.constant
        better = words.better if answer.use else "better at all"
        meanings["worth"] = (
            "the mean without the luck of being picked, where that is known, and its 95 % interval."
        )
        if over:
            meanings["chance"] = f"that of being {better} than {over}."
    names = {each.name for each in answer.contenders}
    meanings |= {name: f"{what}." for name, what in MEANINGS.items() if name in names}
    reasons = {words.reason(each) for each in answer.contenders if each.left_out}
    meanings |= {note: f"{why}." for note, why in sorted(reasons) if why}
    if words.constant and answer.scoring == "balanced_accuracy" and not answer.tested:
        meanings[words.constant.name] = _ONE_OF_SOME
    if any(each.stuck for each in answer.contenders):
        meanings["stuck"] = "fits whose net gives nearly all rows the same answer."
    return meanings


def _note(words: "_Words", each: Contender) -> str:
    answer = words.answer
    notes = ["the answer"] if each.name == answer.use else []
    notes += ["kept"] if each.name == answer.kept else []
    notes += [words.reason(each)[0]] if each.left_out else []
    notes += [f"{each.stuck} stuck"] if each.stuck else []
    return "; ".join(notes)


def _name(each: Contender) -> str:
    return net_in_words(each.name) if each.kind == "net" else each.name


@dataclass(frozen=True)
class _Words:
    """Says things of an answer."""

    answer: Answer

    @property
    def decimals(self) -> int:
        means = [each.mean for each in self.answer.contenders]
        return max(score_decimals(mean for mean in means if mean is not None) - 1, 0)

    def number(self, score: float | None) -> str:
        return format_score(math.nan if score is None else score, self.decimals)

    def mean(self, each: Contender) -> str:
        return "no score" if each.mean is None else self.number(each.mean)

    def differs(self, each: Contender) -> bool:
        """Whether a net's mean and its worth are two numbers as they are written."""
        return self.mean(each) != self.number(each.worth)

    def interval(self, each: Contender) -> str:
        if each.low is None:
            return ""
        return f"{self.number(each.low)} to {self.number(each.high)}"

    def chance_beside(self, each: Contender) -> str:
        if each.name == self.answer.use or each.chance is None:
            return ""
        return percent(each.chance)

    def reason(self, each: Contender) -> tuple[str, str]:
        """Say why a contender is not used, in a word or two, and what that means."""
        if each.left_out != "does_not_surpass":
            return _LEFT_OUT[each.left_out or "no_score"]
        if not self.answer.tested:
            return "gains too little", f"it would be used if it were {self.better}"
        price = self.price(each, ", as")
        needed = f"needs {percent(self.needed(each))}"
        return needed, f"the chance from which on it would be used{price}"

    def needed(self, each: Contender) -> float:
        """Return the chance that a contender needs."""
        return self.answer.net_needed if each.kind == "net" else self.answer.needed

    def price(self, each: Contender, as_: str) -> str:
        """Say what makes the chance higher that the best of several nets needs; "" for any other model."""
        n = self.answer.n_nets
        if each.kind != "net" or n == 1 or not self.answer.tested:
            return ""
        return f"{as_} the best of {_in_letters(n)}"

    @property
    def named(self) -> bool:
        """Whether other nets are left out because evaluate.keep names one."""
        return any(each.left_out == "not_named" for each in self.answer.contenders)

    @property
    def constant(self) -> Contender | None:
        return self.answer[self.answer.constant] if self.answer.constant else None

    def none(self) -> list[str]:
        answer, constant = self.answer, self.constant
        if answer.why == "no_score" or not constant or not answer.compared_with:
            return ["Use none of these models: none of them has a score."]
        best = answer[answer.compared_with]
        beside = (
            f"{_CONSTANTS[constant.name]} gets {answer.scoring} {self.mean(constant)}"
        )
        sentences = [
            f"Use none of these models: {beside}, and they could be no better.",
            self.shown(best, "best of them"),
        ]
        if best.chance is not None:
            needed = f"{100 * answer.needed:g} % are needed"
            sentences.append(
                f"The chance that it is better at all is {in_words(best.chance)}, and {needed}."
            )
        return sentences

    def use(self, use: Contender) -> list[str]:
        answer, constant = self.answer, self.constant
        where = "new rows"
        if not answer.tested:
            where = "the splits of the searches, because rows in the order of time can't be split in another way"
        first = (
            f"Use {_name(use)}: {answer.scoring} {self.number(use.worth)} on {where}"
        )
        if use.low is not None:
            first += f" (95 %: {self.interval(use)})"
        if constant:
            first += f"; {_CONSTANTS[constant.name]} gets {self.mean(constant)}"
        sentences = [f"{first}."]
        if use.name in MEANINGS:
            sentences.append(f"That is {MEANINGS[use.name]}.")
        if use.luck_removed:
            sentences.append(f"{self.showing('It', use)}; that luck is taken off here.")
        if use.kind == "net" and answer.n_nets > 1:
            best = (
                f"It is the best of {_in_letters(answer.n_nets)} nets on these splits"
            )
            sentences.append(f"{best}; that luck is not taken off.")
        if use.stuck:
            fits = f"{use.stuck} of its fits {'is' if use.stuck == 1 else 'are'}"
            stuck = "such a net gives nearly all rows the same answer"
            sentences.append(f"{fits} stuck: {stuck}.")
        return sentences

    def showing(self, subject: str, net: Contender) -> str:
        """Say that a net was picked, and by what, where that is more than it is worth."""
        among = "its search"
        if net.name == self.answer.kept:
            among = f"{self.answer.n_candidates:,}"
        if (net.mean or 0.0) > (net.worth or 0.0) and self.differs(net):
            subject += f" shows {self.mean(net)}, but it"
        return f"{subject} was picked as the best of {among}"

    def shown(self, each: Contender, what: str) -> str:
        subject = f"The {what}" if each.name == "net" else f"The {what}, {each.name},"
        if not (each.luck_removed and self.differs(each)):
            return f"{subject} gets {self.mean(each)}."
        return f"{self.showing(subject, each)}; without that luck it gets {self.number(each.worth)}."

    def why(self, use: str) -> list[str]:
        answer, sentences = self.answer, []
        other = answer[answer.compared_with] if answer.compared_with else None
        if answer.why == "surpasses" and other:
            sentences.append(
                f"{other.name}, which is simpler, gets {self.number(other.worth)}."
            )
            sentences.append(self.surpassing(answer[use], other))
        elif other:
            what = {"net": "net", "trees": "model of trees"}.get(other.kind, "model")
            sentences.append(self.shown(other, self.best(what)))
            sentences.append(self.rule(other, f"A {what}", "It"))
        elif self.constant and answer[use].kind == "net":
            sentences.append("No simpler model is surely better than that.")
        net = self.net
        if net is None and answer[use].kind != "net":
            no_net = (
                "The net that evaluate.keep names has no"
                if self.named
                else "No net has a"
            )
            sentences.append(
                f"{no_net} score that is surely better than that of the constant."
            )
        elif net and net.name not in (use, answer.compared_with):
            over = f"Over {use}, {self.chance(net, what='a chance of ')}"
            if price := self.price(net, " as"):
                over += f", and needs {in_words(self.needed(net))}{price}"
            sentences += [self.shown(net, self.best("net")), f"{over}."]
        return sentences

    def best(self, what: str) -> str:
        if what == "net" and self.named:
            return "net that evaluate.keep names"
        return f"best {what}"

    @property
    def net(self) -> Contender | None:
        """The net that speaks for all of them, if one is better than the constant."""
        spoken = (each for each in self.answer.contenders if each.kind == "net")
        considered = None, "no_higher_than_simpler", "does_not_surpass"
        return next((each for each in spoken if each.left_out in considered), None)

    @property
    def better(self) -> str:
        return f"better by {self.answer.rope:g}" if self.answer.rope else "better"

    def rule(
        self, each: Contender, subject: str, itself: str, said: str | None = None
    ) -> str:
        """Say when a model is used; the best of several nets is the subject `itself`, because it needs more."""
        price = self.price(each, ", because it is")
        rule = f"{itself if price else subject} is used if it is {self.better}"
        if self.answer.tested:
            rule += f" with a chance of {in_words(self.needed(each))}{price}"
        return f"{rule}; {said or self.chance(each, 'it' if price else None)}."

    def surpassing(self, use: Contender, simpler: Contender) -> str:
        judged, said = use, None
        if use.chance is not None and use.chance < self.needed(use) and self.net:
            judged = self.net
            said = f"{judged.name} is, than {simpler.name}, but not than {use.name}"
        return self.rule(judged, "A less simple model", f"T{_name(judged)[1:]}", said)

    def chance(self, each: Contender, name: str | None = None, what: str = "") -> str:
        """Say what is known of a contender beside the other one: a chance, or in the order of time a gain."""
        name = name or ("the net" if each.name == "net" else each.name)
        if each.chance is None:
            return f"{name} gains {self.number(each.gain)}"
        return f"{name} has {what}{in_words(each.chance)}"


def _in_letters(n: int) -> str:
    """Write a number of nets in a sentence, from two on."""
    return _IN_LETTERS[n - 2] if n - 2 < len(_IN_LETTERS) else f"{n:,}"


def in_words(chance: float) -> str:
    """Write a probability in a sentence."""
    return percent(chance).replace("< ", "less than ").replace("> ", "more than ")


def percent(chance: float) -> str:
    """Write a probability; rounded down, so that what is shown as enough is enough."""
    percent = math.floor(100 * chance + 1e-9)
    return "< 1 %" if percent < 1 else "> 99 %" if percent > 98 else f"{percent} %"
