"""What the trial of one epoch says of nets, criteria and wrappers that can't be right."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from skorch import NeuralNetRegressor
from torch import Tensor, nn

from gridstage.common import UserError
from gridstage.config import Prepare
from gridstage.experiment import check_trial
from gridstage.model import build_estimator, rows, target
from gridstage.scores.scorer import make_scorer
from packages.gridstage.tests.model.searched import table
from packages.gridstage.tests.refusals import refused, refused_with
from packages.gridstage.tests.search_results import net_settings

N = 96
SPLIT = np.arange(N), np.arange(N, 120)


def net(out: Callable[[Tensor], Any], n_outputs: int | None = None) -> type[nn.Module]:
    """Return a module that ends in `out`."""

    class Net(nn.Module):
        def __init__(self, n_inputs: int, n_outputs: int) -> None:
            super().__init__()
            self.layer = nn.Linear(n_inputs, wide or n_outputs)

        def forward(self, x: Tensor) -> Any:
            return out(self.layer(x))

    wide = n_outputs
    return Net


def leave(x: Tensor) -> Tensor:
    raise SystemExit(3)


class Squares(nn.Module):
    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return ((output - target) ** 2).mean()


class Logarithm(nn.Module):
    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return torch.log(output[:, :1] * 0 - 1).mean()


class Lazy(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.LazyLinear(1), nn.Sigmoid())


class InAList(nn.Module):
    """A net with a layer that torch does not see."""

    def __init__(self, requires_grad: bool = True) -> None:
        super().__init__()
        self.layers = [nn.Linear(3, 2).requires_grad_(requires_grad)]
        self.last = nn.Linear(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.last(self.layers[0](x)))


REGRESSION = {"wrapper": NeuralNetRegressor, "criterion": nn.MSELoss}
MANY = {"criterion": nn.CrossEntropyLoss}


def trial(
    scoring: str = "accuracy", prepare: Prepare | None = None, **changes: Any
) -> None:
    settings = net_settings(module=net(torch.sigmoid)) | changes
    classify = settings["wrapper"] is not NeuralNetRegressor
    data = table(2 if classify else 0)
    estimator = build_estimator(settings, data, prepare or Prepare())
    y = target(data.y, settings["wrapper"], settings["criterion"])
    check_trial(
        estimator,
        rows(data, estimator),
        y,
        SPLIT,
        make_scorer(scoring if classify else "r2"),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "module": net(lambda x: x * 0 + 0.7)
        },  # one class on these rows, but not by construction
        {
            "lr": 1e30
        },  # saturated after the first step, which other candidates need not be
        {"lr": 1e30, "module": Lazy},
        {
            "module": InAList,
            "module__requires_grad": False,
        },  # as a teacher that stays as it is
        {
            "lr": 1e38,
            "optimizer": torch.optim.SGD,
            "criterion": nn.BCEWithLogitsLoss,
            "scoring": "roc_auc",
        },
        MANY | {"module": net(lambda x: x)},
        REGRESSION | {"module": net(lambda x: x)},
        REGRESSION
        | {
            "module": net(lambda x: x),
            "prepare": Prepare(target="standard", scale="standard"),
        },
    ],
)
def test_what_can_be_right_passes(changes: dict[str, Any]) -> None:
    trial(**changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"criterion": Squares},
            "but with Squares the net has 1 output to tell them apart. Let the module return",
        ),
        (
            MANY | {"module": net(lambda x: x, 3)},
            "but with CrossEntropyLoss the net has 3 outputs to tell them apart.",
        ),
        (
            MANY | {"module": net(lambda x: x, 1)},
            "Target 1 is out of bounds. The criterion needs an output for each",
        ),
        (
            {"module": net(lambda x: x)},
            "should be between 0 and 1. BCELoss takes probabilities: let the module end in a sigmoid, or set",
        ),
        (
            REGRESSION | {"module": net(lambda x: x.squeeze(-1))},
            "Let the module's forward return one column, the shape of the target, (n, 1).",
        ),
        (
            {"criterion": Squares, "class_weight": "balanced"},
            "'weight'. Derive a criterion of your own from CrossEntropyLoss, which takes the weights of classes.",
        ),
        (
            {"module": InAList},
            "InAList.layers holds layers in a plain list or dict, where torch does not see them, so they",
        ),
        (
            {"module": net(lambda x: x.detach().sigmoid())},
            "No weight of the module can be trained",
        ),
    ],
)
def test_a_net_that_can_not_learn_the_target_is_told(
    changes: dict[str, Any], sentence: str
) -> None:
    with refused_with(sentence):
        trial(**changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"module": net(lambda x: x / 0 * 0)},
            "The net's output or its loss is not finite before any training, so th",
        ),
        (
            {"criterion": nn.NLLLoss, "module": net(lambda x: -x.exp())},
            "The net's output or its loss is not finite",
        ),
        (
            {"criterion": Logarithm},
            "The net's output or its loss is not finite before any training, so the learning",
        ),
    ],
)
def test_nan_from_the_first_step_on_is_told_from_a_net_that_diverges(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError) as caught:
        trial(**changes)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("class_weight", ["balanced", None])
def test_a_loss_of_ones_own_gets_an_output_for_each_of_many_classes(
    class_weight: str | None,
) -> None:
    settings = net_settings(module=net(lambda x: x), class_weight=class_weight)
    with pytest.raises(UserError) as caught:
        build_estimator(settings | {"criterion": Squares}, table(6), Prepare())
    assert str(caught.value).startswith(
        "params.yaml: model.criterion: Squares gets one output of the net, but the data has 6 classes. Set it to "
        "CrossEntropyLoss, from which a criterion of your own is best derived."
    )
    known = settings | {"module__n_outputs": 6, "class_weight": None}
    build_estimator(known | {"criterion": Squares}, table(6), Prepare())


def test_an_error_without_a_meaning_has_the_librarys_words() -> None:
    with pytest.raises(UserError) as caught:
        trial(optimizer=torch.optim.SparseAdam)
    assert str(caught.value) == (
        "A trial of one epoch failed: RuntimeError: SparseAdam does not support dense gradients, please consider Adam "
        "instead. Change the setting in params.yaml that this is about, or the module, the criterion or the data."
    )


def test_an_error_of_ones_own_net_has_its_place() -> None:
    with pytest.raises(UserError) as caught:
        trial(module=net(leave))
    line = leave.__code__.co_firstlineno + 1
    place = f"packages/gridstage/tests/experiment/test_trial.py, line {line}"
    assert (
        str(caught.value)
        == f"A trial of one epoch failed: SystemExit: 3, at {place}. Fix the code there."
    )
    assert isinstance(caught.value.__cause__, SystemExit)


def test_a_score_that_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.SPLIT", (np.arange(N), np.arange(N, N + 1)))
    with refused(
        r"could not be scored by r2: it is nan\. Set cv\.scoring in params\.yaml to"
    ):
        trial(**REGRESSION, module=net(lambda x: x))
