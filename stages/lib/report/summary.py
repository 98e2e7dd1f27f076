"""Reads the first screen of the report: the answer of the evaluation, and its most telling contenders."""

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
    path, again = Path("metrics/evaluation.json"), "Run `dvc repro evaluate`."
    found = read_json(path, again)
    with reading(path, "not what the stage evaluate writes", again):
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
