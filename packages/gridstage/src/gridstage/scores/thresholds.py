"""From which probability on the second of two classes is predicted: what that gives, and what mistakes cost."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from gridstage.common import UserError, significant
from gridstage.config import Costs, Params
from gridstage.config.statistics import misplaced_costs
from gridstage.data import Dataset
from gridstage.results import COMPUTED, files
from gridstage.results.evaluation import Threshold
from gridstage.scores.counts import Cheapest, Counts, cost_per_row
from resampled.means.ttest import half_width
from resampled.resampling import Resampling

# From 0, where all rows are of the second class, to 1, where none is. Both ends count, because a mistake may cost so
# much that no model helps; near them, steps are smaller, because of rare classes.
_NEAR_THE_ENDS = np.array([0.001, 0.002, 0.005])
_PERCENTS = np.arange(1, 100) / 100
_NEAR_ONE = (1 - _NEAR_THE_ENDS[::-1]).round(3)
THRESHOLDS = np.concatenate([[0], _NEAR_THE_ENDS, _PERCENTS, _NEAR_ONE, [1]])
# Without costs, the more probable class is predicted, and the first one if both are as probable.
DEFAULT = 0.5
# Probabilities that differ by less are the same; their last bits depend on the processor.
_ROUNDING = 1e-9
# What a row's probability is compared with.
_LIMITS = THRESHOLDS - _ROUNDING
_LIMITS[THRESHOLDS == DEFAULT] = DEFAULT + _ROUNDING
_LIMITS[[0, -1]] = -np.inf, np.inf

# The columns of counts: for each split, with a blank between them, how many rows reach a threshold and not the next.
COUNTED = files.BASELINE_THRESHOLDS.needed[1:-1]


def place_of(threshold: float) -> int:
    """Return the place of the threshold that is nearest, but for the two ends."""
    return int(np.abs(THRESHOLDS[1:-1] - threshold).argmin()) + 1


def check_costs(params: Params, data: Dataset) -> None:
    """Raise `UserError` if there are costs, but not two classes."""
    classify = params.model.classifies
    problems = list(misplaced_costs(params.evaluate, classify, data.n_classes))
    if problems:
        raise UserError(*problems)


def threshold_counts(
    predictions: Sequence[np.ndarray | None],
    data: Dataset,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
) -> Counts | None:
    """Count what each of `THRESHOLDS` predicts, by the predictions of each split, None where the model diverged.

    None if there are not two classes, or the model has no probabilities of them.
    """
    if data.n_classes != 2:
        return None
    tests, scores = [], []
    for (_, test), proba in zip(splits, predictions, strict=True):
        if proba is None:
            continue
        if proba.ndim == 1:
            return None
        tests.append(test)
        # float32 adds up to nearly one.
        scores.append(proba[:, 1].astype(float) / proba.sum(axis=1, dtype=float))
    return Counts.of(data.y == 1, tests, scores, _LIMITS) if tests else None


def counts_table(counts: Counts | None) -> pd.DataFrame:
    """Tabulate the counts, a row for each split, in the columns `split` and `COUNTED`."""
    if counts is None:
        return pd.DataFrame(columns=["split", *COUNTED])
    both = np.concatenate([counts.own, counts.others], axis=-1)
    table = pd.DataFrame({"split": range(len(both))})
    for kind, name in enumerate(COUNTED):
        reached = -np.diff(both[:, :, kind], append=0)
        table[name] = [" ".join(map(str, row)) for row in reached.tolist()]
    return table


def counts_of(table: pd.DataFrame) -> Counts | None:
    """Return the counts that `counts_table` has tabulated; raises `ValueError` if they are of other thresholds."""
    if table.empty:
        return None
    kinds = []
    for name in COUNTED:
        reached = np.array([row.split() for row in table[name]], dtype=int)
        kinds.append(reached[:, ::-1].cumsum(axis=1)[:, ::-1])
    both = np.stack(kinds, axis=-1)
    n_found, n_needed = both.shape[1], len(THRESHOLDS)
    if n_found != n_needed:
        raise ValueError(
            f"the counts are of {n_found} thresholds instead of {n_needed}"
        )
    return Counts(both[..., :2], both[..., 2:])


def applied(chosen: Threshold) -> float | None:
    """Return the threshold that a saved model predicts by, inside of the range; None for the more probable class."""
    inside = float(np.clip(chosen.threshold, *THRESHOLDS[[1, -2]]))
    return None if inside == DEFAULT else inside


def cheapest_threshold(
    costs: Costs, counts: Counts, resampling: Resampling, in_groups: bool = False
) -> Threshold:
    """Choose by the costs of mistakes, and the counts on the splits of a resampling.

    Rows that belong together have less to say than others, so there, the wider interval counts, that of rows or that of
    splits.
    """
    # In the unit of the larger cost, squares are no larger than one.
    unit = max(costs.false_positive, costs.false_negative)
    false_positive = costs.false_positive / unit
    false_negative = costs.false_negative / unit
    calibrated = place_of(costs.calibrated)
    cheapest = Cheapest(counts, false_positive, false_negative, calibrated)
    half, by_default = math.nan, place_of(DEFAULT)
    default = cheapest.at(by_default)
    saved = default - cheapest.by_split
    if resampling.is_tested:
        half = cheapest.half_width(by_default, resampling.n_rows)
    if in_groups:
        of_saved = replace(resampling, bounds=(0.0, 1.0), n_effective=None)
        half = max(half, float(half_width(saved, of_saved)))

    def per_row(cost: float) -> float:
        return significant(unit * float(cost), COMPUTED)

    # A threshold that all rows reach, or none, is that end.
    place, called = cheapest.place, counts.pooled
    for end in (-1, 0):
        if np.array_equal(called[place], called[end]):
            place = end
    return Threshold(
        threshold=float(THRESHOLDS[place]),
        cost=per_row(cheapest.by_split.mean()),
        default_cost=per_row(default.mean()),
        saved=per_row(saved.mean()),
        calibrated=float(THRESHOLDS[calibrated]),
        calibrated_cost=per_row(cheapest.at(calibrated).mean()),
        saved_ci95=None if math.isnan(half) else per_row(half),
    )


def thresholds_table(
    counts: Mapping[str, Counts | None],
    roles: Mapping[str, str],
    costs: Costs | None,
    choices: Mapping[str, Threshold],
) -> pd.DataFrame:
    """Tabulate what each threshold gives, as `files.THRESHOLDS`, for the models in the order of the `roles`.

    All are shares: of rows that are `predicted` to be of the second class; `precision`, of these, that are of it;
    `recall`, of the rows of it, that are predicted; `false_alarms`, of the other rows. With costs, `cost` is that per
    row by the same counts. `chosen` is the one that costs least.
    """
    parts = []
    for name, role in roles.items():
        own = counts[name]
        if own:
            part = _shares(own.pooled)
            part.insert(0, "model", name)
            part.insert(1, "role", role)
            if costs:
                mistakes = costs.false_positive, costs.false_negative
                part["cost"] = cost_per_row(own.pooled, *mistakes)
            if name in choices:
                part["chosen"] = THRESHOLDS == choices[name].threshold
            parts.append(part)
    if not parts:
        return pd.DataFrame(columns=list(files.THRESHOLDS.needed))
    return pd.concat(parts, ignore_index=True)


def _shares(counts: np.ndarray) -> pd.DataFrame:
    false, true = counts.T
    columns = {"threshold": THRESHOLDS, "predicted": (false + true) / counts[0].sum()}
    with np.errstate(invalid="ignore"):
        columns["precision"] = true / (false + true)
        columns["recall"] = true / counts[0, 1]
        columns["false_alarms"] = false / counts[0, 0]
    return pd.DataFrame(columns).assign(cost=np.nan, chosen=False)
