"""What contenders reach on the splits of the evaluation, as tables: of baselines, and of what each search picks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gridstage.common import UserError
from gridstage.config import CV
from gridstage.config.cv import OF_NUMBERS
from gridstage.results import SCORE, split_columns
from resampled.means.by_unit import ByUnit


@dataclass(frozen=True)
class Reached:
    """What a contender reaches on the splits of the evaluation.

    The `scores`, of shape (n_splits,), are by scorer: `score`, of the one that selects, then the others by name, the
    second scorer among them; NaN where a net diverged or a scorer failed. `ci95` is half the width of the 95 % interval
    of the mean score, NaN if it has none. `params` is a description, or the settings of a net. `stuck` says on which
    splits a net is stuck; it is None for a model that is no net. `by_unit` is what bundles of rows or groups make of
    the scores of this one; None where that is not known. `not_by_kernel` is why the engine's kernel has not trained a
    net in this process, or "".
    """

    scores: dict[str, np.ndarray]
    ci95: float
    params: str = ""
    stuck: np.ndarray | None = None
    by_unit: ByUnit | None = None
    not_by_kernel: str = ""


def second_scorer(scoring: str) -> str | None:
    """Return the evaluation's second scorer, which shows how far a prediction is off; None if it is the first one."""
    second = "neg_mean_absolute_error" if scoring in OF_NUMBERS else "neg_brier_score"
    return None if second == scoring else second


def scorers_of(cv: CV) -> list[str]:
    """Return the names of the scorers of the evaluation, as in `Reached.scores`: each once."""
    names = [SCORE, *cv.also_score, second_scorer(cv.scoring)]
    return list(filter(None, dict.fromkeys(names)))


def reached_table(contenders: Mapping[str, Reached], cv: CV) -> pd.DataFrame:
    """Tabulate what contenders reach, one row each."""
    rows = []
    for name, reached in contenders.items():
        row: dict[str, Any] = {"setting": name, "params": reached.params}
        row["ci95"] = reached.ci95
        for scorer in dict.fromkeys([*cv.also_score, *scorers_of(cv)]):
            row |= _of_splits(f"test_{scorer}", reached.scores[scorer])
        if reached.stuck is not None:
            row |= _of_splits("stuck", reached.stuck.astype(int))
        row["by_unit"] = by_unit_text(reached.by_unit)
        rows.append(row)
    return pd.DataFrame(rows)


def _of_splits(what: str, values: np.ndarray) -> dict[str, Any]:
    return {f"split{i}_{what}": value for i, value in enumerate(values)}


def reached_of(
    table: pd.DataFrame, cv: CV, n_splits: int, refusal: UserError
) -> dict[str, Reached]:
    """Return what `reached_table` has tabulated; raises the refusal if it is of other splits or scorers."""
    columns = {name: split_columns(table, name) for name in scorers_of(cv)}
    if {*map(len, columns.values())} != {n_splits}:
        raise refusal
    stuck = [f"split{i}_stuck" for i in range(n_splits)]
    found = {}
    for _, row in table.iterrows():
        scores = {}
        for scorer, names in columns.items():
            scores[scorer] = row[names].to_numpy(dtype=np.float64)
        is_stuck = row[stuck].to_numpy(dtype=bool) if {*stuck} <= {*table} else None
        by_unit, ci95 = by_unit_of(row.get("by_unit")), float(row["ci95"])
        params = str(row["params"])
        found[str(row["setting"])] = Reached(scores, ci95, params, is_stuck, by_unit)
    return found


def by_unit_text(by_unit: ByUnit | None) -> str:
    """Write `Reached.by_unit` in a cell, its values repeat by repeat, then its moves; "" if it is not known."""
    if by_unit is None:
        return ""
    values = ";".join(map(_joined, by_unit.values[0]))
    return f"{values}|{_joined([by_unit.alone, *by_unit.moves[0]])}"


def by_unit_of(text: object) -> ByUnit | None:
    """Return what `by_unit_text` has written; None for an empty cell, or one of before, which has no moves."""
    if not isinstance(text, str) or "|" not in text:
        return None
    of_repeats, of_splits = text.split("|")
    values = [each.split() for each in of_repeats.split(";")]
    alone, *moves = map(float, of_splits.split())
    return ByUnit(np.array([values], dtype=float), np.array([moves]), alone)


def _joined(numbers: Iterable[float]) -> str:
    return " ".join(f"{number:.6g}" for number in numbers)
