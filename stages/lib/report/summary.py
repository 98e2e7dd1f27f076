"""Reads what the evaluation answers: what to use, its most telling contenders, and which inputs mattered."""

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stages.lib.common import format_score, read_json, reading, score_decimals, short_params
from stages.lib.report.findings import standing
from stages.lib.report.records import Record, number, read_records
from stages.lib.report.tables import Table

EVALUATION = Path("metrics/candidates/evaluation.csv")
# The best few, and these: what was kept, where the search started, and what the inputs are worth.
_MOST = 5
_ALWAYS = ("starting_point", "majority_class", "mean")

_FOUND = Path("metrics/evaluation.json")
_AGAIN = "Run `dvc repro evaluate`."
INPUTS = Path("metrics/inputs.csv")


@dataclass(frozen=True)
class Answer:
    """What the evaluation answers: what to use and what is kept, its Brier score, and a note on its intervals."""

    text: str
    use: str | None
    kept: str
    brier_score: str | None
    note: str | None


def read_answer() -> Answer:
    """Return the answer to what to use; raises `UserError` if the stage evaluate has not written it."""
    found = read_json(_FOUND, _AGAIN)
    with reading(_FOUND, "not what the stage evaluate writes", _AGAIN):
        brier = found.get("kept_brier_score")
        return Answer(
            str(found["answer"]),
            found.get("use"),
            str(found["kept"]),
            None if brier is None else format_score(brier, 4),
            found.get("note"),
        )


def read_contenders(use: str | None) -> Table:
    """Return the contenders that tell most, best first, with the one to use marked.

    Raises `UserError` if there is no evaluation.
    """
    return read_records(EVALUATION, "a table of scores", partial(_contenders, use=use))


def _contenders(rows: list[Record], use: str | None) -> Table:
    scores = [number(row["mean_test_score"]) for row in rows]
    best_first = sorted(range(len(rows)), key=lambda i: -scores[i] if math.isfinite(scores[i]) else math.inf)
    ranked = [rows[i] for i in best_first]
    told = [*_ALWAYS, *(row["setting"] for row in rows if row["kept"] == "true"), use]
    # A setting that has several names is told once, by the last one that is told anyway, or by the first one.
    settings = {row["setting"]: row["params"] for row in ranked}
    names = {params: name for name, params in reversed(settings.items())}
    names |= {settings[name]: name for name in told if name in settings}
    ranked = [row for row in ranked if row["setting"] == names[row["params"]]]
    chosen = [row for i, row in enumerate(ranked) if i < _MOST or row["setting"] in told]
    decimals = score_decimals(scores)
    tested = any(math.isfinite(number(row["ci95"])) for row in rows)
    shown = [
        [row["setting"], _score(row, decimals), *([_against(row)] if tested else []), short_params(row["params"])]
        for row in chosen
    ]
    headings = ["setting", "score", *(["vs. kept"] if tested else []), "what it is"]
    return Table(headings, shown, next((i for i, row in enumerate(chosen) if row["setting"] == use), -1))


def _score(row: Record, decimals: int) -> str:
    mean, half = number(row["mean_test_score"]), number(row["ci95"])
    if math.isnan(mean):
        return "no score"
    return format_score(mean, decimals) + (f" ± {format_score(half, decimals)}" if math.isfinite(half) else "")


def _against(row: Record) -> str:
    return "kept" if row["kept"] == "true" else standing(row) or "–"


@dataclass(frozen=True)
class Inputs:
    """What the inputs are worth.

    Parameters
    ----------
    handed_over : str
        The contender that is saved as the answer.
    text : str
        Sentences about the columns that matter most, and about those that a model could do without.
    table : Table
        What shuffling each column costs each model.
    """

    handed_over: str
    text: str
    table: Table


def read_inputs() -> Inputs:
    """Return what the stage evaluate has written; raises `UserError` if there is none of it, or if it is broken."""
    table = read_records(INPUTS, "a table of importances", _losses)
    found = read_json(_FOUND, _AGAIN)
    with reading(_FOUND, "not what the stage evaluate writes", _AGAIN):
        return Inputs(str(found["handed_over"]), str(found["inputs"]), table)


def _losses(rows: list[Record]) -> Table:
    """Return a row for each column of the data, in the order of the first model, and a column for each model."""
    decimals = score_decimals(number(row["importance"]) for row in rows)
    models = list(dict.fromkeys(f"{row['model']}, the {row['role']}" for row in rows))
    lost = {(row["column"], f"{row['model']}, the {row['role']}"): _loss(row, decimals) for row in rows}
    names = list(dict.fromkeys(row["column"] for row in rows))
    return Table(["input", *models], [[name, *(lost[name, model] for model in models)] for name in names], -1)


def _loss(row: Record, decimals: int) -> str:
    half = number(row["ci95"])
    told = format_score(number(row["importance"]), decimals)
    told += f" ± {format_score(half, decimals)}" if math.isfinite(half) else ""
    return told + (", below the rope" if row["below_rope"] == "true" else "")
