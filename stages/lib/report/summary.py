"""Reads what the evaluation answers: what to use, its most telling contenders, and which inputs mattered."""

import math
from pathlib import Path
from typing import Any

from stages.lib.common import Output, format_interval, format_score, score_decimals, short_params
from stages.lib.comparison.findings import standing
from stages.lib.report.records import Record, number, records
from stages.lib.report.tables import Table

CONTENDERS = Path("metrics/candidates/evaluation.csv")
# The best few, and these: what was kept, where the search started, and what the inputs are worth.
_MOST = 5
_ALWAYS = ("starting_point", "majority_class", "mean")


def read_answer() -> dict[str, Any]:
    """Return what the evaluation answers; raises `UserError` if the stage evaluate has not written it.

    `answer` says what to use, in words, and `use` names the contender, if there is one. `kept` is the net that is kept,
    which has the `brier_score`, and `handed_over` is saved as the answer. `inputs` has sentences about the columns that
    matter most, and those that a model could do without; `note` is on the intervals. What is not there is None.
    """
    with Output("metrics/evaluation.json", "what the stage evaluate writes", "evaluate").as_json() as evaluation:
        words: dict[str, Any] = {key: str(evaluation[key]) for key in ("answer", "kept", "handed_over", "inputs")}
        brier = evaluation.get("kept_brier_score")
        words["brier_score"] = None if brier is None else format_score(brier, 4)
        return words | {key: evaluation.get(key) for key in ("use", "note")}


def read_contenders(use: str | None) -> Table:
    """Return the contenders that tell most, best first, the one to use marked; raises `UserError` if there are none."""
    with records(CONTENDERS, "a table of scores") as rows:
        decimals = score_decimals(number(row["mean_test_score"]) for row in rows)
        tested = any(math.isfinite(number(row["ci95"])) for row in rows)
        rows = _most_telling(rows, use)
        names = [row["setting"] for row in rows]
        columns = {
            "setting": names,
            "score": [format_interval(number(row["mean_test_score"]), number(row["ci95"]), decimals) for row in rows],
            **({"vs. kept": [_against_kept(row) for row in rows]} if tested else {}),
            "what it is": [short_params(row["params"]) for row in rows],
        }
        return Table(
            [*columns],
            [[*row] for row in zip(*columns.values(), strict=True)],
            names.index(use) if use in names else -1,
        )


def _most_telling(rows: list[Record], use: str | None) -> list[Record]:
    """Return the best few, those of `_ALWAYS`, the kept one and the one to use; the best first."""
    scores = {row["setting"]: number(row["mean_test_score"]) for row in rows}
    ranked = sorted(rows, key=lambda row: (math.isnan(scores[row["setting"]]), -scores[row["setting"]]))
    always = [*_ALWAYS, *(row["setting"] for row in rows if row["kept"] == "true"), use]
    # A setting that has several names is there once, by the last one that is there anyway, or by the first one.
    settings = {row["setting"]: row["params"] for row in ranked}
    names = {params: name for name, params in reversed(settings.items())}
    names |= {settings[name]: name for name in always if name in settings}
    ranked = [row for row in ranked if row["setting"] == names[row["params"]]]
    return [row for i, row in enumerate(ranked) if i < _MOST or row["setting"] in always]


def _against_kept(row: Record) -> str:
    shares = {key: number(row[key]) for key in ("worse", "equal", "better")}
    return "kept" if row["kept"] == "true" else standing(shares) or "–"


def read_losses() -> Table:
    """Return what shuffling each column costs each model; raises `UserError` if the table is missing or broken."""
    with records("metrics/inputs.csv", "a table of importances") as rows:
        decimals = score_decimals(number(row["importance"]) for row in rows)
        losses: dict[str, dict[str, str]] = {}
        for row in rows:
            loss = format_interval(number(row["importance"]), number(row["ci95"]), decimals)
            below = ", below the rope" if row["below_rope"] == "true" else ""
            losses.setdefault(row["column"], {})[f"{row['model']}, the {row['role']}"] = loss + below
        models = list(next(iter(losses.values()), {}))
        return Table(["input", *models], [[name, *(of[model] for model in models)] for name, of in losses.items()], -1)
