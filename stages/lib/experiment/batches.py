"""Checks how a fit's rows are divided: into those trained on and those held out, and into whole batches."""

from typing import Any

import numpy as np
from skorch.dataset import Dataset as Rows
from skorch.dataset import ValidSplit

from stages.lib.common import UserError, described, in_params
from stages.lib.experiment.opened import Opened
from stages.lib.experiment.probe import misstep
from stages.lib.model import hold_out_watchers
from stages.lib.model.hold_out import GroupedRows

_BATCH, _DROPS = "batch_size", "iterator_train__drop_last"
# The most modules that are tried.
_MOST = 20


def check_hold_out(experiment: Opened) -> None:
    """Raise `UserError` if a training fold has too few rows for its hold-out, or for a whole batch if one is needed."""
    settings, splits, params, name = experiment.settings, experiment.splits, experiment.params, experiment.name
    parts = params.settings(name)["train_split"]
    fewest = min(len(train) for train, _ in splits)
    left = fewest - fewest // parts if parts else fewest
    for whole in (settings | candidate for candidate in experiment.candidates):
        if whole.get(_DROPS) and whole[_BATCH] > left:
            finding = (
                f": {_BATCH} is {whole[_BATCH]} and {_DROPS} is true, but a training fold has {left:,} rows, so an "
            )
            remedy = f"Set {_BATCH} to {left} or less, or {_DROPS} to false."
            finding += "epoch has no batch and nothing is learnt"
            raise UserError(in_params(f"experiments.{name}", finding, remedy))
    if parts is None or params.cv.keeps_groups:  # whole groups are counted where they are split
        return
    of = ""
    if isinstance(settings["train_split"], ValidSplit) and settings["train_split"].stratified:
        # A class may have fewer rows than there are parts, but the largest has to be in all of them.
        y, of = experiment.data.y.astype(int), " of one class"
        fewest = min(int(np.bincount(y[train]).max()) for train, _ in splits)
    if fewest < parts:
        finding = f"is {parts}, but a training fold has only {fewest} rows{of}, too few for so many parts"
        remedy = f"Set it to {max(fewest, 2)} or less, or to null, or use more rows."
        raise UserError(in_params(experiment.place("train_split"), finding, remedy))


def check_last_batch(experiment: Opened) -> None:
    """Raise `UserError` if an epoch of a fit ends with a batch of one row, and the net can't learn from one.

    The fits are those on the training folds, and the one on all rows that gives the saved model. Whether a net can
    learn from one row is tried: BatchNorm can if the row is a sequence.
    """
    n_rows, tried = len(experiment.data.y), set[str]()
    folds = {_n_trained(experiment, train): "the fit on a training fold" for train, _ in experiment.splits}
    left = _n_trained(experiment, np.arange(n_rows))
    for candidate in experiment.candidates:
        whole = experiment.settings | candidate
        size, module = whole[_BATCH], repr({key: each for key, each in whole.items() if key.startswith("module")})
        # The last fit holds out no rows, unless callbacks look at them.
        fits = folds | {left if hold_out_watchers(whole) else n_rows: "the last fit, on all rows"}
        alone = [n_trained for n_trained in fits if size > 1 and n_trained % size == 1]
        if not alone or whole.get(_DROPS) or module in tried or len(tried) == _MOST:
            continue
        tried.add(module)
        if error := _error_of_one_row(experiment, whole):
            finding = (
                f"is {size}, so in {fits[alone[0]]}, which trains on {alone[0]:,} rows, the last batch has one row, "
                f"from which the net can't learn: {described(error)}"
            )
            remedy = f"Set model.{_DROPS} to true, or change {_BATCH}."
            raise UserError(in_params(experiment.place(_BATCH, size), finding, remedy))


def _error_of_one_row(experiment: Opened, whole: dict[str, Any]) -> BaseException | None:
    """Return the error of a net that learns from two batches of two rows, but not from one of two and one of one."""
    pairs = whole | {_BATCH: 2, "class_weight": None}  # few rows may be of one class
    error = misstep(experiment, pairs, n_rows=3)
    return error if error and not misstep(experiment, pairs, n_rows=4) else None


def _n_trained(experiment: Opened, part: np.ndarray) -> int:
    """Return how many rows of a fit on some rows are not held out."""
    train_split, data = experiment.settings["train_split"], experiment.data
    if train_split is None:
        return len(part)
    rows = np.zeros((len(part), 1))
    grouped = rows if data.groups is None else GroupedRows.of(rows, data.groups[part])
    return len(train_split(Rows(grouped, data.y[part]), data.y[part])[0])
