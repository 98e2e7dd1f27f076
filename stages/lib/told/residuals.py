"""Says in plain sentences how far the numbers that a saved model predicts may be off."""

import math
from typing import Any

from stages.lib.config import Params
from stages.lib.results import Results, files


def errors_told(results: Results, params: Params, name: str) -> str:
    """Say how far predictions of the kept net or of the answer may be off; nothing of classes.

    Raises `UserError` if the evaluation has not run.
    """
    evaluation = results.json(files.EVALUATION)
    with results.expecting(files.EVALUATION):
        if evaluation["classes"]:
            return ""
    known = results.json(files.ERRORS)
    with results.expecting(files.ERRORS):
        unit = params.data.column(params.data.target).unit
        return describe_errors(known[name], name, unit, in_time=params.cv.keeps_time, in_groups=params.cv.keeps_groups)


def describe_errors(known: dict[str, Any], name: str, unit: str, *, in_time: bool, in_groups: bool) -> str:
    """Say in sentences what `prediction_errors` knows of the model of this name, whose target is in `unit`."""
    if "errors" not in known:
        return f"How far the predictions of {name} may be off is unknown, because it has none on fresh splits."
    median, most = known["errors"]["median"], known["errors"]["most"]
    decimals = max(0, 2 - math.floor(math.log10(most))) if most > 0 else 0
    after = f" {unit}" if unit else ""

    def number(value: float) -> str:
        return f"{value:,.{decimals}f}{after}"

    where = "the splits of the searches" if in_time else "fresh splits"
    text = (
        f"Half of the predictions of {name} are off by at most {number(median)} on {where}, and nine in ten by at most "
        f"{number(most)}. "
    )
    if "interval" not in known:
        fewest = "groups" if in_groups else "rows"
        return f"{text}There is no interval of a prediction, because that takes 9 {fewest} or more."
    low, high = (number(each(known["interval"]["half_widths"])) for each in (min, max))
    if in_time:
        width = high if low == high else f"{low} to {high}"
        return f"{text}Intervals of {width} to both sides would have held nine in ten of them; later rows may differ."
    width = f"± {high}" if low == high else f"from ± {low} to ± {high} by what is predicted"
    rows = "rows of new groups" if in_groups else "new rows that are like these"
    return f"{text}The interval of a prediction, {width}, holds the true number for nine in ten {rows}."
