"""Learning curves: a few settings are watched epoch by epoch, while they are scored on the splits of the evaluation."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from skorch.utils import to_numpy

from gridstage.common import format_params
from gridstage.engine import HoldOutRecorder, net_of, replaced
from gridstage.scores.scorer import remembering

# The band of a curve holds the middle half of the nets.
_LOW, _HIGH = 0.25, 0.75
# What is recorded of each epoch, in the order of the columns.
RECORDED = ("train_loss", "valid_loss", "valid_score")

# Scores a net on the rows that it holds out of its fit.
HoldOutScorer = Callable[[Any, Any, np.ndarray], float]


@dataclass(frozen=True)
class Watched:
    """A setting whose training is shown, under names such as `best`: its `changes`, and them with names resolved."""

    names: list[str]
    changes: dict[str, Any]
    candidate: dict[str, Any]


def distinct(settings: Sequence[Watched], base: dict[str, Any]) -> list[Watched]:
    """List each setting once, under all its names; `base` has the experiment's own settings, names unresolved."""
    unlike: list[Watched] = []
    for setting in settings:
        whole = base | setting.changes
        alike = (each for each in unlike if base | each.changes == whole)
        if same := next(alike, None):
            same.names.extend(setting.names)
        else:
            unlike.append(replace(setting, names=[*setting.names]))
    return unlike


def watching(estimator: BaseEstimator) -> BaseEstimator:
    """Return a copy of an estimator whose net keeps what it makes of its hold-out, epoch by epoch."""
    copy = clone(estimator)
    net = net_of(copy)
    own = [] if net.callbacks in (None, "disable") else list(net.callbacks)
    # Before one that may end the training.
    net.callbacks = [("hold_out", HoldOutRecorder()), *own]
    # Nobody reads the mean losses, which `epochs_of` takes from the batches.
    if not own:
        net.set_params(callbacks__train_loss=None, callbacks__valid_loss=None)
    return copy


def epochs_of(estimator: BaseEstimator, scorer: HoldOutScorer) -> np.ndarray:
    """Return what the net of an estimator has recorded, shape (n_epochs, 3); NaN for what it has not.

    The estimator is one that `watching` returned, fitted with its losses recorded. The score of the hold-out is NaN if
    the target is scaled, because the net knows the target as scaled only.
    """
    net = net_of(estimator)
    may_scale = isinstance(estimator, TransformedTargetRegressor)
    scaled = may_scale and estimator.transformer is not None
    losses = [(_loss(epoch, "train"), _loss(epoch, "valid")) for epoch in net.history]
    values = np.array([[*of_epoch, np.nan] for of_epoch in losses])
    callbacks = (callback for _, callback in net.callbacks_)
    (recorder,) = (each for each in callbacks if isinstance(each, HoldOutRecorder))
    if recorder.outputs_ and not scaled:
        y = to_numpy(recorder.y_).ravel()
        whole = np.tile(y, len(recorder.outputs_))
        epochs = [*whole.reshape(-1, len(y))]
        # The net answers by what its module gave in these epochs, whatever rows it is asked about.
        with (
            replaced(net, {"forward_iter": lambda *_, **__: iter(recorder.outputs_)}),
            remembering(net, whole, epochs),
        ):
            values[: len(epochs), -1] = [scorer(net, epoch, y) for epoch in epochs]
    return values


def _loss(epoch: dict[str, Any], kind: str) -> float:
    """Return the mean loss of an epoch, as skorch's `train_loss` and `valid_loss`."""
    loss, size = f"{kind}_loss", f"{kind}_batch_size"
    batches = [batch for batch in epoch["batches"] if loss in batch]
    n_rows = sum(batch[size] for batch in batches)
    total = sum(batch[loss] * batch[size] for batch in batches)
    return total / n_rows if n_rows else np.nan


def curves_table(
    settings: list[Watched], epochs: list[list[np.ndarray]]
) -> pd.DataFrame:
    """Tabulate learning curves, one row per setting and epoch.

    `epochs` has, of each setting, what `epochs_of` returns of each net that has not diverged. The columns have the
    median over the nets, and under `…_low` and `…_high` the quartiles, which a few stuck nets do not move. The rows end
    with the last epoch that half of the nets have reached. A setting that diverged on every split has none.
    """
    tables = []
    for watched, nets in zip(settings, epochs, strict=True):
        if not nets:
            continue
        length = int(np.median([len(each) for each in nets]))
        filled = np.full((len(nets), length, len(RECORDED)), np.nan)
        for place, each in enumerate(nets):
            filled[place, : len(each)] = each[:length]
        first, *others = watched.names
        params = format_params(watched.changes) or "model and fixed as they stand"
        columns = {"setting": first, "also": " and ".join(others), "params": params}
        table = pd.DataFrame(columns | {"epoch": np.arange(1, length + 1)})
        for place, key in enumerate(RECORDED):
            table[f"{key}_low"], table[key], table[f"{key}_high"] = _over_nets(
                filled[:, :, place]
            )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _over_nets(values: np.ndarray) -> np.ndarray:
    """Return the quartiles over the nets that have a value, shape (3, n_epochs); NaN where none has one."""
    finite = np.where(np.isfinite(values), values, np.nan)
    with warnings.catch_warnings(
        action="ignore", category=RuntimeWarning
    ):  # where no net has a value
        return np.nanquantile(finite, [_LOW, 0.5, _HIGH], axis=0)
