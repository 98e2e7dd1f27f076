"""Says in plain sentences what the evaluation answers, from the numbers that it has written; no stage reads them."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from resampled.means.few import too_narrow
from stages.lib.best_params.leaderboard import read_picks
from stages.lib.common import format_interval, format_score, join_words, kept_in_words, net_in_words, score_decimals
from stages.lib.config import ANSWER, Params
from stages.lib.evaluate.contest import NEEDED, Choice, Contest, choose
from stages.lib.results import SCORE, Results, files
from stages.lib.scores import mean_of_others, split_scores, stuck_of
from stages.lib.scores.reached import Reached, by_units_of
from stages.lib.told.costs import read_threshold
from stages.lib.told.residuals import errors_told
from stages.lib.told.scores import in_words

# How many columns a sentence names.
_MOST_COLUMNS = 3


@dataclass(frozen=True)
class Answer:
    """What to use, in plain words: a `headline` with its score, `reasons`, which of the `files` is what, and names.

    `errors` says how far predicted numbers may be off.
    `threshold` says from which probability on a class is predicted, where mistakes have costs.
    """

    headline: str
    reasons: str
    files: str
    use: str | None
    runner_up: str | None
    handed_over: str
    errors: str = ""
    threshold: str = ""

    @property
    def text(self) -> str:
        """The whole answer."""
        return " ".join(filter(None, [self.headline, self.reasons, self.errors, self.threshold, self.files]))


def read_answer(results: Results, params: Params) -> Answer:
    """Return what the evaluation answers; raises `UserError` if it has not run, or ran with other experiments."""
    table = results.table(files.CONTENDERS)
    with results.expecting(files.CONTENDERS):
        (saved,) = table.loc[table["answer"], "setting"]
    asked = params.evaluate.use != ANSWER
    contest = read_contest(results, params, table)
    choice = choose(contest, saved if asked else None)
    # What is said of the files is true of them, whatever params.yaml asks for now.
    answer = answer_told(contest, replace(choice, handed_over=saved), params.cv.scoring, asked)
    told = {"errors": errors_told(results, params, saved), "threshold": read_threshold(results, params, saved)}
    return replace(answer, **told)


def read_contest(results: Results, params: Params, table: pd.DataFrame) -> Contest:
    """Return the contest from the table of its contenders, as far as the answer needs it."""
    with results.expecting(files.CONTENDERS):
        columns = zip(
            *(table[key] for key in ("setting", "ci95", "is_net")),
            split_scores(table),
            stuck_of(table),
            by_units_of(table),
            strict=True,
        )
        reached = {
            str(name): Reached({SCORE: scores}, float(ci95), "", stuck if is_net else None, by_unit)
            for name, ci95, is_net, scores, stuck, by_unit in columns
        }
        (kept,) = table.loc[table["kept"], "setting"]
    n_rows, counts, n_groups = _counts(results)
    resampling = params.cv.resampling(n_rows, counts, n_groups or None)
    corrected = read_picks(results, params).corrected
    return Contest(reached, kept, resampling, params.rope, corrected)


def _counts(results: Results) -> tuple[int, list[int], int]:
    """Return how many rows the evaluation had, how many of each class, and how many groups; 0 if it had none."""
    evaluation = results.json(files.EVALUATION)
    with results.expecting(files.EVALUATION):
        return evaluation["n_rows"], [*evaluation["classes"].values()], evaluation.get("n_groups", 0)


def read_note(results: Results, params: Params) -> str | None:
    """Return a note if intervals may be too narrow, because a class has few rows, or there are few groups."""
    if params.cv.keeps_time:
        return None
    _, counts, n_groups = _counts(results)
    return too_narrow(counts, np.arange(n_groups) if n_groups else None)


def answer_told(contest: Contest, choice: Choice, scoring: str, asked: bool = False) -> Answer:
    """Say what was chosen, and why; whether the contender that is handed over was `asked` for."""
    words, use = _Words(contest), choice.use
    if use is None:
        headline, reasons = words.none(choice, scoring)
    else:
        headline = words.use(use, scoring)
        place = choice.rising.index(use)
        less_simple = choice.rising[place + 1 :]
        if choice.net and choice.net not in choice.rising:
            less_simple = [*less_simple, choice.net]
        simpler = words.beside_simpler(choice.rising[:place], choice.rising[place:])
        reasons = " ".join(filter(None, [words.worth(use), simpler, *words.beside_less_simple(less_simple, use)]))
    saved = words.files(choice.handed_over, asked)
    return Answer(headline, reasons, saved, use, choice.runner_up, choice.handed_over)


@dataclass(frozen=True)
class _Words:
    """Says things of the contenders of a contest."""

    contest: Contest

    def name(self, name: str) -> str:
        return net_in_words(name) if self.contest.is_net(name) else name

    @property
    def decimals(self) -> int:
        return score_decimals(map(self.contest.mean, self.contest.reached))

    def number(self, score: float) -> str:
        return format_score(score, self.decimals)

    def score(self, name: str) -> str:
        reached, mean = self.contest.reached[name], self.contest.mean(name)
        words = format_interval(mean, reached.ci95, self.decimals)
        if reached.stuck is None or not reached.stuck.any():
            return words
        others = self.number(mean_of_others(self.contest.scores(name), reached.stuck))
        return f"{words} ({in_words(int(reached.stuck.sum()), len(reached.stuck), others)})"

    def none(self, choice: Choice, scoring: str) -> tuple[str, str]:
        best, constant = choice.runner_up, choice.constant
        if not best or not constant:
            return "Use none of these models: none of them has a score.", ""
        headline = (
            f"Use none of these models: {constant}, which ignores the inputs, could be as good "
            f"({scoring} {self.score(constant)})."
        )
        scores = f"The best of them, {self.name(best)}, scores {self.score(best)}."
        return headline, f"{scores} {self.worth(best)}".rstrip()

    def use(self, use: str, scoring: str) -> str:
        where = "fresh splits of the rows"
        if not self.contest.tested:
            where = "the splits of the searches, because rows in the order of time can't be split in another way"
        return f"Use {self.name(use)}: its {scoring} is {self.score(use)} on {where}."

    def worth(self, net: str) -> str:
        known = net in self.contest.corrected
        return f"On rows that had no say in its choice, it scores {self.free(net)}." if known else ""

    def free(self, net: str) -> str:
        score, low, high = map(self.number, self.contest.corrected[net])
        return f"{score} (95 % from {low} to {high})"

    @property
    def better(self) -> str:
        return f"better by more than {self.contest.rope:g}" if self.contest.rope else "better"

    def beside_simpler(self, simpler: list[str], others: list[str]) -> str:
        if not simpler:
            return ""
        model = simpler[-1]
        sentence = f"{model}, which is simpler, scores {self.score(model)}"
        if not self.contest.tested:
            return f"{sentence}."
        chance, name = max((self.contest.chance(name, model), name) for name in others)
        return f"{sentence}: the chance that {self.name(name)} is {self.better} is {_percent(chance)}."

    def beside_less_simple(self, others: list[str], use: str) -> list[str]:
        contest, sentences = self.contest, []
        for name in others:
            gain, scores = contest.gain(name, use), self.score(name)
            if name in contest.corrected:
                scores += f", and {self.free(name)} on rows that had no say in its choice"
            amount = self.number(gain) if gain > 0 else "nothing"
            words = self.name(name).replace("the net", "The net")
            sentence = f"{words} would gain {amount}: it scores {scores}"
            if contest.tested:
                sentence += f". The chance that it is {self.better} is {_percent(contest.chance(name, use))}"
            elif gain > 0:
                sentence += f"; less than {contest.rope:g} does not matter"
            sentences.append(f"{sentence}.")
        if others and contest.tested:
            sentences[-1] = f"{sentences[-1][:-1]}, and a model that is less simple needs {_percent(NEEDED)}."
        return sentences

    def files(self, handed_over: str, asked: bool) -> str:
        kept, why = self.contest.kept, "As evaluate.use says, " if asked else ""
        net = kept_in_words(kept)
        if not np.isfinite(self.contest.scores(kept)).all():
            net += ", which diverged on some splits; set evaluate.keep to another setting"
        if handed_over == kept:
            return f"{files.MODEL_FILE} and {files.ANSWER_FILE} are {net}."
        return f"{why}{files.ANSWER_FILE} is {self.name(handed_over)}; {files.MODEL_FILE} is {net}."


def _percent(chance: float) -> str:
    """Write a probability; rounded down, so that what is shown as enough is enough."""
    percent = math.floor(100 * chance + 1e-9)
    return "below 1 %" if percent < 1 else "over 99 %" if percent > 98 else f"{percent} %"


def inputs_told(results: Results, params: Params) -> str:
    """Say which columns matter to the answer and to the kept net."""
    table, contenders = results.table(files.INPUTS), results.table(files.CONTENDERS)
    saved = [name for mark in ("answer", "kept") for name in contenders.loc[contenders[mark], "setting"]]
    names = dict.fromkeys(saved)
    return " ".join(describe_inputs(table, name, params.cv.scoring, params.rope) for name in names)


def describe_inputs(table: pd.DataFrame, name: str, scoring: str, rope: float) -> str:
    """Say in sentences which columns of the table, as `with_standing` returns it, matter to the model of this name."""
    rows = table[table["model"] == name]
    if rows.empty or not np.isfinite(rows["importance"]).all():
        return f"What the inputs are worth to {name} is unknown, because it has no score on some splits."
    if (rows["importance"] == 0).all():
        return f"{name} looks at none of the inputs."
    decimals = score_decimals(rows["importance"])
    is_below = rows["below_rope"].fillna(False).astype(bool)
    most = rows[~is_below & (rows["importance"] > 0)].head(_MOST_COLUMNS)
    losses = [
        f"{column} ({format_interval(mean, half, decimals)})"
        for column, mean, half in zip(most["column"], most["importance"], most["ci95"], strict=True)
    ]
    text = f"When a column is shuffled, {name} loses the most {scoring} for {join_words(losses)}. " if losses else ""
    if below := rows.loc[is_below, "column"].tolist():
        text += f"For {join_words(below)}, {name} loses less than {rope:g} with 95 %. "
        text += "Columns that are correlated stand in for each other"
        return f"{text}, so without all of these it may lose more." if len(below) > 1 else f"{text}."
    if np.isfinite(rows["ci95"]).any():
        text += f"For no column is it certain, with 95 %, that {name} loses less than {rope:g}."
    return text.rstrip()
