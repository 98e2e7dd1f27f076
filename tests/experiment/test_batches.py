"""A last batch of one row is foreseen. Oracle: the fits themselves, for an epoch."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from stages.lib.common import UserError
from stages.lib.config import CV, Prepare
from stages.lib.data import Dataset
from stages.lib.experiment.batches import check_last_batch
from stages.lib.model import build_estimator, hold_out_watchers, rows, target
from stages.lib.model.hold_out import hold_out
from stages.lib.search import make_splits
from tests.model.searched import GROUPS, settings, table
from tests.search_results import SEED, opened

STOPPING = {"callbacks": {"EarlyStopping": {"patience": 2}}}
BATCH = "batch_size"


class Normed(nn.Module):
    """A net that can't learn from one row; of a sequence it can."""

    def __init__(self, n_inputs: int, n_outputs: int = 1, sequence: bool = False) -> None:
        super().__init__()
        self.sequence, self.out = sequence, nn.Linear(n_inputs, 1)
        self.norm = nn.BatchNorm1d(1 if sequence else n_inputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed = self.norm(x.unsqueeze(1)).squeeze(1) if self.sequence else self.norm(x)
        return self.out(normed).sigmoid()


def refused(data: Dataset, cv: CV, settings: dict[str, Any], grid: dict[str, list[Any]], **fixed: Any) -> str:
    """Return what the check says; "" if nothing."""
    try:
        check_last_batch(opened(data, settings | fixed, grid, fixed, cv=cv, seed=SEED, prepare=Prepare()))
    except UserError as error:
        return str(error)
    return ""


def fails(data: Dataset, chosen: dict[str, Any], part: np.ndarray) -> bool:
    net = build_estimator(chosen | {"max_epochs": 1}, data, Prepare())
    try:
        net.fit(rows(data, net)[part], target(data.y, chosen["wrapper"], chosen["criterion"])[part])
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("changes", [{"train_split": None}, {}, STOPPING], ids=["all rows", "held out", "stopping"])
@pytest.mark.parametrize("splitter", ["stratified", "group", "time"])
def test_it_fails_where_a_fit_does(splitter: Any, changes: dict[str, Any]) -> None:
    grouped = splitter == "group"
    data = table(2, GROUPS if grouped else None)
    cv = CV(n_splits=3, n_repeats=1, splitter=splitter, groups="person" if grouped else None)
    splits = make_splits(data, cv, SEED)
    chosen = settings(module=Normed, **changes)
    chosen["train_split"] = hold_out(chosen["train_split"], cv, True)
    last = chosen | ({} if hold_out_watchers(chosen) else {"train_split": None})
    found = []
    for batch_size in range(2, 8):
        size = {BATCH: batch_size}
        found.append(bool(refused(data, cv, chosen, {BATCH: [batch_size]})))
        in_a_fold = any(fails(data, chosen | size, train) for train, _ in splits)
        assert found[-1] == (in_a_fold or fails(data, last | size, np.arange(len(data.y))))
    assert len(set(found)) == 2


def test_the_sentence_names_the_place_and_the_cure() -> None:
    data = table(2)
    cv = CV(n_splits=3, n_repeats=1)  # trains on 80 rows of 120
    chosen = settings(module=Normed, train_split=None, batch_size=16)
    sizes = {BATCH: [16, 79]}
    found = refused(data, cv, chosen, sizes)
    assert found.startswith(
        "params.yaml: experiments.mine.grid.batch_size[1] is 79, so in the fit on a training fold, which trains on 80 "
        "rows, the last batch has one row, from which the net can't learn: ValueError: Expected more than 1 value per "
    )
    assert " Set model.iterator_train__drop_last to true, or change batch_size." in found
    of_lr = {"lr": [0.01, 0.1]}
    in_the_end = "batch_size is 119, so in the last fit, on all rows, which trains on 120 rows, the last batch has one"
    assert refused(data, cv, chosen, of_lr, batch_size=119).startswith(
        f"params.yaml: experiments.mine.fixed.{in_the_end}"
    )
    assert refused(data, cv, chosen | {BATCH: 119}, of_lr).startswith(f"params.yaml: model.{in_the_end}")
    assert not refused(data, cv, chosen, of_lr)
    assert not refused(data, cv, chosen | {"iterator_train__drop_last": True}, sizes)
    assert not refused(data, cv, chosen | {"module__sequence": True}, sizes)
    assert "batch_size[1]" in refused(data, cv, chosen, sizes | {"module__sequence": [True, False]})
    assert not refused(data, cv, settings(train_split=None), sizes)
