"""The last batch of an epoch, which some nets can't learn from if it has one row: those with BatchNorm, for one."""

from typing import Any

import numpy as np
from skorch.dataset import Dataset as Rows

from stages.lib.common import UserError, described
from stages.lib.config import PARAMS_FILE, Params, Prepare
from stages.lib.data import Dataset
from stages.lib.engine import TrainTest
from stages.lib.model import Candidates, hold_out_watchers
from stages.lib.model.candidates import misstep
from stages.lib.model.hold_out import GroupedRows

_BATCH, _DROPS = "batch_size", "iterator_train__drop_last"
# The most modules that are tried.
_MOST = 20


def check_last_batch(
    params: Params, name: str, settings: dict[str, Any], candidates: Candidates, data: Dataset, splits: list[TrainTest]
) -> None:
    """Raise `UserError` if an epoch of a fit ends with a batch of one row, and the net can't learn from one.

    The fits are those on the training folds, and the one on all rows that gives the saved model. Whether a net can
    learn from one row is tried: BatchNorm can if the row is a sequence.

    Parameters
    ----------
    params : Params
    name : str
        The experiment.
    settings, candidates
        As `resolve_experiment` returns them.
    data : Dataset
    splits : list of (train, test)
    """
    train_split, all_rows = settings["train_split"], np.arange(len(data.y))
    folds = {_n_trained(train_split, data, train): "the fit on a training fold" for train, _ in splits}
    n_left = _n_trained(train_split, data, all_rows)
    tried: set[str] = set()
    for candidate in candidates:
        whole = settings | candidate
        # The last fit holds out no rows, unless callbacks look at them.
        n_last = n_left if hold_out_watchers(whole) else len(data.y)
        fits = folds | {n_last: "the last fit, on all rows"}
        alone = [n_rows for n_rows in fits if whole[_BATCH] > 1 and n_rows % whole[_BATCH] == 1]
        module = repr({key: value for key, value in whole.items() if key.startswith("module")})
        if not alone or whole.get(_DROPS) or module in tried or len(tried) == _MOST:
            continue
        tried.add(module)
        if error := _of_one_row(whole, data, params.prepare):
            home = f"experiments.{name}.fixed" if _BATCH in params.experiment(name).fixed else "model"
            place = candidates.place(_BATCH, whole[_BATCH]) if _BATCH in candidate else f"{home}.{_BATCH}"
            raise UserError(
                f"{PARAMS_FILE}: {place} is {whole[_BATCH]}, so in {fits[alone[0]]}, which trains on {alone[0]:,} "
                f"rows, the last batch has one row, from which the net can't learn: {described(error)}. Set "
                f"model.{_DROPS} to true, or change {_BATCH}."
            )


def _n_trained(train_split: Any, data: Dataset, rows: np.ndarray) -> int:
    """Return how many rows of a fit are not held out."""
    if train_split is None:
        return len(rows)
    whose = np.zeros((len(rows), 1)).view(GroupedRows)
    if data.groups is not None:
        whose.groups = data.groups[rows]
    trained, _ = train_split(Rows(whose, data.y[rows]), data.y[rows])
    return len(trained)


def _of_one_row(settings: dict[str, Any], data: Dataset, prepare: Prepare) -> BaseException | None:
    """Return the error of a net that learns from two batches of two rows, but not from one of two and one of one."""
    pairs = settings | {_BATCH: 2, "class_weight": None}  # few rows may be of one class
    return None if misstep(pairs, data, prepare, 4) else misstep(pairs, data, prepare, 3)
