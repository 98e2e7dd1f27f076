"""An experiment before its search: its candidates are tried without building every one, and mistakes are told."""

import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gridstage.config import Params
from gridstage.data import Dataset
from gridstage.experiment import Folds, check_experiment, open_experiment
from gridstage.experiment.aside.candidates import check_candidates
from gridstage.model import resolve_experiment
from packages.gridstage.tests.project import set_at, small_params
from packages.gridstage.tests.read_sample import load_real_data
from packages.gridstage.tests.refusals import refused, refused_with

NETS = "nets.faulty"  # this file, which has nets with a fault each

TABLE_NET = {"model.module": "nets.table_net.TableNet", "experiments.neurons.fixed": {}}

MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    (
        "neurons",
        TABLE_NET
        | {"experiments.neurons.grid": {"module__embedding": ["none", "periodical"]}},
        "grid.module__embedding[1]: periodical is not one of none, periodic, piecewise",
    ),
    (
        "dropout",
        {"experiments.dropout.grid.module__dropout_rate": [0.1, 1.0, -0.1]},
        "params.yaml: experiments.dropout.grid.module__dropout_rate[1]: dropout_rate is 1.0; it should be at "
        "least 0 and below 1",
    ),
    (
        "lr_momentum",
        {"experiments.lr_momentum.grid.optimizer__lr": [0.1, -0.1]},
        "grid.optimizer__lr[1]: Invalid learning rate: -0.1",
    ),
    (
        "neurons",
        {"experiments.neurons.fixed.module__dropout_rate": 2},
        "experiments.neurons.fixed: dropout_rate is 2",
    ),
    (
        "neurons",
        {"model.module": f"{NETS}.BreaksWhenBuilt", "experiments.neurons.fixed": {}},
        "experiments.neurons.grid.module__n_neurons[1]: AssertionError",
    ),
    (
        "neurons",
        {"model.module": f"{NETS}.BreaksWhenUsed", "experiments.neurons.fixed": {}},
        "model, with experiments.neurons.fixed: KeyError: 'b', "
        "at packages/gridstage/tests/experiment/test_settings.py, line ",
    ),
    (
        "neurons",
        {"experiments.neurons.grid": {"optimizer__betas": [[0.9, 0.999], [0.9]]}},
        "params.yaml: experiments.neurons.grid.optimizer__betas[1]: tuple index out of range. A net can't be trained "
        "with it; choose",
    ),
    (
        "neurons",
        {"experiments.neurons.fixed": {"optimizer__betas": [0.9]}},
        "model, with experiments.neurons.fixed: tuple index out of range",
    ),
    (
        "neurons",
        {"model.module": f"{NETS}.LeavesWhenBuilt", "experiments.neurons.fixed": {}},
        "experiments.neurons.grid.module__n_neurons[1]: SystemExit: 3, "
        "at packages/gridstage/tests/experiment/test_settings.py, line ",
    ),
    (
        "neurons",
        {"model.module": f"{NETS}.NeedsNeurons", "experiments.neurons.fixed": {}},
        "Set model.module__n_neurons: besides its candidates, a search trains the net that it starts from.",
    ),
    (
        "neurons",
        {"model.device": "meta"},
        "Tensor.item() cannot be called on meta tensors",
    ),
    (
        "neurons",
        {"model.wrapper": "NeuralNetRegressor"},
        "params.yaml: model.criterion: BCELoss is for classes, and NeuralNetRegressor predicts numbers",
    ),
    (
        "neurons",
        {"model.criterion": "MSELoss"},
        "but with MSELoss the net has 1 output to tell them apart",
    ),
    (
        "dropout",
        {"experiments.dropout.grid.module__dropout_rate": [0.1, "high"]},
        "grid.module__dropout_rate[1]: 'high' is text; dropout_rate of PimaClassifier is a number",
    ),
]


def check(changes: dict[str, Any], experiment: str) -> None:
    """Do what the stage does before the search itself."""
    raw = small_params()
    for place, value in changes.items():
        set_at(raw, place, value)
    params = Params.model_validate(raw)
    check_experiment(
        open_experiment(params, experiment, Folds(params, load_real_data(params)))
    )


@pytest.mark.parametrize("experiment", list(small_params()["experiments"]))
def test_the_experiments_pass(experiment: str) -> None:
    check({}, experiment)


# Nets with a fault each, by which `MISTAKES` calls them.
# The sentence about one of them has its line.
class BreaksWhenBuilt(nn.Linear):
    def __init__(self, n_inputs: int, n_outputs: int, n_neurons: int = 1) -> None:
        super().__init__(n_inputs, n_outputs)
        if n_neurons > 1:
            raise AssertionError

    def forward(self, input: Tensor) -> Tensor:
        return torch.sigmoid(super().forward(input))


class BreaksWhenUsed(nn.Linear):
    def __init__(self, n_inputs: int, n_outputs: int, n_neurons: int = 1) -> None:
        super().__init__(n_inputs, n_outputs)

    def forward(self, input: Tensor) -> Tensor:
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
    experiment: str,
    changes: dict[str, Any],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "nets.faulty", sys.modules[__name__])
    with refused_with(sentence):
        check(changes, experiment)


JOINT: dict[str, Any] = {
    "optimizer": ["Adam", "SGD", "torch.optim.Adam"],
    "module__activation": ["ReLU", "Tanh"],
    "lr": {"loguniform": [0.001, 0.1]},
    "module__dropout_rate": {"uniform": [0.0, 0.5]},
    "module__n_neurons": {"int": [1, 4]},
}


def params_of(
    grid: dict[str, Any], search: str = "random", n_candidates: int | None = 40
) -> Params:
    raw = small_params()
    raw["experiments"] = {
        "mine": {"search": search, "n_candidates": n_candidates, "grid": grid}
    }
    return Params.model_validate(raw)


def check_mine(data: Dataset, params: Params) -> None:
    check_candidates(open_experiment(params, "mine", Folds(params, data)))


def test_few_of_many_candidates_are_built(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "gridstage.experiment.aside.candidates.misstep",
        lambda experiment, settings: built.append(settings),
    )
    params = params_of(JOINT, n_candidates=200)
    check_mine(data, params)
    _, candidates = resolve_experiment(params, "mine")
    assert len(built) <= 12
    for key in ("lr", "module__dropout_rate"):
        numbers = {candidate[key] for candidate in candidates}
        assert {min(numbers), max(numbers)} <= {settings[key] for settings in built}
    for key in ("optimizer", "module__activation", "module__n_neurons"):
        assert {candidate[key] for candidate in candidates} == {
            settings[key] for settings in built
        }


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"module__dropout_rate": {"uniform": [0.0, 1.5]}},
            r"experiments\.mine\.grid\.module__dropout_rate, 1\.\d+ of uniform 0\.0 to 1\.5: dropout_rate is 1\.\d+; ",
        ),
        (
            {"module__activation": ["ReLU", "Linear"]},
            r"experiments\.mine\.grid\.module__activation\[1\]: ",
        ),
        (
            {"optimizer__momentum": {"uniform": [0, 0.9]}},
            r"grid\.optimizer__momentum: Adam takes no 'momentum'",
        ),
    ],
)
def test_what_can_not_be_built_is_named_with_its_place(
    data: Dataset, changes: dict[str, Any], sentence: str
) -> None:
    with refused(sentence) as caught:
        check_mine(data, params_of(JOINT | changes))
    # One number of a distribution says what is wrong with all of them.
    assert str(caught.value).startswith("params.yaml: ")
    assert len(str(caught.value).splitlines()) == 1


def test_values_that_do_not_go_together_are_told_as_such(data: Dataset) -> None:
    """Nesterov momentum needs a momentum, which `fixed` has, but some candidates have not."""
    grid = {"optimizer__nesterov": [True, False], "optimizer__momentum": [0.9, 0.0]}
    params = params_of(grid, "grid", None)
    params.experiments["mine"].fixed.update(optimizer="SGD", optimizer__momentum=0.5)
    with refused(
        r"experiments\.mine\.grid has a combination that can't be trained: Nesterov mom"
    ):
        check_mine(data, params)
