"""From which probability on the second of two classes is predicted: what that gives, and what mistakes cost."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from resampled.means.ttest import half_width
from resampled.resampling import Resampling
from stages.lib.common import UserError, significant
from stages.lib.config import Costs, Params
from stages.lib.config.statistics import misplaced_costs
from stages.lib.data import Dataset
from stages.lib.results import COMPUTED
from stages.lib.scores.counts import Cheapest, Counts, cost_per_row

# From 0, where all rows are of the second class, to 1, where none is. Both ends count, because a mistake may cost so
# much that no model helps; near them, steps are smaller, because of rare classes.
_NEAR_THE_ENDS = np.array([0.001, 0.002, 0.005])
THRESHOLDS = np.concatenate(
    [
        [0],
        _NEAR_THE_ENDS,
        np.arange(1, 100) / 100,
        (1 - _NEAR_THE_ENDS[::-1]).round(3),
        [1],
    ]
)
# Without costs, the more probable class is predicted, and the first one if both are as probable.
DEFAULT = 0.5
# Probabilities that differ by less are the same; their last bits depend on the processor.
_ROUNDING = 1e-9
# What a row's probability is compared with.
_LIMITS = THRESHOLDS - _ROUNDING
_LIMITS[THRESHOLDS == DEFAULT] = DEFAULT + _ROUNDING
_LIMITS[[0, -1]] = -np.inf, np.inf

# The columns of counts: for each split, with a blank between them, how many rows reach a threshold and not the next.
_KINDS = ("false_positives", "true_positives")
COUNTED = ("split", *_KINDS, *(f"others_{kind}" for kind in _KINDS))
SHOWN = (
    "model",
    "role",
    "threshold",
    "predicted",
    "precision",
    "recall",
    "false_alarms",
    "cost",
    "chosen",
)


def place_of(threshold: float) -> int:
    """Return the place of the threshold that is nearest, but for the two ends."""
    return int(np.abs(THRESHOLDS[1:-1] - threshold).argmin()) + 1


def check_costs(params: Params, data: Dataset) -> None:
    """Raise `UserError` if there are costs, but not two classes."""
    if problems := list(
        misplaced_costs(params.evaluate, params.model.classifies, data.n_classes)
    ):
        raise UserError(*problems)


def threshold_counts(
    predictions: Sequence[np.ndarray | None],
    data: Dataset,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
) -> Counts | None:
    """Count what each of `THRESHOLDS` predicts, by the predictions of each split, None where the model diverged.

    None if there are not two classes, or the model has no probabilities of them.
    """
    parts = [
        (test, of_split)
        for (_, test), of_split in zip(splits, predictions, strict=True)
        if of_split is not None
    ]
    if data.n_classes != 2 or not parts or any(proba.ndim == 1 for _, proba in parts):
        return None
    tests = [test for test, _ in parts]
    # float32 adds up to nearly one.
    scores = [
        proba[:, 1].astype(float) / proba.sum(axis=1, dtype=float) for _, proba in parts
    ]
    return Counts.of(data.y == 1, tests, scores, _LIMITS)


def counts_table(counts: Counts | None) -> pd.DataFrame:
    """Tabulate the counts, a row for each split, in the columns `COUNTED`."""
    if counts is None:
        return pd.DataFrame(columns=list(COUNTED))
    n_splits = len(counts.own)
    columns = [
        -np.diff(each[:, :, kind], append=0)
        for each in (counts.own, counts.others)
        for kind in (0, 1)
    ]
    texts = ([" ".join(map(str, row)) for row in column.tolist()] for column in columns)
    return pd.DataFrame(dict(zip(COUNTED, [range(n_splits), *texts], strict=True)))


def counts_of(table: pd.DataFrame) -> Counts | None:
    """Return the counts that `counts_table` has tabulated; raises `ValueError` if they are of other thresholds."""
    if table.empty:
        return None
    reached = np.array(
        [[row.split() for row in table[name]] for name in COUNTED[1:]], dtype=int
    )
    if reached.shape[2] != len(THRESHOLDS):
        raise ValueError(
            f"the counts are of {reached.shape[2]} thresholds instead of {len(THRESHOLDS)}"
        )
    own, others = np.moveaxis(
        reached[:, :, ::-1].cumsum(axis=2)[:, :, ::-1].reshape(2, 2, len(table), -1),
        1,
        -1,
    )
    return Counts(own, others)


@dataclass(frozen=True)
class Threshold:
    """The threshold that costs least, and what it and others cost per row, without the luck of its choice.

    `threshold` is 0 if it costs least to predict the second class for every row, and 1 if it does to predict the first
    one. `cost` is that of thresholds chosen by other rows. `saved` is what 0.5 costs more, with half its 95 % interval,
    NaN where there is none. `calibrated` is the threshold that is best for probabilities that are right.
    """

    threshold: float
    cost: float
    default_cost: float
    saved: float
    calibrated: float
    calibrated_cost: float
    saved_ci95: float = math.nan

    @property
    def applied(self) -> float | None:
        """The threshold that a saved model predicts by, inside of the range; None for the more probable class."""
        inside = float(np.clip(self.threshold, *THRESHOLDS[[1, -2]]))
        return None if inside == DEFAULT else inside

    @classmethod
    def by(
        cls,
        costs: Costs,
        counts: Counts,
        resampling: Resampling,
        in_groups: bool = False,
    ) -> "Threshold":
        """Choose by the costs of mistakes, and the counts on the splits of a resampling.

        Rows that belong together have less to say than others, so there, the wider interval counts, that of rows or
        that of splits.
        """
        # In the unit of the larger cost, squares are no larger than one.
        unit = max(costs.false_positive, costs.false_negative)
        calibrated = place_of(costs.calibrated)
        cheapest = Cheapest(
            counts, costs.false_positive / unit, costs.false_negative / unit, calibrated
        )
        default = cheapest.at(place_of(DEFAULT))
        saved = default - cheapest.by_split
        half = math.nan
        if resampling.is_tested:
            half = cheapest.half_width(place_of(DEFAULT), resampling.n_rows)
        if in_groups:
            half = max(
                half,
                float(
                    half_width(
                        saved, replace(resampling, bounds=(0.0, 1.0), n_effective=None)
                    )
                ),
            )
        per_row = (
            cheapest.by_split.mean(),
            default.mean(),
            saved.mean(),
            cheapest.at(calibrated).mean(),
            half,
        )
        cost, default_cost, mean, calibrated_cost, ci95 = (
            significant(unit * float(x), COMPUTED) for x in per_row
        )
        # A threshold that all rows reach, or none, is that end.
        called = counts.pooled
        ends = [
            end
            for end in (0, -1)
            if np.array_equal(called[cheapest.place], called[end])
        ]
        threshold, theory = (
            float(THRESHOLDS[place])
            for place in ([*ends, cheapest.place][0], calibrated)
        )
        return cls(threshold, cost, default_cost, mean, theory, calibrated_cost, ci95)


def chosen_thresholds(
    costs: Costs | None,
    counts: Mapping[str, Counts | None],
    resampling: Resampling,
    in_groups: bool = False,
) -> dict[str, Threshold]:
    """Return, with costs, the choice of each model that has counts."""
    known = {name: each for name, each in counts.items() if each is not None}
    return (
        {
            name: Threshold.by(costs, each, resampling, in_groups)
            for name, each in known.items()
        }
        if costs
        else {}
    )


def written_choices(
    choices: Mapping[str, Threshold], costs: Costs | None
) -> dict[str, Any]:
    """Return what the file of the evaluation has of the choices: nothing without costs."""
    if costs is None:
        return {}
    each = {name: asdict(choice) for name, choice in choices.items()}
    known = {
        name: {key: x for key, x in numbers.items() if math.isfinite(x)}
        for name, numbers in each.items()
    }
    return {"costs": costs.model_dump(), "thresholds": known}


def read_choice(
    evaluation: Mapping[str, Any], name: str
) -> tuple[Costs, Threshold | None] | None:
    """Return the costs that the evaluation was given, and the choice of a model, of what `written_choices` wrote."""
    if "costs" not in evaluation:
        return None
    numbers = evaluation["thresholds"].get(name)
    return Costs.model_validate(evaluation["costs"]), Threshold(
        **numbers
    ) if numbers else None


def thresholds_table(
    counts: Mapping[str, Counts | None],
    roles: Mapping[str, str],
    costs: Costs | None,
    choices: Mapping[str, Threshold],
) -> pd.DataFrame:
    """Tabulate what each threshold gives, in rows of `SHOWN`, for the models in the order of the `roles`.

    All are shares: of rows that are `predicted` to be of the second class; `precision`, of these, that are of it;
    `recall`, of the rows of it, that are predicted; `false_alarms`, of the other rows. With costs, `cost` is that per
    row by the same counts. `chosen` is the one that costs least.
    """
    parts = []
    for name, role in roles.items():
        if (own := counts[name]) is None:
            continue
        (false, true), n_rows = own.pooled.T, own.pooled[0].sum()
        with np.errstate(invalid="ignore"):
            columns = {
                "model": name,
                "role": role,
                "threshold": THRESHOLDS,
                "predicted": (false + true) / n_rows,
                "precision": true / (false + true),
                "recall": true / own.pooled[0, 1],
                "false_alarms": false / own.pooled[0, 0],
                "cost": cost_per_row(
                    own.pooled, costs.false_positive, costs.false_negative
                )
                if costs
                else np.nan,
                "chosen": THRESHOLDS == choices[name].threshold
                if name in choices
                else False,
            }
        parts.append(pd.DataFrame(columns))
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=list(SHOWN))
    )
