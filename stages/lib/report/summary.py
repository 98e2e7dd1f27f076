"""Reads what the evaluation answers: what to use, its most telling contenders, and which inputs mattered."""

import math
from pathlib import Path
from typing import Any

from stages.lib.common import Output, format_interval, format_score, score_decimals, short_params
from stages.lib.report.records import Record, number, records
from stages.lib.report.tables import Table, marks_of

CONTENDERS = Path("metrics/candidates/evaluation.csv")
# The best few, and these: what was kept, where the search started, and what the inputs are worth.
_MOST = 5
_ALWAYS = ("starting_point", "majority_class", "mean")


def read_answer() -> dict[str, Any]:
    """Return what the evaluation answers; raises `UserError` if the stage evaluate has not written it.

    `headline` is one sentence: what to use, and its score. `reasons` and `files` say why, and which model is in which
    file. `use` names the contender to use, if there is one. `kept` is the net that is kept, which has the
    `brier_score`, and `handed_over` is saved as the answer. `inputs` has sentences about the columns that matter most,
    and those that a model could do without; `note` is on the intervals. What is not there is None.
    """
    with Output("metrics/evaluation.json", "what the stage evaluate writes", "evaluate").as_json() as evaluation:
        words: dict[str, Any] = {key: str(evaluation[key]) for key in ("kept", "handed_over", "inputs")}
        words["headline"] = evaluation.get("answer_headline", evaluation["answer"])
        words |= {part: evaluation.get(f"answer_{part}", "") for part in ("reasons", "files")}
        brier = evaluation.get("kept_brier_score")
        words["brier_score"] = None if brier is None else format_score(brier, 4)
        return words | {key: evaluation.get(key) for key in ("use", "note")}


def read_contenders() -> Table:
    """Return the contenders that tell most, the best first; raises `UserError` if there are none."""
    with records(CONTENDERS, "a table of scores") as rows:
        decimals = score_decimals(number(row["mean_test_score"]) for row in rows)
        tested = any(math.isfinite(number(row["ci95"])) for row in rows)
        rows = _most_telling(rows)
        columns = {
            "setting": [row["setting"] for row in rows],
            "score": [format_interval(number(row["mean_test_score"]), number(row["ci95"]), decimals) for row in rows],
            **({"vs. kept net": [_against_kept(row) for row in rows]} if tested else {}),
            "what it is": [short_params(row["params"]) for row in rows],
        }
        return Table([*columns], [[*row] for row in zip(*columns.values(), strict=True)], marks_of(rows))


def _most_telling(rows: list[Record]) -> list[Record]:
    """Return the best few, those of `_ALWAYS`, the kept net and the answer; the best first."""
    scores = {row["setting"]: number(row["mean_test_score"]) for row in rows}
    ranked = sorted(rows, key=lambda row: (math.isnan(scores[row["setting"]]), -scores[row["setting"]]))
    always = [*_ALWAYS, *(row["setting"] for row in rows if "true" in (row["kept"], row["answer"]))]
    # A setting that has several names is there once, by the last one that is there anyway, or by the first one.
    settings = {row["setting"]: row["params"] for row in ranked}
    names = {params: name for name, params in reversed(settings.items())}
    names |= {settings[name]: name for name in always if name in settings}
    ranked = [row for row in ranked if row["setting"] == names[row["params"]]]
    return [row for i, row in enumerate(ranked) if i < _MOST or row["setting"] in always]


def _against_kept(row: Record) -> str:
    return "" if row["kept"] == "true" else row["standing"] or "–"


def read_losses(rope: str) -> Table:
    """Return what shuffling each column costs each model, and where that is below the rope, which has its unit.

    Raises `UserError` if the table is missing or broken.
    """
    with records("metrics/inputs.csv", "a table of importances") as rows:
        decimals = score_decimals(number(row["importance"]) for row in rows)
        losses: dict[str, dict[str, str]] = {}
        for row in rows:
            loss = format_interval(number(row["importance"]), number(row["ci95"]), decimals)
            below = f", below {rope}" if row["below_rope"] == "true" else ""
            losses.setdefault(row["column"], {})[_with_marks(row["model"], row["role"])] = loss + below
        models = list(next(iter(losses.values()), {}))
        return Table(["input", *models], [[name, *(of[model] for model in models)] for name, of in losses.items()], {})


def _with_marks(model: str, role: str) -> str:
    """Return the name of a model with its marks, as in the chart of the inputs."""
    marks = [mark for part, mark in (("answer", "★"), ("net", "◆")) if part in role]
    return " ".join([*marks, f"{model}, the {role.replace('net', 'kept net')}"])
