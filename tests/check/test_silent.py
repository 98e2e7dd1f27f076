"""What would end with status 0 and be wrong: each is refused, and says what to do."""

import os
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nets
from stages import adopt, check, search
from stages.lib.check.before_dvc import broken_files
from tests.check.conftest import Write
from tests.conftest import Command

ONE = {"mine": {"grid": {"lr": [0.01, 0.02]}, "fixed": {}}}
NETS = """
import torch
from torch import nn


class Lazy(nn.Module):
    def __init__(self, n_inputs=8, n_outputs=1):
        super().__init__()
        self.first, self.last = nn.LazyLinear(8), nn.Linear(8, 1)

    def forward(self, x):
        return torch.sigmoid(self.last(torch.relu(self.first(x))))


class Still(torch.optim.SGD):
    def step(self, closure=None):
        return closure() if closure else None
"""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"model.iterator_train__drop_last": True, "model.batch_size": 900},
            "batch_size is 900 and iterator_train__drop_last is true, but a training fold has 410 rows, so an epoch "
            "has no batch and nothing is learnt. Set batch_size to 410 or less",
        ),
        ({"model.class_weight": [0, 0]}, "experiment, can't be used with BCELoss. Set model.criterion to"),
        ({"statistics.rope": 1}, "statistics.rope is 1.0, but accuracy lies between 0 and 1, so every difference"),
        ({"statistics.rope": 1.5, "cv.scoring": "roc_auc"}, "statistics.rope is 1.5, but roc_auc lies between 0"),
        (
            {"data.columns.diabetes": {"zero_is_missing": True}},
            "data.columns.diabetes is the target, which can't be missing; remove `missing",
        ),
    ],
)
def test_settings_that_teach_nothing_are_refused(
    write: Write, in_process: Command, changes: dict[str, Any], sentence: str
) -> None:
    write(changes | {"experiments": ONE})
    done = in_process(check)
    assert done.returncode == 1
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("optimizer", "sentence"),
    [
        ("Adam", ""),
        ("nets.my_nets.Still", "The weights did not change in a trial of one epoch, although there are gradients"),
    ],
)
def test_nets_that_stand_still_are_refused(
    write: Write, in_process: Command, monkeypatch: pytest.MonkeyPatch, optimizer: str, sentence: str
) -> None:
    monkeypatch.setattr(nets, "__path__", [os.getcwd()])
    monkeypatch.delitem(sys.modules, "nets.my_nets", raising=False)  # of another folder
    Path("my_nets.py").write_text(NETS, encoding="utf-8")
    own = {"model.module": "nets.my_nets.Lazy", "model.optimizer": optimizer}
    # Of unscaled rows, some initial weights have no gradient to speak of.
    write(own | {"experiments": ONE, "prepare.scale": "standard"})
    done = in_process(check)
    assert done.returncode == bool(sentence)
    assert sentence in done.stderr
    if sentence:
        assert in_process(search, "mine").returncode == 1
        assert not Path("metrics").exists()


def test_a_broken_cell_of_an_adopted_table_is_the_only_error(write: Write, in_process: Command) -> None:
    table = pd.DataFrame(
        {
            "x": [i % 7 + 0.5 for i in range(80)],
            "city": ["Rome", "Paris"] * 40,
            "label": ["no", "yes", "yes", "no"] * 20,
        }
    )
    write({"experiments": ONE})
    table.to_csv("mine.csv", index=False)
    assert in_process(adopt, "mine.csv", "label", "--force").returncode == 0
    Path("mine.csv").write_text(table.to_csv(index=False).replace("\n3.5,", "\nseven,", 1), encoding="utf-8")
    (error,) = [line for line in in_process(check).stderr.splitlines() if line.startswith("error: ")]
    assert "column x: 'seven' is not a number" in error


@pytest.mark.parametrize(
    ("path", "text", "sentence"),
    [
        (".dvc/config", "[core", ".dvc/config can't be read: Invalid line ('[core')"),
        (".dvc/config", "[core]\n    analytics = false\n", ""),
        ("dvc.lock", "schema: '2.0'\nstages: {a: [", "dvc.lock is broken: line 2, `stages: {a: [`: "),
        ("dvc.lock", "", "dvc.lock is broken: it is empty or not a mapping. Restore it, and run `dvc re"),
        ("dvc.yaml", "stages:\n  a:\n     b: c\n    d: e\n", "dvc.yaml is broken: line 4, `d: e`: "),
        ("dvc.lock", "schema: '2.0'\n", ""),
    ],
)
def test_files_that_dvc_can_not_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")
    found = list(broken_files({}))
    assert len(found) == bool(sentence)
    assert all(each.startswith(sentence) for each in found)
    assert list(broken_files({"dvc.lock": 1})) == ([] if path == "dvc.lock" else found)
