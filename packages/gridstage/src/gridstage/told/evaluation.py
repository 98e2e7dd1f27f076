"""Says in sentences what the evaluation has written: its whole answer, inputs, how far off it is, and thresholds."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from gridstage.common import format_interval, format_score, join_words, score_decimals
from gridstage.config import Costs, Params
from gridstage.data import given_away_told
from gridstage.results import Results, files
from gridstage.results.answer import Answer
from gridstage.results.evaluation import PredictionErrors, Threshold
from gridstage.scores.thresholds import DEFAULT, THRESHOLDS, applied
from gridstage.told.answer import files_told, lead
from gridstage.told.printed import print_ranking
from gridstage.told.scores import NOT_TESTED, too_few

# How many columns a sentence names.
_MOST_COLUMNS = 3


def paragraphs(results: Results, params: Params, answer: Answer) -> list[str]:
    """Return what the evaluation answers.

    First which model to use and why, then whether a column gives the target away, how far predicted numbers may be off,
    from which probability on a class is predicted, where mistakes have costs, and which model is in which file.
    """
    saved = answer.handed_over
    sentences = [
        lead(answer),
        _given_away(results, params),
        errors_told(results, params, saved),
        read_threshold(results, params, saved),
        files_told(answer),
    ]
    return list(filter(None, sentences))


def _given_away(results: Results, params: Params) -> str:
    given = results.read(files.EVALUATION).given_away
    if given is None:
        return ""
    found = {tuple(columns): share for columns, share in given}
    return given_away_told(found, params.data.target, params.model.classifies)


def read_note(results: Results, params: Params) -> str | None:
    """Return a note if intervals may be too narrow, because a class has few rows, or there are few groups."""
    if params.cv.keeps_time:
        return None
    return too_few(results.read(files.EVALUATION))


def print_evaluation(
    results: Results,
    params: Params,
    answer: Answer,
    n_splits: int,
    saved: Iterable[str],
) -> None:
    """Print what the evaluation answers, and how the contenders rank.

    Parameters
    ----------
    results : Results
        Where the files of the evaluation are read.
    params : Params
        What params.yaml says.
    answer : Answer
        The answer, as `judge` has it.
    n_splits : int
        On how many splits the contenders were scored.
    saved : iterable of str
        What is said of the saved models, as `save` returns it.

    Raises
    ------
    UserError
        If a file is missing or broken.

    Examples
    --------
    >>> print_evaluation(results, params, results.read(files.ANSWER), 6, ["Both models are saved."])
    Use ...
    evaluation: accuracy over 6 new splits
    ...
    Both models are saved.
    """
    cv, note = params.cv, read_note(results, params)
    print(*filter(None, [*paragraphs(results, params, answer), note]), sep="\n")
    which = "splits of the searches" if cv.keeps_time else "new splits"
    print_ranking(answer, f"evaluation: {cv.scoring} over {n_splits} {which}")
    if cv.keeps_time:
        print("Rows in the order of time can be split in one way only,", end=" ")
        print(f"so these splits are those that the winners won on\n({NOT_TESTED}).")
    print(inputs_told(results, answer), *saved, sep="\n")


def inputs_told(results: Results, answer: Answer) -> str:
    """Say which columns matter to the answer and to the kept net."""
    table = results.table(files.INPUTS)
    saved = dict.fromkeys([answer.handed_over, answer.kept])
    return " ".join(
        describe_inputs(table, name, answer.scoring, answer.rope) for name in saved
    )


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
    losses = []
    for _, row in most.iterrows():
        loss = format_interval(row["importance"], row["ci95"], decimals)
        losses.append(f"{row['column']} ({loss})")
    text = ""
    if losses:
        text = f"When a column is shuffled, {name} loses the most {scoring} for {join_words(losses)}. "
    below = rows.loc[is_below, "column"].tolist()
    if below:
        text += f"For {join_words(below)}, {name} loses less than {rope:g} with 95 %. "
        text += "Columns that are correlated stand in for each other"
        more = ", so without all of these it may lose more" if len(below) > 1 else ""
        return f"{text}{more}."
    if np.isfinite(rows["ci95"]).any():
        text += f"For no column is it certain, with 95 %, that {name} loses less than {rope:g}."
    return text.rstrip()


def errors_told(results: Results, params: Params, name: str) -> str:
    """Say how far predictions of the kept net or of the answer may be off; nothing of classes.

    Raises `UserError` if the evaluation has not run.
    """
    if results.read(files.EVALUATION).classes:
        return ""
    with results.expecting(files.ERRORS):
        known = results.read(files.ERRORS).root[name]
    unit = params.data.column(params.data.target).unit
    in_time, in_groups = params.cv.keeps_time, params.cv.keeps_groups
    return describe_errors(known, name, unit, in_time=in_time, in_groups=in_groups)


def describe_errors(
    known: PredictionErrors, name: str, unit: str, *, in_time: bool, in_groups: bool
) -> str:
    """Say in sentences how far the model of this name may be off, whose target is in `unit`."""
    if known.errors is None:
        return f"How far the predictions of {name} may be off is unknown, because it has none on fresh splits."
    median, most = known.errors.median, known.errors.most
    decimals = max(0, 2 - math.floor(math.log10(most))) if most > 0 else 0
    after = f" {unit}" if unit else ""

    def number(value: float) -> str:
        return f"{value:,.{decimals}f}{after}"

    where = "the splits of the searches" if in_time else "fresh splits"
    text = (
        f"Half of the predictions of {name} are off by at most {number(median)} on {where}, and nine in ten by at most "
        f"{number(most)}. "
    )
    if known.interval is None:
        fewest = "groups" if in_groups else "rows"
        return f"{text}There is no interval of a prediction, because that takes 9 {fewest} or more."
    halves = known.interval.half_widths
    low, high = number(min(halves)), number(max(halves))
    if in_time:
        width = high if low == high else f"{low} to {high}"
        return f"{text}Intervals of {width} to both sides would have held nine in ten of them; later rows may differ."
    width = (
        f"± {high}" if low == high else f"from ± {low} to ± {high} by what is predicted"
    )
    rows = "rows of new groups" if in_groups else "new rows that are like these"
    return f"{text}The interval of a prediction, {width}, holds the true number for nine in ten {rows}."


def class_names(labels: Sequence[str]) -> list[str]:
    """Return what readers call classes: their labels; of two without labels, which are 0 and 1, 1 is positive."""
    return ["not positive", "positive"] if [*labels] == ["0", "1"] else [*labels]


def read_threshold(results: Results, params: Params, name: str) -> str:
    """Return what the threshold of a saved model costs; "" where mistakes had no costs."""
    evaluation = results.read(files.EVALUATION)
    if evaluation.costs is None:
        return ""
    with results.expecting(files.EVALUATION):
        costs = Costs.model_validate(evaluation.costs)
    labels = class_names(params.data.labels_of(2))
    return threshold_told(name, labels, costs, evaluation.thresholds.get(name))


def threshold_told(
    name: str, labels: Sequence[str], costs: Costs, chosen: Threshold | None
) -> str:
    """Say which threshold of a model costs least, and what that and others cost per row."""
    if chosen is None:
        return f"{name} has no probabilities, so evaluate.costs chooses no threshold."
    negative, positive = labels
    decimals = score_decimals([chosen.default_cost])
    cost = format_score(chosen.cost, decimals)
    default_cost = format_score(chosen.default_cost, decimals)
    mistakes = (
        f"with costs of {costs.false_positive:g} for a false positive "
        f"and {costs.false_negative:g} for a false negative"
    )
    least = f"which costs least {mistakes}: {cost} per row, where the rows that pay have no say in the choice"
    others = [
        f"From {DEFAULT:g} on, a row would cost {default_cost}, {_difference(chosen, decimals)}."
    ]
    if chosen.calibrated != DEFAULT:
        theory = f"The threshold for probabilities that are right, {chosen.calibrated:g}, needs no choice"
        calibrated_cost = format_score(chosen.calibrated_cost, decimals)
        others.append(f"{theory}; with it, a row would cost {calibrated_cost}.")
    if chosen.threshold == DEFAULT:
        start = f"Predict the more probable class, which costs least {mistakes}: {default_cost} per row."
        del others[0]
    elif chosen.threshold in THRESHOLDS[[0, -1]]:
        every = positive if chosen.threshold == 0 else negative
        start = f"Predict {every} for every row, {least}. {name} is of no use there; "
        start += f"it predicts {positive} from a probability of {applied(chosen):g} on."
    else:
        start = f"Predict {positive} from a probability of {chosen.threshold:g} on, {least}."
    return " ".join([start, *others])


def _difference(chosen: Threshold, decimals: int) -> str:
    half = math.nan if chosen.saved_ci95 is None else chosen.saved_ci95
    amount = format_interval(abs(chosen.saved), half, decimals)
    return f"{amount} {'more' if chosen.saved >= 0 else 'less'}"
