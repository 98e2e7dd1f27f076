"""The candidates of an experiment: names resolved, and tried before a search without building every one."""

from typing import Any

import pytest

from stages.lib.common import UserError
from stages.lib.config import Params
from stages.lib.data import Dataset
from stages.lib.experiment import Folds, open_experiment
from stages.lib.experiment.candidates import check_candidates
from stages.lib.model import resolve_experiment
from tests.project import small_params

JOINT: dict[str, Any] = {
    "optimizer": ["Adam", "SGD", "torch.optim.Adam"],
    "module__activation": ["ReLU", "Tanh"],
    "lr": {"loguniform": [0.001, 0.1]},
    "module__dropout_rate": {"uniform": [0.0, 0.5]},
    "module__n_neurons": {"int": [1, 4]},
}


def params_of(grid: dict[str, Any], search: str = "random", n_candidates: int | None = 40) -> Params:
    raw = small_params()
    raw["experiments"] = {"mine": {"search": search, "n_candidates": n_candidates, "grid": grid}}
    return Params.model_validate(raw)


def check(data: Dataset, params: Params) -> None:
    check_candidates(open_experiment(params, "mine", Folds(params, data)))


def test_few_of_many_candidates_are_built(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[dict[str, Any]] = []
    monkeypatch.setattr("stages.lib.experiment.candidates.misstep", lambda experiment, settings: built.append(settings))
    params = params_of(JOINT, n_candidates=200)
    check(data, params)
    _, candidates = resolve_experiment(params, "mine")
    assert len(built) <= 12
    for key in ("lr", "module__dropout_rate"):
        numbers = {candidate[key] for candidate in candidates}
        assert {min(numbers), max(numbers)} <= {settings[key] for settings in built}
    for key in ("optimizer", "module__activation", "module__n_neurons"):
        assert {candidate[key] for candidate in candidates} == {settings[key] for settings in built}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"module__dropout_rate": {"uniform": [0.0, 1.5]}},
            r"experiments\.mine\.grid\.module__dropout_rate, 1\.\d+ of uniform 0\.0 to 1\.5: dropout_rate is 1\.\d+; ",
        ),
        ({"module__activation": ["ReLU", "Linear"]}, r"experiments\.mine\.grid\.module__activation\[1\]: "),
        ({"optimizer__momentum": {"uniform": [0, 0.9]}}, r"grid\.optimizer__momentum: Adam takes no 'momentum'"),
    ],
)
def test_what_can_not_be_built_is_named_with_its_place(data: Dataset, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        check(data, params_of(JOINT | changes))
    # One number of a distribution says what is wrong with all of them.
    assert str(caught.value).startswith("params.yaml: ")
    assert len(str(caught.value).splitlines()) == 1


def test_values_that_do_not_go_together_are_told_as_such(data: Dataset) -> None:
    """Nesterov momentum needs a momentum, which `fixed` has, but some candidates have not."""
    grid = {"optimizer__nesterov": [True, False], "optimizer__momentum": [0.9, 0.0]}
    params = params_of(grid, "grid", None)
    params.experiments["mine"].fixed.update(optimizer="SGD", optimizer__momentum=0.5)
    with pytest.raises(
        UserError, match=r"experiments\.mine\.grid has a combination that can't be trained: Nesterov mom"
    ):
        check(data, params)
