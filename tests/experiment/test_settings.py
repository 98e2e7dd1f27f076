"""What a search reports about its experiment before it starts."""

import sys
from typing import Any

import pytest
import torch
from torch import nn

from stages.lib.common import UserError
from stages.lib.config import Params
from stages.lib.experiment import Folds, check_experiment, open_experiment
from tests.experiment.mistakes import MISTAKES
from tests.project import set_at, small_params
from tests.read_sample import load_real_data


def check(changes: dict[str, Any], experiment: str) -> None:
    """Do what the stage does before the search itself."""
    raw = small_params()
    for place, value in changes.items():
        set_at(raw, place, value)
    params = Params.model_validate(raw)
    check_experiment(open_experiment(params, experiment, Folds(params, load_real_data(params))))


@pytest.mark.parametrize("experiment", list(small_params()["experiments"]))
def test_the_experiments_pass(experiment: str) -> None:
    check({}, experiment)


# Nets with a fault each, by which tests/experiment/mistakes.py calls them.
# The sentence about one of them has its line.
class BreaksWhenBuilt(nn.Linear):
    def __init__(self, n_inputs: int, n_outputs: int, n_neurons: int = 1) -> None:
        super().__init__(n_inputs, n_outputs)
        if n_neurons > 1:
            raise AssertionError

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(super().forward(input))


class BreaksWhenUsed(nn.Linear):
    def __init__(self, n_inputs: int, n_outputs: int, n_neurons: int = 1) -> None:
        super().__init__(n_inputs, n_outputs)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return {"a": input}["b"]


class LeavesWhenBuilt(BreaksWhenBuilt):
    def __init__(self, n_inputs: int, n_outputs: int, n_neurons: int = 1) -> None:
        try:
            super().__init__(n_inputs, n_outputs, n_neurons)
        except AssertionError:
            raise SystemExit(3) from None


class NeedsNeurons(BreaksWhenBuilt):
    def __init__(self, n_inputs: int, n_outputs: int, n_neurons: int) -> None:
        super().__init__(n_inputs, n_outputs)


@pytest.mark.parametrize(("experiment", "changes", "sentence"), MISTAKES)
def test_a_mistake_is_a_sentence_with_its_place(
    experiment: str, changes: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nets.faulty", sys.modules[__name__])
    with pytest.raises(UserError) as caught:
        check(changes, experiment)
    assert sentence in str(caught.value)
