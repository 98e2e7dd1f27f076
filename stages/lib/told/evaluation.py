"""Says in sentences what the evaluation has written: its whole answer, notes on it, and what inputs are worth."""

import numpy as np
import pandas as pd

from stages.lib.common import format_interval, join_words, score_decimals
from stages.lib.config import Params
from stages.lib.data import given_away_told
from stages.lib.results import Results, files
from stages.lib.results.answer import Answer
from stages.lib.told.answer import files_told, lead
from stages.lib.told.costs import read_threshold
from stages.lib.told.residuals import errors_told
from stages.lib.told.scores import too_few

# How many columns a sentence names.
_MOST_COLUMNS = 3


def paragraphs(results: Results, params: Params, answer: Answer) -> list[str]:
    """Return what the evaluation answers.

    First which model to use and why, then whether a column gives the target away, how far predicted numbers may be off,
    from which probability on a class is predicted, where mistakes have costs, and which model is in which file.
    """
    saved = answer.handed_over
    told = (_given_away(results, params), errors_told(results, params, saved), read_threshold(results, params, saved))
    return list(filter(None, [lead(answer), *told, files_told(answer)]))


def _given_away(results: Results, params: Params) -> str:
    evaluation = results.json(files.EVALUATION)
    with results.expecting(files.EVALUATION):
        if (given := evaluation.get("given_away")) is None:
            return ""
        found = {tuple(columns): share for columns, share in given}
        return given_away_told(found, params.data.target, params.model.classifies)


def read_note(results: Results, params: Params) -> str | None:
    """Return a note if intervals may be too narrow, because a class has few rows, or there are few groups."""
    if params.cv.keeps_time:
        return None
    evaluation = results.json(files.EVALUATION)
    with results.expecting(files.EVALUATION):
        return too_few(evaluation)


def inputs_told(results: Results, answer: Answer) -> str:
    """Say which columns matter to the answer and to the kept net."""
    table = results.table(files.INPUTS)
    saved = dict.fromkeys([answer.handed_over, answer.kept])
    return " ".join(describe_inputs(table, name, answer.scoring, answer.rope) for name in saved)


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
