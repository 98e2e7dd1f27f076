"""Scores the baselines on the splits of the evaluation, and reads and writes the files of that."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from resampled.means.pooling import Pooling
from stages.lib.common import Output, format_score, score_decimals, significant
from stages.lib.common.tables import print_columns
from stages.lib.config import CV
from stages.lib.model import rows
from stages.lib.scores.reached import Reached, from_csv
from stages.lib.scores.score_table import read_cells
from stages.lib.scores.scorer import all_alike, remembering
from stages.lib.scores.splits import Table
from stages.lib.search.result import SCORE
from stages.lib.winners.baselines import Baseline
from stages.lib.winners.diagnostics import Seen, predictions
from stages.lib.winners.shuffled import REFUSALS, importances

BASELINES = Path("metrics/baselines.csv")
# How each predicts, and what its inputs are worth to it.
DIAGNOSTICS, INPUTS = Path("metrics/baselines/diagnostics.csv"), Path("metrics/baselines/inputs.csv")
# Of the scores, more than in other files, so that means and tests of what is read are those of what was written.
DIGITS = 12


def score_baseline(
    name: str, baseline: Baseline, fresh: Table, scorers: Mapping[str, Callable[..., float]], pooled: Pooling | None
) -> tuple[Reached, Seen | None]:
    """Return what a baseline reaches on the splits of the evaluation, and what is seen of it there.

    The first of scikit-learn's scorers selects; `pooled` says how it pools rows, if it does. All scores of a scorer are
    NaN, with a warning, where it or the fit fails on some split; if the one that selects fails, nothing is seen.
    """
    data, selecting = fresh.data, next(iter(scorers))
    X = rows(data, baseline.estimator)
    scores = {key: np.full(len(fresh.splits), np.nan) for key in scorers}
    failures: dict[str, Exception] = {}
    statistics: list[np.ndarray] = []
    predicted: list[np.ndarray | None] = []
    constant, worth = [], []
    for split, (train, test) in enumerate(fresh.splits):
        part, y = X[test], data.y[test]
        try:
            fitted = clone(baseline.estimator).fit(X[train], data.y[train])
        except REFUSALS as error:
            failures = dict.fromkeys(scorers, error) | failures
            break
        with remembering(fitted, part) as answers:
            for key in scorers:
                try:
                    scores[key][split] = scorers[key](fitted, part, y)
                except REFUSALS as error:
                    failures.setdefault(key, error)
                if key == selecting:
                    constant.append(all_alike(answers))
            if selecting in failures:
                continue
            if pooled:
                statistics.append(pooled.record(fitted, part, y)[None])
            predicted.append(predictions(fitted, part, y))
        worth.append(importances(fitted, part, y, len(data.features), pooled.value if pooled else scorers[selecting]))
    for key, failure in failures.items():
        warnings.warn(f"{name} has no score: {key} says {failure}", stacklevel=2)
        scores[key][:] = np.nan
    complete = statistics if len(statistics) == len(fresh.splits) else None
    (ci95,) = fresh.half_widths(scores[selecting][None], complete, np.array([all(constant)]))
    seen = None if selecting in failures else Seen(predicted, np.stack(worth))
    return Reached({SCORE: scores.pop(selecting)} | scores, significant(float(ci95)), baseline.description), seen


def read_baselines(cv: CV, n_splits: int) -> dict[str, Reached]:
    """Return what the baselines reach; raises `UserError` if it is missing, broken, or of other splits or scorers."""
    output = _output(BASELINES)
    with output.as_text() as text:
        return from_csv(text, cv, n_splits, output.refused(" is of other splits or scorers than those in params.yaml"))


def print_scores(contenders: Mapping[str, Reached], title: str) -> None:
    """Print the mean and the spread of each baseline's scores."""
    scores = {name: each.scores[SCORE] for name, each in contenders.items()}
    decimals = score_decimals(float(each.mean()) for each in scores.values())
    cells = {"setting": list(scores)}
    cells["mean"] = [format_score(float(each.mean()), decimals) for each in scores.values()]
    cells["std"] = [format_score(float(each.std()), decimals) for each in scores.values()]
    print_columns(title, cells | {"model": [each.params for each in contenders.values()]})


def read_seen(path: Path, columns: Sequence[str], numbers: Sequence[str] = ()) -> pd.DataFrame:
    """Return `DIAGNOSTICS` or `INPUTS` as text, with these columns beside `model`, and some of them as numbers.

    Raises `UserError` if the file is missing, has other columns, or text in place of a number.
    """
    with _output(path).as_text() as text:
        return read_cells(text)[["model", *columns]].astype(dict.fromkeys(numbers, float))


def _output(path: Path) -> Output:
    return Output(path, "what the stage baselines writes", "baselines")
